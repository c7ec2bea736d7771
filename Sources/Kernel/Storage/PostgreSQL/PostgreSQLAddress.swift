import PluginAPI

/// Where a database is: `postgres://user@host:5432/name?sslmode=require`, as libpq reads it (PostgreSQL manual, 34.1.1.2).
/// One parameter is ours: `statements=prepared` or `statements=unprepared`.
struct PostgreSQLAddress: Sendable, Hashable {
    /// Whether prepared statements outlive a transaction.
    enum Statements: Sendable, Hashable {
        case prepared
        /// Behind a proxy that gives each transaction another connection.
        case unprepared
        /// Prepared, unless something stands between here and the server.
        case asFound
    }

    /// As libpq takes it.
    let connectionString: String
    let statements: Statements

    init(_ url: String) throws {
        guard url.hasPrefix("postgres://") || url.hasPrefix("postgresql://") else {
            throw CRMError(
                .invalid, "the address of the database is not one of PostgreSQL",
                hint: "It begins with postgres://, as in postgres://tenon@db.example.com/tenon.")
        }
        let parts: [Substring] = url.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var parameters: [Substring] = parts.count > 1 ? parts[1].split(separator: "&") : []
        statements =
            parameters.contains("statements=prepared") ? .prepared : parameters.contains("statements=unprepared") ? .unprepared : .asFound
        parameters.removeAll { $0.hasPrefix("statements=") }
        for (name, value) in PostgreSQLAddress.own where !parameters.contains(where: { $0.hasPrefix(name + "=") }) {
            parameters.append("\(name)=\(value)")
        }
        connectionString = parts[0] + "?" + parameters.joined(separator: "&")
    }

    /// What holds where the address says nothing else. A server that went without a word is noticed within some ten seconds,
    /// where TCP alone would wait for a quarter of an hour. Nobody looks for tickets of Kerberos to encrypt a connection by, a half to one
    /// millisecond for each.
    private static let own: [(String, String)] = [
        ("connect_timeout", "5"), ("client_encoding", "UTF8"), ("application_name", "tenon"), ("gssencmode", "disable"),
        ("keepalives_idle", "10"), ("keepalives_interval", "3"), ("keepalives_count", "3"), ("tcp_user_timeout", "10000"),
    ]
}
