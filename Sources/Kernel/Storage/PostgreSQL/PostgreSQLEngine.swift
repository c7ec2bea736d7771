import CPostgreSQL
import Dispatch
import PluginAPI
import Synchronization

/// PostgreSQL 14 or newer, for several servers on one database.
///
/// Writers take turns, as they do with the embedded engine, and across processes, too: each transaction begins with a lock of
/// the whole database that ends with it, so that what a plugin's rule has looked up still holds when it is stored. What takes
/// time is not the work in between but the wait for the disk, and that is shared: while others wait for their turn, a
/// transaction is committed without waiting, and the next one that waits brings all of them to the disk. Nobody is told that
/// a change is stored before it is.
final class PostgreSQLEngine: Engine {
    let dialect: any Dialect = PostgreSQLDialect()
    let isShared = true
    private let address: PostgreSQLAddress
    private let readers: PostgreSQLReaders
    private let writer: WriterQueue<PostgreSQLConnection>
    private let side: PostgreSQLAside

    /// Connects and makes what every database must have.
    init(_ address: PostgreSQLAddress, readers count: Int = 8) throws {
        self.address = address
        let first = try PostgreSQLConnection(address)
        try PostgreSQLEngine.prepare(first)
        readers = PostgreSQLReaders(address, most: count)
        side = PostgreSQLAside(address)
        let batches = PostgreSQLWriter(address, first)
        writer = WriterQueue(label: "tenon.writer", most: 64) { jobs in
            batches.run(jobs)
            return false
        }
    }

    private static func prepare(_ connection: PostgreSQLConnection) throws {
        let isPrepared: Int64? = try connection.integer(
            "SELECT count(*) FROM pg_proc WHERE proname = 'tenon_lower' AND pronamespace = to_regnamespace(current_schema()::text)")
        if isPrepared == 1 { return }
        try connection.command("BEGIN; " + PostgreSQLWriter.turn)
        do {
            for statement in PostgreSQLDialect.preparations { try connection.command(statement) }
            try connection.command("COMMIT")
        } catch {
            try? connection.command("ROLLBACK")
            throw error
        }
    }

    func read<T: Sendable>(_ body: @escaping @Sendable (any Connection) throws -> T) async throws -> T {
        try await readers.read { try body($0) }
    }

    func write<T: Sendable>(_ body: @escaping @Sendable (any Connection) throws -> T) async throws -> T {
        try await writer.run { try body($0) }
    }

    func aside<T: Sendable>(_ body: @escaping @Sendable (any Connection) throws -> T) async throws -> T {
        try await side.run { try body($0) }
    }

    /// Behind a proxy that gives each transaction another connection nobody can listen.
    func listen(_ channel: String, besides own: String, _ body: @escaping @Sendable () -> Void) -> (any Listening)? {
        address.keepsStatements ? PostgreSQLListener(address, channel, besides: own, body) : nil
    }

    func integrityProblems() async throws -> [String] { try await read { try PostgreSQLIntegrity.problems($0) } }

    func close() async throws {
        await writer.barrier()
        readers.close()
        await side.close()
    }
}
