import PluginAPI
import Synchronization

@testable import Kernel

/// A clock that stands still until it is moved by hand. Those who wait are woken when their moment has come.
final class FixedClock: Clock {
    private struct Waiter {
        let until: Moment
        let continuation: CheckedContinuation<Void, Never>
    }
    private struct State {
        var now: Moment
        var waiters: [Int: Waiter] = [:]
        var watchers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
        var last = 0
    }
    private let state: Mutex<State>

    init(_ now: Moment) { state = Mutex(State(now: now)) }

    convenience init(_ text: String) { self.init(Moment(text) ?? Moment(milliseconds: 0)) }

    var now: Moment { state.withLock { $0.now } }

    /// Moves on and wakes those whose moment has come.
    func advance(seconds: Double) { set(now.adding(seconds: seconds)) }

    func set(_ moment: Moment) {
        let due = state.withLock { state in
            state.now = moment
            let due = state.waiters.filter { $0.value.until <= moment }
            for number in due.keys { state.waiters[number] = nil }
            return due.values.map(\.continuation)
        }
        for continuation in due { continuation.resume() }
    }

    func wait(until moment: Moment) async {
        let number = state.withLock { state in
            state.last += 1
            return state.last
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let (isOver, watchers) = state.withLock { state in
                    if moment <= state.now || Task.isCancelled { return (true, [] as [CheckedContinuation<Void, Never>]) }
                    state.waiters[number] = Waiter(until: moment, continuation: continuation)
                    let met = state.watchers.filter { state.waiters.count >= $0.count }.map(\.continuation)
                    state.watchers.removeAll { state.waiters.count >= $0.count }
                    return (false, met)
                }
                if isOver { continuation.resume() }
                for watcher in watchers { watcher.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: number) }?.continuation.resume()
        }
    }

    /// Returns as soon as so many wait for the clock: a test can then move it without a race.
    func untilWaiting(_ count: Int = 1) async {
        await withCheckedContinuation { continuation in
            let isMet = state.withLock { state in
                if state.waiters.count >= count { return true }
                state.watchers.append((count, continuation))
                return false
            }
            if isMet { continuation.resume() }
        }
    }
}
