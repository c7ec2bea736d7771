import PluginAPI
import Synchronization

/// The latest traces, in memory: a few, for some minutes.
final class Traces: Sendable {
    static let most = 200
    static let minutes: Double = 15

    private struct State {
        /// The latest last.
        var all: [Trace] = []
        /// The stored events that traced changes sent, and the step that sent each.
        var events: [Int64: TraceScope] = [:]
    }
    private let state = Mutex(State())
    /// How many events are followed: deliveries look here first, and mostly find none.
    private let followed = Atomic<Int>(0)
    private let clock: MonotonicClock

    init(clock: MonotonicClock) { self.clock = clock }

    /// Begins a trace.
    func begin(_ request: String, user: Int64?, at now: Moment) -> Trace {
        var random = SystemRandomNumberGenerator()
        let digits = String(random.next(), radix: 16)
        let id = String(repeating: "0", count: 16 - digits.count) + digits
        let trace = Trace(id: id, user: user, request: request, at: now, clock: clock)
        state.withLock { state in
            forget(&state, at: now, keeping: Traces.most - 1)
            state.all.append(trace)
        }
        return trace
    }

    private func forget(_ state: inout State, at now: Moment, keeping most: Int = Traces.most) {
        let oldest = now.adding(seconds: -60 * Traces.minutes)
        let before = state.all.count
        state.all.removeAll { $0.at < oldest }
        if state.all.count > most { state.all.removeFirst(state.all.count - most) }
        guard state.all.count < before else { return }
        let kept = Set(state.all.map(\.id))
        state.events = state.events.filter { kept.contains($0.value.trace.id) }
        followed.store(state.events.count, ordering: .relaxed)
    }

    func find(_ id: String, at now: Moment) -> Trace? {
        state.withLock { state in
            forget(&state, at: now)
            return state.all.first { $0.id == id }
        }
    }

    /// A user's, the latest first.
    func all(of user: Int64?, at now: Moment) -> [Trace] {
        state.withLock { state in
            forget(&state, at: now)
            return state.all.reversed().filter { $0.user == user }
        }
    }

    // MARK: Events

    /// Has what becomes of some events noted in the trace of the change that sent them.
    func follow(_ events: [(id: Int64, step: Int)], of trace: Trace) {
        guard !events.isEmpty else { return }
        state.withLock { state in
            for event in events { state.events[event.id] = TraceScope(trace: trace, parent: event.step) }
            followed.store(state.events.count, ordering: .relaxed)
        }
    }

    /// Where the delivery of an event is to be noted; nil for nearly all.
    func scope(of event: Int64) -> TraceScope? {
        if followed.load(ordering: .relaxed) == 0 { return nil }
        return state.withLock { $0.events[event] }
    }
}
