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
        _ = try station.must("token", "create", "--user", "admin@example.com", "--name", "script")
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
        let server = try home.tenon.serve()
        // While it serves.
        let first = try home.backup("first")
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
        // People log in with the passwords they had.
        #expect(first.manifest.tables.contains { $0.name == "tenon_credential" && $0.rows == 1 })
    }

    @Test func `a deployment moves to another data directory and back, and nothing of it is another`() throws {
        try journey(through: nil)
    }

    @Test(.enabled(if: ServerDatabase.serverURL != nil))
    func `a deployment moves to PostgreSQL and back, and nothing of it is another`() throws {
        let database = try ServerDatabase(on: try #require(ServerDatabase.serverURL))
        try journey(through: database.url)
        withExtendedLifetime(database) {}
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
