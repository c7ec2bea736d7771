import Foundation
import PluginAPI
import Testing

@testable import Kernel

/// The doctor from the command line.
@Suite struct DoctorTests {
    @Test func `what follows from other things is mended on request, and nothing else is touched`() async throws {
        let tenon = try TenonProgram()
        #expect(try tenon.run("init", "--demo", "--admin-email", "admin@example.com", "--admin-password-file", "-", input: "a long walk by the sea\n").status == 0)
        let healthy = try tenon.run("doctor", "--json")
        #expect(healthy.status == 0 && healthy.json["data"].elements.allSatisfy { $0["state"].string == "ok" }, "\(healthy)")
        let engine = try SQLiteEngine(path: tenon.data.path + "/tenon.sqlite")
        try await engine.write { connection in
            for table in ["lead", "tenon_note"] {
                try SQLiteDialect().tail(connection, table).end(Array(connection.columns(of: "tenon_search_" + table)))
            }
            try connection.execute("DELETE FROM tenon_search_lead WHERE rowid = 3")
            try connection.execute("UPDATE tenon_search_tenon_note SET text = 'else' WHERE rowid = (SELECT min(rowid) FROM tenon_search_tenon_note)")
            try connection.execute("UPDATE tenon_board_figure SET \"count\" = \"count\" + 7 WHERE entity = 'deal' AND measure = ''")
            try connection.execute("UPDATE sqlite_sequence SET seq = 1 WHERE name = 'deal'")
            try connection.execute("UPDATE lead_status SET color = '#123456' WHERE id = 1")
        }
        try await engine.close()
        try FileManager.default.createDirectory(atPath: tenon.data.path + "/files/ghost", withIntermediateDirectories: true)
        try Data("x".utf8).write(to: tenon.data.appendingPathComponent("files/ghost/x.txt"))
        let rows = try tenon.run("leads", "export", "--format", "json").output

        func unwell(_ run: TenonProgram.Run) -> Set<String> {
            Set(run.json["data"].elements.filter { $0["state"].string != "ok" }.compactMap { $0["check"].string })
        }
        let ill = try tenon.run("doctor", "--json")
        #expect(ill.status == 1 && unwell(ill).isSuperset(of: ["search", "boards", "numbers", "audit", "files"]), "\(ill)")
        let mended = try tenon.run("doctor", "--fix", "--json")
        // What somebody changed past the product is for people to judge.
        #expect(mended.status == 1 && unwell(mended) == ["audit"], "\(mended)")
        #expect(mended.json["mended"].elements.count >= 4, "\(mended)")
        #expect(try tenon.run("leads", "export", "--format", "json").output == rows)
        #expect(!FileManager.default.fileExists(atPath: tenon.data.path + "/files/ghost"))
        #expect(try String(contentsOfFile: tenon.data.path + "/archives/ghost-files/x.txt", encoding: .utf8) == "x")
        let words = try tenon.run("doctor")
        #expect(words.errors.contains("1 of ") && words.output.contains("lead_status 1 (color) not as the trail says"), "\(words)")
    }

    @Test func `what comes back from an archive agrees with its trail, and no number is given a second time`() async throws {
        let deployment = try Deployment("Ledgerly")
        let kernel = try await Kernel.boot(
            Kernel.Options(dataDirectory: deployment.folder.path, home: .none, beginning: .all, isDurable: false))
        try await kernel.makeAdministrator(email: "admin@example.com", name: "Admin", password: "a long enough password")
        let ids: [RecordID] = try await kernel.store.write(as: kernel.system("test")) { tx in
            try ["One", "Two", "Three"].map { label in
                var entry = try tx.blank("ledgerly_entry")
                entry["label"] = .text(label)
                return try tx.save("ledgerly_entry", entry).id
            }
        }
        try await kernel.store.write(as: kernel.system("test")) { try $0.delete("ledgerly_entry", ids[2]) }
        let gone = try await kernel.plugins.uninstall(
            [LedgerlyTests.id], SwitchingTerms(cascade: true, destroys: [LedgerlyTests.id]), by: kernel.system("test"))
        try await kernel.plugins.enable([LedgerlyTests.id], SwitchingTerms(approves: true), by: kernel.system("test"))
        #expect(try await kernel.plugins.restore(try #require(gone.first?.archive), by: kernel.system("test")).records >= 2)
        let next: RecordID = try await kernel.store.write(as: kernel.system("test")) { tx in
            var entry = try tx.blank("ledgerly_entry")
            entry["label"] = .text("Four")
            return try tx.save("ledgerly_entry", entry).id
        }
        #expect(next.raw == ids[2].raw + 1)
        let findings = try await Checkup(
            engine: kernel.store.engine, registry: kernel.store.registry, rights: kernel.rights, now: kernel.clock.now,
            dataDirectory: deployment.folder.path
        ).findings()
        #expect(findings.allSatisfy { $0.state == .ok }, "\(findings.filter { $0.state != .ok })")
        try await kernel.stop()
    }

    @Test func `files of a plugin whose uninstallation was cut short go to its archive at the next start`() async throws {
        let deployment = try Deployment("Ledgerly")
        let options = Kernel.Options(dataDirectory: deployment.folder.path, home: .none, beginning: .all, isDurable: false)
        var kernel = try await Kernel.boot(options)
        let files = deployment.folder.appendingPathComponent("files/\(LedgerlyTests.id)")
        try FileManager.default.createDirectory(at: files, withIntermediateDirectories: true)
        try Data("a letter".utf8).write(to: files.appendingPathComponent("letter.txt"))
        let archive = try #require(
            try await kernel.plugins.uninstall([LedgerlyTests.id], SwitchingTerms(cascade: true, destroys: [LedgerlyTests.id]), by: kernel.system("test")).first?.archive)
        try await kernel.stop()
        // As if the process had ended between its transaction and its files.
        try FileManager.default.moveItem(atPath: archive + "/files", toPath: files.path)
        kernel = try await Kernel.boot(options)
        #expect(!FileManager.default.fileExists(atPath: files.path))
        #expect(try String(contentsOfFile: archive + "/files/letter.txt", encoding: .utf8) == "a letter")
        try await kernel.stop()
    }
}
