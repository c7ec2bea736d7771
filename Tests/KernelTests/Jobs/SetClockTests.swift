import PluginAPI
import Testing

@testable import Kernel

/// The machine's clock is set while the product runs: forward by mistake, and back again.
@Suite struct SetClockTests {
    let clock = FixedClock("2026-03-01T09:00:00Z")
    let recorder = Recorder()
    private static let ahead = "2031-03-01T09:00:00Z"

    private func runner(_ engine: any Engine, _ schedule: Schedule, failing: Bool = false) -> JobRunner {
        let (clock, recorder) = (clock, recorder)
        let registry = Registry.background(plugins: ["board"], register: ["board": { crm in
            crm.job("board.tidy", schedule) { context in
                recorder.note("\(context.now)")
                if failing { throw CRMError(.unavailable, "the printer is off") }
            }
        }])
        return JobRunner(engine: engine, clock: clock, registry: { registry }, zone: { .utc }, log: { _ in }) { user, _, _ in
            Context(BareBackend(userID: user.map { RecordID($0) }, now: clock.now))
        }
    }

    private func set(_ text: String) throws { clock.set(try #require(Moment(text))) }

    @Test func `a daily job goes on the day after the clock is set back by years, and runs once a day`() async throws {
        let store = try await BackgroundStore()
        let runner = runner(store.engine, .daily(at: "10:00"))
        try await runner.runDue()
        try set(Self.ahead)
        try await runner.runDue()
        try await runner.runDue()
        #expect(recorder.entries == ["2031-03-01T09:00:00.000Z"], "what the clock skips is made up for once")
        try set("2026-03-01T09:30:00Z")
        try await runner.runDue()
        #expect(try await runner.overview().first?.nextAt == Moment("2026-03-01T10:00:00Z"))
        try set("2026-03-01T10:00:00Z")
        try await runner.runDue()
        try await runner.runDue()
        #expect(recorder.entries == ["2031-03-01T09:00:00.000Z", "2026-03-01T10:00:00.000Z"])
    }

    @Test func `an interval does not wait for the time that the clock showed`() async throws {
        let store = try await BackgroundStore()
        try set(Self.ahead)
        let runner = runner(store.engine, .every(seconds: 60))
        try await runner.runDue()
        try set("2026-03-01T09:00:00Z")
        try await runner.runDue()
        clock.advance(seconds: 60)
        try await runner.runDue()
        #expect(recorder.entries == ["2026-03-01T09:01:00.000Z"])
    }

    @Test func `a run that was queued while the clock ran ahead runs now`() async throws {
        let store = try await BackgroundStore()
        try set(Self.ahead)
        let runner = runner(store.engine, .onDemand)
        let id = try await runner.runNow("board.tidy")
        try set("2026-03-01T09:00:00Z")
        try await runner.runDue()
        #expect(try await runner.run(id)?.state == .done)
        #expect(recorder.entries == ["2026-03-01T09:00:00.000Z"])
    }

    @Test func `a run that failed while the clock ran ahead is tried again now`() async throws {
        let store = try await BackgroundStore()
        try set(Self.ahead)
        let runner = runner(store.engine, .onDemand, failing: true)
        _ = try await runner.runNow("board.tidy")
        try await runner.runDue()
        #expect(recorder.entries.count == 1)
        try set("2026-03-01T09:00:00Z")
        try await runner.runDue()
        #expect(recorder.entries.count == 2)
        try await runner.runDue()
        #expect(recorder.entries.count == 2, "the next attempt waits as usual")
    }

    @Test func `a run that was asked for at a later time keeps it`() async throws {
        let store = try await BackgroundStore()
        let runner = runner(store.engine, .onDemand)
        let now = clock.now
        try await store.engine.write { connection in
            try JobQueue.add(connection, name: "board.tidy", plugin: "board", user: nil, at: now.adding(days: 30), now: now)
        }
        try await runner.runDue()
        #expect(recorder.entries.isEmpty)
        clock.set(now.adding(days: 30))
        try await runner.runDue()
        #expect(recorder.entries.count == 1)
    }

    @Test func `an event that was stored while the clock ran ahead is delivered now, and one that failed then is tried again`() {
        let now = clock.now
        let years = now.adding(days: 2000)
        #expect(Delivery.isDue(years, attempts: 0, now: now))
        #expect(Delivery.isDue(years, attempts: 3, now: now))
        #expect(!Delivery.isDue(now.adding(seconds: 10), attempts: 1, now: now))
        #expect(!Delivery.isDue(now.adding(seconds: 6 * 3600), attempts: 7, now: now))
    }

    @Test func `failures that a clock that ran ahead has noted shut nobody out when it is set back, and sessions go on`() async throws {
        let fixture = try await AccessFixture()
        try await fixture.addUser("ada@example.com")
        let session = try await fixture.login("ada@example.com")
        let start = fixture.clock.now
        fixture.clock.set(start.adding(days: 2000))
        for _ in 0..<12 { _ = await failure { _ = try await fixture.login("ada@example.com", password: "not this one") } }
        #expect(await failure { _ = try await fixture.login("ada@example.com") }?.code == .throttled)
        fixture.clock.set(start)
        _ = try await fixture.login("ada@example.com")
        let caller = try await fixture.authenticator.caller(for: .with(session: session.secret))
        #expect(caller != nil)
    }
}
