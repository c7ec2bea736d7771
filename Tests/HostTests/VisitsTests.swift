import Foundation
import PluginAPI
import Testing

@testable import Kernel

/// The plugin that docs/write-a-plugin writes, built as its reader would build it.
@Suite struct VisitsTests {
    @Test func `the plugin of the tutorial does what the tutorial says`() async throws {
        let scratch: URL = Deployment.buildFolder.appendingPathComponent("examples/visits")
        let package: URL = Deployment.sources.appendingPathComponent("Examples/visits")
        try run(["swift", "build", "--package-path", package.path, "--scratch-path", scratch.path])
        let deployment = try Deployment("Customers")
        let running: Deployment.Running = try await deployment.start()
        try deployment.install(
            "visits", manifest: Data(contentsOf: package.appendingPathComponent("plugin.json")),
            library: scratch.appendingPathComponent("debug/libVisits.so"))
        let status: PluginStatus = try await running.host.enable("visits", by: running.administrator)
        #expect(status.state == .enabled, "\(status.reason)")
        let visits: EntityModel = try running.store.registry.require("visit")
        #expect(visits.path == "visits" && visits.board != nil)
        let finish: ActionModel = try #require(visits.action("finish"))

        let visit: RecordData = try await running.store.write(as: running.administrator) { transaction in
            var company: RecordData = try transaction.blank("company")
            company["name"] = .text("Kestrel Foods")
            company = try transaction.save("company", company)
            var visit: RecordData = try transaction.blank("visit")
            visit["subject"] = .text("Spring tour")
            visit["company"] = .integer(company.id.raw)
            visit["day"] = .day(try #require(Day("2026-05-04")))
            return try transaction.save("visit", visit)
        }
        #expect(visit["state"] == .text("planned"))

        let refusal: CRMError? = await #expect(throws: CRMError.self) {
            try await running.store.write(as: running.administrator) { try $0.run(visits, finish, visit.id, input: [:]).message }
        }
        #expect(refusal?.problems == [Problem(field: "report", "is required")])
        let told: String = try await running.store.write(as: running.administrator) { transaction in
            try transaction.run(visits, finish, visit.id, input: ["report": .text("They want two pallets.")]).message
        }
        #expect(told == "The visit is done.")
        let waiting: Int64? = try await running.store.engine.read {
            try $0.integer("SELECT count(*) FROM tenon_outbox WHERE hook = 'visit_done' AND plugin = 'visits'")
        }
        #expect(waiting == 1)
        let done: RecordData? = try await running.store.read(as: running.administrator) { try $0.find("visit", visit.id) }
        #expect(done?["state"] == .text("done") && done?["report"] == .text("They want two pallets."))
    }
}
