import PluginAPI

/// A server of the database, as it is on record.
struct Peer: Sendable {
    enum State: String, Sendable {
        case serving
        /// It ended as it should.
        case ended
        /// It gives no sign of life.
        case gone
    }

    let id: Int64
    /// The place that it serves from: one at a time does, so that a new one there takes over from the old.
    let node: String
    let host: String
    let process: Int64
    let address: String
    let version: String
    let startedAt: Moment
    /// How long ago its last sign of life is, by the database's clock.
    let silence: Int64
    /// The change up to which it follows the others.
    let follows: Int64
    let state: State

    /// How long a server may be silent before the others count it as gone.
    static let patience: Int64 = 15_000

    static func all(_ connection: any Connection, _ dialect: any Dialect) throws -> [Peer] {
        try connection.all(
            """
            SELECT id, node, host, process, address, version, started_at, \(dialect.clock) - seen_at, follows, left_at \
            FROM tenon_peer ORDER BY id
            """
        ) { row in
            let silence: Int64 = max(0, row.integer(7))
            let state: State = row.optionalInteger(9) != nil ? .ended : silence > Peer.patience ? .gone : .serving
            return Peer(
                id: row.integer(0), node: row.text(1), host: row.text(2), process: row.integer(3), address: row.text(4),
                version: row.text(5), startedAt: Moment(milliseconds: row.integer(6)), silence: silence, follows: row.integer(8),
                state: state)
        }
    }

    /// Those that ended long ago leave no trace.
    static func prune(_ connection: any Connection, _ dialect: any Dialect) throws {
        try connection.execute("DELETE FROM tenon_peer WHERE seen_at < \(dialect.clock) - \(ChangeLog.kept)")
        try connection.execute("DELETE FROM tenon_lease WHERE until < \(dialect.clock) - \(ChangeLog.kept)")
    }
}
