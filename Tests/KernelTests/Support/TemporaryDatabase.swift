import Foundation

@testable import Kernel

/// A database of its own, gone when the test is over: a file, or where `TENON_TEST_DATABASE_URL` names a PostgreSQL server, a
/// database there.
final class TemporaryDatabase: Sendable {
    let folder: URL
    let engine: any Engine
    private let server: TemporaryServerDatabase?

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("tenon-tests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        if let url = TemporaryServerDatabase.serverURL {
            let made = try TemporaryServerDatabase(on: url)
            server = made
            engine = try made.engine()
        } else {
            server = nil
            engine = try SQLiteEngine(path: folder.appendingPathComponent("tenon.sqlite").path, durable: false)
        }
    }

    /// Another engine over the same data, as after a restart.
    func reopened() throws -> any Engine {
        if let server { return try server.engine() }
        return try SQLiteEngine(path: folder.appendingPathComponent("tenon.sqlite").path, durable: false)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// Makes the kernel's tables and those of every part of the registry.
    func prepare(for registry: Registry) async throws {
        try await engine.write { [engine] connection in
            try KernelTables.prepare(connection, engine.dialect)
            let migrator = SchemaMigrator(dialect: engine.dialect, registry: registry)
            for plugin in registry.plugins { try migrator.apply(plugin.id, renames: [], connection) }
        }
    }
}

/// A database on a server, dropped when nobody needs it any more.
final class TemporaryServerDatabase: Sendable {
    static var serverURL: String? { ProcessInfo.processInfo.environment["TENON_TEST_DATABASE_URL"] }

    private let server: PostgreSQLAddress
    private let name: String
    let url: String

    init(on serverURL: String) throws {
        server = try PostgreSQLAddress(serverURL)
        name = "tenon_test_" + UUID().uuidString.lowercased().replacingOccurrences(of: "-", with: "")
        var parts = URLComponents(string: serverURL)
        parts?.path = "/" + name
        url = parts?.string ?? ""
        try PostgreSQLConnection(server).command("CREATE DATABASE \(name) TEMPLATE template0 ENCODING 'UTF8'")
    }

    func engine() throws -> any Engine { try PostgreSQLEngine(try PostgreSQLAddress(url), readers: 3) }

    deinit { try? PostgreSQLConnection(server).command("DROP DATABASE IF EXISTS \(name) WITH (FORCE)") }
}
