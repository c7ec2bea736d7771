import GRDBSQLite

/// The prepared statements of one connection, the most recently used ones kept. Lists that people put together bring ever
/// new texts, so a cache without a limit would grow for as long as the server runs.
///
/// NB: unchecked, because GRDB gives a connection to one thread at a time, and the statements go with the connection.
final class SQLiteStatements: @unchecked Sendable {
    private final class Entry {
        let statement: OpaquePointer
        var used: UInt64 = 0

        init(_ statement: OpaquePointer) { self.statement = statement }
        deinit { sqlite3_finalize(statement) }
    }

    static let most = 400
    private var entries: [StatementText: Entry] = [:]
    private var clock: UInt64 = 0

    var count: Int { entries.count }

    /// A statement ready to be bound. While the kept one is still delivering rows, a fresh one is made, which the caller
    /// finalizes.
    func statement(_ sql: String, _ connection: OpaquePointer) throws -> (statement: OpaquePointer, isOwn: Bool) {
        clock += 1
        let text = StatementText(sql)
        if let entry = entries[text] {
            entry.used = clock
            if sqlite3_stmt_busy(entry.statement) == 0 { return (entry.statement, false) }
            return (try SQLiteStatements.prepare(sql, connection, flags: 0), true)
        }
        let entry = Entry(try SQLiteStatements.prepare(sql, connection, flags: UInt32(SQLITE_PREPARE_PERSISTENT)))
        entry.used = clock
        if entries.count >= SQLiteStatements.most { forgetOldest() }
        entries[text] = entry
        return (entry.statement, false)
    }

    /// Finalizes all: a connection closes only then.
    func clear() { entries = [:] }

    private func forgetOldest() {
        let ages = entries.values.map(\.used).sorted()
        let limit = ages[ages.count / 2]
        entries = entries.filter { $0.value.used > limit || sqlite3_stmt_busy($0.value.statement) != 0 }
    }

    private static func prepare(_ sql: String, _ connection: OpaquePointer, flags: UInt32) throws -> OpaquePointer {
        var statement: OpaquePointer?
        var text = sql
        let code = text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) {
                sqlite3_prepare_v3(connection, $0.baseAddress, Int32($0.count), flags, &statement, nil)
            }
        }
        guard code == SQLITE_OK, let statement else { throw SQLiteConnection.failure(connection, sql) }
        return statement
    }
}
