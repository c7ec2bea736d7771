import GRDB
import GRDBSQLite
import PluginAPI

/// A connection of the embedded engine. Statements come from GRDB's cache and are stepped directly: a list goes from the
/// database's page to the answer's bytes without an object a field.
final class SQLiteConnection: Connection {
    private let db: Database

    init(_ db: Database) { self.db = db }

    /// A cached statement, or a fresh one while the cached one is still delivering rows.
    private func prepare(_ sql: String) throws -> Statement {
        let cached = try db.cachedStatement(sql: sql)
        return sqlite3_stmt_busy(cached.sqliteStatement) == 0 ? cached : try db.makeStatement(sql: sql)
    }

    private func bind(_ arguments: [SQLValue], to statement: OpaquePointer) {
        sqlite3_reset(statement)
        for (offset, argument) in arguments.enumerated() {
            let position = Int32(offset + 1)
            switch argument {
            case .null: sqlite3_bind_null(statement, position)
            case .integer(let number): sqlite3_bind_int64(statement, position, number)
            case .text(var text):
                _ = text.withUTF8 { bytes in
                    bytes.withMemoryRebound(to: CChar.self) {
                        // An empty text has no address, and SQLite takes no address for null.
                        sqlite3_bind_text(statement, position, $0.baseAddress ?? SQLiteConnection.empty, Int32($0.count), SQLiteConnection.copy)
                    }
                }
            case .blob(let bytes):
                _ = bytes.withUnsafeBytes { sqlite3_bind_blob(statement, position, $0.baseAddress, Int32($0.count), SQLiteConnection.copy) }
            }
        }
    }

    // NB: SQLite's constant for "copy it now" is a pointer made from -1; the empty text is never written to.
    nonisolated(unsafe) private static let copy = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
    nonisolated(unsafe) private static let empty: UnsafePointer<CChar> = {
        let pointer = UnsafeMutablePointer<CChar>.allocate(capacity: 1)
        pointer.initialize(to: 0)
        return UnsafePointer(pointer)
    }()

    private func failure(_ code: Int32, _ sql: String) -> any Error {
        DatabaseError(
            resultCode: ResultCode(rawValue: sqlite3_extended_errcode(db.sqliteConnection)),
            message: String(cString: sqlite3_errmsg(db.sqliteConnection)), sql: sql)
    }

    func execute(_ sql: String, _ arguments: [SQLValue]) throws -> Int {
        let statement = try prepare(sql)
        bind(arguments, to: statement.sqliteStatement)
        defer { sqlite3_reset(statement.sqliteStatement) }
        var code = sqlite3_step(statement.sqliteStatement)
        while code == SQLITE_ROW { code = sqlite3_step(statement.sqliteStatement) }
        guard code == SQLITE_DONE else { throw failure(code, sql) }
        return Int(sqlite3_changes(db.sqliteConnection))
    }

    func query(_ sql: String, _ arguments: [SQLValue], _ each: (any Row) throws -> Bool) throws {
        let statement = try prepare(sql)
        bind(arguments, to: statement.sqliteStatement)
        defer { sqlite3_reset(statement.sqliteStatement) }
        let row = SQLiteRow(statement.sqliteStatement)
        while true {
            let code = sqlite3_step(statement.sqliteStatement)
            if code == SQLITE_DONE { return }
            guard code == SQLITE_ROW else { throw failure(code, sql) }
            if try !each(row) { return }
        }
    }

    func savepoint<T>(_ body: () throws -> T) throws -> T {
        var result: T?
        try db.execute(sql: "SAVEPOINT step")
        do {
            result = try body()
            try db.execute(sql: "RELEASE SAVEPOINT step")
        } catch {
            try db.execute(sql: "ROLLBACK TO SAVEPOINT step; RELEASE SAVEPOINT step")
            throw error
        }
        return result!
    }

    func columns(of table: String) throws -> Set<String> {
        Set(try all("SELECT name FROM pragma_table_info(?)", [.text(table)]) { $0.text(0) })
    }

    func indexes(of table: String) throws -> Set<String> {
        Set(try all("SELECT name FROM pragma_index_list(?)", [.text(table)]) { $0.text(0) })
    }
}

/// A row in place.
struct SQLiteRow: Row {
    private let statement: OpaquePointer

    init(_ statement: OpaquePointer) { self.statement = statement }

    func isNull(_ column: Int) -> Bool { sqlite3_column_type(statement, Int32(column)) == SQLITE_NULL }
    func integer(_ column: Int) -> Int64 { sqlite3_column_int64(statement, Int32(column)) }
    func text(_ column: Int) -> String { withText(column) { String(decoding: $0, as: UTF8.self) } }

    func withText<T>(_ column: Int, _ body: (UnsafeBufferPointer<UInt8>) throws -> T) rethrows -> T {
        let start = sqlite3_column_text(statement, Int32(column))
        return try body(UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, Int32(column)))))
    }

    func blob(_ column: Int) -> [UInt8] {
        guard let start = sqlite3_column_blob(statement, Int32(column)) else { return [] }
        return Array(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, Int32(column)))))
    }
}
