import Foundation
import PluginAPI
import Synchronization
import Testing

@testable import Kernel

@Suite struct StartTests {
    @Test func `a start on which nothing has changed changes nothing`() async throws {
        let deployment = try Deployment("Customers", "Leads", "Deals")
        #expect(try await !Self.changes(deployment).isEmpty)
        #expect(try await Self.changes(deployment) == [])
    }

    @Test func `a newer plugin in the folder of a deployment changes nothing by itself`() async throws {
        let deployment = try Deployment("ThrowsInHook")
        _ = try await Self.changes(deployment)
        try deployment.edit("ThrowsInHook") { $0.replacing("\"version\": \"1.0.0\"", with: "\"version\": \"1.0.1\"") }
        #expect(try await Self.changes(deployment) == [])
        let status: PluginStatus = try await deployment.start().host.status(of: "throws-in-hook")
        #expect(status.version == "1.0.0")
        #expect(status.upgrade?.state == .waiting)
        #expect(status.upgrade?.version == "1.0.1")
    }

    @Test func `a newer plugin of the product itself takes over at the next start`() async throws {
        let deployment = try Deployment("ThrowsInHook")
        #expect(try await Self.ownVersion(deployment) == "1.0.0")
        try deployment.edit("ThrowsInHook") { $0.replacing("\"version\": \"1.0.0\"", with: "\"version\": \"1.0.1\"") }
        #expect(try await Self.ownVersion(deployment) == "1.0.1")
    }

    @Test func `a new deployment switches on what comes with the product, and approves nothing that merely lies in its folder`() async throws {
        let own = try Deployment("Customers")
        let deployment = try Deployment("Ledgerly")
        let home = Home(plugins: [own.pluginsFolder.path], assets: nil)
        for _ in 0..<2 {
            let kernel = try await Kernel.boot(Kernel.Options(dataDirectory: deployment.folder.path, home: home, isDurable: false))
            #expect(try await kernel.plugins.status(of: "customers").state == .enabled)
            let status: PluginStatus = try await kernel.plugins.status(of: "ledgerly")
            #expect(status.state == .available)
            #expect(status.approved.isEmpty && !status.asks.isEmpty)
            #expect(kernel.store.registry.entity("ledgerly_entry") == nil)
            // Nothing of it ran: its library was not even loaded.
            #expect(await kernel.plugins.loader.contributions(of: "ledgerly") == nil)
            try await kernel.stop()
        }
    }

    /// Starts with the deployment's plugins as if they came with the product.
    private static func ownVersion(_ deployment: Deployment) async throws -> String {
        let data: URL = deployment.folder.appendingPathComponent("data")
        try FileManager.default.createDirectory(at: data, withIntermediateDirectories: true)
        let engine = try SQLiteEngine(path: data.appendingPathComponent("tenon.sqlite").path, durable: false)
        let store = Store(engine: engine, clock: SystemClock(), registry: Registry.empty)
        let home = Home(plugins: [deployment.pluginsFolder.path], assets: nil)
        let host = PluginHost(store: store, catalogue: PluginCatalogue(home: home, dataDirectory: data.path))
        try await host.boot()
        let status: PluginStatus = try await host.status(of: "throws-in-hook")
        #expect(status.upgrade == nil)
        #expect(store.registry.entity("parcel") != nil)
        try await engine.close()
        return status.version
    }

    private final class Toggling: Sendable {
        let isOver = Atomic<Bool>(false)
    }

    @Test func `switching a plugin off and on again while requests are under way fails none but by saying it is not there`() async throws {
        let running: Deployment.Running = try await Deployment("ThrowsInHook").start()
        _ = try await PluginHostTests.parcel(running)
        let toggling = Toggling()
        let counts: [Int] = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    var found = 0
                    var isLast = false
                    while !isLast {
                        await Task.yield()
                        // Once more when the plugin is on for good.
                        isLast = toggling.isOver.load(ordering: .acquiring)
                        do {
                            let parcels: [RecordData] = try await running.store.read(as: running.administrator) {
                                try $0.all("parcel", where: .everything, sort: [], limit: 10)
                            }
                            if parcels.map({ $0["label"] }) == [.text("Books")] { found += 1 }
                        } catch let error as CRMError where error.code == .notFound {}
                    }
                    return found
                }
            }
            for _ in 0..<10 {
                try await running.host.disable("throws-in-hook", by: running.administrator)
                try await running.host.enable("throws-in-hook", by: running.administrator)
            }
            toggling.isOver.store(true, ordering: .releasing)
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(counts.count == 4)
        #expect(counts.allSatisfy { $0 > 0 })
    }

    private static func changes(_ deployment: Deployment) async throws -> [String] {
        let path: String = deployment.folder.appendingPathComponent("tenon.sqlite").path
        let engine = RecordingEngine(try SQLiteEngine(path: path, durable: false))
        let store = Store(engine: engine, clock: SystemClock(), registry: Registry.empty)
        let host = PluginHost(store: store, catalogue: PluginCatalogue(home: .none, dataDirectory: deployment.folder.path))
        try await host.boot(.all)
        try await engine.close()
        return engine.recorded
    }
}
