import PluginAPI
import Synchronization
import Testing

@testable import Kernel

/// What a job or a listener stores together with its end.
@Suite struct OnceTests {
    /// A workshop with one job and one listener of a test's own, and its background work over the real store.
    private struct Place {
        let workshop: Workshop
        let jobs: JobRunner
        let deliveries: Deliveries
        let registry: Registry
        private let context: MakeContext

        init(
            job: @escaping @Sendable (Context) async throws -> Void = { _ in },
            listener: @escaping @Sendable (Numbered, Context) async throws -> Void = { _, _ in }
        ) async throws {
            let workshop = try await Workshop()
            let registry = Registry.background(plugins: ["board"], register: ["board": { crm in
                crm.job("board.tidy", .every(seconds: 60), job)
                crm.after(Hook<Numbered>("numbered"), name: "note", listener)
            }])
            let (store, rights) = (workshop.store, workshop.rights)
            // With the rights of the plugin whose records they are.
            let context: MakeContext = { _, via, _ in
                Context(StoreContext(store: store, actor: .system(via, rights: rights), plugin: "workshop"))
            }
            self.workshop = workshop
            self.registry = registry
            self.context = context
            jobs = JobRunner(
                engine: workshop.database.engine, clock: workshop.clock, registry: { registry }, zone: { .utc }, log: { _ in }, context: context)
            deliveries = Deliveries(
                engine: workshop.database.engine, clock: workshop.clock, registry: { registry }, log: { _ in }, context: context)
        }

        /// The same jobs at one of several servers.
        func server(_ peer: Int64, _ engine: any Engine) -> JobRunner {
            let registry = registry
            return JobRunner(
                engine: engine, clock: workshop.clock, registry: { registry }, zone: { .utc },
                leases: Leases(engine: engine, peer: peer, length: LeaseTests.length), log: { _ in }, context: context)
        }

        func repairs() async throws -> [String] {
            try await workshop.store.engine.read { try $0.all("SELECT title FROM repair ORDER BY id") { $0.text(0) } }
        }

        func send(_ numbers: ClosedRange<Int>) async throws {
            let (now, afters) = (workshop.clock.now, registry.afters["numbered"] ?? [])
            try await workshop.store.engine.write { connection in
                for number in numbers {
                    try Outbox.add(connection, afters, hook: "numbered", payload: Numbered(number: number), user: nil, now: now)
                }
            }
        }
    }

    private static func repair(_ title: String, _ transaction: Transaction) throws {
        try transaction.insert(Repair.self) { $0[Repair.title] = title }
    }

    @Test func `a run and what it stores end together, or neither does`() async throws {
        let isWell = Atomic<Bool>(false)
        let place = try await Place { context in
            try await context.finish { transaction in
                try Self.repair("bell", transaction)
                if !isWell.load(ordering: .relaxed) { throw CRMError(.unavailable, "the printer is off") }
            }
        }
        let id = try await place.jobs.runNow("board.tidy")
        try await place.jobs.runDue()
        #expect(try await place.repairs() == [])
        #expect(try await place.jobs.run(id)?.state == .queued)
        #expect(try await place.jobs.run(id)?.error?.contains("the printer is off") == true)

        isWell.store(true, ordering: .relaxed)
        place.workshop.clock.advance(seconds: 10)
        try await place.jobs.runDue()
        #expect(try await place.repairs() == ["bell"])
        let run = try #require(try await place.jobs.run(id))
        #expect(run.state == .done && run.attempts == 2 && run.error == nil)
        // The schedule counts from that end.
        let overview = try await place.jobs.overview().first
        #expect(overview?.lastAt == place.workshop.clock.now && overview?.nextAt == place.workshop.clock.now.adding(seconds: 60))
    }

    @Test func `a run ends once, and what is thrown after it changes nothing`() async throws {
        let second = Current<CRMError?>(nil)
        let place = try await Place { context in
            try await context.finish { try Self.repair("bell", $0) }
            do { try await context.finish { try Self.repair("bell again", $0) } } catch { second.replace(error as? CRMError) }
            throw CRMError(.unavailable, "the printer is off")
        }
        let id = try await place.jobs.runNow("board.tidy")
        try await place.jobs.runDue()
        place.workshop.clock.advance(seconds: 30)
        try await place.jobs.runDue()
        #expect(try await place.repairs() == ["bell"])
        #expect(second.value?.code == .refused && second.value?.message == "run \(id) of board.tidy is over already")
        let run = try #require(try await place.jobs.run(id))
        #expect(run.state == .done && run.attempts == 1 && run.error == nil)
    }

    @Test func `a task that a run left behind stores nothing when somebody else runs it`() async throws {
        let kept = Current<Context?>(nil)
        let place = try await Place { context in
            guard kept.value == nil else { return try await context.finish { try Self.repair("bell", $0) } }
            kept.replace(context)
            throw CRMError(.unavailable, "the printer is off")
        }
        let id = try await place.jobs.runNow("board.tidy")
        try await place.jobs.runDue()
        let stray = try #require(kept.value)
        await #expect(throws: CRMError.self) { try await stray.finish { try Self.repair("stray", $0) } }
        place.workshop.clock.advance(seconds: 10)
        try await place.jobs.runDue()
        await #expect(throws: CRMError.self) { try await stray.finish { try Self.repair("stray", $0) } }
        #expect(try await place.repairs() == ["bell"])
        #expect(try await place.jobs.run(id)?.attempts == 2)
    }

    @Test(.enabled(if: hasServer, needsServer))
    func `a server whose run another one has taken over stores neither its work nor its end`() async throws {
        let (gate, attempts) = (Gate(), Counter())
        let place = try await Place { context in
            let isFirst: Bool = attempts.add() == 1
            if isFirst { try await gate.pass() }
            try await context.finish { try Self.repair(isFirst ? "late" : "bell", $0) }
        }
        let engine = place.workshop.database.engine
        let (slow, heir) = (place.server(1, engine), place.server(2, try place.workshop.database.reopened()))
        let id = try await slow.runNow("board.tidy")
        try await slow.start()
        try await until("it runs") { attempts.now == 1 }
        try await engine.expire(JobLanes.lease("board.tidy"))
        try await heir.runDue()
        #expect(try await place.repairs() == ["bell"])
        gate.open()
        await slow.stop()
        #expect(try await place.repairs() == ["bell"])
        let run = try #require(try await heir.run(id))
        #expect(run.state == .done && run.attempts == 2 && attempts.now == 2)
    }

    private final class Counter: Sendable {
        private let count = Atomic<Int>(0)
        var now: Int { count.load(ordering: .relaxed) }
        func add() -> Int { count.add(1, ordering: .relaxed).newValue }
    }

    @Test func `attempts of a run have one key, other runs have others, and a route has none`() async throws {
        let keys = Recorder()
        let place = try await Place { context in
            keys.note(context.idempotencyKey ?? "none")
            if keys.entries.count == 1 { throw CRMError(.unavailable, "the printer is off") }
        } listener: { _, context in
            keys.note(context.idempotencyKey ?? "none")
        }
        _ = try await place.jobs.runNow("board.tidy")
        try await place.jobs.runDue()
        place.workshop.clock.advance(seconds: 10)
        try await place.jobs.runDue()
        _ = try await place.jobs.runNow("board.tidy")
        try await place.jobs.runDue()
        try await place.send(1...2)
        try await place.deliveries.deliverDue()
        let seen = keys.entries
        #expect(seen.count == 5)
        #expect(seen[0] == seen[1])
        #expect(Set(seen).count == 4)
        #expect(seen.allSatisfy { $0.utf8.count <= 64 && $0.utf8.allSatisfy { $0 == 45 || $0 == 95 || Character(Unicode.Scalar($0)).isLetter || Character(Unicode.Scalar($0)).isNumber } })
        let route = Context(StoreContext(store: place.workshop.store, actor: place.workshop.actor(1), plugin: "workshop"))
        #expect(route.idempotencyKey == nil)
        try await route.finish { try Self.repair("by a route", $0) }
        #expect(try await place.repairs() == ["by a route"])
    }

    @Test func `a delivery and what its listener stores end together, and take those before it along`() async throws {
        let place = try await Place(listener: { event, context in
            // The first are delivered without an end of their own; the fourth fails in the middle.
            guard event.number > 2 else { return }
            try await context.finish { transaction in
                try Self.repair("\(event.number)", transaction)
                if event.number == 4 { throw CRMError.refused("four is odd") }
            }
            if event.number == 3 { throw CRMError.refused("three is odd, but done") }
        })
        try await place.send(1...5)
        try await place.deliveries.deliverDue()
        #expect(try await place.repairs() == ["3"])
        let left = try await place.workshop.store.engine.read {
            try $0.all("SELECT payload, attempts FROM tenon_outbox WHERE hook = 'numbered' ORDER BY id") { "\($0.text(0)) \($0.integer(1))" }
        }
        #expect(left == [#"{"number":4} 1"#, #"{"number":5} 0"#])
    }

    @Test func `what became of work is stored as soon as the disk has room, and once though nobody knows whether it was`() async throws {
        let store = try await BackgroundStore()
        let engine = store.engine
        let tries = Atomic<Int>(0)
        try await engine.insist {
            if tries.add(1, ordering: .relaxed).newValue < 3 { throw UncertainCommit(cause: CancellationError()) }
        }
        #expect(tries.load(ordering: .relaxed) == 3)
        // What another try would not mend is told at once, and so is everything when it is nobody's business any more.
        await #expect(throws: CRMError.self) { try await engine.insist { throw CRMError.refused("no") } }
        await #expect(throws: UncertainCommit.self) { try await engine.insist(while: { false }) { throw UncertainCommit(cause: CancellationError()) } }
    }

    @Test func `a lane that can do nothing rests, and the others go on`() async throws {
        let clock = FixedClock("2026-03-01T09:00:00Z")
        let counts = Mutex<[String: Int]>([:])
        // Longer than any machine is busy.
        let loop = WorkLoop(width: 4, clock: clock, rest: 3600, log: { _ in }) { busy in
            var found = WorkLoop.Survey()
            for lane in ["stuck", "well"] where !busy.contains(lane) && counts.withLock({ $0[lane, default: 0] }) < 3 {
                found.ready.append(
                    WorkLoop.Piece(lane: lane) {
                        counts.withLock { $0[lane, default: 0] += 1 }
                        return lane == "well"
                    })
            }
            return found
        }
        try await loop.drain()
        try await loop.drain()
        #expect(counts.withLock { $0 } == ["well": 3, "stuck": 1])
    }
}
