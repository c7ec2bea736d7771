import Synchronization

/// Where the log of changes stood when each user last changed something: no list of theirs may be older, though others' may.
final class OwnChanges: Sendable {
    /// What a request brought along: the user may have changed something through another server a moment ago.
    @TaskLocal static var brought = LogPosition.beginning

    private struct State {
        var byUser: [Int64: LogPosition] = [:]
        /// For everybody who is not remembered.
        var floor = LogPosition.beginning
    }

    private static let most = 10_000
    private let state = Mutex(State())

    /// - Parameter user: nil for the product itself.
    func note(_ position: LogPosition, of user: Int64?) {
        guard position > .beginning else { return }
        state.withLock { state in
            // Forgetting somebody must not let them read older than they may.
            if state.byUser.count >= OwnChanges.most {
                state.floor = state.byUser.values.max() ?? state.floor
                state.byUser = [:]
            }
            state.byUser[user ?? 0] = max(position, state.byUser[user ?? 0] ?? .beginning)
        }
    }

    func last(of user: Int64?) -> LogPosition {
        let known: LogPosition = state.withLock { state in max(state.byUser[user ?? 0] ?? .beginning, state.floor) }
        return max(known, OwnChanges.brought)
    }
}
