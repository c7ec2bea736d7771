/// The databases that there are engines for.
enum DialectKind: String, Codable, Sendable {
    case sqlite, postgresql

    var dialect: any Dialect {
        switch self {
        case .sqlite: SQLiteDialect()
        case .postgresql: PostgreSQLDialect()
        }
    }
}
