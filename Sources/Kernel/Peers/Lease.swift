import PluginAPI
import Synchronization

/// The right of this server to do something that only one may do at a time: run a job, deliver to a listener. It is kept for as
/// long as the server gives signs of life, and given back; after the server's death another one takes it over.
final class Lease: Sendable {
    /// Under which changes are stored: a server that has lost its lease, and does not know it yet, stores nothing any more.
    @TaskLocal static var current: Lease?

    private struct State {
        var validUntil: ContinuousClock.Instant
        var isLost = false
        var told = Told()
    }
    /// NB: a struct around the closure, as everywhere closures are kept under a lock.
    private struct Told: Sendable {
        var body: (@Sendable () -> Void)?
    }

    let name: String
    let peer: Int64
    /// Counts how often it changed hands.
    let turn: Int64
    private let state: Mutex<State>

    init(name: String, peer: Int64, turn: Int64, validUntil: ContinuousClock.Instant) {
        self.name = name
        self.peer = peer
        self.turn = turn
        state = Mutex(State(validUntil: validUntil))
    }

    var isLost: Bool { state.withLock { $0.isLost } }

    /// Has something done when it is lost; at once when it is already.
    func onLoss(_ body: @escaping @Sendable () -> Void) {
        let isLost: Bool = state.withLock { state in
            state.told.body = body
            return state.isLost
        }
        if isLost { body() }
    }

    func extend(to moment: ContinuousClock.Instant) { state.withLock { $0.validUntil = max($0.validUntil, moment) } }

    /// Whether there was no sign of life for so long that another server may have it.
    func isOver(at moment: ContinuousClock.Instant) -> Bool { state.withLock { $0.validUntil <= moment } }

    func lose() {
        let told: Told? = state.withLock { state in
            guard !state.isLost else { return nil }
            state.isLost = true
            return state.told
        }
        told?.body?()
    }

    /// Whether it is this server's still. Asked within a transaction that has its turn, it holds until that is stored: nobody
    /// takes a lease over without a turn.
    func isHeld(_ connection: any Connection) throws -> Bool {
        if isLost { return false }
        let found: Int64? = try connection.integer(
            "SELECT 1 FROM tenon_lease WHERE name = ? AND peer = ? AND turn = ?", [.text(name), .integer(peer), .integer(turn)])
        return found != nil
    }

    func require(_ connection: any Connection) throws {
        guard try isHeld(connection) else {
            throw CRMError(.unavailable, "another server has taken over \(name)", hint: "This one gave no sign of life for too long.")
        }
    }
}
