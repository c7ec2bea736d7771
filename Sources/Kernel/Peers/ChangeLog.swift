import PluginAPI

/// The log of what changed, through which servers of one database follow each other. An entry is written in the transaction
/// that it tells of, so that it is there exactly when the change is. Writers take turns across all servers, and the turn ends
/// after the commit is visible: the entries' numbers are in the order of commits, and whoever has read up to one has missed none.
///
/// Nothing is written where a database has one server.
enum ChangeLog {
    /// On which servers that can listen are told at once that there is an entry.
    static let channel = "tenon_change"
    /// How long entries stay, in milliseconds. A server that was away for longer reads everything anew.
    static let kept: Int64 = 600_000

    /// Writes an entry, if there is a server to read it: looked up in the transaction that has its turn, so that a server that
    /// came a moment ago is seen. `peer` is the server that has followed the change itself; 0 has all of them follow.
    static func note(_ change: SharedChange, by peer: Int64 = 0, _ connection: any Connection, _ dialect: any Dialect) throws {
        guard connection.isShared, !change.isEmpty else { return }
        try connection.post(
            """
            WITH added AS (INSERT INTO tenon_change (peer, at, what) SELECT ?, \(dialect.clock), ? \
            WHERE EXISTS (SELECT 1 FROM tenon_peer WHERE id <> ? AND left_at IS NULL AND seen_at > \(dialect.clock) - \(kept)) RETURNING id) \
            SELECT pg_notify('\(channel)', ?) FROM added
            """, [.integer(peer), .text(change.stored), .integer(peer), .text(String(peer))])
    }

    static func note(_ flag: SharedChange.Flag, _ connection: any Connection) throws {
        guard connection.isShared else { return }
        try note(SharedChange(flag), connection, DialectKind.postgresql.dialect)
    }

    static func note(_ connection: any Connection, _ fill: (inout SharedChange) -> Void) throws {
        guard connection.isShared else { return }
        var change = SharedChange()
        fill(&change)
        try note(change, connection, DialectKind.postgresql.dialect)
    }

    /// The number of the last entry; 0 when there is none.
    static func last(_ connection: any Connection) throws -> Int64 {
        try connection.integer("SELECT coalesce(max(id), 0) FROM tenon_change") ?? 0
    }

    /// What others changed after an entry, all of it together, with the number of the last entry.
    static func changes(after number: Int64, notBy peer: Int64, _ connection: any Connection) throws -> (change: SharedChange, last: Int64) {
        var (all, last) = (SharedChange(), number)
        try connection.query("SELECT id, peer, what FROM tenon_change WHERE id > ? ORDER BY id LIMIT 2000", [.integer(number)]) { row in
            last = row.integer(0)
            if row.integer(1) != peer { all.add(try SharedChange(stored: row.text(2))) }
            return true
        }
        return (all, last)
    }

    /// The last entry stays, whatever its age: its number tells that none is missing.
    static func prune(_ connection: any Connection, _ dialect: any Dialect) throws {
        try connection.execute("DELETE FROM tenon_change WHERE at < \(dialect.clock) - \(kept) AND id < (SELECT max(id) FROM tenon_change)")
    }
}
