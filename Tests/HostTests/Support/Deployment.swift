import Foundation
import PluginAPI

@testable import Kernel

/// A deployment in a folder of its own, gone when the test is over, with real libraries in its plugins folder.
final class Deployment: Sendable {
    /// The folder where the build leaves its products.
    static let buildFolder: URL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    /// The root of the sources.
    static let sources: URL = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    let folder: URL

    /// Makes a deployment that finds these plugins, named by their folders.
    init(_ plugins: String...) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("tenon-host-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: pluginsFolder, withIntermediateDirectories: true)
        for name in plugins { try install(name) }
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    var pluginsFolder: URL { folder.appendingPathComponent("plugins") }

    /// Puts a plugin of the tree where the deployment looks for plugins.
    func install(_ name: String) throws {
        let places: [String] = ["Tests/Fixtures/Plugins/\(name)", "Plugins/\(name)"]
        let found: String = places.first { FileManager.default.fileExists(atPath: Self.sources.path + "/" + $0) } ?? places[0]
        let library = "lib\(name).so"
        try install(
            name, manifest: Data(contentsOf: Self.sources.appendingPathComponent(found + "/plugin.json")),
            library: Self.buildFolder.appendingPathComponent(library))
    }

    /// Puts another plugin of the tree into the folder of the first, as a new release would come.
    func replace(_ name: String, by next: String) throws {
        try FileManager.default.removeItem(at: pluginsFolder.appendingPathComponent(name))
        try install(next)
    }

    func install(_ name: String, manifest: Data, library: URL) throws {
        let target: URL = pluginsFolder.appendingPathComponent(name)
        try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
        try manifest.write(to: target.appendingPathComponent("plugin.json"))
        try FileManager.default.createSymbolicLink(
            at: target.appendingPathComponent(library.lastPathComponent), withDestinationURL: library)
    }

    /// Changes the text of a plugin's manifest.
    func edit(_ name: String, _ change: (String) -> String) throws {
        let file: URL = pluginsFolder.appendingPathComponent(name + "/plugin.json")
        try change(String(contentsOf: file, encoding: .utf8)).write(to: file, atomically: true, encoding: .utf8)
    }

    /// Starts as a process would; a second start on the same folder finds what the first one left.
    func start(_ beginning: PluginHost.Beginning = .all) async throws -> Running {
        let engine = try SQLiteEngine(path: folder.appendingPathComponent("tenon.sqlite").path, durable: false)
        let store = Store(engine: engine, clock: SystemClock(), registry: Registry.empty)
        let host = PluginHost(store: store, catalogue: PluginCatalogue(home: .none, dataDirectory: folder.path))
        try await host.boot(beginning)
        return Running(host: host, store: store, deployment: self)
    }

    /// A deployment that runs.
    struct Running: Sendable {
        let host: PluginHost
        let store: Store
        /// Kept, so that its folder stays while it runs.
        let deployment: Deployment
        let administrator = Actor.system("test", rights: .empty)

        func state(_ id: String) async throws -> PluginState { try await host.status(of: id).state }
        func reason(_ id: String) async throws -> String { try await host.status(of: id).reason }
        var entities: Set<String> { Set(store.registry.entities.map(\.name)) }
    }
}
