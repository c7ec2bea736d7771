import Foundation
import Testing

@testable import Kernel

/// C code that crashes, in the built program.
@Suite(.serialized) struct ForeignCrashTests {
    private static let manifest = """
        {
          "id": "acme-crash", "name": "Acme Crash", "version": "1.0.0", "api": {"from": "1.0", "below": "2.0"}, "summary": "Crashes in C.",
          "licence": "Apache-2.0", "requires": ["customers", "leads"], "library": "hostile",
          "foreign": {"handlers": [
            {"hook": "lead_status_changed", "symbol": "crash", "parameters": [{"payload": "lead", "type": "id"}]},
            {"hook": "company_created", "symbol": "crash_in_libc", "parameters": [{"payload": "record", "type": "id"}]},
            {"hook": "customer_created", "symbol": "stop_here", "parameters": [{"payload": "record", "type": "id"}]}
          ]}
        }
        """

    private static func library() throws -> URL {
        let folder: URL = Deployment.buildFolder.appendingPathComponent("foreign-fixtures")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let library: URL = folder.appendingPathComponent("libhostile.so")
        let source: String = Deployment.sources.appendingPathComponent("Tests/Fixtures/Foreign/hostile.c").path
        try run(["cc", "-shared", "-fPIC", "-g", "-O1", source, "-o", library.path])
        return library
    }

    private static func install(in tenon: TenonProgram) throws {
        let folder: URL = tenon.data.appendingPathComponent("plugins/acme-crash")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data(manifest.utf8).write(to: folder.appendingPathComponent("plugin.json"))
        try FileManager.default.copyItem(at: library(), to: folder.appendingPathComponent("libhostile.so"))
    }

    /// Runs a command until the server answers it: after a crash it is away for a moment.
    private static func patiently(_ tenon: TenonProgram, _ arguments: String...) throws -> TenonProgram.Run {
        let deadline = Date(timeIntervalSinceNow: 120)
        while true {
            let run: TenonProgram.Run = try tenon.run(arguments)
            if run.status == 0 || Date() > deadline { return run }
        }
    }

    @Test func `a crash in C names its plugin, also within libc, and the third switches it off while all else works`() async throws {
        let tenon = try TenonProgram.prepared()
        try Self.install(in: tenon)
        let server = try tenon.serve()
        defer { server.process.terminate() }
        #expect(try tenon.run("leads", "add", "--title", "Harbour wall").status == 0)
        let enabled = try tenon.run("plugin", "enable", "acme-crash")
        try #require(enabled.status == 0, "\(enabled)")

        for (count, command) in [
            ["leads", "edit", "1", "--status", "Contacted"], ["companies", "add", "--name", "Kestrel"], ["customers", "add", "--name", "Anna"],
        ].enumerated() {
            #expect(try tenon.run(command).status != 0)
            let crashes: [JSONValue] = try Self.patiently(tenon, "crashes", "list", "--json").json["data"].elements
            try #require(crashes.count == count + 1)
            #expect(crashes.allSatisfy { $0["plugin"].string == "acme-crash" }, "\(crashes)")
        }
        let crashes: [JSONValue] = try tenon.run("crashes", "list", "--json").json["data"].elements
        #expect(crashes.map { $0["summary"].string } == ["SIGABRT in stop_here", "SIGSEGV in crash_in_libc", "SIGSEGV in crash"])

        let info = try tenon.run("plugin", "info", "acme-crash", "--json")
        #expect(info.json["state"].string == "quarantined", "\(info)")
        #expect(try tenon.run("leads", "edit", "1", "--status", "Contacted").status == 0)
        #expect(try tenon.run("customers", "add", "--name", "Anna").status == 0)
    }
}
