import PluginAPI

/// Where a database is: `postgres://user@host:5432/name?sslmode=require`, as libpq reads it (PostgreSQL manual, 34.1.1.2).
/// One parameter is ours: `statements=unprepared`, for proxies such as pgbouncer that give each transaction another connection.
struct PostgreSQLAddress: Sendable, Hashable {
    /// As libpq takes it.
    let connectionString: String
    /// Whether prepared statements outlive a transaction.
    let keepsStatements: Bool

    init(_ url: String) throws {
        guard url.hasPrefix("postgres://") || url.hasPrefix("postgresql://") else {
            throw CRMError(
                .invalid, "the address of the database is not one of PostgreSQL",
                hint: "It begins with postgres://, as in postgres://tenon@db.example.com/tenon.")
        }
        let parts: [Substring] = url.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var parameters: [Substring] = parts.count > 1 ? parts[1].split(separator: "&") : []
        keepsStatements = !parameters.contains("statements=unprepared")
        parameters.removeAll { $0.hasPrefix("statements=") }
        for (name, value) in [("connect_timeout", "5"), ("client_encoding", "UTF8"), ("application_name", "tenon")]
        where !parameters.contains(where: { $0.hasPrefix(name + "=") }) {
            parameters.append("\(name)=\(value)")
        }
        connectionString = parts[0] + "?" + parameters.joined(separator: "&")
    }
}
