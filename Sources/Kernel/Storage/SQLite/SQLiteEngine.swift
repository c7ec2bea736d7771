import GRDB
import GRDBSQLite
import PluginAPI
import Synchronization

/// The embedded engine: one file in WAL mode, one writer, several readers.
final class SQLiteEngine: Engine {
    private let pool: DatabasePool
    private let readers: SQLiteReaders
    private let writer: WriterQueue<SQLiteConnection>
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
            // A record touches some forty pages, most of them the same as the next one's: four times the default of SQLite
            // writes each of them to the file a quarter as often.
            try db.execute(sql: "PRAGMA wal_autocheckpoint = 4000")
            for pragma in SQLiteReaders.pragmas { try db.execute(sql: pragma) }
            if let connection = db.sqliteConnection {
                SQLiteFunctions.register(on: connection)
                statements.add(connection)
            }
        }
        self.statements = statements
        let pool = try DatabasePool(path: path, configuration: configuration)
        self.pool = pool
        readers = SQLiteReaders(path: path)
        writer = WriterQueue(label: "tenon.writer", most: 64) { jobs in SQLiteEngine.store(jobs, pool, statements) }
    }

    /// Carries out a batch as one transaction with one wait for the disk: a savepoint each, so that one that throws takes
    /// nothing of the others along.
    private static func store(_ jobs: [WriterQueue<SQLiteConnection>.Job], _ pool: DatabasePool, _ statements: Statements) {
        do {
            try pool.writeWithoutTransaction { db in
                guard let handle = db.sqliteConnection else { throw DatabaseError(resultCode: .SQLITE_MISUSE, message: "the database is closed") }
                let connection = SQLiteConnection(handle, statements.of(handle))
                try connection.execute("BEGIN IMMEDIATE")
                do {
                    if jobs.count == 1 {
                        // No savepoint for one that is alone: it would keep a copy of each page and store the search index twice.
                        try connection.execute(jobs[0].work(connection) ? "COMMIT" : "ROLLBACK")
                    } else {
                        for job in jobs { try connection.attempt(job) }
                        try connection.execute("COMMIT")
                    }
                } catch {
                    // A full disk may have ended the transaction already.
                    _ = try? connection.execute("ROLLBACK")
                    throw error
                }
            }
        } catch {
            for job in jobs { job.finish(error) }
            return
        }
        for job in jobs { job.finish(nil) }
    }

    /// Reads on the thread that asks: a query costs less than the two changes of thread that handing it over would cost.
    func read<T: Sendable>(_ body: @escaping @Sendable (any Connection) throws -> T) async throws -> T {
        try readers.read(body)
    }

    func write<T: Sendable>(_ body: @escaping @Sendable (any Connection) throws -> T) async throws -> T {
        try await writer.run { try body($0) }
    }

    func integrityProblems() async throws -> [String] {
        try await pool.read { db in try String.fetchAll(db, sql: "PRAGMA integrity_check(20)").filter { $0 != "ok" } }
    }

    func close() async throws {
        await writer.barrier()
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

extension SQLiteConnection {
    /// Does one job of a batch, and takes it back when it throws.
    fileprivate func attempt(_ job: WriterQueue<SQLiteConnection>.Job) throws {
        try execute("SAVEPOINT job")
        if !job.work(self) { try execute("ROLLBACK TO SAVEPOINT job") }
        try execute("RELEASE SAVEPOINT job")
    }
}
