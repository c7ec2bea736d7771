import CPostgreSQL

/// A statement with its arguments, ready to be sent.
struct PostgreSQLMessage {
    let sql: String
    private let statement: PostgreSQLStatements.Statement
    private let count: Int32
    private let arguments: PostgreSQLArguments
    /// Who wants to know what came of it: the result lives as long as the call.
    var answer: ((OpaquePointer?) -> Void)?

    /// A statement without arguments that is better not prepared: it would outlive the transaction, and is read in no time.
    init(plain sql: String) {
        self.init(sql: sql, statement: PostgreSQLStatements.Statement(text: sql), arguments: [])
    }

    init(sql: String, statement: PostgreSQLStatements.Statement, arguments: [SQLValue]) {
        self.sql = sql
        self.statement = statement
        count = Int32(arguments.count)
        self.arguments = PostgreSQLArguments(arguments)
    }

    /// Sends it and waits for its result, which the caller clears.
    func run(on connection: OpaquePointer) -> OpaquePointer? {
        arguments.withPointers { values, lengths, formats in
            if let name = statement.name { return PQexecPrepared(connection, name, count, values, lengths, formats, 0) }
            return PQexecParams(connection, statement.text, count, statement.types, values, lengths, formats, 0)
        }
    }

    /// Sends it, and waits for nothing.
    func send(on connection: OpaquePointer) -> Bool {
        arguments.withPointers { values, lengths, formats in
            if let name = statement.name { return PQsendQueryPrepared(connection, name, count, values, lengths, formats, 0) == 1 }
            return PQsendQueryParams(connection, statement.text, count, statement.types, values, lengths, formats, 0) == 1
        }
    }

    /// What came of several statements.
    struct Outcome {
        /// The result of the one that was asked for, which is the last where nothing else is said; nil where it, or one before it, failed.
        var kept: OpaquePointer?
        /// Which of them failed; the server has run none of those after it.
        var failure: (place: Int, error: PostgreSQLError)?
    }

    /// Sends several with one way to the server and back (PostgreSQL manual, 34.5), and gives the result of the last, which the
    /// caller clears. Throws what the first that failed has to say; the server runs none of those after it.
    static func run(_ messages: [PostgreSQLMessage], on connection: OpaquePointer) throws -> OpaquePointer? {
        let outcome: Outcome = exchange(messages, on: connection)
        if let failure = outcome.failure { throw failure.error }
        return outcome.kept
    }

    /// The same, telling which one failed. One that could not even be sent counts as the one that failed, though the server may have
    /// got others before it.
    /// - Parameter place: whose result is given; the last one's where nothing is said.
    static func exchange(_ messages: [PostgreSQLMessage], keeping place: Int? = nil, on connection: OpaquePointer) -> Outcome {
        guard PQenterPipelineMode(connection) == 1 else {
            return Outcome(failure: (0, PostgreSQLError(nil, on: connection, messages.first?.sql ?? "")))
        }
        defer { PQexitPipelineMode(connection) }
        for (place, message) in messages.enumerated() where !message.send(on: connection) {
            return Outcome(failure: (place, PostgreSQLError(nil, on: connection, message.sql)))
        }
        guard PQpipelineSync(connection) == 1 else {
            return Outcome(failure: (0, PostgreSQLError(nil, on: connection, messages.first?.sql ?? "")))
        }
        let kept: Int = place ?? messages.count - 1
        var outcome = Outcome()
        for (place, message) in messages.enumerated() {
            let result: OpaquePointer? = PQgetResult(connection)
            let status = PQresultStatus(result)
            if outcome.failure == nil {
                if status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK {
                    message.answer?(result)
                    if place == kept { outcome.kept = result }
                } else {
                    outcome.failure = (place, PostgreSQLError(result, on: connection, message.sql))
                }
            }
            // After each result comes nothing, once.
            if result != nil { PQclear(PQgetResult(connection)) }
            if place != kept || outcome.kept == nil { PQclear(result) }
        }
        // And at the end that all were heard.
        PQclear(PQgetResult(connection))
        return outcome
    }
}
