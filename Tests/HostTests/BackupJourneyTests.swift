import Foundation
import PluginAPI
import Testing

@testable import Kernel

/// A deployment with everything in it goes from one database to the other and back, through the real program.
@Suite struct BackupJourneyTests {
    /// What a restore or a start writes for itself, or what is told in the engine's own words.
    private static let itsOwn: Set<String> = ["tenon_audit", "tenon_plugin"]

    private struct Station {
        let tenon: TenonProgram
        let data: String

        func run(_ arguments: String..., input: String = "") throws -> TenonProgram.Run {
            try tenon.run(arguments, input: input, environment: ["TENON_DATA": data])
        }

        func must(_ arguments: String..., input: String = "", sourceLocation: SourceLocation = #_sourceLocation) throws -> TenonProgram.Run {
            let run = try tenon.run(arguments, input: input, environment: ["TENON_DATA": data])
            #expect(run.status == 0, "\(arguments) \(run)", sourceLocation: sourceLocation)
            return run
        }

        func backup(_ name: String) throws -> (path: String, manifest: BackupManifest) {
            let path = tenon.folder.path + "/" + name + ".tar"
            _ = try must("backup", "create", "--to", path)
            let report = try BackupCheck.run(path)
            #expect(report.isSound, "\(report.damage) \(report.loose)")
            return (path, try #require(report.manifest))
        }
    }

    /// Demo data, and whatever else people leave behind.
    private func filled() throws -> Station {
        let tenon = try TenonProgram()
        let station = Station(tenon: tenon, data: tenon.data.path)
        _ = try station.must("init", "--demo", "--admin-email", "admin@example.com", "--admin-password-file", "-", input: "a long walk by the sea\n")
        _ = try station.must("fields", "add", "leads", "shoe_size", "--type", "integer")
        _ = try station.must("fields", "add", "leads", "nickname", "--type", "text")
        _ = try station.must("fields", "remove", "leads", "nickname", "--yes")
        let made = try station.must("leads", "add", "--title", "Žofia \"Quoted\" \\ Größe 漢字", "--shoe-size", "43", "--value", "1250.50", "--json")
        let id = made.json["id"].scalar
        _ = try station.must("leads", "note", id, "Called twice,\nwants an offer.")
        // The greatest id is given away and must not come back.
        let gone = try station.must("leads", "add", "--title", "Gone", "--json").json["id"].scalar
        _ = try station.must("leads", "delete", gone, "--yes")
        _ = try station.must("settings", "set", "kernel.name", "Harbour & Sons")
        _ = try station.must("leads", "add", "--title", "In bulk 1", "--json")
        _ = try station.must("leads", "edit", "3", "4", "--description", "Changed together")
        _ = try station.must("plugin", "disable", "deals", "--yes")
        let files = tenon.data.appendingPathComponent("files/leads/letters")
        try FileManager.default.createDirectory(at: files, withIntermediateDirectories: true)
        try Data((0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }).write(to: files.appendingPathComponent("scan.bin"))
        return station
    }

    /// The trail without what tells of backups themselves.
    private func trail(_ path: String) throws -> (count: Int, sha256: String) {
        let manifest = try #require(try BackupCheck.run(path).manifest)
        let columns = try #require(manifest.tables.first { $0.name == "tenon_audit" }).columns
        let place = try #require(columns.firstIndex { $0.name == "entity" })
        var (sum, count) = (RunningChecksum(), 0)
        let reader = try TarReader(path)
        while let entry = try reader.next() {
            guard BackupManifest.Part.table(entry.name) == "tenon_audit" else { continue }
            for line in try reader.whole().split(separator: UInt8(ascii: "\n")) {
                if try JSONValue(parsing: Array(line)).array?[place].text == "backup" { continue }
                sum.add(Array(line))
                count += 1
            }
        }
        return (count, sum.finish())
    }

    /// A backup that is taken while several clients write: none of them waits for it, and it is of one moment.
    private func backup(_ name: String, of station: Station, at server: TenonProgram.Server, _ token: String) throws -> (path: String, manifest: BackupManifest) {
        let port: Int = try #require(Int(server.address.split(separator: ":").last ?? ""))
        let writers = LeadWriters(Knock(port: port, token: token), name: name)
        writers.begin()
        defer { writers.end() }
        try CrashRange.wait("the writers to begin") { writers.acknowledged.count > 8 }
        let before: Set<Int64> = writers.acknowledged
        let made = try station.backup(name)
        let after: Set<Int64> = writers.acknowledged
        try CrashRange.wait("the writers to go on") { writers.acknowledged.count > after.count }
        writers.end()
        #expect(writers.strange == [])
        // What was stored before is in it; what came later is not; nothing of it is half.
        let there: Set<Int64> = try leads(made.path, named: name)
        #expect(before.isSubset(of: there), "\(before.subtracting(there))")
        let begun: Int = after.count + LeadWriters.count
        #expect(there.count <= begun, "\(there.count) of at most \(begun)")
        return made
    }

    /// The ids of the leads in a backup whose title begins with a word.
    private func leads(_ path: String, named word: String) throws -> Set<Int64> {
        let manifest = try #require(try BackupCheck.run(path).manifest)
        let columns: [String] = try #require(manifest.tables.first { $0.name == "lead" }).columns.map(\.name)
        let (id, title) = (try #require(columns.firstIndex(of: "id")), try #require(columns.firstIndex(of: "title")))
        var ids: Set<Int64> = []
        let reader = try TarReader(path)
        while let entry = try reader.next() {
            guard BackupManifest.Part.table(entry.name) == "lead" else { continue }
            for line in try reader.whole().split(separator: UInt8(ascii: "\n")) {
                let cells: [JSONValue] = try JSONValue(parsing: Array(line)).array ?? []
                if cells[title].text?.hasPrefix(word + " ") == true, let number = cells[id].int { ids.insert(number) }
            }
        }
        return ids
    }

    private func expectSame(_ here: BackupManifest, _ there: BackupManifest, _ words: String) {
        #expect(here.tables.map(\.name) == there.tables.map(\.name))
        for (left, right) in zip(here.tables, there.tables) where !Self.itsOwn.contains(left.name) {
            #expect(left.rows == right.rows && left.sha256 == right.sha256, "\(words): \(left.name) has \(left.rows) and \(right.rows) rows")
            #expect(left.lastID == right.lastID, "\(words): ids of \(left.name) go on after \(left.lastID ?? 0) and \(right.lastID ?? 0)")
            #expect(left.columns == right.columns, "\(words): \(left.name)")
        }
        #expect(here.files == there.files, "\(words)")
        #expect(here.plugins == there.plugins, "\(words)")
    }

    private func expectWell(_ station: Station, next id: Int64) throws {
        let doctor = try station.must("doctor", "--json")
        #expect(doctor.json["data"].elements.allSatisfy { $0["state"].string == "ok" }, "\(doctor)")
        #expect(try station.must("search", "Größe").output.contains("Žofia"))
        let found = try station.must("leads", "list", "--where", "shoe_size=43", "--json").json["data"].elements
        #expect(found.count == 1 && found.first?["value"]["amount"].scalar == "1250.50")
        #expect(try station.must("leads", "notes", found.first?["id"].scalar ?? "").output.contains("wants an offer"))
        #expect(try station.must("settings", "get", "kernel.name").output.contains("Harbour & Sons"))
        #expect(try station.must("plugin", "list", "--json").json["data"].elements.contains { $0["id"].scalar == "deals" && $0["state"].scalar == "disabled" })
        // Numbers go on where they were.
        let new = try station.must("leads", "add", "--title", "Next", "--json").json["id"].int
        #expect(new == id)
        _ = try station.must("leads", "delete", String(id), "--yes")
    }

    private func journey(through url: String?) throws {
        let home = try filled()
        let token = try home.must("token", "create", "--user", "admin@example.com", "--name", "script").output.trimmed
        let server = try home.tenon.serve()
        // While it serves, and others write.
        let first = try backup("first", of: home, at: server, token)
        server.process.terminate()
        server.process.waitUntilExit()
        let last = try #require(first.manifest.tables.first { $0.name == "lead" }?.lastID)
        #expect(first.manifest.records > 100 && first.manifest.files.contains { $0.path == "files/leads/letters/scan.bin" && $0.size == 300_000 })
        #expect(first.manifest.plugins.map(\.id) == ["customers", "deals", "leads"])

        let away = Station(tenon: home.tenon, data: home.tenon.folder.path + "/away")
        let address: [String] = url.map { ["--database-url", $0] } ?? []
        let restored = try home.tenon.run(["backup", "restore", first.path, "--data", away.data, "--json"] + address)
        #expect(restored.status == 0 && restored.json["database"].scalar == (url == nil ? "sqlite" : "postgresql"), "\(restored)")
        #expect(restored.json["warnings"].elements.isEmpty, "\(restored)")
        let second = try away.backup("second")
        expectSame(first.manifest, second.manifest, "there")
        #expect(try trail(first.path) == trail(second.path))
        #expect(try trail(first.path).count > 100)

        let back = Station(tenon: home.tenon, data: home.tenon.folder.path + "/back")
        #expect(try home.tenon.run("backup", "restore", second.path, "--data", back.data).status == 0)
        let third = try back.backup("third")
        expectSame(first.manifest, third.manifest, "there and back")
        #expect(try trail(first.path) == trail(third.path))
        #expect(FileManager.default.contentsEqual(
            atPath: home.data + "/files/leads/letters/scan.bin", andPath: back.data + "/files/leads/letters/scan.bin"))
        try expectWell(away, next: last + 1)
        try expectWell(back, next: last + 1)
        // People log in with the passwords they had, scripts with their tokens, and a change of before is taken back.
        #expect(first.manifest.tables.contains { $0.name == "tenon_credential" && $0.rows == 1 })
        let again = try home.tenon.serve(environment: ["TENON_DATA": away.data])
        let busy = try backup("busy", of: away, at: again, token)
        let copy = Station(tenon: home.tenon, data: home.tenon.folder.path + "/busy")
        #expect(try home.tenon.run("backup", "restore", busy.path, "--data", copy.data).status == 0)
        try expectWell(copy, next: try #require(busy.manifest.tables.first { $0.name == "lead" }?.lastID) + 1)
        let asked = try home.tenon.run(
            ["users", "list", "--server", again.address, "--json"], environment: ["TENON_TOKEN": token])
        #expect(asked.status == 0 && asked.json["data"].elements.contains { $0["email"].scalar == "admin@example.com" }, "\(asked)")
        if let url {
            // Not over the heads of servers, wherever their data directories are.
            let over = try home.tenon.run("backup", "restore", first.path, "--data", home.tenon.folder.path + "/other", "--database-url", url, "--yes")
            #expect(over.status == 7 && over.errors.contains("a server works on that database"), "\(over)")
        }
        again.process.terminate()
        again.process.waitUntilExit()
        let change = try away.must("changes", "list", "--json").json["data"].elements.first { $0["title"].scalar.contains("Description") || $0["title"].scalar.contains("description") }
        #expect(try away.must("leads", "show", "3", "--json").json["description"].scalar == "Changed together")
        _ = try away.must("changes", "undo", try #require(change)["id"].scalar, "--yes")
        #expect(try away.must("leads", "show", "3", "--json").json["description"].scalar != "Changed together")
    }

    @Test func `a deployment moves to another data directory and back, and nothing of it is another`() async throws {
        try await aside { try journey(through: nil) }
    }

    @Test(.enabled(if: PrivateServer.isInstalled, "PostgreSQL is not installed"))
    func `a deployment moves to PostgreSQL and back, and nothing of it is another`() async throws {
        try await aside {
            let server = try PrivateServer()
            try journey(through: server.url)
            withExtendedLifetime(server) {}
        }
    }

    @Test func `a plugin of one's own runs where its backup is restored, without having been put there`() async throws {
        let deployment = try Deployment("Ledgerly")
        let kernel = try await Kernel.boot(
            Kernel.Options(dataDirectory: deployment.folder.path, home: .none, beginning: .all, isDurable: false))
        try await kernel.store.write(as: kernel.system("test")) { tx in
            var entry = try tx.blank("ledgerly_entry")
            entry["label"] = .text("Harbour")
            _ = try tx.save("ledgerly_entry", entry)
        }
        let path = deployment.folder.path + "/ledger.tar"
        let file = try PartFile(path, mode: 0o600)
        for await piece in try await Backups(kernel: kernel).stream(for: kernel.system("test")) { try file.write(piece) }
        _ = try file.finish()
        try await kernel.stop()

        let report = try BackupCheck.run(path)
        let manifest = try #require(report.manifest)
        #expect(report.isSound && manifest.files.contains { $0.path.hasSuffix("/libLedgerly.so") })
        let away = deployment.folder.path + "/away"
        let restored = try TenonProgram([]).run("backup", "restore", path, "--data", away, "--json")
        #expect(restored.status == 0 && restored.json["warnings"].elements.isEmpty, "\(restored)")
        let there = try await Kernel.boot(Kernel.Options(dataDirectory: away, home: .none, isDurable: false))
        let labels = try await there.store.read(as: there.system("test")) { tx in
            try tx.all("ledgerly_entry", where: .everything, sort: [], limit: 10).map { $0["label"] }
        }
        #expect(labels == [.text("Harbour")])
        try await there.stop()
    }

    @Test func `a deployment that is not empty is left alone without a yes, and moved aside with one`() throws {
        let tenon = try TenonProgram.prepared(["Customers"])
        let path = tenon.folder.path + "/a.tar"
        #expect(try tenon.run("backup", "create", "--to", path).status == 0)
        #expect(try tenon.run("companies", "add", "--name", "Later GmbH").status == 0)
        let refused = try tenon.run("backup", "restore", path)
        #expect(refused.status == 1 && refused.errors.contains("there is a deployment already"), "\(refused)")
        #expect(try tenon.run("companies", "list", "--json").json["data"].elements.count == 1)
        let done = try tenon.run("backup", "restore", path, "--yes", "--json")
        #expect(done.status == 0, "\(done)")
        #expect(try tenon.run("companies", "list", "--json").json["data"].elements.isEmpty)
        let aside = try #require(done.json["moved_aside"].string)
        #expect(FileManager.default.fileExists(atPath: aside + "/tenon.sqlite"))
        // A server that runs is not restored over.
        let server = try tenon.serve()
        let held = try tenon.run("backup", "restore", path, "--yes")
        #expect(held.status == 7 && held.errors.contains("is held by"), "\(held)")
        server.process.terminate()
        server.process.waitUntilExit()
    }

    @Test func `what is damaged is not restored, and verify says what it is`() throws {
        let tenon = try TenonProgram.prepared(["Customers"])
        let path = tenon.folder.path + "/a.tar"
        #expect(try tenon.run("companies", "add", "--name", "Aldgate Pumps").status == 0)
        #expect(try tenon.run("backup", "create", "--to", path).status == 0)
        let sound = try tenon.run("backup", "verify", path)
        #expect(sound.status == 0 && sound.output.contains("is whole: made "), "\(sound)")
        var bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
        // The trail has the name as well, in a part before that of the records.
        let place = try #require(bytes.ranges(of: Array("Aldgate Pumps".utf8)).last).lowerBound
        bytes[place] = UInt8(ascii: "B")
        try Data(bytes).write(to: URL(filePath: path))
        let damaged = try tenon.run("backup", "verify", path, "--json")
        #expect(damaged.status == 1 && damaged.json["sound"].bool == false, "\(damaged)")
        #expect(damaged.json["problems"].elements.map { $0["part"].scalar } == ["tables/company/000001.jsonl"], "\(damaged)")
        let copy = tenon.folder.path + "/copy"
        let refused = try tenon.run("backup", "restore", path, "--data", copy)
        #expect(refused.status == 1 && refused.errors.contains("tables/company/000001.jsonl"), "\(refused)")
        #expect(!FileManager.default.fileExists(atPath: copy))
        #expect(try tenon.run("backup", "verify", tenon.folder.path + "/none.tar").status == 3)
    }

    @Test func `a backup goes to standard output as well, and only administrators may take one`() throws {
        let tenon = try TenonProgram.prepared(["Customers"])
        let (path, out) = (tenon.folder.path + "/piped.tar", try FileHandle(forUpdating: URL(filePath: "/dev/null")))
        var surroundings = ["TENON_HOME": tenon.folder.path + "/home", "TENON_DATA": tenon.data.path, "PATH": "/usr/bin:/bin"]
        surroundings["LD_LIBRARY_PATH"] = ProcessInfo.processInfo.environment["LD_LIBRARY_PATH"]
        let script = "exec \(Deployment.buildFolder.path)/tenon backup create --to - > \(path)"
        let shell = try ChildProcess(
            "/bin/sh", ["-c", script],
            environment: surroundings, folder: tenon.folder.path,
            output: out.fileDescriptor)
        shell.waitUntilExit()
        #expect(shell.terminationStatus == 0)
        #expect(try BackupCheck.run(path).isSound)
        // Where it cannot be written it is no success.
        let full = try ChildProcess(
            "/bin/sh", ["-c", "exec \(Deployment.buildFolder.path)/tenon backup create --to - > /dev/full"],
            environment: surroundings, folder: tenon.folder.path,
            output: out.fileDescriptor, errors: out.fileDescriptor)
        full.waitUntilExit()
        #expect(full.terminationStatus == 7)
        #expect(try tenon.run("users", "add", "--name", "Mia", "--email", "mia@example.com").status == 0)
        let refused = try tenon.run("backup", "create", "--to", tenon.folder.path + "/mia.tar", "--as", "mia@example.com")
        #expect(refused.status == 4 && refused.errors.contains("only administrators"), "\(refused)")
        let left = try FileManager.default.contentsOfDirectory(atPath: tenon.folder.path)
        #expect(!left.contains { $0.hasPrefix("mia.tar") }, "\(left)")
    }

    @Test func `of the backups in a folder the newest are kept, and other files are left alone`() throws {
        let tenon = try TenonProgram.prepared(["Customers"])
        let folder = tenon.folder.appendingPathComponent("backups")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for name in ["tenon-20200101T030000Z.tar", "tenon-20200102T030000Z.tar", "tenon-mine.tar", "letter.txt"] {
            try Data("old".utf8).write(to: folder.appendingPathComponent(name))
        }
        let run = try tenon.run("backup", "create", "--to", folder.path, "--keep", "2", "--json")
        #expect(run.status == 0, "\(run)")
        #expect(run.json["removed"].elements.compactMap(\.string) == ["tenon-20200101T030000Z.tar"])
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        #expect(left.count == 4 && left.contains("tenon-mine.tar") && left.contains("letter.txt") && left.contains("tenon-20200102T030000Z.tar"), "\(left)")
        #expect(try tenon.run("backup", "create", "--to", folder.path + "/x.tar", "--keep", "2").status == 2)
        #expect(try tenon.run("backup", "create", "--to", folder.path + "/no/such/folder.tar").status != 0)
    }
}
