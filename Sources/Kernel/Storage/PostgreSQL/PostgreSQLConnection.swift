import CPostgreSQL
import PluginAPI

#if canImport(Glibc)
import Glibc
#endif

/// A connection to a server. Statements are prepared once and run by name. Nothing of it is to outlive a transaction but those,
/// and they only where the server itself is at the other end: no `SET` but `SET LOCAL`, no lock but a transaction's.
///
/// NB: unchecked, because a connection is in one pair of hands at a time: taken from its pool, and given back.
final class PostgreSQLConnection: Connection, @unchecked Sendable {
    private let connection: OpaquePointer
    private let statements: PostgreSQLStatements
    /// What goes along with the next statement that somebody waits for.
    private var posted: [PostgreSQLMessage] = []
    /// So many go along at most.
    private static let mostPosted = 32
    /// How often something was sent along with others: whether what was posted is on its way.
    private var exchanges = 0
    /// How many steps are open within each other.
    private var steps = 0
    /// Whether the transaction only reads.
    private var isReading = false
    /// Whether it ends along with the next question.
    private var endsWithNext = false
    /// Whether the end of a transaction is on its way and nobody has waited for the answer.
    private var isLeaving = false
    /// Whether the server has answered in this transaction.
    private(set) var isAnswered = false

    /// Connects; throws when no server answers within five seconds.
    init(_ address: PostgreSQLAddress) throws {
        if let problem = tenon_postgresql_load() {
            throw CRMError(
                .unavailable, "libpq cannot be loaded: \(String(cString: problem))", hint: "Install it; on Debian and Ubuntu the package is libpq5.")
        }
        let connection: OpaquePointer? = PQconnectdb(address.connectionString)
        guard let connection, PQstatus(connection) == CONNECTION_OK else {
            let message: String = PostgreSQLError.lastMessage(connection)
            PQfinish(connection)
            throw PostgreSQLError(state: "", message: message)
        }
        self.connection = connection
        statements = PostgreSQLStatements(isKept: try PostgreSQLConnection.keepsStatements(connection, address.statements))
        // Notices of the server, such as "relation exists, skipping", are nobody's business.
        _ = PQsetNoticeProcessor(connection, { _, _ in }, nil)
    }

    deinit { PQfinish(connection) }

    /// Statements stay where they were prepared. A proxy between here and the server cannot tell us the number of a server's
    /// process that answers every transaction, and makes one up.
    private static func keepsStatements(_ connection: OpaquePointer, _ wanted: PostgreSQLAddress.Statements) throws -> Bool {
        switch wanted {
        case .prepared: return true
        case .unprepared: return false
        case .asFound:
            let sql = "SELECT pg_backend_pid()"
            let result: OpaquePointer? = PQexec(connection, sql)
            defer { PQclear(result) }
            guard PQresultStatus(result) == PGRES_TUPLES_OK else {
                let error = PostgreSQLError(result, on: connection, sql)
                PQfinish(connection)
                throw error
            }
            return PostgreSQLRow(result, 0).integer(0) == Int64(PQbackendPID(connection))
        }
    }

    /// Whether prepared statements are kept.
    var keepsStatements: Bool { statements.isKept }
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
    func command(_ sql: String) throws { _ = try value(sql) }

    private static let reading = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
    private static let end = "COMMIT"

    /// Begins a transaction that only reads: goes along with its first question.
    func beginReading() throws {
        (posted, isReading, isAnswered, endsWithNext) = ([], true, false, false)
        // Prepared before anything is on its way.
        _ = try message(PostgreSQLConnection.end, [])
        posted = [try message(PostgreSQLConnection.reading, [])]
    }

    /// Ends a transaction that only read, and does not wait: whoever uses the connection next hears the answer first. Often it has
    /// ended along with its last question.
    func leaveReading(isSound: Bool = true) throws {
        (posted, isReading) = ([], false)
        guard isInTransaction else { return }
        let end: PostgreSQLMessage = isSound ? try message(PostgreSQLConnection.end, []) : PostgreSQLMessage(plain: "ROLLBACK")
        guard end.send(on: connection) else { throw PostgreSQLError(nil, on: connection, end.sql) }
        isLeaving = true
    }

    func nextIsLast() { endsWithNext = isReading }

    /// Whoever asks on after the last question reads in another transaction.
    private func reopen() throws {
        if isReading, posted.isEmpty, !isInTransaction { posted = [try message(PostgreSQLConnection.reading, [])] }
    }

    /// Hears what was not waited for, and whether the server is still there as far as it can be seen from here.
    func isReady() -> Bool {
        if isLeaving {
            isLeaving = false
            while let result = PQgetResult(connection) { PQclear(result) }
        }
        // A server that ended has said so, or closed the line: both can be read. What else it says does no harm.
        for _ in 0..<4 {
            guard !isLost else { return false }
            var place = pollfd(fd: PQsocket(connection), events: Int16(POLLIN), revents: 0)
            guard poll(&place, 1, 0) > 0 else { break }
            guard PQconsumeInput(connection) == 1 else { return false }
        }
        return !isLost && !isInTransaction
    }

    /// Ends a transaction by statements of which one is the commit; what was posted goes along. Gives the first value of the last one's
    /// result.
    ///
    /// Throws where a statement of the transaction failed and somebody went on nevertheless: the server would answer a `COMMIT` without
    /// an error, and store nothing.
    func finish(_ statements: [String]) throws -> String? {
        guard PQtransactionStatus(connection) != PQTRANS_INERROR else { throw PostgreSQLConnection.unsound }
        let all: [PostgreSQLMessage] = posted + statements.map { PostgreSQLMessage(plain: $0) }
        posted = []
        let result: OpaquePointer? = try PostgreSQLMessage.run(all, on: connection)
        defer { PQclear(result) }
        guard PQntuples(result) > 0, PQgetisnull(result, 0, 0) == 0 else { return nil }
        return PostgreSQLRow(result, 0).text(0)
    }

    /// The same, and begins the next transaction along with it: what is wrong with that is given back.
    func finish(_ statements: [String], thenBegin next: [String]) throws -> PostgreSQLError? {
        guard PQtransactionStatus(connection) != PQTRANS_INERROR else { throw PostgreSQLConnection.unsound }
        let first: [PostgreSQLMessage] = posted + statements.map { PostgreSQLMessage(plain: $0) }
        posted = []
        let outcome: PostgreSQLMessage.Outcome = PostgreSQLMessage.exchange(
            first + next.map { PostgreSQLMessage(plain: $0) }, on: connection)
        PQclear(outcome.kept)
        guard let failure = outcome.failure else { return nil }
        if failure.place < first.count { throw failure.error }
        return failure.error
    }

    private static let unsound = PostgreSQLError(state: "25P02", message: "a statement of this transaction failed")

    /// Runs statements that take no arguments, and gives the first value of the last one's result.
    func value(_ sql: String) throws -> String? {
        try settle()
        let result: OpaquePointer? = PQexec(connection, sql)
        defer { PQclear(result) }
        try check(result, sql)
        guard PQntuples(result) > 0, PQgetisnull(result, 0, 0) == 0 else { return nil }
        return PostgreSQLRow(result, 0).text(0)
    }

    /// Throws where a statement of the transaction failed and somebody went on nevertheless: the server would answer a
    /// `COMMIT` without an error, and store nothing.
    func requireSound() throws {
        try settle()
        guard PQtransactionStatus(connection) == PQTRANS_INERROR else { return }
        throw PostgreSQLConnection.unsound
    }

    private func check(_ result: OpaquePointer?, _ sql: String) throws {
        let status = PQresultStatus(result)
        guard status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK else { throw PostgreSQLError(result, on: connection, sql) }
    }

    /// Runs a statement and hands over its whole result, which lives as long as the closure runs.
    private func run<T>(_ sql: String, _ arguments: [SQLValue], _ body: (OpaquePointer?) throws -> T) throws -> T {
        let isLast: Bool = endsWithNext
        endsWithNext = false
        try reopen()
        let message: PostgreSQLMessage = try message(sql, arguments)
        let result: OpaquePointer?
        if isLast {
            result = try exchange([message], thenEnd: try self.message(PostgreSQLConnection.end, []))
        } else if posted.isEmpty {
            result = message.run(on: connection)
        } else {
            result = try exchange([message])
        }
        defer { PQclear(result) }
        try check(result, sql)
        return try body(result)
    }

    private func message(_ sql: String, _ arguments: [SQLValue]) throws -> PostgreSQLMessage {
        if let known = statements.known(sql, arguments) { return PostgreSQLMessage(sql: sql, statement: known, arguments: arguments) }
        // To prepare a statement is to wait for the server, and may have it forget another that is on its way.
        try settle()
        return PostgreSQLMessage(sql: sql, statement: try statements.prepared(sql, arguments, connection), arguments: arguments)
    }

    func post(_ sql: String, _ arguments: [SQLValue]) throws {
        try reopen()
        posted.append(try message(sql, arguments))
        if posted.count >= PostgreSQLConnection.mostPosted { try settle() }
    }

    func ask(_ sql: String, _ arguments: [SQLValue], columns: Int, _ answer: @escaping ([[String]]) -> Void) throws {
        try reopen()
        var message: PostgreSQLMessage = try message(sql, arguments)
        message.answer = { result in
            answer((0..<PQntuples(result)).map { row in (0..<columns).map { PostgreSQLRow(result, row).text($0) } })
        }
        posted.append(message)
    }

    /// Sends what was posted with something more, and gives the last one's result.
    /// - Parameter end: what ends the transaction after that. It has only read: what came of its end matters to nobody who has the answer.
    private func exchange(_ more: [PostgreSQLMessage] = [], thenEnd end: PostgreSQLMessage? = nil) throws -> OpaquePointer? {
        var all: [PostgreSQLMessage] = posted + more
        let kept: Int = all.count - 1
        if let end { all.append(end) }
        posted = []
        exchanges += 1
        let outcome: PostgreSQLMessage.Outcome = PostgreSQLMessage.exchange(all, keeping: kept, on: connection)
        if let failure = outcome.failure, failure.place <= kept || outcome.kept == nil {
            PQclear(outcome.kept)
            if !isLost || failure.place > 0 { isAnswered = true }
            throw failure.error
        }
        isAnswered = true
        return outcome.kept
    }

    /// Waits for all that was posted.
    func settle() throws {
        guard !posted.isEmpty else { return }
        PQclear(try exchange())
    }

    /// Whatever is on its way belongs to a transaction that is to be undone.
    func forget() { posted = [] }

    @discardableResult
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

    /// What was posted before the step is waited for first, so that what is wrong with it is not told as the step's. The savepoint
    /// goes along with the step's first statement, and its end with the last.
    @discardableResult
    func savepoint<T>(_ body: () throws -> T) throws -> T {
        try settle()
        // Names of their own: where one could not be set, nobody is to go back to the one around it.
        let name = "step\(steps)"
        try post("SAVEPOINT \(name)", [])
        let before: Int = exchanges
        steps += 1
        defer { steps -= 1 }
        do {
            let result = try body()
            try post("RELEASE SAVEPOINT \(name)", [])
            try settle()
            return result
        } catch {
            forget()
            // Nothing is to be undone where nothing was sent.
            if !isLost, exchanges != before { try command("ROLLBACK TO SAVEPOINT \(name); RELEASE SAVEPOINT \(name)") }
            throw error
        }
    }

    /// The savepoint goes along with the statement, and its end with the next.
    @discardableResult
    func attempt<T>(_ body: () throws -> T) throws -> T {
        try post("SAVEPOINT attempt", [])
        do {
            let result = try body()
            try post("RELEASE SAVEPOINT attempt", [])
            return result
        } catch {
            // Where the savepoint was never reached, something before it failed, and the transaction is lost anyway.
            if !isLost { try? command("ROLLBACK TO SAVEPOINT attempt; RELEASE SAVEPOINT attempt") }
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
