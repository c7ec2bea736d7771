import CPostgreSQL

/// What the server, or the way to it, has to say against a statement.
struct PostgreSQLError: Error, CustomStringConvertible, CustomDebugStringConvertible {
    /// The five characters of SQLSTATE (PostgreSQL manual, appendix A); empty when there is no server to say one.
    var state: String
    var message: String
    /// The constraint or index that was hit.
    var constraint = ""
    var sql = ""

    /// May be seen by people, so the statement is not in it.
    var description: String { "PostgreSQL \(state.isEmpty ? "connection" : state): \(message)" }
    /// For the server's log.
    var debugDescription: String { sql.isEmpty ? description : "\(description) in \(sql.prefix(2000))" }

    /// No server answers: it went away, or it is not there yet.
    var isLost: Bool { state.isEmpty || state.hasPrefix("08") || state == "57P01" || state == "57P02" || state == "57P03" }

    init(state: String, message: String, constraint: String = "", sql: String = "") {
        self.state = state
        self.message = message
        self.constraint = constraint
        self.sql = sql
    }

    /// From the failed result of a statement.
    init(_ result: OpaquePointer?, on connection: OpaquePointer?, _ sql: String) {
        func field(_ letter: Unicode.Scalar) -> String {
            PQresultErrorField(result, Int32(letter.value)).map { String(cString: $0) } ?? ""
        }
        state = field("C")
        constraint = field("n")
        let primary: String = field("M")
        message = primary.isEmpty ? PostgreSQLError.lastMessage(connection) : primary
        self.sql = sql
    }

    static func lastMessage(_ connection: OpaquePointer?) -> String {
        guard let text = PQerrorMessage(connection) else { return "no connection" }
        return String(String(cString: text).split(separator: "\n").first ?? "no connection")
    }
}
