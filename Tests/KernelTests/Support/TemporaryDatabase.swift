import Foundation

@testable import Kernel

/// A database in a folder of its own, gone when the test is over.
final class TemporaryDatabase: Sendable {
    let folder: URL
    let engine: SQLiteEngine

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("tenon-tests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        engine = try SQLiteEngine(path: folder.appendingPathComponent("tenon.sqlite").path, durable: false)
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
