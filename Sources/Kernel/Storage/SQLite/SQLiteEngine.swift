import CSQLite
import PluginAPI

/// The embedded engine: one file in WAL mode, one writer, several readers.
final class SQLiteEngine: Engine {
    private let readers: SQLiteReaders
    private let storage: SQLiteWriter
    private let writer: WriterQueue<SQLiteConnection>
    let dialect: any Dialect = SQLiteDialect()

    /// What is said to the library once, before anything else.
    static let prepareLibrary: Int32 = tenon_sqlite_prepare()

    /// Opens the file, making it when it is not there.
    /// `durable` false skips the wait for the disk: for tests only.
    init(path: String, durable: Bool = true) throws {
        _ = SQLiteEngine.prepareLibrary
        let readers = SQLiteReaders(path: path)
        let storage = try SQLiteWriter(path: path, isDurable: durable, readers: readers)
        self.readers = readers
        self.storage = storage
        writer = WriterQueue(label: "tenon.writer", most: 64) { jobs in storage.store(jobs) } tidy: { storage.checkpoint() }
    }

    /// Reads on the thread that asks: a query costs less than the two changes of thread that handing it over would cost.
    func read<T: Sendable>(_ body: @escaping @Sendable (any Connection) throws -> T) async throws -> T {
        try readers.read(body)
    }

    @discardableResult
    func write<T: Sendable>(_ body: @escaping @Sendable (any Connection) throws -> T) async throws -> T {
        try await writer.run { try body($0) }
    }

    func othersWait(_ connection: any Connection, evenWithTime: Bool) throws -> Bool { writer.isAwaited(evenWithTime: evenWithTime) }

    func integrityProblems() async throws -> [String] { try await storage.integrityProblems() }

    func close() async throws {
        await writer.barrier()
        readers.close()
        try storage.close()
    }
}
