import Foundation
import PluginAPI
import Testing

@testable import Kernel

/// A new release of a plugin: what it changes is shown first, it takes over with a start, and the old one serves when it cannot.
@Suite struct LedgerlyNextTests {
    private let id = LedgerlyTests.id

    /// Entries of version 1.0.0, and 1.1.0 in the folder.
    private func deployment(_ labels: String...) async throws -> Deployment {
        let deployment = try Deployment("Ledgerly")
        let running: Deployment.Running = try await deployment.start()
        for label in labels {
            _ = try await running.store.write(as: running.administrator) { transaction in
                var entry: RecordData = try transaction.blank("ledgerly_entry")
                entry["label"] = .text(label)
                return try transaction.save("ledgerly_entry", entry)
            }
        }
        try deployment.replace("Ledgerly", by: "LedgerlyNext")
        return deployment
    }

    @Test func `the plan of an upgrade says what is new, what is gone and what more it asks for`() async throws {
        let running: Deployment.Running = try await deployment("pen").start()
        let plan: PluginPlan = try await running.host.plan(.upgrade, [id], cascade: false, by: running.administrator)
        let step: PluginPlan.Step = try #require(plan.steps.first)
        #expect(step.from == "1.0.0")
        #expect(step.version == "1.1.0")
        #expect(step.columns == ["ledgerly_entry.weight INTEGER"])
        #expect(step.migrations == ["weigh"])
        #expect(step.adds == ["settings": ["ledgerly.shade"]])
        #expect(step.removes["jobs"] == ["ledgerly.sweep"])
        #expect(step.removes["hooks"] == ["ledgerly_booked"])
        #expect(step.approvals == ["sends mail"])
        #expect(step.rights.isEmpty)
        #expect(step.notes.contains("the new version looks at the data first and may refuse"))
    }

    @Test func `an upgrade takes over with the next start, with its migrations`() async throws {
        let deployment: Deployment = try await deployment("pen", "paper")
        let before: Deployment.Running = try await deployment.start()
        let unapproved: CRMError? = await #expect(throws: CRMError.self) {
            try await before.host.upgrade(id, SwitchingTerms(), by: before.administrator)
        }
        #expect(unapproved?.message == "nobody has approved what is asked for: ledgerly sends mail")
        #expect(try await before.host.upgrade(id, SwitchingTerms(approves: true), by: before.administrator))
        let waiting: PluginStatus = try await before.host.status(of: id)
        #expect(waiting.version == "1.0.0")
        #expect(waiting.upgrade?.state == .pending)

        let after: Deployment.Running = try await deployment.start()
        let status: PluginStatus = try await after.host.status(of: id)
        #expect(status.state == .enabled)
        #expect(status.version == "1.1.0")
        #expect(status.upgrade == nil)
        #expect(status.approved.mail)
        #expect(try await weights(after) == [.integer(3), .integer(5)])
        #expect(try await after.host.history(of: id).first.map { [$0.action, $0.old, $0.new] } == ["upgraded", "1.0.0", "1.1.0"])
        // Nothing of the old version is kept.
        let kept: [String] = try FileManager.default.contentsOfDirectory(atPath: deployment.folder.path + "/kept/ledgerly")
        #expect(kept == [try #require(status.checksum)])
        #expect(try await deployment.start().host.status(of: id).version == "1.1.0")
    }

    @Test func `a plugin that refuses its own upgrade saw the old data, and the old version serves`() async throws {
        let deployment: Deployment = try await deployment("hold")
        try await expectOldVersion(deployment, reason: "version 1.0.0 has entries on hold", hint: "Book them first.")
    }

    @Test func `a migration that fails leaves nothing behind, and the old version serves`() async throws {
        let deployment: Deployment = try await deployment("pen", "poison")
        try await expectOldVersion(deployment, reason: "an entry cannot be weighed", hint: "")
    }

    private func expectOldVersion(_ deployment: Deployment, reason: String, hint: String) async throws {
        let before: Deployment.Running = try await deployment.start()
        _ = try await before.host.upgrade(id, SwitchingTerms(approves: true), by: before.administrator)
        let columns: Set<String> = try await before.store.engine.read { try $0.columns(of: "ledgerly_entry") }
        let after: Deployment.Running = try await deployment.start()
        let status: PluginStatus = try await after.host.status(of: id)
        #expect(status.state == .enabled)
        #expect(status.version == "1.0.0")
        #expect(!status.approved.mail)
        #expect(status.upgrade == .init(state: .failed, version: "1.1.0", reason: reason, hint: hint))
        #expect(try await after.store.engine.read { try $0.columns(of: "ledgerly_entry") } == columns)
        #expect(after.store.registry.entity("ledgerly_entry")?.field("weight") == nil)
        #expect(after.store.registry.jobs["ledgerly.sweep"] != nil)
        // Given up: the next start does not try again.
        let later: Deployment.Running = try await deployment.start()
        #expect(try await later.host.status(of: id).upgrade?.state == .failed)
        #expect(try await later.host.history(of: id).filter { $0.action == "upgrade failed" }.count == 1)
    }

    @Test func `an upgrade of a plugin that is switched off is carried out when it is switched on`() async throws {
        let deployment: Deployment = try await deployment("pen")
        let running: Deployment.Running = try await deployment.start()
        try await running.host.disable(id, by: running.administrator)
        let fresh: Deployment.Running = try await deployment.start()
        #expect(try await !fresh.host.upgrade(id, SwitchingTerms(approves: true), by: fresh.administrator))
        try await fresh.host.enable([id], SwitchingTerms(), by: fresh.administrator)
        #expect(try await fresh.host.status(of: id).version == "1.1.0")
        #expect(try await weights(fresh) == [.integer(3)])
    }

    private func weights(_ running: Deployment.Running) async throws -> [Value] {
        try await running.store.read(as: running.administrator) { transaction in
            try transaction.all("ledgerly_entry", where: .everything, sort: [Sort(field: "id", descending: false)], limit: 10).map { $0["weight"] }
        }
    }
}
