import Foundation
import PluginAPI
import Testing

@testable import Kernel

/// The example in C, built as its reader would build it.
@Suite struct AcmeScoreTests {
    /// The library, built beside the tests.
    static let library = Result {
        let source: URL = Deployment.sources.appendingPathComponent("Examples/acme-score")
        let folder: URL = Deployment.buildFolder.appendingPathComponent("examples/acme-score")
        try? FileManager.default.removeItem(at: folder)
        try FileManager.default.createDirectory(at: folder.deletingLastPathComponent(), withIntermediateDirectories: true)
        try FileManager.default.copyItem(at: source, to: folder)
        try run(["make", "--silent", "-C", folder.path])
        return folder.appendingPathComponent("libacme_score.so")
    }

    static func manifest() throws -> Data {
        try Data(contentsOf: Deployment.sources.appendingPathComponent("Examples/acme-score/plugin.json"))
    }

    private func running() async throws -> Deployment.Running {
        let running: Deployment.Running = try await Deployment("Customers", "Leads").start()
        try running.deployment.install("acme-score", manifest: Self.manifest(), library: Self.library.get())
        return running
    }

    private func enabled() async throws -> Deployment.Running {
        let running: Deployment.Running = try await running()
        let status: PluginStatus = try await running.host.enable("acme-score", by: running.administrator)
        try #require(status.state == .enabled, "\(status.reason)")
        return running
    }

    @Test func `the example is switched on while the product runs, and formulas may call its functions`() async throws {
        let functions: [String: Owned<Contributions.FunctionEntry>] = try await enabled().store.registry.functions
        let score: Contributions.FunctionEntry = try #require(functions["acme_score"]?.body)
        #expect(functions["acme_score"]?.plugin == "acme-score")
        let value = Value.money(Money(minor: 1_250_000, .eur))
        #expect(try score.body([.text("anna@harbour.example"), .text("+49 40 123456"), .text("Harbour"), value]) == .integer(100))
        #expect(try score.body([.text("anna@gmail.com"), .null, .null, .null]) == .integer(15))
        #expect(try score.body([.null, .null, .null, .null]) == .integer(0))
        let grade: Contributions.FunctionEntry = try #require(functions["acme_grade"]?.body)
        #expect(try grade.body([.integer(80)]) == .text("A"))
        #expect(try grade.body([.null]) == .null)
    }

    @Test func `a lead that moves is scored in the same transaction, or held back with the reason`() async throws {
        let running: Deployment.Running = try await enabled()
        let lead: RecordData = try await running.add("lead", ["title": .text("Harbour wall"), "contact_email": .text("anna@harbour.example")])
        #expect(lead["score"] == .integer(0))
        let moved: RecordData = try await running.move(lead.id, to: "Qualified")
        #expect(moved["score"] == .integer(35))

        let unknown: RecordData = try await running.add("lead", ["title": .text("Nobody knows")])
        _ = try await running.move(unknown.id, to: "Contacted")
        let refusal: CRMError? = await #expect(throws: CRMError.self) { _ = try await running.move(unknown.id, to: "Qualified") }
        #expect(refusal?.code == .refused)
        #expect(refusal?.message == "a qualified lead needs an e-mail address or a telephone number")
        let kept: RecordData = try await running.find("lead", unknown.id)
        let contacted: RecordID = try await running.status("Contacted")
        #expect(kept["status"] == .integer(contacted.raw))
    }

    @Test func `switched off, it neither scores nor holds back, and comes back when switched on`() async throws {
        let running: Deployment.Running = try await enabled()
        let lead: RecordData = try await running.add("lead", ["title": .text("Nobody knows")])
        try await running.host.disable("acme-score", by: running.administrator)
        #expect(running.store.registry.functions["acme_score"] == nil)
        _ = try await running.move(lead.id, to: "Qualified")
        try await running.host.enable("acme-score", by: running.administrator)
        _ = try await running.move(lead.id, to: "New")
        await #expect(throws: CRMError.self) { _ = try await running.move(lead.id, to: "Qualified") }
    }

    @Test func `it cannot be switched on without the plugin whose records it scores`() async throws {
        let running: Deployment.Running = try await Deployment().start()
        try running.deployment.install("acme-score", manifest: Self.manifest(), library: Self.library.get())
        await #expect(throws: CRMError.self) { try await running.host.enable("acme-score", by: running.administrator) }
        #expect(try await running.reason("acme-score").contains("requires the plugin leads"))
    }

    // MARK: Mistakes

    /// Why a plugin with a changed manifest is not switched on.
    private func refusal(_ change: @Sendable (String) -> String) async throws -> CRMError {
        let running: Deployment.Running = try await running()
        try running.deployment.edit("acme-score", change)
        do {
            let status: PluginStatus = try await running.host.enable("acme-score", by: running.administrator)
            Issue.record("it was switched on: \(status)")
            return CRMError(.internalError, "nothing was refused")
        } catch let error as CRMError { return error }
    }

    @Test func `a wrong signature in the manifest is refused with its place`() async throws {
        let unknown: CRMError = try await refusal { $0.replacing(#"["integer"]"#, with: #"["int"]"#) }
        #expect(unknown.code == .invalid && unknown.problems.map(\.field) == ["foreign.functions[1].parameters[0]"])
        let void: CRMError = try await refusal { $0.replacing(#""returns": "text""#, with: #""returns": "void""#) }
        #expect(void.problems == [Problem(field: "foreign.functions[1].returns", "is nothing, but a function of formulas must give a value")])
    }

    @Test func `a function that the library lacks is refused before the library is loaded`() async throws {
        let missing: CRMError = try await refusal { $0.replacing(#""name": "acme_grade""#, with: #""name": "acme_rank""#) }
        #expect(missing.message.contains("the plugin's library has no function acme_rank"), "\(missing)")
        #expect(missing.hint == "Export these functions with C names, or correct the plugin's plugin.json.")
    }

    @Test func `fields and members of the hook that there are not are all named`() async throws {
        let lost: CRMError = try await refusal {
            $0.replacing("lead.contact_phone", with: "lead.shoe_size").replacing(#""by": "to""#, with: #""by": "next""#)
        }
        #expect(
            lost.problems.map(\.message) == [
                "handler acme_lead_moved of lead_status_changed names lead_status.name of the record that the hook carries as next, but it carries no id of that name",
                "handler acme_lead_moved of lead_status_changed names lead.shoe_size, but there is no such field",
            ])
    }
}

extension Deployment.Running {
    func add(_ entity: String, _ values: [String: Value]) async throws -> RecordData {
        try await store.write(as: administrator) { transaction in
            var record: RecordData = try transaction.blank(entity)
            for (name, value) in values { record[name] = value }
            return try transaction.save(entity, record)
        }
    }

    func find(_ entity: String, _ id: RecordID) async throws -> RecordData {
        let record: RecordData? = try await store.read(as: administrator) { try $0.find(entity, id) }
        return try #require(record)
    }

    /// The id of a lead's status.
    func status(_ name: String) async throws -> RecordID {
        let found: [RecordData] = try await store.read(as: administrator) {
            try $0.all("lead_status", where: .compare("name", .equal, .value(.text(name))), sort: [], limit: 1)
        }
        return try #require(found.first).id
    }

    /// Moves a lead to another status and reads it again.
    func move(_ lead: RecordID, to status: String) async throws -> RecordData {
        let id: RecordID = try await self.status(status)
        try await store.write(as: administrator) { transaction in
            var record: RecordData = try #require(try transaction.find("lead", lead))
            record["status"] = .integer(id.raw)
            _ = try transaction.save("lead", record)
        }
        return try await find("lead", lead)
    }
}
