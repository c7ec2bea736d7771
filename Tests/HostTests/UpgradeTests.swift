import Foundation
import Testing

@testable import Kernel

/// An upgrade while people work: the server replaces its worker, and the command line says what came of it.
@Suite struct UpgradeTests {
    /// Puts a fixture into the plugins folder of the deployment, under one name.
    private func install(_ name: String, _ tenon: TenonProgram) throws {
        let folder: URL = tenon.data.appendingPathComponent("plugins/ledgerly")
        try? FileManager.default.removeItem(at: folder)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try FileManager.default.copyItem(
            at: Deployment.sources.appendingPathComponent("Tests/Fixtures/Plugins/\(name)/plugin.json"),
            to: folder.appendingPathComponent("plugin.json"))
        try FileManager.default.copyItem(
            at: Deployment.buildFolder.appendingPathComponent("lib\(name).so").resolvingSymlinksInPath(),
            to: folder.appendingPathComponent("lib\(name).so"))
    }

    @Test func `a running server takes an upgrade over, and falls back when it fails`() throws {
        let tenon = try TenonProgram.prepared()
        try install("Ledgerly", tenon)
        let server = try tenon.serve()
        defer {
            server.process.terminate()
            server.process.waitUntilExit()
        }
        let unasked = try tenon.run("plugin", "enable", "ledgerly")
        #expect(unasked.status == 2)
        #expect(unasked.errors.contains("connects to rates.example.com"))
        #expect(try tenon.run("plugin", "enable", "ledgerly", "--approve").status == 0)
        #expect(try tenon.run("ledgerly-entries", "add", "--label", "hold").status == 0)

        try install("LedgerlyNext", tenon)
        let plan = try tenon.run("plugin", "plan", "upgrade", "ledgerly")
        #expect(plan.output.contains("1.0.0 → 1.1.0"), "\(plan)")
        #expect(plan.output.contains("sends mail"))
        let refused = try tenon.run("plugin", "upgrade", "ledgerly", "--approve")
        #expect(refused.status == 1, "\(refused)")
        #expect(refused.errors.contains("version 1.1.0 of ledgerly could not take over: version 1.0.0 has entries on hold"), "\(refused)")
        #expect(try tenon.run("plugin", "info", "ledgerly", "--json").json["version"].scalar == "1.0.0")

        #expect(try tenon.run("ledgerly-entries", "edit", "1", "--label", "pen").status == 0)
        let taken = try tenon.run("plugin", "upgrade", "ledgerly", "--approve")
        #expect(taken.status == 0, "\(taken)")
        #expect(taken.output.hasSuffix("plugin ledgerly is 1.1.0 now\n"), "\(taken)")
        #expect(try tenon.run("ledgerly-entries", "show", "1", "--json").json["weight"].scalar == "3")

        let unsaid = try tenon.run("plugin", "uninstall", "ledgerly")
        #expect(unsaid.status == 2)
        #expect(unsaid.errors.contains("--yes-destroy ledgerly"))
        let gone = try tenon.run("plugin", "uninstall", "ledgerly", "--yes-destroy", "ledgerly", "--json")
        #expect(gone.status == 0, "\(gone)")
        let archive: String = gone.json["data"].elements.first?["archive"].scalar ?? ""
        #expect(FileManager.default.fileExists(atPath: archive + "/records/ledgerly_entry.jsonl"))
    }
}
