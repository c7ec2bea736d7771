import Synchronization

@testable import Kernel

/// An engine that notes every statement that changes something.
final class RecordingEngine: Engine {
    private let engine: any Engine
    private let changes = Mutex<[String]>([])

    init(_ engine: any Engine) { self.engine = engine }

    var dialect: any Dialect { engine.dialect }

    /// The statements so far.
    var recorded: [String] { changes.withLock { $0 } }

    func read<T: Sendable>(_ body: @escaping @Sendable (any Connection) throws -> T) async throws -> T { try await engine.read(body) }

    @discardableResult
    func write<T: Sendable>(_ body: @escaping @Sendable (any Connection) throws -> T) async throws -> T {
        try await engine.write { connection in
            try body(RecordingConnection(connection) { sql in self.changes.withLock { $0.append(sql) } })
        }
    }

    func integrityProblems() async throws -> [String] { try await engine.integrityProblems() }

    func close() async throws { try await engine.close() }
}

private final class RecordingConnection: Connection {
    private let connection: any Connection
    private let note: (String) -> Void

    init(_ connection: any Connection, _ note: @escaping (String) -> Void) {
        self.connection = connection
        self.note = note
    }

    func execute(_ sql: String, _ arguments: [SQLValue]) throws -> Int {
        note(sql)
        return try connection.execute(sql, arguments)
    }

    func query(_ sql: String, _ arguments: [SQLValue], _ each: (any Row) throws -> Bool) throws {
        try connection.query(sql, arguments, each)
    }

    @discardableResult
    func savepoint<T>(_ body: () throws -> T) throws -> T { try connection.savepoint(body) }
    func columns(of table: String) throws -> Set<String> { try connection.columns(of: table) }
    func indexes(of table: String) throws -> Set<String> { try connection.indexes(of: table) }
    func continueNumbers(of table: String) throws { try connection.continueNumbers(of: table) }
}
