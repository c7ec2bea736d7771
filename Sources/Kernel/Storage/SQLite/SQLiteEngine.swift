import GRDB
import GRDBSQLite
import PluginAPI
import Synchronization

/// The embedded engine: one file in WAL mode, one writer, several readers.
final class SQLiteEngine: Engine {
    private let pool: DatabasePool
    private let readers: SQLiteReaders
    /// The prepared statements of each open connection.
    private let statements: Statements
    let dialect: any Dialect = SQLiteDialect()

    /// Opens the file, making it when it is not there.
    /// `durable` false skips the wait for the disk: for tests only.
    init(path: String, durable: Bool = true) throws {
        let statements = Statements()
        var configuration = Configuration()
        configuration.maximumReaderCount = 1
        configuration.busyMode = .timeout(5)
        configuration.foreignKeysEnabled = false
        configuration.label = "tenon"
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA synchronous = \(durable ? "FULL" : "OFF")")
            try db.execute(sql: "PRAGMA journal_size_limit = 67108864")
            for pragma in SQLiteReaders.pragmas { try db.execute(sql: pragma) }
            if let connection = db.sqliteConnection {
                SQLiteFunctions.register(on: connection)
                statements.add(connection)
            }
        }
        self.statements = statements
        pool = try DatabasePool(path: path, configuration: configuration)
        readers = SQLiteReaders(path: path)
    }

    /// Reads on the thread that asks: a query costs less than the two changes of thread that handing it over would cost.
    func read<T: Sendable>(_ body: @Sendable (any Connection) throws -> T) async throws -> T {
        try readers.read(body)
    }

    func write<T: Sendable>(_ body: @Sendable (any Connection) throws -> T) async throws -> T {
        try await pool.write { db in try body(connection(db)) }
    }

    func integrityProblems() async throws -> [String] {
        try await pool.read { db in try String.fetchAll(db, sql: "PRAGMA integrity_check(20)").filter { $0 != "ok" } }
    }

    private func connection(_ db: Database) throws -> SQLiteConnection {
        guard let connection = db.sqliteConnection else { throw DatabaseError(resultCode: .SQLITE_MISUSE, message: "the database is closed") }
        return SQLiteConnection(connection, statements.of(connection))
    }

    func close() async throws {
        readers.close()
        try await pool.barrierWriteWithoutTransaction { _ in statements.clear() }
        try pool.close()
    }

    private final class Statements: Sendable {
        private let byConnection = Mutex<[Int: SQLiteStatements]>([:])

        func add(_ connection: OpaquePointer) {
            let key = Int(bitPattern: connection)
            byConnection.withLock { $0[key] = SQLiteStatements() }
        }
        func of(_ connection: OpaquePointer) -> SQLiteStatements {
            let key = Int(bitPattern: connection)
            return byConnection.withLock { $0[key] ?? SQLiteStatements() }
        }
        func clear() {
            byConnection.withLock { all in all.values.forEach { $0.clear() } }
        }
    }
}
