import CPostgreSQL
import PluginAPI

/// A connection to a server. Statements are prepared once and run by name.
///
/// NB: unchecked, because a connection is in one pair of hands at a time: taken from its pool, and given back.
final class PostgreSQLConnection: Connection, @unchecked Sendable {
    private let connection: OpaquePointer
    private let statements: PostgreSQLStatements

    /// Connects; throws when no server answers within five seconds.
    init(_ address: PostgreSQLAddress) throws {
        let connection: OpaquePointer? = PQconnectdb(address.connectionString)
        guard let connection, PQstatus(connection) == CONNECTION_OK else {
            let message: String = PostgreSQLError.lastMessage(connection)
            PQfinish(connection)
            throw PostgreSQLError(state: "", message: message)
        }
        self.connection = connection
        statements = PostgreSQLStatements(isKept: address.keepsStatements)
        // Notices of the server, such as "relation exists, skipping", are nobody's business.
        _ = PQsetNoticeProcessor(connection, { _, _ in }, nil)
    }

    deinit { PQfinish(connection) }

    let isShared = true
    /// Whether the server has gone away.
    var isLost: Bool { PQstatus(connection) != CONNECTION_OK }
    /// Whether a transaction is open, or has failed and waits for its end.
    var isInTransaction: Bool { PQtransactionStatus(connection) != PQTRANS_IDLE }

    /// The number of its socket, for those who wait until the server says something; negative when there is none.
    var socketNumber: Int32 { PQsocket(connection) }

    /// Takes in what the server has said meanwhile: whether a channel was told anything but one word; nil when the connection is
    /// lost.
    func takeNotices(besides own: String) -> Bool? {
        guard PQconsumeInput(connection) == 1 else { return nil }
        var isTold = false
        while let notice = PQnotifies(connection) {
            if String(cString: notice.pointee.extra) != own { isTold = true }
            PQfreemem(notice)
        }
        return isTold
    }

    /// Runs statements that take no arguments and give no rows, several at once: one way to the server and back.
    func command(_ sql: String) throws {
        let result: OpaquePointer? = PQexec(connection, sql)
        defer { PQclear(result) }
        try check(result, sql)
    }

    private func check(_ result: OpaquePointer?, _ sql: String) throws {
        let status = PQresultStatus(result)
        guard status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK else { throw PostgreSQLError(result, on: connection, sql) }
    }

    /// Runs a statement and hands over its whole result, which lives as long as the closure runs.
    private func run<T>(_ sql: String, _ arguments: [SQLValue], _ body: (OpaquePointer?) throws -> T) throws -> T {
        let statement = try statements.statement(sql, arguments, connection)
        let sent = PostgreSQLArguments(arguments)
        let result: OpaquePointer? = sent.withPointers { values, lengths, formats in
            if let name = statement.name {
                return PQexecPrepared(connection, name, Int32(arguments.count), values, lengths, formats, 0)
            }
            return PQexecParams(connection, statement.text, Int32(arguments.count), statement.types, values, lengths, formats, 0)
        }
        defer { PQclear(result) }
        try check(result, sql)
        return try body(result)
    }

    func execute(_ sql: String, _ arguments: [SQLValue]) throws -> Int {
        try run(sql, arguments) { result in
            if PQresultStatus(result) == PGRES_TUPLES_OK { return Int(PQntuples(result)) }
            return PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? 0
        }
    }

    func query(_ sql: String, _ arguments: [SQLValue], _ each: (any Row) throws -> Bool) throws {
        try run(sql, arguments) { result in
            for index in 0..<PQntuples(result) {
                if try !each(PostgreSQLRow(result, index)) { return }
            }
        }
    }

    func savepoint<T>(_ body: () throws -> T) throws -> T {
        try command("SAVEPOINT step")
        do {
            let result = try body()
            try command("RELEASE SAVEPOINT step")
            return result
        } catch {
            if !isLost { try command("ROLLBACK TO SAVEPOINT step; RELEASE SAVEPOINT step") }
            throw error
        }
    }

    func columns(of table: String) throws -> Set<String> {
        Set(
            try all(
                "SELECT attname::text FROM pg_attribute WHERE attrelid = to_regclass(?) AND attnum > 0 AND NOT attisdropped",
                [.text(quoted(table))]) { $0.text(0) })
    }

    func indexes(of table: String) throws -> Set<String> {
        Set(
            try all(
                "SELECT c.relname::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = to_regclass(?)",
                [.text(quoted(table))]) { $0.text(0) })
    }

    func continueNumbers(of table: String) throws {
        let name = quoted(table)
        _ = try integer(
            "SELECT setval(pg_get_serial_sequence(?, 'id'), greatest((SELECT coalesce(max(\"id\"), 0) FROM \(name)), 1))", [.text(name)])
    }
}

/// A row of a result.
struct PostgreSQLRow: Row {
    private let result: OpaquePointer?
    private let index: Int32

    init(_ result: OpaquePointer?, _ index: Int32) {
        self.result = result
        self.index = index
    }

    private func bytes(_ column: Int) -> UnsafeBufferPointer<UInt8> {
        let column = Int32(truncatingIfNeeded: column)
        let length = Int(PQgetlength(result, index, column))
        guard let start = PQgetvalue(result, index, column) else { return UnsafeBufferPointer(start: nil, count: 0) }
        return UnsafeBufferPointer(start: UnsafeRawPointer(start).assumingMemoryBound(to: UInt8.self), count: length)
    }

    func isNull(_ column: Int) -> Bool { PQgetisnull(result, index, Int32(truncatingIfNeeded: column)) == 1 }

    func value(_ column: Int) -> SQLValue {
        if isNull(column) { return .null }
        switch PQftype(result, Int32(truncatingIfNeeded: column)) {
        case PostgreSQLType.int8, PostgreSQLType.int4, PostgreSQLType.int2, PostgreSQLType.bool, PostgreSQLType.numeric:
            return .integer(integer(column))
        case PostgreSQLType.bytea: return .blob(blob(column))
        default: return .text(text(column))
        }
    }

    /// Whole numbers as the server writes them; `t` and `f` for conditions. A fraction is cut off.
    func integer(_ column: Int) -> Int64 {
        let digits = bytes(column)
        guard let first = digits.first else { return 0 }
        if first == UInt8(ascii: "t") { return 1 }
        let isNegative = first == UInt8(ascii: "-")
        var number: Int64 = 0
        for byte in digits.dropFirst(isNegative ? 1 : 0) {
            guard byte >= 48, byte <= 57 else { break }
            // Downwards, where there is room for the least number.
            let (tens, over) = number.multipliedReportingOverflow(by: 10)
            let (next, under) = tens.subtractingReportingOverflow(Int64(byte - 48))
            if over || under { return isNegative ? .min : .max }
            number = next
        }
        return isNegative ? number : (number == .min ? .max : -number)
    }

    func text(_ column: Int) -> String { String(decoding: bytes(column), as: UTF8.self) }
    func withText<T>(_ column: Int, _ body: (UnsafeBufferPointer<UInt8>) throws -> T) rethrows -> T { try body(bytes(column)) }
    func optionalInteger(_ column: Int) -> Int64? { isNull(column) ? nil : integer(column) }

    func withOptionalText<T>(_ column: Int, _ body: (UnsafeBufferPointer<UInt8>?) throws -> T) rethrows -> T {
        try body(isNull(column) ? nil : bytes(column))
    }

    /// Bytes come as `\x` and hexadecimal digits.
    func blob(_ column: Int) -> [UInt8] {
        func digit(_ byte: UInt8) -> UInt8 { byte < 58 ? byte - 48 : (byte | 0x20) - 87 }
        let hex = bytes(column).dropFirst(2)
        var blob: [UInt8] = []
        blob.reserveCapacity(hex.count / 2)
        var index = hex.startIndex
        while index + 1 < hex.endIndex {
            blob.append(digit(hex[index]) << 4 | digit(hex[index + 1]))
            index += 2
        }
        return blob
    }
}

/// The numbers by which the protocol names types (`pg_type.dat`); they never change.
enum PostgreSQLType {
    static let bool: UInt32 = 16
    static let bytea: UInt32 = 17
    static let int8: UInt32 = 20
    static let int2: UInt32 = 21
    static let int4: UInt32 = 23
    static let text: UInt32 = 25
    static let numeric: UInt32 = 1700
}
