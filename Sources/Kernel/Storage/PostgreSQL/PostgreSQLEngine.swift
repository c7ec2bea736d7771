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
    /// Whether the server itself is at the other end, and nothing in between.
    private let isDirect: Bool
    private let readers: PostgreSQLReaders
    private let writer: WriterQueue<PostgreSQLConnection>
    private let side: PostgreSQLAside
    /// Nil where there are none.
    private let replicas: PostgreSQLReplicas?
    private let reached: Reached

    /// Connects and makes what every database must have.
    /// - Parameter replicas: copies of the database that may be read from where a little delay does no harm.
    init(_ address: PostgreSQLAddress, replicas addresses: [PostgreSQLAddress] = [], readers count: Int = 8) throws {
        self.address = address
        let door = PostgreSQLDoor(address)
        let first = try door.connect()
        isDirect = first.keepsStatements
        try PostgreSQLEngine.prepare(first)
        let readers = PostgreSQLReaders(door, most: count)
        self.readers = readers
        let reached = Reached()
        self.reached = reached
        let batches: PostgreSQLWriter
        if addresses.isEmpty {
            replicas = nil
            batches = PostgreSQLWriter(door, first)
        } else {
            let replicas = PostgreSQLReplicas(addresses, of: readers, readers: count)
            self.replicas = replicas
            batches = PostgreSQLWriter(door, first) { reached.advance(to: $0) }
            replicas.start()
        }
        side = PostgreSQLAside(door)
        writer = WriterQueue(label: "tenon.writer", most: 64) { jobs in
            batches.run(jobs)
            return false
        }
    }

    /// How far the log of changes is known to be.
    private final class Reached: Sendable {
        private let bytes = Atomic<UInt64>(0)
        var position: LogPosition { LogPosition(bytes: bytes.load(ordering: .acquiring)) }
        func advance(to position: LogPosition) { _ = bytes.max(position.bytes, ordering: .acquiringAndReleasing) }
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

    var hasCopies: Bool { replicas != nil }
    var position: LogPosition { reached.position }

    func readAside<T: Sendable>(after position: LogPosition, _ body: @escaping @Sendable (any Connection) throws -> T) async throws -> T {
        if let replicas, let found: T = try await replicas.read(after: position, { try body($0) }) { return found }
        return try await read(body)
    }

    @discardableResult
    func write<T: Sendable>(_ body: @escaping @Sendable (any Connection) throws -> T) async throws -> T {
        try await writer.run { try body($0) }
    }

    func aside<T: Sendable>(_ body: @escaping @Sendable (any Connection) throws -> T) async throws -> T {
        try await side.run { try body($0) }
    }

    /// Behind a proxy that gives each transaction another connection nobody can listen.
    func listen(_ channel: String, besides own: String, _ body: @escaping @Sendable () -> Void) -> (any Listening)? {
        isDirect ? PostgreSQLListener(address, channel, besides: own, body) : nil
    }

    func othersWait(_ connection: any Connection, evenWithTime: Bool) throws -> Bool {
        if writer.isAwaited(evenWithTime: evenWithTime) { return true }
        let elsewhere: Int64? = try connection.integer(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())")
        return elsewhere ?? 0 > 0
    }

    func integrityProblems() async throws -> [String] { try await read { try PostgreSQLIntegrity.problems($0) } }

    func close() async throws {
        await writer.barrier()
        replicas?.close()
        readers.close()
        await side.close()
    }
}
