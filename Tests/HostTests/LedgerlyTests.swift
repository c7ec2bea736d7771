import Foundation
import PluginAPI
import Testing

@testable import Kernel

/// What is shown before plugins change, and that exactly this is done: plans, approval, kept copies.
@Suite struct LedgerlyTests {
    static let id = "ledgerly"

    @Test func `a plan names what a plugin brings and asks for, and changes nothing`() async throws {
        let running: Deployment.Running = try await Deployment("Ledgerly").start(.only([]))
        let plan: PluginPlan = try await running.host.plan(.enable, [Self.id], cascade: false, by: running.administrator)
        let step: PluginPlan.Step = try #require(plan.steps.first)
        #expect(step.tables == ["ledgerly_book", "ledgerly_entry"])
        #expect(step.migrations == ["first book"])
        #expect(step.adds["jobs"] == ["ledgerly.sweep"])
        #expect(step.adds["hooks"] == ["ledgerly_booked"])
        #expect(step.adds["listens"] == ["ledgerly_booked"])
        #expect(step.adds["settings"] == ["ledgerly.color"])
        #expect(step.adds["routes"] == ["GET /plugins/ledgerly/color"])
        #expect(step.rights.contains("finance: edit ledgerly_entry (own)"))
        #expect(step.approvals == ["connects to rates.example.com"])
        #expect(step.checksum == Checksum.sha256(of: Deployment.buildFolder.path + "/libLedgerly.so"))
        #expect(try await running.state(Self.id) == .available)
        #expect(try await Self.tables(running).isEmpty)
        // Tried in a process of its own: nothing of it is in this one.
        let loader: PluginLoader = await running.host.loader
        #expect(loader.contributions(of: Self.id) == nil)
    }

    @Test func `a plugin is switched on only when what it asks for is approved, and only by the plan that was shown`() async throws {
        let running: Deployment.Running = try await Deployment("Ledgerly").start(.only([]))
        let (host, admin) = (running.host, running.administrator)
        let refusal: CRMError? = await #expect(throws: CRMError.self) { try await host.enable([Self.id], SwitchingTerms(), by: admin) }
        #expect(refusal?.message == "nobody has approved what is asked for: ledgerly connects to rates.example.com")
        #expect(try await Self.tables(running).isEmpty)
        let stale: CRMError? = await #expect(throws: CRMError.self) {
            try await host.enable([Self.id], SwitchingTerms(approves: true, digest: "another"), by: admin)
        }
        #expect(stale?.code == .conflict)
        let plan: PluginPlan = try await host.plan(.enable, [Self.id], cascade: false, by: admin)
        try await host.enable([Self.id], SwitchingTerms(approves: true, digest: plan.digest), by: admin)
        #expect(try await running.state(Self.id) == .enabled)
        #expect(await host.approved(Self.id).hosts == ["rates.example.com"])
        #expect(running.store.registry.approved(Self.id).hosts == ["rates.example.com"])
        // Approved once: switched off and on without another question.
        try await host.disable(Self.id, by: admin)
        try await host.enable([Self.id], SwitchingTerms(), by: admin)
        #expect(try await running.state(Self.id) == .enabled)
        let history: [String] = try await host.history(of: Self.id).map(\.action)
        #expect(history == ["enabled", "disabled", "enabled"])
    }

    @Test func `what runs is the copy that was switched on, and one that was tampered with is refused`() async throws {
        let deployment = try Deployment("Ledgerly")
        let first: Deployment.Running = try await deployment.start()
        let status: PluginStatus = try await first.host.status(of: Self.id)
        let checksum: String = try #require(status.checksum)
        #expect(status.folderChecksum == checksum)
        let kept: URL = deployment.folder.appendingPathComponent("kept/ledgerly/\(checksum)/libLedgerly.so")
        #expect(Checksum.sha256(of: kept.path) == checksum)

        // Another library in the folder changes nothing.
        let place: URL = deployment.pluginsFolder.appendingPathComponent("Ledgerly/libLedgerly.so")
        try FileManager.default.removeItem(at: place)
        try Data("not a library".utf8).write(to: place)
        let second: Deployment.Running = try await deployment.start()
        #expect(try await second.state(Self.id) == .enabled)
        #expect(try await second.host.status(of: Self.id).upgrade?.state == .waiting)

        var bytes: Data = try Data(contentsOf: kept)
        bytes[bytes.count / 2] ^= 1
        try FileManager.default.removeItem(at: kept)
        try bytes.write(to: kept)
        let third: Deployment.Running = try await deployment.start()
        let refused: PluginStatus = try await third.host.status(of: Self.id)
        #expect(refused.state == .refused)
        #expect(refused.reason.contains("has the checksum \(Checksum.short(Checksum.sha256(Array(bytes))))"))
        #expect(refused.reason.contains("the one that was switched on has \(Checksum.short(checksum))"))
        #expect(refused.hint.contains("tenon plugin upgrade ledgerly"))
        #expect(!third.entities.contains("ledgerly_entry"))
    }

    @Test func `several plugins are one plan in the order of their needs, gone on with where it stopped`() async throws {
        let deployment = try Deployment("Customers", "Leads", "Deals", "Ledgerly")
        let running: Deployment.Running = try await deployment.start(.only([]))
        let (host, admin) = (running.host, running.administrator)
        let wanted: [String] = ["deals", "leads", Self.id, "customers"]
        // Somebody's view is in the way of the last one, which shows when its turn comes.
        try await running.store.engine.write { _ = try $0.execute("CREATE VIEW ledgerly_book AS SELECT 1 AS id") }
        let plan: PluginPlan = try await host.plan(.enable, wanted, cascade: false, by: admin)
        #expect(plan.steps.map(\.id) == ["customers", "leads", "deals", "ledgerly"])
        await #expect(throws: (any Error).self) { try await host.enable(wanted, SwitchingTerms(approves: true, digest: plan.digest), by: admin) }
        #expect(try await running.state("deals") == .enabled)
        #expect(try await running.state(Self.id) == .failed)

        try await running.store.engine.write { _ = try $0.execute("DROP VIEW ledgerly_book") }
        let again: Deployment.Running = try await deployment.start()
        let rest: PluginPlan = try await again.host.plan(.enable, wanted, cascade: false, by: admin)
        #expect(rest.standing == ["deals", "leads", "customers"])
        #expect(rest.steps.map(\.id) == ["ledgerly"])
        // The digest of the plan that was begun still stands for the rest of it.
        try await again.host.enable(wanted, SwitchingTerms(approves: true, digest: plan.digest), by: admin)
        #expect(try await again.state(Self.id) == .enabled)
        #expect(try await again.host.unfinished() == nil)
    }

    @Test func `switching off and uninstalling need nothing of the plugin's files`() async throws {
        let deployment = try Deployment("Ledgerly")
        _ = try await deployment.start()
        try FileManager.default.removeItem(at: deployment.pluginsFolder.appendingPathComponent("Ledgerly"))
        try FileManager.default.removeItem(at: deployment.folder.appendingPathComponent("kept"))
        let running: Deployment.Running = try await deployment.start()
        #expect(try await running.state(Self.id) == .refused)
        try await running.host.disable(Self.id, by: running.administrator)
        #expect(try await running.state(Self.id) == .disabled)
        _ = try await running.host.uninstall([Self.id], SwitchingTerms(destroys: [Self.id]), by: running.administrator)
        #expect(try await Self.tables(running).isEmpty)
        let loader: PluginLoader = await running.host.loader
        #expect(loader.contributions(of: Self.id) == nil)
        #expect(try await running.host.statuses().isEmpty)
    }

    static func tables(_ running: Deployment.Running) async throws -> [String] {
        try await running.store.engine.read { connection in
            try connection.all("SELECT name FROM sqlite_master WHERE name LIKE '%ledgerly%'") { $0.text(0) }
        }
    }
}
