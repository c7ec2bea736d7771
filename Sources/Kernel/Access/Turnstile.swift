import PluginAPI
import Synchronization

/// Lets so many tasks through at once; the rest wait in line, and whoever finds the line full is turned away.
final class Turnstile: Sendable {
    private enum Answer: Sendable { case through, full, cancelled }

    private struct State {
        var free: Int
        var nextTicket: UInt64 = 0
        /// In the order of arrival.
        var line: [(ticket: UInt64, continuation: CheckedContinuation<Answer, Never>)] = []
    }

    private let state: Mutex<State>
    private let lineLimit: Int
    private let whenFull: CRMError

    init(
        places: Int, lineLimit: Int,
        whenFull: CRMError = CRMError(
            .unavailable, "too many people are logging in at this moment", hint: "Try again in a few seconds.")
    ) {
        state = Mutex(State(free: places))
        self.lineLimit = lineLimit
        self.whenFull = whenFull
    }

    /// How many stand in line.
    var waiting: Int { state.withLock { $0.line.count } }

    /// Runs a closure in one of the places. Throws `unavailable` when the line is full, and `CancellationError` when the
    /// task is cancelled while it waits.
    func pass<T: Sendable>(_ body: @Sendable () async throws -> T) async throws -> T {
        try await enter()
        defer { leave() }
        return try await body()
    }

    private func enter() async throws {
        let ticket = state.withLock { state in
            state.nextTicket += 1
            return state.nextTicket
        }
        let answer = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer: Answer? = state.withLock { state in
                    if Task.isCancelled { return .cancelled }
                    if state.free > 0 {
                        state.free -= 1
                        return .through
                    }
                    guard state.line.count < lineLimit else { return .full }
                    state.line.append((ticket, continuation))
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            let continuation = state.withLock { state -> CheckedContinuation<Answer, Never>? in
                guard let place = state.line.firstIndex(where: { $0.ticket == ticket }) else { return nil }
                return state.line.remove(at: place).continuation
            }
            continuation?.resume(returning: .cancelled)
        }
        switch answer {
        case .through: return
        case .cancelled: throw CancellationError()
        case .full: throw whenFull
        }
    }

    private func leave() {
        let next = state.withLock { state -> CheckedContinuation<Answer, Never>? in
            guard !state.line.isEmpty else {
                state.free += 1
                return nil
            }
            return state.line.removeFirst().continuation
        }
        next?.resume(returning: .through)
    }
}
