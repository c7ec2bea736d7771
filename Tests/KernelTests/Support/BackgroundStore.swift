import Foundation
import PluginAPI
import Synchronization

@testable import Kernel

/// A file with the kernel's own tables, removed with the test.
final class BackgroundStore: Sendable {
    let folder: URL
    let engine: SQLiteEngine

    init() async throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("tenon-" + UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        engine = try BackgroundStore.open(folder)
        try await engine.write { connection in
            for statement in BackgroundStore.tables { try connection.execute(statement) }
        }
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// Another connection to the same file, as after a crash.
    func reopened() throws -> SQLiteEngine { try BackgroundStore.open(folder) }

    private static func open(_ folder: URL) throws -> SQLiteEngine {
        try SQLiteEngine(path: folder.appendingPathComponent("store.db").path, durable: false)
    }

    private static let tables = [
        """
        CREATE TABLE tenon_outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, hook TEXT, plugin TEXT, listener TEXT, payload TEXT, \
        "user" INTEGER, created_at INTEGER, next_at INTEGER, attempts INTEGER, state TEXT, error TEXT)
        """,
        """
        CREATE TABLE tenon_job (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT, plugin TEXT, payload TEXT, "user" INTEGER, \
        run_at INTEGER, attempts INTEGER, state TEXT, error TEXT, created_at INTEGER, started_at INTEGER, finished_at INTEGER)
        """,
        "CREATE TABLE tenon_schedule (name TEXT PRIMARY KEY, plugin TEXT, next_at INTEGER, last_at INTEGER)",
        """
        CREATE TABLE tenon_notification (id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER, message TEXT, entity TEXT, \
        record INTEGER, created_at INTEGER, read_at INTEGER)
        """,
    ]
}

/// What work outside a transaction is given where it stores nothing.
struct BareBackend: ContextBackend {
    var userID: RecordID?
    var now: Moment
    func read<T: Sendable>(_ body: @escaping @Sendable (Transaction) throws -> T) async throws -> T {
        throw CRMError(.unavailable, "this test has no store")
    }
    func write<T: Sendable>(_ body: @escaping @Sendable (Transaction) throws -> T) async throws -> T {
        throw CRMError(.unavailable, "this test has no store")
    }
    func log(_ message: String) {}
}

extension Registry {
    /// A registry of listeners and jobs alone, by their plugins.
    static func background(
        plugins: [String], register: [String: @Sendable (inout Registrar) -> Void] = [:]
    ) -> Registry {
        var afters: [String: [After]] = [:]
        var jobs: [String: Owned<Contributions.JobEntry>] = [:]
        for plugin in plugins {
            var registrar = Registrar()
            register[plugin]?(&registrar)
            for after in registrar.contributions.afters {
                afters[after.hook, default: []].append(After(plugin: plugin, priority: after.priority, body: after))
            }
            for job in registrar.contributions.jobs { jobs[job.name] = Owned(plugin: plugin, priority: 0, body: job) }
        }
        return Registry(
            plugins: plugins.map { Registry.Plugin(id: $0, name: $0, version: "1.0.0") }, entities: [], hooks: [:], listeners: [:],
            afters: afters, metrics: [], jobs: jobs, routes: [], settings: [])
    }
}

/// Holds what a test replaces under way, such as the registry.
final class Current<Value: Sendable>: Sendable {
    private let held: Mutex<Value>
    init(_ value: Value) { held = Mutex(value) }
    var value: Value { held.withLock { $0 } }
    func replace(_ value: Value) { held.withLock { $0 = value } }
}
