import PluginAPI
import Synchronization

/// What sessions and tokens were found to be, kept in memory by fingerprint.
final class RememberedSecrets: Sendable {
    enum Kind: Sendable { case session, token }

    struct Found: Sendable {
        var kind: Kind
        var userID: Int64
        /// A session's security token.
        var csrf: String?
        /// When it stops working; nil for never.
        var expires: Moment?
        /// When it was last noted as used.
        var seen: Moment
    }

    private struct State {
        var found: [String: Found] = [:]
        /// Counts what was forgotten: what was read before something was forgotten must not be remembered after it.
        var generation: UInt64 = 0
    }

    private let state = Mutex(State())
    private let capacity: Int

    init(capacity: Int = 10_000) { self.capacity = capacity }

    var generation: UInt64 { state.withLock { $0.generation } }

    subscript(fingerprint: String) -> Found? { state.withLock { $0.found[fingerprint] } }

    /// Remembers what was read while nothing was forgotten since a generation.
    func remember(_ found: Found, as fingerprint: String, ifStill generation: UInt64) {
        state.withLock { state in
            guard state.generation == generation else { return }
            if state.found.count >= capacity { state.found.removeAll(keepingCapacity: true) }
            state.found[fingerprint] = found
        }
    }

    /// Says that the secret is used now; true for one caller in a while, who then writes it down.
    func shouldNote(_ fingerprint: String, at now: Moment, every milliseconds: Int64, expires: Moment?) -> Bool {
        state.withLock { state in
            guard let found = state.found[fingerprint], now.milliseconds - found.seen.milliseconds >= milliseconds else { return false }
            state.found[fingerprint]?.seen = now
            if let expires { state.found[fingerprint]?.expires = expires }
            return true
        }
    }

    func forget(_ fingerprint: String) {
        state.withLock { state in
            state.generation += 1
            state.found[fingerprint] = nil
        }
    }

    func forget(where condition: (Found) -> Bool) {
        state.withLock { state in
            state.generation += 1
            state.found = state.found.filter { !condition($0.value) }
        }
    }
}
