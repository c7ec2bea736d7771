import Foundation
import PluginAPI
import Testing

@testable import Kernel

@Suite struct PluginHostTests {
    @Test func `a new deployment takes all plugins that come with the product, and remembers them`() async throws {
        let deployment = try Deployment("Customers", "Leads", "Deals")
        let first: Deployment.Running = try await deployment.start()
        #expect(first.store.registry.plugins.map(\.id) == ["kernel", "customers", "leads", "deals"])
        try deployment.install("ThrowsInHook")
        let second: Deployment.Running = try await deployment.start()
        #expect(second.store.registry.plugins.map(\.id) == ["kernel", "customers", "leads", "deals"])
        #expect(try await second.state("throws-in-hook") == .available)
    }

    @Test func `a plugin that is switched off is gone at once, and its data is back when it is switched on`() async throws {
        let deployment = try Deployment("ThrowsInHook")
        let running: Deployment.Running = try await deployment.start()
        _ = try await Self.parcel(running)
        #expect(try await running.host.disable("throws-in-hook", by: running.administrator).state == .disabled)
        #expect(!running.entities.contains("parcel"))
        #expect(running.store.registry.hooks["parcel_sent"] == nil)
        let again: Deployment.Running = try await deployment.start()
        #expect(try await again.state("throws-in-hook") == .disabled)
        #expect(!again.entities.contains("parcel"))
        try await again.host.enable("throws-in-hook", by: again.administrator)
        let parcels: Int = try await again.store.read(as: again.administrator) { try $0.count("parcel", where: .everything) }
        #expect(parcels == 1)
    }

    @Test func `a plugin that others require is switched off only together with them`() async throws {
        let running: Deployment.Running = try await Deployment("Customers", "Leads", "Deals").start()
        let refusal: CRMError? = await #expect(throws: CRMError.self) {
            try await running.host.disable("customers", by: running.administrator)
        }
        #expect(refusal?.message == "the plugin customers is required by leads, deals")
        #expect(try await running.state("leads") == .enabled)
        try await running.host.disable("customers", withDependents: true, by: running.administrator)
        #expect(running.store.registry.plugins.map(\.id) == ["kernel"])
        let needed: CRMError? = await #expect(throws: CRMError.self) {
            try await running.host.enable("leads", by: running.administrator)
        }
        #expect(needed?.message == "the plugin leads cannot be switched on: requires the plugin customers, which is switched off")
    }

    @Test func `without an optional plugin its fields, links and extensions are gone, and places stay`() async throws {
        let running: Deployment.Running = try await Deployment("Customers", "Leads", "Deals").start()
        let with: EntityModel = try running.store.registry.require("deal")
        #expect(with.field("source_lead")?.isStored == true)
        try await running.host.disable("leads", by: running.administrator)
        let without: EntityModel = try running.store.registry.require("deal")
        #expect(without.field("source_lead")?.isStored == false)
        #expect(without.fields.map(\.name) == with.fields.map(\.name))
        #expect(running.store.registry.entity("lead") == nil)
        let deal: RecordData = try await running.store.write(as: running.administrator) { transaction in
            var deal: RecordData = try transaction.blank("deal")
            deal["title"] = .text("Without a source")
            return try transaction.save("deal", deal)
        }
        #expect(deal.version == 1)
    }

    @Test func `a plugin whose folder is gone goes on from what was kept, and is missing only without that`() async throws {
        let deployment = try Deployment("ThrowsInHook")
        let first: Deployment.Running = try await deployment.start()
        try FileManager.default.removeItem(at: deployment.pluginsFolder.appendingPathComponent("ThrowsInHook"))
        #expect(try await first.host.status(of: "throws-in-hook").reason == "its folder is gone; it runs from the copy that was kept")
        let second: Deployment.Running = try await deployment.start()
        #expect(try await second.state("throws-in-hook") == .enabled)
        #expect(second.entities.contains("parcel"))
        try FileManager.default.removeItem(at: deployment.folder.appendingPathComponent("kept"))
        let third: Deployment.Running = try await deployment.start()
        #expect(try await third.state("throws-in-hook") == .refused)
        #expect(try await third.reason("throws-in-hook").hasPrefix("the kept library of the plugin throws-in-hook is gone"))
        try await third.host.disable("throws-in-hook", by: third.administrator)
        #expect(try await third.state("throws-in-hook") == .disabled)
    }

    @Test func `a plugin that must not be missing ends the start`() async throws {
        let deployment = try Deployment("NeedsMissing")
        try deployment.edit("NeedsMissing") { $0.replacing("\"library\"", with: "\"onBootFailure\": \"abort\", \"library\"") }
        let failure: CRMError? = await #expect(throws: CRMError.self) { _ = try await deployment.start() }
        #expect(failure?.message == "the plugin needs-missing could not start: requires the plugin nowhere, which is not installed")
    }

    @Test func `a plugin for another interface version is refused with both versions named`() async throws {
        let deployment = try Deployment("ThrowsInHook")
        try deployment.edit("ThrowsInHook") { $0.replacing("\"from\": \"1.0\"", with: "\"from\": \"1.9\"") }
        let running: Deployment.Running = try await deployment.start()
        #expect(try await running.state("throws-in-hook") == .refused)
        #expect(try await running.reason("throws-in-hook") == "the plugin throws-in-hook is written for PluginAPI from 1.9 to below 2.0, and this host has \(PluginAPIVersion.major).\(PluginAPIVersion.minor)")
    }

    @Test func `a folder with an unreadable manifest is listed with what is wrong`() async throws {
        let deployment = try Deployment("ThrowsInHook")
        try deployment.edit("ThrowsInHook") { $0.replacing("\"licence\"", with: "\"license\"") }
        let running: Deployment.Running = try await deployment.start()
        #expect(try await running.state("ThrowsInHook") == .refused)
        #expect(try await running.reason("ThrowsInHook") == "plugin.json cannot be used: licence is missing; license is not a key of plugin.json")
    }

    @Test func `only who may manage plugins switches them`() async throws {
        let running: Deployment.Running = try await Deployment("ThrowsInHook").start()
        let nobody = Actor.user(99, via: "test", rights: .empty)
        let refusal: CRMError? = await #expect(throws: CRMError.self) { try await running.host.disable("throws-in-hook", by: nobody) }
        #expect(refusal?.code == .forbidden)
        #expect(running.entities.contains("parcel"))
    }

    @Test func `the default roles begin with the rights that plugins give them, once`() async throws {
        let deployment = try Deployment("ThrowsInHook")
        let first: Deployment.Running = try await deployment.start()
        #expect(try await Self.agentsGrants(first).contains("\"parcel\""))
        _ = try await first.store.engine.write { connection in
            try connection.execute("UPDATE role SET grants = '{}' WHERE key = 'sales_agent'")
        }
        let second: Deployment.Running = try await deployment.start()
        #expect(try await !Self.agentsGrants(second).contains("\"parcel\""))
    }

    static func parcel(_ running: Deployment.Running) async throws -> RecordData {
        try await running.store.write(as: running.administrator) { transaction in
            var parcel: RecordData = try transaction.blank("parcel")
            parcel["label"] = .text("Books")
            return try transaction.save("parcel", parcel)
        }
    }

    private static func agentsGrants(_ running: Deployment.Running) async throws -> String {
        try await running.store.engine.read { connection in
            try connection.first("SELECT grants FROM role WHERE key = 'sales_agent'") { $0.text(0) } ?? ""
        }
    }
}
