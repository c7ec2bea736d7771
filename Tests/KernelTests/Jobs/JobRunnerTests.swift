import PluginAPI
import Testing

@testable import Kernel

@Suite struct JobRunnerTests {
    let clock = FixedClock("2026-03-01T09:00:00Z")
    let recorder = Recorder()

    private func runner(_ engine: any Engine, zone: DeploymentCalendar = .utc, _ registry: @escaping @Sendable () -> Registry) -> JobRunner {
        let clock = clock
        return JobRunner(engine: engine, clock: clock, registry: registry, zone: { zone }, log: { _ in }) { user, via, plugin in
            Context(BareBackend(userID: user.map { RecordID($0) }, now: clock.now))
        }
    }

    private func registry(_ name: String = "board.tidy", _ schedule: Schedule = .onDemand, failing: Bool = false) -> Registry {
        let recorder = recorder
        return .background(plugins: ["board"], register: ["board": { crm in
            crm.job(name, schedule) { context in
                recorder.note("\(name) at \(context.now)")
                if failing { throw CRMError(.unavailable, "the printer is off") }
            }
        }])
    }

    @Test func `a daily job runs at its time, once`() async throws {
        let store = try await BackgroundStore()
        let registry = registry("board.tidy", .daily(at: "10:00"))
        let runner = runner(store.engine) { registry }
        try await runner.runDue()
        #expect(recorder.entries.isEmpty)
        clock.set(try #require(Moment("2026-03-01T10:00:00Z")))
        try await runner.runDue()
        try await runner.runDue()
        #expect(recorder.entries == ["board.tidy at 2026-03-01T10:00:00.000Z"])
        let overview = try await runner.overview()
        let job = try #require(overview.first)
        #expect(job.schedule == "daily at 10:00")
        #expect(job.nextAt == Moment("2026-03-02T10:00:00Z"))
        #expect(job.lastAt == Moment("2026-03-01T10:00:00Z"))
        #expect(job.current?.state == .done)
    }

    @Test func `a running product runs a job when its time has come`() async throws {
        let store = try await BackgroundStore()
        let registry = registry("board.tidy", .hourly(minute: 30))
        let runner = runner(store.engine) { registry }
        try await runner.start()
        await clock.untilWaiting()
        clock.set(try #require(Moment("2026-03-01T09:30:00Z")))
        await recorder.reached(1)
        await runner.stop()
        #expect(recorder.entries == ["board.tidy at 2026-03-01T09:30:00.000Z"])
    }

    @Test func `days missed while the product was down are made up for once`() async throws {
        let store = try await BackgroundStore()
        let registry = registry("board.tidy", .daily(at: "10:00"))
        try await runner(store.engine) { registry }.runDue()
        clock.set(try #require(Moment("2026-03-05T12:00:00Z")))
        let later = runner(try store.reopened()) { registry }
        try await later.runDue()
        try await later.runDue()
        #expect(recorder.entries == ["board.tidy at 2026-03-05T12:00:00.000Z"])
        #expect(try await later.overview().first?.nextAt == Moment("2026-03-06T10:00:00Z"))
    }

    @Test func `a new time of day in a new release counts at once`() async throws {
        let store = try await BackgroundStore()
        let current = Current(registry("board.tidy", .daily(at: "10:00")))
        let runner = runner(store.engine) { current.value }
        try await runner.runDue()
        current.replace(registry("board.tidy", .daily(at: "15:00")))
        try await runner.runDue()
        #expect(try await runner.overview().first?.nextAt == Moment("2026-03-01T15:00:00Z"))
    }

    @Test func `an interval counts from the end of the last run`() async throws {
        let store = try await BackgroundStore()
        let recorder = recorder
        let clock = clock
        let registry = Registry.background(plugins: ["board"], register: ["board": { crm in
            crm.job("board.poll", .every(seconds: 60)) { context in
                recorder.note("\(context.now)")
                clock.advance(seconds: 30)
            }
        }])
        let runner = runner(store.engine) { registry }
        try await runner.runDue()
        clock.advance(seconds: 60)
        try await runner.runDue()
        #expect(recorder.entries == ["2026-03-01T09:01:00.000Z"])
        #expect(try await runner.overview().first?.nextAt == Moment("2026-03-01T09:02:30Z"))
    }

    @Test func `a failing job is tried three times more and then shown as failed`() async throws {
        let store = try await BackgroundStore()
        let current = Current(registry(failing: true))
        let runner = runner(store.engine) { current.value }
        let id = try await runner.runNow("board.tidy")
        for wait in [10.0, 40, 160, 0] {
            try await runner.runDue()
            clock.advance(seconds: wait)
        }
        try await runner.runDue()
        #expect(recorder.entries.count == 4)
        let failed = try await runner.failed()
        #expect(failed.map(\.id) == [id])
        #expect(failed.first?.error == "unavailable: the printer is off")

        current.replace(registry())
        try await runner.retry(id)
        try await runner.runDue()
        #expect(recorder.entries.count == 5)
        #expect(try await runner.run(id)?.state == .done)
        await #expect(throws: CRMError.self) { try await runner.retry(id) }
    }

    @Test func `a retry does not come before its time`() async throws {
        let store = try await BackgroundStore()
        let registry = registry(failing: true)
        let runner = runner(store.engine) { registry }
        _ = try await runner.runNow("board.tidy")
        try await runner.runDue()
        clock.advance(seconds: 9)
        try await runner.runDue()
        #expect(recorder.entries.count == 1)
    }

    @Test func `a job never runs twice at once, and another does not wait for it`() async throws {
        let store = try await BackgroundStore()
        let recorder = recorder
        let gate = Gate()
        let registry = Registry.background(plugins: ["board"], register: ["board": { crm in
            crm.job("board.slow", .onDemand) { _ in
                recorder.note("slow begins")
                try await gate.pass()
                recorder.note("slow ends")
            }
            crm.job("board.quick", .onDemand) { _ in recorder.note("quick") }
        }])
        let runner = runner(store.engine) { registry }
        try await runner.start()
        _ = try await runner.runNow("board.slow")
        await recorder.reached(1)
        _ = try await runner.runNow("board.slow")
        _ = try await runner.runNow("board.quick")
        await recorder.reached(2)
        #expect(recorder.entries == ["slow begins", "quick"])
        gate.open()
        await recorder.reached(5)
        await runner.stop()
        #expect(recorder.entries.dropFirst(2) == ["slow ends", "slow begins", "slow ends"])
    }

    @Test func `asking twice for a job that has not begun queues one run`() async throws {
        let store = try await BackgroundStore()
        let registry = registry()
        let runner = runner(store.engine) { registry }
        let first = try await runner.runNow("board.tidy")
        #expect(try await runner.runNow("board.tidy") == first)
        try await runner.runDue()
        #expect(recorder.entries.count == 1)
        await #expect(throws: CRMError.self) { try await runner.runNow("board.unknown") }
    }

    @Test func `a job queued for later waits until then`() async throws {
        let store = try await BackgroundStore()
        let registry = registry()
        let runner = runner(store.engine) { registry }
        let now = clock.now
        try await store.engine.write { connection in
            try JobQueue.add(connection, registry, name: "board.tidy", payload: [], user: 3, after: now.adding(seconds: 60), now: now)
        }
        try await runner.runDue()
        #expect(recorder.entries.isEmpty)
        clock.advance(seconds: 60)
        try await runner.runDue()
        #expect(recorder.entries.count == 1)
    }

    @Test func `jobs of a plugin that is switched off wait`() async throws {
        let store = try await BackgroundStore()
        let current = Current(registry())
        let runner = runner(store.engine) { current.value }
        let id = try await runner.runNow("board.tidy")
        current.replace(.background(plugins: ["other"]))
        try await runner.runDue()
        #expect(recorder.entries.isEmpty)
        #expect(try await runner.run(id)?.state == .queued)
        current.replace(registry())
        try await runner.runDue()
        #expect(recorder.entries.count == 1)
    }

    @Test func `a run whose job is gone from its plugin is failed`() async throws {
        let store = try await BackgroundStore()
        let current = Current(registry())
        let runner = runner(store.engine) { current.value }
        let id = try await runner.runNow("board.tidy")
        current.replace(.background(plugins: ["board"]))
        try await runner.runDue()
        #expect(try await runner.run(id)?.error == "plugin board has no job board.tidy any more")
    }

    @Test func `a run that a crash cut off is run again`() async throws {
        let store = try await BackgroundStore()
        let registry = registry()
        let now = clock.now
        let id = try await runner(store.engine) { registry }.runNow("board.tidy")
        _ = try await store.engine.write { try JobQueue.claim($0, "board.tidy", now: now) }
        let later = runner(try store.reopened()) { registry }
        try await later.recover()
        try await later.runDue()
        #expect(try await later.run(id)?.state == .done)
    }

    @Test func `a run that took the product down four times is failed`() async throws {
        let store = try await BackgroundStore()
        let registry = registry()
        let now = clock.now
        let runner = runner(store.engine) { registry }
        let id = try await runner.runNow("board.tidy")
        for _ in 1...4 {
            #expect(try await runner.run(id)?.state == .queued)
            _ = try await store.engine.write { try JobQueue.claim($0, "board.tidy", now: now) }
            try await runner.recover()
        }
        try await runner.runDue()
        #expect(recorder.entries.isEmpty)
        #expect(try await runner.run(id)?.state == .failed)
    }

    @Test func `a waiting run can be taken out, and a running one asked to end`() async throws {
        let store = try await BackgroundStore()
        let recorder = recorder
        let gate = Gate()
        let registry = Registry.background(plugins: ["board"], register: ["board": { crm in
            crm.job("board.slow", .onDemand) { _ in
                recorder.note("begun")
                try await gate.pass()
            }
        }])
        let runner = runner(store.engine) { registry }
        let waiting = try await runner.runNow("board.slow")
        try await runner.cancel(waiting)
        #expect(try await runner.run(waiting) == nil)

        let running = try await runner.runNow("board.slow")
        async let done: Void = runner.runDue()
        await recorder.reached(1)
        try await runner.cancel(running)
        try await done
        #expect(try await runner.run(running)?.state == .failed)
        #expect(try await runner.run(running)?.error == "cancelled")
        await #expect(throws: CRMError.self) { try await runner.cancel(running) }
    }

    @Test func `a stop puts a run back that does not end in time`() async throws {
        let store = try await BackgroundStore()
        let recorder = recorder
        let gate = Gate()
        let registry = Registry.background(plugins: ["board"], register: ["board": { crm in
            crm.job("board.slow", .onDemand) { _ in
                recorder.note("begun")
                try await gate.pass()
            }
        }])
        let first = runner(store.engine) { registry }
        try await first.start()
        let id = try await first.runNow("board.slow")
        await recorder.reached(1)
        let clock = clock
        async let stopped: Void = first.stop()
        await clock.untilWaiting()
        clock.advance(seconds: 10)
        await stopped
        let left = try await first.run(id)
        #expect(left?.state == .queued)
        #expect(left?.attempts == 0, "a run that was cut off has not been tried")

        gate.open()
        let second = runner(try store.reopened()) { registry }
        try await second.recover()
        try await second.runDue()
        let run = try await second.run(id)
        #expect(run?.state == .done)
        #expect(recorder.entries == ["begun", "begun"])
    }
}
