import CPostgreSQL

/// A statement with its arguments, ready to be sent.
struct PostgreSQLMessage {
    let sql: String
    private let statement: PostgreSQLStatements.Statement
    private let count: Int32
    private let arguments: PostgreSQLArguments

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

    private func send(on connection: OpaquePointer) -> Bool {
        arguments.withPointers { values, lengths, formats in
            if let name = statement.name { return PQsendQueryPrepared(connection, name, count, values, lengths, formats, 0) == 1 }
            return PQsendQueryParams(connection, statement.text, count, statement.types, values, lengths, formats, 0) == 1
        }
    }

    /// Sends several with one way to the server and back (PostgreSQL manual, 34.5), and gives the result of the last, which the
    /// caller clears. Throws what the first that failed has to say; the server runs none of those after it.
    static func run(_ messages: [PostgreSQLMessage], on connection: OpaquePointer) throws -> OpaquePointer? {
        guard PQenterPipelineMode(connection) == 1 else { throw PostgreSQLError(nil, on: connection, messages.first?.sql ?? "") }
        defer { PQexitPipelineMode(connection) }
        for message in messages where !message.send(on: connection) { throw PostgreSQLError(nil, on: connection, message.sql) }
        guard PQpipelineSync(connection) == 1 else { throw PostgreSQLError(nil, on: connection, messages.first?.sql ?? "") }
        var failure: PostgreSQLError?
        var last: OpaquePointer?
        for message in messages {
            PQclear(last)
            last = PQgetResult(connection)
            let status = PQresultStatus(last)
            if failure == nil, status != PGRES_TUPLES_OK, status != PGRES_COMMAND_OK {
                failure = PostgreSQLError(last, on: connection, message.sql)
            }
            // After each result comes nothing, once.
            if last != nil { PQclear(PQgetResult(connection)) }
        }
        // And at the end that all were heard.
        PQclear(PQgetResult(connection))
        if let failure {
            PQclear(last)
            throw failure
        }
        return last
    }
}
