import PluginAPI

@testable import Kernel

/// Counts the questions that go through a connection and the rows that come back, and asks the engine how it looks for them.
final class QuestionWatch: Connection {
    private let inner: any Connection
    private(set) var questions = 0
    private(set) var rows = 0
    /// The steps of all questions as the engine plans them, each once.
    private(set) var steps: Set<String> = []

    init(_ inner: any Connection) { self.inner = inner }

    func execute(_ sql: String, _ arguments: [SQLValue]) throws -> Int { try inner.execute(sql, arguments) }

    func query(_ sql: String, _ arguments: [SQLValue], _ each: (any Row) throws -> Bool) throws {
        questions += 1
        try inner.query((isShared ? "EXPLAIN (COSTS OFF) " : "EXPLAIN QUERY PLAN ") + sql, arguments) { row in
            steps.insert(isShared ? row.text(0).trimmed : row.text(3))
            return true
        }
        try inner.query(sql, arguments) { row in
            rows += 1
            return try each(row)
        }
    }

    func savepoint<T>(_ body: () throws -> T) throws -> T { try inner.savepoint(body) }
    func columns(of table: String) throws -> Set<String> { try inner.columns(of: table) }
    func indexes(of table: String) throws -> Set<String> { try inner.indexes(of: table) }
    var isShared: Bool { inner.isShared }
    func continueNumbers(of table: String) throws { try inner.continueNumbers(of: table) }
}

extension StoreTransaction {
    /// The same transaction with its questions watched.
    func watched(_ watch: (any Connection) -> QuestionWatch) -> (StoreTransaction, QuestionWatch) {
        let watching = watch(connection)
        let transaction = StoreTransaction(
            connection: watching, dialect: dialect, state: Store.State(registry: registry, settings: settings), actor: actor, now: now,
            isWriting: false)
        return (transaction, watching)
    }
}
