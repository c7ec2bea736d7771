import Foundation
import PluginAPI
import Synchronization

@testable import Kernel

/// A file with the kernel's own tables, removed with the test.
final class BackgroundStore: Sendable {
    let database: TemporaryDatabase
    var engine: any Engine { database.engine }

    init() async throws {
        database = try TemporaryDatabase()
        try await engine.write { [engine] connection in try KernelTables.prepare(connection, engine.dialect) }
    }

    /// Another connection to the same file, as after a crash.
    func reopened() throws -> any Engine { try database.reopened() }
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
