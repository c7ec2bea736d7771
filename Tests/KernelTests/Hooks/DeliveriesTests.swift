import PluginAPI
import Testing

@testable import Kernel

struct TaskFinished: HookPayload {
    var task: Int64
}
let taskFinished = Hook<TaskFinished>("task_finished")

@Suite struct DeliveriesTests {
    let clock = FixedClock("2026-03-01T09:00:00Z")
    let recorder = Recorder()

    private func deliveries(_ engine: any Engine, _ registry: @escaping @Sendable () -> Registry) -> Deliveries {
        let clock = clock
        return Deliveries(engine: engine, clock: clock, registry: registry, log: { _ in }) { user, via, plugin in
            Context(BareBackend(userID: user.map { RecordID($0) }, now: clock.now))
        }
    }

    private func send(_ engine: any Engine, _ registry: Registry, _ tasks: Int64..., user: Int64? = nil) async throws {
        let now = clock.now
        try await engine.write { connection in
            for task in tasks {
                try Outbox.add(connection, registry.afters[taskFinished.name] ?? [], hook: taskFinished.name, payload: TaskFinished(task: task), user: user, now: now)
            }
        }
    }

    /// One plugin that listens, noting each event; events named in `failing` throw.
    private func registry(failing: Set<Int64> = [], plugins: [String] = ["board"]) -> Registry {
        let recorder = recorder
        return .background(plugins: plugins, register: ["board": { crm in
            crm.after(taskFinished) { event, context in
                recorder.note("\(event.task) for \(context.user.map { "\($0.id)" } ?? "nobody")")
                if failing.contains(event.task) { throw CRMError.refused("task \(event.task) is odd") }
            }
        }])
    }

    @Test func `an event is delivered once its transaction is stored, for the user of the event`() async throws {
        let store = try await BackgroundStore()
        let registry = registry()
        let deliveries = deliveries(store.engine) { registry }
        try await send(store.engine, registry, 1, user: 7)
        try await deliveries.deliverDue()
        try await deliveries.deliverDue()
        #expect(recorder.entries == ["1 for 7"])
        #expect(try await deliveries.counts() == (0, 0))
    }

    @Test func `nothing is delivered of a transaction that was undone`() async throws {
        let store = try await BackgroundStore()
        let registry = registry()
        let now = clock.now
        await #expect(throws: CRMError.self) {
            try await store.engine.write { connection in
                try Outbox.add(connection, registry.afters[taskFinished.name] ?? [], hook: taskFinished.name, payload: TaskFinished(task: 1), user: nil, now: now)
                throw CRMError.refused("no")
            }
        }
        try await deliveries(store.engine) { registry }.deliverDue()
        #expect(recorder.entries.isEmpty)
    }

    @Test func `an event without listeners leaves nothing behind`() async throws {
        let store = try await BackgroundStore()
        try await send(store.engine, .background(plugins: ["board"]), 1)
        #expect(try await deliveries(store.engine) { .background(plugins: []) }.counts() == (0, 0))
    }

    @Test func `a running product delivers as soon as it is woken`() async throws {
        let store = try await BackgroundStore()
        let registry = registry()
        let deliveries = deliveries(store.engine) { registry }
        deliveries.start()
        try await send(store.engine, registry, 1)
        deliveries.wake()
        await recorder.reached(1)
        await deliveries.stop()
        #expect(recorder.entries == ["1 for nobody"])
    }

    @Test func `the events of one listener come in order, more than one batch of them`() async throws {
        let store = try await BackgroundStore()
        let registry = registry()
        for task: Int64 in 1...100 { try await send(store.engine, registry, task) }
        let deliveries = deliveries(store.engine) { registry }
        try await deliveries.deliverDue()
        #expect(recorder.entries == (1...100).map { "\($0) for nobody" })
        #expect(try await deliveries.counts() == (0, 0))
    }

    @Test func `a failing event is tried again later, and those behind it wait`() async throws {
        let store = try await BackgroundStore()
        let current = Current(registry(failing: [2]))
        let deliveries = deliveries(store.engine) { current.value }
        try await send(store.engine, current.value, 1, 2, 3)
        try await deliveries.deliverDue()
        #expect(recorder.entries == ["1 for nobody", "2 for nobody"])
        #expect(try await deliveries.counts() == (2, 0))

        clock.advance(seconds: 9)
        try await deliveries.deliverDue()
        #expect(recorder.entries.count == 2)

        current.replace(registry())
        clock.advance(seconds: 1)
        try await deliveries.deliverDue()
        #expect(recorder.entries == ["1 for nobody", "2 for nobody", "2 for nobody", "3 for nobody"])
    }

    @Test func `a running product tries again when the time has come`() async throws {
        let store = try await BackgroundStore()
        let current = Current(registry(failing: [1]))
        let deliveries = deliveries(store.engine) { current.value }
        try await send(store.engine, current.value, 1)
        deliveries.start()
        await recorder.reached(1)
        await clock.untilWaiting()
        current.replace(registry())
        clock.advance(seconds: 10)
        await recorder.reached(2)
        await deliveries.stop()
        #expect(try await deliveries.counts() == (0, 0))
    }

    @Test func `after eight attempts an event is set aside with its reason, and the next one comes`() async throws {
        let store = try await BackgroundStore()
        let registry = registry(failing: [1])
        let deliveries = deliveries(store.engine) { registry }
        try await send(store.engine, registry, 1, 2)
        for _ in 1...8 {
            try await deliveries.deliverDue()
            clock.advance(seconds: 6 * 3600)
        }
        #expect(recorder.entries == Array(repeating: "1 for nobody", count: 8) + ["2 for nobody"])
        let failed = try await deliveries.failed()
        #expect(failed.map(\.payload) == [#"{"task":1}"#])
        #expect(failed.first?.error == "refused: task 1 is odd")
        #expect(failed.first?.attempts == 8)
    }

    @Test func `a failed event can be delivered again or discarded`() async throws {
        let store = try await BackgroundStore()
        let current = Current(registry(failing: [1, 2]))
        let deliveries = deliveries(store.engine) { current.value }
        try await send(store.engine, current.value, 1, 2)
        for _ in 1...16 {
            try await deliveries.deliverDue()
            clock.advance(seconds: 6 * 3600)
        }
        let failed = try await deliveries.failed()
        #expect(failed.count == 2)
        current.replace(registry())
        let (second, first) = (failed[0], failed[1])
        try await deliveries.retry(first.id)
        try await deliveries.deliverDue()
        #expect(recorder.entries.count == 17)
        try await deliveries.discard(second.id)
        #expect(try await deliveries.counts() == (0, 0))
        await #expect(throws: CRMError.self) { try await deliveries.retry(second.id) }
    }

    @Test func `what was stored before a crash is delivered after it`() async throws {
        let store = try await BackgroundStore()
        let registry = registry()
        try await send(store.engine, registry, 1)
        // The first process never came to deliver; the second one finds the event in the file.
        let engine = try store.reopened()
        let deliveries = deliveries(engine) { registry }
        deliveries.start()
        await recorder.reached(1)
        await deliveries.stop()
        #expect(try await deliveries.counts() == (0, 0))
    }

    @Test func `events for a plugin that is switched off wait until it is on again`() async throws {
        let store = try await BackgroundStore()
        let current = Current(registry())
        let deliveries = deliveries(store.engine) { current.value }
        try await send(store.engine, current.value, 1)
        current.replace(.background(plugins: ["other"]))
        try await deliveries.deliverDue()
        #expect(recorder.entries.isEmpty)
        #expect(try await deliveries.counts() == (1, 0))
        current.replace(registry())
        try await deliveries.deliverDue()
        #expect(recorder.entries == ["1 for nobody"])
    }

    @Test func `an event for a listener that is gone is set aside at once`() async throws {
        let store = try await BackgroundStore()
        try await send(store.engine, registry(), 1)
        let deliveries = deliveries(store.engine) { .background(plugins: ["board"]) }
        try await deliveries.deliverDue()
        #expect(try await deliveries.counts() == (0, 1))
        #expect(try await deliveries.failed().first?.error == "not_found: plugin board no longer listens to task_finished as task_finished")
    }

    @Test func `a slow listener does not hold the others up`() async throws {
        let store = try await BackgroundStore()
        let recorder = recorder
        let gate = Gate()
        let registry = Registry.background(plugins: ["slow", "quick"], register: [
            "slow": { crm in
                crm.after(taskFinished) { event, _ in
                    try await gate.pass()
                    recorder.note("slow \(event.task)")
                }
            },
            "quick": { crm in crm.after(taskFinished) { event, _ in recorder.note("quick \(event.task)") } },
        ])
        let deliveries = deliveries(store.engine) { registry }
        try await send(store.engine, registry, 1)
        deliveries.start()
        await recorder.reached(1)
        try await send(store.engine, registry, 2)
        deliveries.wake()
        await recorder.reached(2)
        #expect(recorder.entries == ["quick 1", "quick 2"])
        gate.open()
        await recorder.reached(4)
        await deliveries.stop()
        #expect(recorder.entries.suffix(2) == ["slow 1", "slow 2"])
    }

    @Test func `a stop lets a running listener finish`() async throws {
        let store = try await BackgroundStore()
        let recorder = recorder
        let gate = Gate()
        let registry = Registry.background(plugins: ["slow"], register: ["slow": { crm in
            crm.after(taskFinished) { event, _ in
                recorder.note("begun \(event.task)")
                try await gate.pass()
                recorder.note("ended \(event.task)")
            }
        }])
        let deliveries = deliveries(store.engine) { registry }
        try await send(store.engine, registry, 1, 2)
        deliveries.start()
        await recorder.reached(1)
        let clock = clock
        async let stopped: Void = deliveries.stop()
        await clock.untilWaiting()
        gate.open()
        await stopped
        // Both had been fetched together, and both were done within the grace.
        #expect(recorder.entries == ["begun 1", "ended 1", "begun 2", "ended 2"])
        #expect(try await deliveries.counts() == (0, 0))
    }

    @Test func `a stop cuts a listener off after ten seconds, and its event comes again`() async throws {
        let store = try await BackgroundStore()
        let recorder = recorder
        let gate = Gate()
        let registry = Registry.background(plugins: ["slow"], register: ["slow": { crm in
            crm.after(taskFinished) { event, _ in
                recorder.note("begun \(event.task)")
                try await gate.pass()
            }
        }])
        let first = deliveries(store.engine) { registry }
        try await send(store.engine, registry, 1)
        first.start()
        await recorder.reached(1)
        let clock = clock
        async let stopped: Void = first.stop()
        await clock.untilWaiting()
        clock.advance(seconds: 10)
        await stopped
        #expect(try await first.counts() == (1, 0))

        gate.open()
        let second = deliveries(try store.reopened()) { registry }
        try await second.deliverDue()
        #expect(recorder.entries == ["begun 1", "begun 1"])
        #expect(try await second.counts() == (0, 0))
    }
}
