import PluginAPI
import Synchronization

/// The leases of this server. How long they hold is measured by the database's clock, which all servers share; that this
/// server's own have run out it knows by a clock that only goes forward.
final class Leases: Sendable {
    let engine: any Engine
    /// This server's number.
    let peer: Int64
    /// How long one holds without a sign of life, in milliseconds.
    let length: Int64
    private struct State {
        var held: [String: Lease] = [:]
        /// Asked for, and not known yet whether they were given.
        var asked: Set<String> = []
    }
    private let state = Mutex(State())

    init(engine: any Engine, peer: Int64, length: Int64 = 15_000) {
        self.engine = engine
        self.peer = peer
        self.length = length
    }

    /// A fifth earlier than the database thinks so, it is over here: what runs under it has time to end.
    private func validity(from moment: ContinuousClock.Instant) -> ContinuousClock.Instant {
        moment.advanced(by: .milliseconds(length - length / 5))
    }

    /// Takes a lease and does something in the same transaction; nil when another server has it, or this one already.
    func claim<T: Sendable>(_ name: String, _ body: @escaping @Sendable (any Connection) throws -> T) async throws -> (lease: Lease, value: T)? {
        let mayAsk: Bool = state.withLock { $0.held[name] == nil && $0.asked.insert(name).inserted }
        guard mayAsk else { return nil }
        defer { state.withLock { _ = $0.asked.remove(name) } }
        let (dialect, peer, length): (any Dialect, Int64, Int64) = (engine.dialect, peer, length)
        let begun = ContinuousClock.now
        let taken: (turn: Int64, value: T)? = try await engine.write { connection in
            guard let turn = try Leases.take(name, peer, length, connection, dialect) else { return nil }
            return (turn, try body(connection))
        }
        guard let taken else { return nil }
        let lease = Lease(name: name, peer: peer, turn: taken.turn, validUntil: validity(from: begun))
        state.withLock { $0.held[name] = lease }
        return (lease, taken.value)
    }

    func claim(_ name: String) async throws -> Lease? { try await claim(name) { _ in () }?.lease }

    /// Takes a lease, waiting for another server to give it back.
    func claim(_ name: String, within seconds: Double) async throws -> Lease? {
        let end = ContinuousClock.now.advanced(by: .seconds(seconds))
        while true {
            if let lease = try await claim(name) { return lease }
            if ContinuousClock.now >= end { return nil }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    /// One statement decides, whoever else comes at the same moment: a lease that another server has is not touched. One of this
    /// server's own that is not known here was given back in vain.
    private static func take(
        _ name: String, _ peer: Int64, _ length: Int64, _ connection: any Connection, _ dialect: any Dialect
    ) throws -> Int64? {
        try connection.integer(
            """
            INSERT INTO tenon_lease (name, peer, turn, until) VALUES (?, ?, 1, \(dialect.clock) + ?) \
            ON CONFLICT (name) DO UPDATE SET peer = excluded.peer, turn = tenon_lease.turn + 1, until = excluded.until \
            WHERE tenon_lease.until <= \(dialect.clock) OR tenon_lease.peer = excluded.peer RETURNING turn
            """, [.text(name), .integer(peer), .integer(length)])
    }

    /// Gives a lease back, with the last changes that are made under it. They are not made when it was lost.
    ///
    /// `keepingOnFailure`: whether it stays this server's when that cannot be stored, for another attempt.
    func release(
        _ lease: Lease, keepingOnFailure: Bool = false, _ body: @escaping @Sendable (any Connection) throws -> Void = { _ in }
    ) async throws {
        var isDone = false
        defer { if isDone || !keepingOnFailure { forget(lease) } }
        // In a task of its own: what was done is remembered also when the one who did it is being cancelled.
        try await Task { [engine] in
            try await engine.write { connection in
                guard try lease.isHeld(connection) else { return }
                try body(connection)
                try connection.execute(
                    "DELETE FROM tenon_lease WHERE name = ? AND peer = ? AND turn = ?",
                    [.text(lease.name), .integer(lease.peer), .integer(lease.turn)])
            }
        }.value
        isDone = true
    }

    /// Extends it no more: another server takes over what was left undone.
    func forget(_ lease: Lease) {
        state.withLock { if $0.held[lease.name] === lease { $0.held[lease.name] = nil } }
    }

    /// The names of leases that other servers have now.
    func taken(_ connection: any Connection) throws -> Set<String> {
        Set(
            try connection.all(
                "SELECT name FROM tenon_lease WHERE peer <> ? AND until > \(engine.dialect.clock)", [.integer(peer)]) { $0.text(0) })
    }

    // MARK: Signs of life

    /// Extends all of this server's and gives what became of them: to be done beside the writers' turns, so that no long change of
    /// anybody keeps it waiting.
    func renew() async throws {
        let (held, begun): ([String: Lease], ContinuousClock.Instant) = (state.withLock { $0.held }, ContinuousClock.now)
        let found: [String: Int64] = try await engine.aside { [self] connection in
            let rows: [(String, Int64)] = try connection.all(
                "UPDATE tenon_lease SET until = \(engine.dialect.clock) + ? WHERE peer = ? RETURNING name, turn",
                [.integer(length), .integer(peer)]) { ($0.text(0), $0.integer(1)) }
            return Dictionary(rows) { first, _ in first }
        }
        for (name, lease) in held {
            if found[name] == lease.turn {
                lease.extend(to: validity(from: begun))
            } else if state.withLock({ $0.held[name] === lease }) {
                lose(lease)
            }
        }
        try await drop(found.keys.filter { held[$0] == nil })
    }

    /// Gives back what this server has on record and does not know of: the database was away when it was to be given back.
    private func drop(_ names: [String]) async throws {
        let strays: [String] = state.withLock { state in names.filter { state.held[$0] == nil && !state.asked.contains($0) } }
        guard !strays.isEmpty else { return }
        try await engine.write { [self] connection in
            for name in strays where state.withLock({ $0.held[name] == nil && !$0.asked.contains(name) }) {
                try connection.execute("DELETE FROM tenon_lease WHERE name = ? AND peer = ?", [.text(name), .integer(peer)])
            }
        }
    }

    /// Gives up what could not be extended in time: another server may have it by now.
    func giveUpOverdue(at now: ContinuousClock.Instant = .now) {
        for lease in state.withLock({ Array($0.held.values) }) where lease.isOver(at: now) { lose(lease) }
    }

    private func lose(_ lease: Lease) {
        forget(lease)
        lease.lose()
    }
}
