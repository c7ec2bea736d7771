import PluginAPI

/// A database. Everything above this protocol speaks the common part of SQL, written by ``SQLText`` helpers; what engines
/// spell differently is asked of the ``Dialect``.
protocol Engine: Sendable {
    var dialect: any Dialect { get }
    /// Runs a closure over one consistent view.
    func read<T: Sendable>(_ body: @escaping @Sendable (any Connection) throws -> T) async throws -> T
    /// Runs a closure over one consistent view that may be a little late, though not behind a position: where there are copies of
    /// the database, one of them answers. The closure runs again elsewhere when a copy could not.
    func readAside<T: Sendable>(after position: LogPosition, _ body: @escaping @Sendable (any Connection) throws -> T) async throws -> T
    /// Whether there are copies of the database that may be behind.
    var hasCopies: Bool { get }
    /// Where the log stands of what was stored from here; the beginning where there are no copies that could be behind.
    var position: LogPosition { get }
    /// Runs a closure in one transaction: durable when this returns, undone when it throws. Writers take turns.
    @discardableResult
    func write<T: Sendable>(_ body: @escaping @Sendable (any Connection) throws -> T) async throws -> T
    /// Runs a closure in a transaction beside the writers' turns and beside those who wait for a connection: for signs of life and
    /// the like, which must not wait for anybody's long change. What it changes may be lost in a crash.
    func aside<T: Sendable>(_ body: @escaping @Sendable (any Connection) throws -> T) async throws -> T
    /// Has something done whenever a channel is told something, besides one word; nil where there is no such way.
    func listen(_ channel: String, besides own: String, _ body: @escaping @Sendable () -> Void) -> (any Listening)?
    /// Whether several processes may work on the database.
    var isShared: Bool { get }
    /// Whether others wait for the turn of whoever writes over this connection, at this process or another.
    /// - Parameter evenWithTime: whether those of this process count too who have time (``WriterTurn/Haste/soon``).
    func othersWait(_ connection: any Connection, evenWithTime: Bool) throws -> Bool
    /// What is wrong with the stored bytes themselves, in the engine's words; empty when they are sound.
    func integrityProblems() async throws -> [String]
    /// Finishes what is under way and closes the database.
    func close() async throws
}

extension Engine {
    var hasCopies: Bool { false }
    var position: LogPosition { .beginning }
    func readAside<T: Sendable>(after position: LogPosition, _ body: @escaping @Sendable (any Connection) throws -> T) async throws -> T {
        try await read(body)
    }
    func aside<T: Sendable>(_ body: @escaping @Sendable (any Connection) throws -> T) async throws -> T { try await write(body) }
    func listen(_ channel: String, besides own: String, _ body: @escaping @Sendable () -> Void) -> (any Listening)? { nil }
    var isShared: Bool { false }
    func othersWait(_ connection: any Connection, evenWithTime: Bool) throws -> Bool { false }
}

/// Something that listens until it is closed.
protocol Listening: Sendable {
    func close()
}

/// What an engine can be sent as an argument.
enum SQLValue: Sendable, Hashable {
    case null
    case integer(Int64)
    case text(String)
    case blob([UInt8])
}

/// A connection within a transaction; not to be kept.
protocol Connection: AnyObject {
    /// Runs a statement and gives the count of rows it changed.
    @discardableResult
    func execute(_ sql: String, _ arguments: [SQLValue]) throws -> Int
    /// Runs a statement that inserts one row into a table whose key is `id`, and gives that.
    func insert(_ sql: String, _ arguments: [SQLValue]) throws -> Int64
    /// Runs a statement that nobody waits for: it may go along with the next one, and what is wrong with it is told then, at the
    /// end of its step (``savepoint(_:)``) or of the transaction at the latest.
    func post(_ sql: String, _ arguments: [SQLValue]) throws
    /// Asks for rows of texts that nobody waits for: the answer may come with that of the next statement, at ``settle()`` at the latest.
    /// It never comes where the step that asked is undone.
    func ask(_ sql: String, _ arguments: [SQLValue], columns: Int, _ answer: @escaping ([[String]]) -> Void) throws
    /// Waits for all that nobody has waited for.
    func settle() throws
    /// Runs a query and hands over each row until the closure returns false. No other statement with the same text may run
    /// meanwhile.
    func query(_ sql: String, _ arguments: [SQLValue], _ each: (any Row) throws -> Bool) throws
    /// Tells that the next question is the last of a closure that only reads, so that its transaction may end along with it. Whatever is
    /// asked after that nevertheless may see a later state.
    func nextIsLast()
    /// Runs a closure that is undone alone when it throws.
    @discardableResult
    func savepoint<T>(_ body: () throws -> T) throws -> T
    /// Runs one statement whose failure is undone alone, so that the transaction can go on: where the server would refuse
    /// everything that follows. Costs no wait of its own.
    @discardableResult
    func attempt<T>(_ body: () throws -> T) throws -> T
    /// The columns of a table, empty when there is no such table.
    func columns(of table: String) throws -> Set<String>
    /// The names of a table's indexes.
    func indexes(of table: String) throws -> Set<String>
    /// Has the ids that the engine gives from now on follow the greatest one there is: after rows came with ids of their own.
    func continueNumbers(of table: String) throws
    /// Whether other processes may work on the database, which then have to be told of changes.
    var isShared: Bool { get }
}

/// One row of a result; valid until the next.
protocol Row {
    associatedtype Cell: RowCell
    /// A column's value where it lies.
    func cell(_ column: Int) -> Cell
    func isNull(_ column: Int) -> Bool
    /// The value as the engine keeps it.
    func value(_ column: Int) -> SQLValue
    func integer(_ column: Int) -> Int64
    func text(_ column: Int) -> String
    /// The text's bytes in place, without a copy.
    func withText<T>(_ column: Int, _ body: (UnsafeBufferPointer<UInt8>) throws -> T) rethrows -> T
    func blob(_ column: Int) -> [UInt8]
    func optionalInteger(_ column: Int) -> Int64?
    /// The text's bytes in place, nil where there is none.
    func withOptionalText<T>(_ column: Int, _ body: (UnsafeBufferPointer<UInt8>?) throws -> T) rethrows -> T
    /// Appends the row as a JSON object; has a body for all engines.
    func write(_ plan: RowPlan, _ labels: LinkLabels, to json: inout JSONWriter) throws
}

/// A value of a row, for whoever asks it several things: finding it once is cheaper.
protocol RowCell {
    var isNull: Bool { get }
    var integer: Int64 { get }
    /// The text's bytes in place, without a copy; none where there is no value.
    func withText<T>(_ body: (UnsafeBufferPointer<UInt8>) throws -> T) rethrows -> T
}

// Requirements with these bodies, so that each engine's row has versions of its own.
extension Row {
    func isNull(_ column: Int) -> Bool { cell(column).isNull }
    func integer(_ column: Int) -> Int64 { cell(column).integer }
    func text(_ column: Int) -> String { cell(column).withText { String(decoding: $0, as: UTF8.self) } }
    func optionalText(_ column: Int) -> String? { isNull(column) ? nil : text(column) }

    func withText<T>(_ column: Int, _ body: (UnsafeBufferPointer<UInt8>) throws -> T) rethrows -> T { try cell(column).withText(body) }

    func optionalInteger(_ column: Int) -> Int64? {
        let cell = cell(column)
        return cell.isNull ? nil : cell.integer
    }

    func withOptionalText<T>(_ column: Int, _ body: (UnsafeBufferPointer<UInt8>?) throws -> T) rethrows -> T {
        let cell = cell(column)
        return try cell.isNull ? body(nil) : cell.withText { try body($0) }
    }
}

extension Connection {
    func post(_ sql: String, _ arguments: [SQLValue]) throws { try execute(sql, arguments) }
    func insert(_ sql: String, _ arguments: [SQLValue]) throws -> Int64 {
        guard let id = try integer(sql + " RETURNING \"id\"", arguments) else {
            throw CRMError(.internalError, "the engine gave no id for a new row")
        }
        return id
    }
    func ask(_ sql: String, _ arguments: [SQLValue], columns: Int, _ answer: @escaping ([[String]]) -> Void) throws {
        answer(try all(sql, arguments) { row in (0..<columns).map { row.text($0) } })
    }
    func settle() throws {}
    func nextIsLast() {}
    var isShared: Bool { false }
    /// Where a statement that fails leaves nothing behind anyway.
    @discardableResult
    func attempt<T>(_ body: () throws -> T) throws -> T { try body() }

    @discardableResult
    func execute(_ sql: String) throws -> Int { try execute(sql, []) }

    /// All rows of a query, each turned into something.
    func all<T>(_ sql: String, _ arguments: [SQLValue] = [], _ make: (any Row) throws -> T) throws -> [T] {
        var rows: [T] = []
        try query(sql, arguments) { row in
            rows.append(try make(row))
            return true
        }
        return rows
    }

    /// The first row of a query, or nil.
    func first<T>(_ sql: String, _ arguments: [SQLValue] = [], _ make: (any Row) throws -> T) throws -> T? {
        var found: T?
        try query(sql, arguments) { row in
            found = try make(row)
            return false
        }
        return found
    }

    /// The first column of the first row as a number, or nil.
    func integer(_ sql: String, _ arguments: [SQLValue] = []) throws -> Int64? {
        try first(sql, arguments) { $0.optionalInteger(0) } ?? nil
    }
}

/// What engines spell differently.
protocol Dialect: Sendable {
    /// By which it is known to another process of the product.
    var kind: DialectKind { get }
    /// The type of a column and the rest of its definition for a new table's id.
    var idColumn: String { get }
    var integerType: String { get }
    var textType: String { get }
    var blobType: String { get }
    /// What stands behind the columns of a table whose rows are nothing but their primary key.
    var keyOnlyTail: String { get }
    /// So many rows are best inserted by one statement: where a statement of several rows keeps a copy of what it changes, one.
    var rowsPerInsert: Int { get }
    /// Whether the label of a link is best looked up for each row that has one, rather than joined to all rows.
    var looksUpLabels: Bool { get }
    /// The moment by the database's own clock, in milliseconds since 1970.
    var clock: String { get }
    /// How search indexes are made, where that has changed since the first release: part of what a plugin's schema is on record as, so that
    /// deployments from before get them anew.
    var searchForm: String { get }
    /// Makes or extends the search index of an entity over some of its columns and fills it.
    func prepareSearch(_ connection: any Connection, table: String, columns: [String]) throws
    func dropSearch(_ connection: any Connection, table: String) throws
    /// Puts the texts of a record into the search index, replacing earlier ones.
    func index(_ connection: any Connection, table: String, columns: [String], id: Int64, texts: [String?], isNew: Bool) throws
    func unindex(_ connection: any Connection, table: String, id: Int64) throws
    /// Where the rows that have all of some words come from in the order of their ids, so that the newest are found without the rest:
    /// one after the other, no id twice, the lowest first. Nil where a condition does as well.
    /// - Parameter all: all columns of the search index.
    func hits(_ connection: any Connection, table: String, columns: [String], of all: [String], words: [String]) throws -> [SearchSource]?
    /// A condition on the row (`t`) that holds where any of some columns contains a word.
    /// - Parameter all: all columns of the search index.
    func match(table: String, columns: [String], of all: [String], text: String) -> SQLFragment
    /// A condition that holds where a column has one of these numbers. Its text is the same for any count of them, so that
    /// statements are prepared once.
    func among(_ column: String, _ numbers: [Int64]) -> SQLFragment
    /// `lower(x) like …` for a pattern without regard to case, with a mark for the pattern.
    func like(_ column: String) -> String
    /// A whole number that is going to be calculated with, where results may leave the range of 64 bits.
    func calculated(_ number: SQLFragment) -> SQLFragment
    /// A calculated whole number; NULL where it left the range of 64 bits.
    func whole(_ number: SQLFragment) -> SQLFragment
    /// How many days after 1970-01-01 a stored day is.
    func dayNumber(_ day: SQLFragment) -> SQLFragment
    /// Whether an error tells that a unique index was hit; the index's columns if they are known.
    func uniqueViolation(_ error: any Error) -> [String]?
    /// Whether an error tells that the disk is full, the database locked: worth another try later.
    func isTemporary(_ error: any Error) -> Bool
    /// Whether an error tells that there is no room left on the disk.
    func isFull(_ error: any Error) -> Bool

    // What backups and checks ask.

    /// The columns of a table with what they hold; empty when there is no such table.
    func columnKinds(_ connection: any Connection, of table: String) throws -> [String: ColumnKind]
    /// The names of all tables, search indexes included where they are tables.
    func tables(_ connection: any Connection) throws -> Set<String>
    /// The greatest id that was ever given in a table whose ids the engine gives; 0 for none.
    func lastNumber(_ connection: any Connection, of table: String) throws -> Int64
    /// Has the ids follow a number.
    func setLastNumber(_ connection: any Connection, of table: String, to number: Int64) throws
    /// Where the search index of a table and its rows do not agree.
    func searchFaults(_ connection: any Connection, table: String, columns: [String]) throws -> SearchFaults
}

/// An index that gives the ids of the rows that a search finds, in their order.
struct SearchSource {
    /// The index as a table to select from.
    var table: String
    /// The row's id as the index has it.
    var id: String
    /// What it is asked, and what its answer is looked through for: a condition on it and on the row (`t`).
    var condition: SQLFragment

    /// The condition for rows that it has and that fulfil another.
    func leading(_ other: SQLFragment) -> SQLFragment { condition + " AND t.\"id\" = \(id) AND " + other }
}

extension Dialect {
    var keyOnlyTail: String { "" }
    var searchForm: String { "" }
    var looksUpLabels: Bool { false }
    func hits(_ connection: any Connection, table: String, columns: [String], of all: [String], words: [String]) throws -> [SearchSource]? { nil }
    func isFull(_ error: any Error) -> Bool { false }
    func dayNumber(_ day: SQLFragment) -> SQLFragment { PlainDays.number(day) }
}

/// Days as numbers in SQL that every engine speaks: whole numbers and pieces of the text `YYYY-MM-DD`, days from civil as in `Day`.
enum PlainDays {
    static func number(_ day: SQLFragment) -> SQLFragment {
        func part(_ start: Int, _ length: Int) -> SQLFragment { pieced("CAST(substr(\(day), \(String(start)), \(String(length))) AS INTEGER)") }
        let (month, date) = (part(6, 2), part(9, 2))
        let year: SQLFragment = pieced("(\(part(1, 4)) - CASE WHEN \(month) <= 2 THEN 1 ELSE 0 END)")
        let ofYear: SQLFragment = pieced("((153 * (\(month) + CASE WHEN \(month) > 2 THEN -3 ELSE 9 END) + 2) / 5 + \(date) - 1)")
        let leaps: SQLFragment = pieced("(\(year) / 4 - \(year) / 100 + \(year) / 400)")
        return pieced("(\(year) * 365 + \(leaps) + \(ofYear) - 719468)")
    }
}

/// Quotes a name.
func quoted(_ name: String) -> String { "\"" + name + "\"" }
