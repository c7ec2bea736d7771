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
        server = try TemporaryServerDatabase.whereAsked()
        if let server {
            engine = try server.engine()
        } else {
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
