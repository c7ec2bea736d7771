import CThread
import Synchronization

/// Lets so many requests through at once and a few more wait in line; the rest is turned away at once, so that those who are
/// in are answered soon and nothing piles up. Whoever has waited in vain for long enough is turned away, too.
final class Admission: Sendable {
    struct Limits: Sendable {
        var places: Int
        var line: Int
        /// In milliseconds.
        var patience: UInt64 = 5000
    }

    private struct Waiting {
        let since: UInt64
        let continuation: CheckedContinuation<Bool, Never>
    }

    private struct State {
        var free: Int
        /// In the order of arrival; those before `next` are gone.
        var line: [Waiting] = []
        var next = 0
        var turnedAway: UInt64 = 0
        var isSweeping = false

        var waiting: Int { line.count - next }

        mutating func first() -> Waiting? {
            guard next < line.count else { return nil }
            next += 1
            defer {
                if next == line.count {
                    line.removeAll(keepingCapacity: true)
                    next = 0
                }
            }
            return line[next - 1]
        }
    }

    let limits: Limits
    private let state: BriefLock<State>
    private let arrived = Atomic<Int>(0)

    init(_ limits: Limits) {
        self.limits = limits
        state = BriefLock(State(free: limits.places))
    }

    /// How many wait, and how many were turned away since the start.
    var figures: (waiting: Int, turnedAway: UInt64) { state.withLock { ($0.waiting, $0.turnedAway) } }
    /// How many are inside.
    var inside: Int { state.withLock { limits.places - $0.free } }
    /// Whether whoever comes now is turned away: asked before a body is read for nothing.
    var isFull: Bool { state.withLock { $0.free == 0 && $0.waiting >= limits.line } }

    /// Takes down a request whose answer has not begun yet: those who come have to wait for a thread before they stand in this
    /// line. False, and counted, when as many have come as there is room for in here and in the line.
    func arrive() -> Bool {
        if arrived.wrappingAdd(1, ordering: .relaxed).newValue <= limits.places + limits.line { return true }
        depart()
        state.withLock { $0.turnedAway += 1 }
        return false
    }

    /// Takes down that the answer to a request that has arrived begins, or that nobody waits for it any more.
    func depart() { arrived.wrappingSubtract(1, ordering: .relaxed) }

    /// False when there is no room. Whoever is let in has to ``leave()``.
    func enter() async -> Bool {
        let answer: Bool? = state.withLock { state in
            if state.free > 0 {
                state.free -= 1
                return true
            }
            if state.waiting < limits.line { return nil }
            state.turnedAway += 1
            return false
        }
        if let answer { return answer }
        return await withCheckedContinuation { continuation in
            let now: UInt64 = Admission.now
            let (answer, sweeps): (Bool?, Bool) = state.withLock { state in
                // Somebody may have left meanwhile.
                if state.free > 0 {
                    state.free -= 1
                    return (true, false)
                }
                guard state.waiting < limits.line else {
                    state.turnedAway += 1
                    return (false, false)
                }
                state.line.append(Waiting(since: now, continuation: continuation))
                defer { state.isSweeping = true }
                return (nil, !state.isSweeping)
            }
            if let answer { continuation.resume(returning: answer) }
            if sweeps { Task { await sweep() } }
        }
    }

    func leave() {
        let next: Waiting? = state.withLock { state in
            if let next = state.first() { return next }
            state.free += 1
            return nil
        }
        next?.continuation.resume(returning: true)
    }

    private static var now: UInt64 { tenon_monotonic_time() / 1_000_000 }

    /// Turns those away who have waited too long, for as long as there is a line.
    private func sweep() async {
        while true {
            try? await Task.sleep(for: .milliseconds(max(1, limits.patience / 10)))
            let now: UInt64 = Admission.now
            let (late, isOver): ([Waiting], Bool) = state.withLock { state in
                var late: [Waiting] = []
                while state.next < state.line.count, now - state.line[state.next].since >= limits.patience, let first = state.first() {
                    late.append(first)
                }
                state.turnedAway += UInt64(late.count)
                state.isSweeping = state.waiting > 0
                return (late, !state.isSweeping)
            }
            for waiting in late { waiting.continuation.resume(returning: false) }
            if isOver { return }
        }
    }
}
