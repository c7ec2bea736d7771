import CSQLite
import GRDB
import GRDBSQLite
import PluginAPI

/// A connection of the embedded engine. Statements are prepared once and stepped directly: a list goes from the database's
/// page to the answer's bytes without an object a field.
final class SQLiteConnection: Connection {
    private let connection: OpaquePointer
    private let statements: SQLiteStatements
    /// Whether a transaction is under way that is to be whole or not at all.
    private var isWhole = false
    /// Why SQLite has taken that transaction back by itself, as it does when the disk is full: whatever came after would be
    /// stored on its own, however the one who writes takes the error.
    private var undone: (any Error)?
    private var spill: SQLiteSpill
    private var reading = Reading.none

    /// How far a transaction is that only reads.
    private enum Reading {
        case none
        /// Nothing was asked yet.
        case waiting
        /// The next question is the only one, and needs no transaction around it.
        case single
        case begun
    }

    init(_ connection: OpaquePointer, _ statements: SQLiteStatements) {
        self.connection = connection
        self.statements = statements
        spill = SQLiteSpill(connection)
    }

    private func bind(_ arguments: [SQLValue], to statement: OpaquePointer) {
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
                _ = bytes.withUnsafeBytes {
                    $0.isEmpty
                        ? sqlite3_bind_zeroblob(statement, position, 0)
                        : sqlite3_bind_blob(statement, position, $0.baseAddress, Int32($0.count), SQLiteConnection.copy)
                }
            }
        }
    }

    // NB: SQLite's constant for "copy it now" is a pointer made from -1; the empty text is never written to.
    nonisolated(unsafe) static let copy = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
    nonisolated(unsafe) static let empty: UnsafePointer<CChar> = {
        let pointer = UnsafeMutablePointer<CChar>.allocate(capacity: 1)
        pointer.initialize(to: 0)
        return UnsafePointer(pointer)
    }()

    static func failure(_ connection: OpaquePointer, _ sql: String) -> any Error {
        DatabaseError(
            resultCode: ResultCode(rawValue: sqlite3_extended_errcode(connection)), message: String(cString: sqlite3_errmsg(connection)),
            sql: sql)
    }

    /// Prepares and binds a statement, and leaves it ready for its next use.
    private func run<T>(_ sql: String, _ arguments: [SQLValue], _ body: (OpaquePointer) throws -> T) throws -> T {
        if let undone { throw undone }
        switch reading {
        case .none, .begun: break
        case .single: reading = .waiting
        case .waiting:
            reading = .begun
            try execute("BEGIN DEFERRED")
        }
        let (statement, isOwn) = try statements.statement(sql, connection)
        defer {
            if isOwn { sqlite3_finalize(statement) } else { sqlite3_reset(statement) }
        }
        bind(arguments, to: statement)
        return try body(statement)
    }

    @discardableResult
    func execute(_ sql: String, _ arguments: [SQLValue]) throws -> Int {
        try run(sql, arguments) { statement in
            var code = sqlite3_step(statement)
            while code == SQLITE_ROW { code = sqlite3_step(statement) }
            guard code == SQLITE_DONE else { throw failed(sql) }
            return Int(sqlite3_changes(connection))
        }
    }

    /// Without `RETURNING`: for that SQLite keeps what it would take to undo the statement alone, a copy of each page, and has the
    /// search index write what it has gathered.
    func insert(_ sql: String, _ arguments: [SQLValue]) throws -> Int64 {
        _ = try execute(sql, arguments)
        return sqlite3_last_insert_rowid(connection)
    }

    func query(_ sql: String, _ arguments: [SQLValue], _ each: (any Row) throws -> Bool) throws {
        try run(sql, arguments) { statement in
            let row = SQLiteRow(statement)
            while true {
                let code = sqlite3_step(statement)
                if code == SQLITE_DONE { return }
                guard code == SQLITE_ROW else { throw failed(sql) }
                if try !each(row) { return }
            }
        }
    }

    private func failed(_ sql: String) -> any Error {
        let error: any Error = SQLiteConnection.failure(connection, sql)
        if isWhole, sqlite3_get_autocommit(connection) != 0 { undone = error }
        return error
    }

    // MARK: A transaction that only reads

    /// It begins with its first question.
    func beginReading() { reading = .waiting }

    func nextIsLast() { if reading == .waiting { reading = .single } }

    /// Ends it; what fails to come back from it is not to be used again.
    func endReading(isSound: Bool = true) throws {
        if reading == .begun { try execute(isSound ? "COMMIT" : "ROLLBACK") }
        reading = .none
    }

    // MARK: A transaction that writes

    func begin() throws {
        try execute("BEGIN IMMEDIATE")
        isWhole = true
    }

    func commit() throws {
        if let undone { throw undone }
        isWhole = false
        try execute("COMMIT")
    }

    /// Takes back what is not stored; there may be nothing any more.
    func rollback() {
        (isWhole, undone) = (false, nil)
        if sqlite3_get_autocommit(connection) == 0 { _ = try? execute("ROLLBACK") }
        tenon_sqlite_forget(UnsafeMutableRawPointer(connection))
    }

    @discardableResult
    func savepoint<T>(_ body: () throws -> T) throws -> T {
        try execute("SAVEPOINT step")
        spill.begin()
        defer { spill.end() }
        do {
            let result = try body()
            try execute("RELEASE SAVEPOINT step")
            return result
        } catch {
            let canUndo: Bool = spill.canUndo
            try execute("ROLLBACK TO SAVEPOINT step")
            try execute("RELEASE SAVEPOINT step")
            if !canUndo { undone = SQLiteConnection.tooLarge }
            throw error
        }
    }

    private static var tooLarge: CRMError {
        CRMError(
            .unavailable, "the change is too large for a part of it to be taken back", hint: "Nothing of it was stored. Do it in smaller parts.")
    }

    func columns(of table: String) throws -> Set<String> {
        Set(try all("SELECT name FROM pragma_table_info(?)", [.text(table)]) { $0.text(0) })
    }

    func indexes(of table: String) throws -> Set<String> {
        Set(try all("SELECT name FROM pragma_index_list(?)", [.text(table)]) { $0.text(0) })
    }

    /// Nothing to do: AUTOINCREMENT looks at the greatest id itself.
    func continueNumbers(of table: String) throws {}
}

/// A row in place.
struct SQLiteRow: Row {
    /// A column's value where it lies: asking it is cheaper than asking the statement for each property.
    struct Cell: RowCell {
        fileprivate let place: OpaquePointer?

        @inline(__always) var isNull: Bool { sqlite3_value_type(place) == SQLITE_NULL }
        @inline(__always) var integer: Int64 { sqlite3_value_int64(place) }

        @inline(__always)
        func withText<T>(_ body: (UnsafeBufferPointer<UInt8>) throws -> T) rethrows -> T {
            // The text first: asking for its length may turn it into another encoding.
            let start = sqlite3_value_text(place)
            return try body(UnsafeBufferPointer(start: start, count: Int(sqlite3_value_bytes(place))))
        }
    }

    private let statement: OpaquePointer

    init(_ statement: OpaquePointer) { self.statement = statement }

    @inline(__always)
    func cell(_ column: Int) -> Cell { Cell(place: sqlite3_column_value(statement, Int32(truncatingIfNeeded: column))) }

    func value(_ column: Int) -> SQLValue {
        switch sqlite3_column_type(statement, Int32(column)) {
        case SQLITE_INTEGER: .integer(integer(column))
        case SQLITE_TEXT: .text(text(column))
        case SQLITE_BLOB: .blob(blob(column))
        default: .null
        }
    }

    func blob(_ column: Int) -> [UInt8] {
        guard let start = sqlite3_column_blob(statement, Int32(column)) else { return [] }
        return Array(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, Int32(column)))))
    }
}
