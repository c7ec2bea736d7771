import Foundation
import PluginAPI
import Synchronization
import Testing

@testable import Kernel

/// Why a test of several servers is left out.
let needsServer: Comment = "several servers need PostgreSQL: TENON_TEST_DATABASE_URL names one"
var hasServer: Bool { TemporaryServerDatabase.serverURL != nil }

/// The work in the background of several servers on one database.
@Suite(.enabled(if: hasServer, needsServer)) struct PeerWorkTests {
    /// How many do something at the same time, and how often it was done.
    private final class Counter: Sendable {
        private let state = Mutex((now: 0, most: 0, done: [String: Int]()))
        func begin(_ name: String) {
            state.withLock { state in
                state.now += 1
                state.most = max(state.most, state.now)
                state.done[name, default: 0] += 1
            }
        }
        func end() { state.withLock { $0.now -= 1 } }
        var most: Int { state.withLock(\.most) }
        var done: [String: Int] { state.withLock(\.done) }
        var total: Int { state.withLock { $0.done.values.reduce(0, +) } }
    }

    private static let context: MakeContext = { user, _, _ in
        Context(BareBackend(userID: user.map { RecordID($0) }, now: SystemClock().now))
    }

    private static func runner(_ engine: any Engine, _ leases: Leases, _ registry: Registry) -> JobRunner {
        JobRunner(
            engine: engine, clock: SystemClock(), registry: { registry }, zone: { .utc }, leases: leases, log: { _ in }, context: context)
    }

    @Test func `eight servers run each queued run once, and one of a job at a time`() async throws {
        let store = try await BackgroundStore()
        let counter = Counter()
        let registry = Registry.background(plugins: ["board"], register: ["board": { crm in
            crm.job("board.tidy", .onDemand) { _ in
                counter.begin("tidy")
                try await Task.sleep(for: .milliseconds(5))
                counter.end()
            }
        }])
        let now = SystemClock().now
        try await store.engine.write { connection in
            for _ in 1...40 { try JobQueue.add(connection, name: "board.tidy", plugin: "board", user: nil, at: now, now: now) }
        }
        var runners: [JobRunner] = []
        for number in 1...8 {
            let engine = try store.reopened()
            runners.append(Self.runner(engine, Leases(engine: engine, peer: Int64(number), length: LeaseTests.length), registry))
        }
        for runner in runners { try await runner.start() }
        try await until("all runs are over") { try await runners[0].runs(limit: 100).allSatisfy { $0.state == .done } }
        for runner in runners { await runner.stop() }
        #expect(counter.total == 40)
        #expect(counter.most == 1)
    }

    @Test func `a schedule fires once among several servers`() async throws {
        let store = try await BackgroundStore()
        let counter = Counter()
        let registry = Registry.background(plugins: ["board"], register: ["board": { crm in
            crm.job("board.daily", .daily(at: "10:00")) { _ in
                counter.begin("daily")
                counter.end()
            }
        }])
        let clock = FixedClock("2026-03-01T09:00:00Z")
        var runners: [JobRunner] = []
        for number in 1...4 {
            let engine = try store.reopened()
            runners.append(
                JobRunner(
                    engine: engine, clock: clock, registry: { registry }, zone: { .utc }, leases: Leases(engine: engine, peer: Int64(number), length: LeaseTests.length),
                    log: { _ in }, context: Self.context))
        }
        for runner in runners { try await runner.runDue() }
        clock.set(try #require(Moment("2026-03-01T10:00:00Z")))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for runner in runners { group.addTask { try await runner.runDue() } }
            try await group.waitForAll()
        }
        #expect(counter.total == 1)
    }

    @Test func `what a dead server was running another one runs when its lease is over`() async throws {
        let store = try await BackgroundStore()
        let (gate, counter) = (Gate(), Counter())
        let registry = Registry.background(plugins: ["board"], register: ["board": { crm in
            crm.job("board.tidy", .onDemand) { _ in
                counter.begin("tidy")
                if counter.total == 1 { try await gate.pass() }
                counter.end()
            }
        }])
        // Dead: it never gives a sign of life again.
        let dead = Self.runner(store.engine, Leases(engine: store.engine, peer: 1, length: LeaseTests.length), registry)
        let id = try await dead.runNow("board.tidy")
        try await dead.start()
        try await until("it runs") { counter.total == 1 }
        let engine = try store.reopened()
        let heir = Self.runner(engine, Leases(engine: engine, peer: 2, length: LeaseTests.length), registry)
        try await heir.runDue()
        #expect(counter.total == 1, "the lease is not over yet")
        try await store.engine.expire(JobLanes.lease("board.tidy"))
        try await heir.runDue()
        #expect(try await heir.run(id)?.state == .done)
        #expect(counter.total == 2)
        #expect(try await heir.run(id)?.attempts == 2)
        // What the dead one would say now is not heard.
        gate.open()
        await dead.stop()
        #expect(try await heir.run(id)?.attempts == 2)
        #expect(try await heir.run(id)?.state == .done)
    }

    @Test func `a job that takes longer than a lease is not run twice while its server lives`() async throws {
        let store = try await BackgroundStore()
        let (gate, counter) = (Gate(), Counter())
        let registry = Registry.background(plugins: ["board"], register: ["board": { crm in
            crm.job("board.tidy", .onDemand) { _ in
                counter.begin("tidy")
                try await gate.pass()
                counter.end()
            }
        }])
        // Ten seconds of silence would be needed to lose it.
        let pace = Peers.Pace(look: 50, sign: 200, lease: 12_000)
        let one = try await Peers.join(store.engine, at: PeerNode(dataDirectory: store.database.folder.path), pace: pace)
        let runner = Self.runner(store.engine, one.leases, registry)
        let id = try await runner.runNow("board.tidy")
        try await runner.start()
        try await until("it runs") { counter.total == 1 }
        let clock: String = store.engine.dialect.clock
        let first: Int64 = try #require(try await store.engine.read { try $0.integer("SELECT until FROM tenon_lease WHERE name = 'job board.tidy'") })
        let engine = try store.reopened()
        let other = Self.runner(engine, Leases(engine: engine, peer: one.id + 1, length: LeaseTests.length), registry)
        // Until the lease that it began with would be over.
        try await until("the first lease would be over") {
            try await other.runDue()
            return try await engine.read { try $0.integer("SELECT \(clock)") ?? 0 } > first + 100
        }
        #expect(counter.total == 1)
        gate.open()
        try await until("it is over") { try await other.run(id)?.state == .done }
        #expect(counter.total == 1)
        await runner.stop()
        await one.leave()
    }

    @Test func `the events of a listener come once and in order, whichever server delivers them`() async throws {
        let store = try await BackgroundStore()
        let recorder = Recorder()
        let registry = Registry.background(plugins: ["board"], register: ["board": { crm in
            crm.after(Hook<Numbered>("numbered"), name: "note") { event, _ in
                recorder.note(String(event.number))
                try await Task.sleep(for: .milliseconds(1))
            }
        }])
        let now = SystemClock().now
        let afters = registry.afters["numbered"] ?? []
        try await store.engine.write { connection in
            for number in 1...200 {
                try Outbox.add(connection, afters, hook: "numbered", payload: Numbered(number: number), user: nil, now: now)
            }
        }
        var all: [Deliveries] = []
        for number in 1...4 {
            let engine = try store.reopened()
            all.append(
                Deliveries(
                    engine: engine, clock: SystemClock(), registry: { registry }, leases: Leases(engine: engine, peer: Int64(number), length: LeaseTests.length),
                    log: { _ in }, context: Self.context))
        }
        for deliveries in all { deliveries.start() }
        try await until("all are delivered") {
            for deliveries in all { deliveries.wake() }
            return try await all[0].counts().pending == 0
        }
        for deliveries in all { await deliveries.stop() }
        #expect(recorder.entries == (1...200).map { String($0) })
    }

    @Test func `events that this server does not know a listener of are left to one that does`() async throws {
        let store = try await BackgroundStore()
        let recorder = Recorder()
        let register: @Sendable (inout Registrar) -> Void = { crm in
            crm.after(Hook<Numbered>("numbered"), name: "note") { event, _ in recorder.note(String(event.number)) }
        }
        let newer = Registry.background(plugins: ["board"], register: ["board": register])
        let older = Registry.background(plugins: ["board"])
        let now = SystemClock().now
        let afters = newer.afters["numbered"] ?? []
        try await store.engine.write { connection in
            try Outbox.add(connection, afters, hook: "numbered", payload: Numbered(number: 1), user: nil, now: now)
        }
        func deliveries(_ registry: Registry, _ number: Int64) throws -> Deliveries {
            let engine = try store.reopened()
            return Deliveries(
                engine: engine, clock: SystemClock(), registry: { registry }, leases: Leases(engine: engine, peer: number, length: LeaseTests.length), log: { _ in },
                context: Self.context)
        }
        let old = try deliveries(older, 1)
        try await old.deliverDue()
        #expect(try await old.counts().pending == 1)
        try await deliveries(newer, 2).deliverDue()
        #expect(recorder.entries == ["1"])
    }
}

struct Numbered: HookPayload {
    var number: Int
}

/// Waits until something holds, looking now and then; fails when it takes too long.
func until(_ what: Comment, within seconds: Double = 120, _ holds: () async throws -> Bool) async throws {
    let end = ContinuousClock.now.advanced(by: .seconds(seconds))
    while try await !holds() {
        guard ContinuousClock.now < end else {
            Issue.record(what)
            throw CancellationError()
        }
        try await Task.sleep(for: .milliseconds(20))
    }
}
