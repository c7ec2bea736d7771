import PluginAPI

/// The one door through which the kernel calls plugins' code: notes who is running (``CallSlots``), how long it took
/// (``SlowCalls``), and, where somebody asked for it, what came of it (``TraceRecorder``).
///
/// ```swift
/// try transaction.calling(rule.site) { try rule.body(change, transaction.transaction) }   // within a transaction
/// try await calls.runAsync(site) { try await route.body(request, context) }                    // asynchronous
/// ```
final class PluginCalls: Sendable {
    let slots = CallSlots.shared
    let budgets = CallBudgets()
    let slow = SlowCalls()
    let traces: Traces
    /// What plugins did beyond their own records, and what was refused to them.
    let uses: PluginUses
    /// How often plugins' addresses were asked.
    let limits = RateLimits()
    let clock: MonotonicClock

    init(clock: MonotonicClock = .machine, uses: PluginUses = PluginUses()) {
        self.clock = clock
        traces = Traces(clock: clock)
        self.uses = uses
    }

    /// Calls a plugin within a transaction. What it sets off by its own changes is not counted as its time.
    func run<T>(_ site: CallSite, in core: StoreTransaction.Core, _ body: () throws -> T) rethrows -> T {
        let began = clock.now()
        let place = slots.take(site, at: began)
        let outer = core.calledFor
        core.calledFor = 0
        defer {
            slots.release(place)
            let took = Int64(truncatingIfNeeded: clock.now() &- began)
            note(site, took - core.calledFor)
            core.calledFor = outer + took
        }
        if let recorder = core.recorder { return try recorder.step(.call(site.kind), plugin: site.plugin, site.name, body) }
        return try body()
    }

    /// Calls a plugin outside of a transaction, on this thread.
    func run<T>(_ site: CallSite, _ body: () throws -> T) rethrows -> T {
        let began = clock.now()
        let place = slots.take(site, at: began)
        defer {
            slots.release(place)
            note(site, Int64(truncatingIfNeeded: clock.now() &- began))
        }
        return try body()
    }

    /// Whether an action makes sense for a record now.
    func isAvailable(_ action: ActionModel, for record: RecordData) -> Bool {
        let site = action.parts[0].sites.available
        let scope = TraceScope.current
        let place = scope?.trace.begin(.call(site.kind), plugin: site.plugin, site.name, in: scope?.parent ?? -1)
        defer { if let place { scope?.trace.end(place) } }
        return run(site) { action.parts[0].entry.isAvailable(record) }
    }

    /// Calls a plugin's asynchronous code. `event` is the one that it is told of.
    func runAsync<T: Sendable>(_ site: CallSite, event: Int64? = nil, _ body: @Sendable () async throws -> T) async throws -> T {
        try await TraceScope.step(.call(site.kind), plugin: site.plugin, site.name, event: event) { scope in
            guard let scope else { return try await perform(site, body) }
            return try await TraceScope.$current.withValue(scope) { try await perform(site, body) }
        }
    }

    private func perform<T: Sendable>(_ site: CallSite, _ body: @Sendable () async throws -> T) async throws -> T {
        let began = clock.now()
        // It runs nowhere until the executor has a thread for it.
        let place = slots.take(site, at: began, on: 0)
        defer {
            slots.release(place)
            note(site, Int64(truncatingIfNeeded: clock.now() &- began))
        }
        return try await withTaskExecutorPreference(CallExecutor(slots, place, clock)) { try await body() }
    }

    @inline(__always)
    private func note(_ site: CallSite, _ took: Int64) {
        if let limit = budgets.limit(site.kind), took > limit, site.isBudgeted { slow.note(site, took: took, limit: limit) }
    }
}

extension StoreTransaction {
    /// Calls a plugin's code within this transaction.
    func calling<T>(_ site: CallSite, _ body: () throws -> T) rethrows -> T { try core.calls.run(site, in: core, body) }
}
