import Foundation
import PluginAPI
import Testing

@testable import Kernel

/// Taking a backup while the deployment works, and what is found when one is not whole.
@Suite struct BackupTests {
    /// A desk with some chores, and a file of a plugin.
    private func desk() async throws -> FrontDesk {
        let desk = try await FrontDesk()
        for number in 1...40 { #expect(try await desk.chore("Chore \(number) \\\"quoted\\\"") > 0) }
        try FileManager.default.createDirectory(atPath: desk.folder.path + "/files/chores", withIntermediateDirectories: true)
        try Data("a page".utf8).write(to: desk.folder.appendingPathComponent("files/chores/page.txt"))
        return desk
    }

    private func backup(_ desk: FrontDesk, name: String = "backup.tar") async throws -> String {
        let path = desk.folder.path + "/" + name
        var request = FrontRequest(method: "GET", path: ["api", "v1", "backup"])
        request.isLocal = true
        request.headers["tenon-user"] = FrontDesk.boss
        let response = await desk.kernel.front.respond(request)
        #expect(response.status == 200)
        let file = try PartFile(path, mode: 0o600)
        guard case .stream(let pieces) = response.body else { throw CRMError(.invalid, "no stream") }
        for await piece in pieces { try file.write(piece) }
        _ = try file.finish()
        return path
    }

    @Test func `a backup of a deployment that runs is whole, and only its owner can read it`() async throws {
        let desk = try await desk()
        let path = try await backup(desk)
        let report = try BackupCheck.run(path)
        #expect(report.isSound, "\(report.damage) \(report.loose)")
        let manifest = try #require(report.manifest)
        #expect(manifest.tables.first { $0.name == "chore" }?.rows == 40)
        #expect(manifest.tables.first { $0.name == "user" }?.rows == 2)
        #expect(manifest.files.map(\.path) == ["files/chores/page.txt"])
        #expect(try #require(FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int) == 0o600)
        #expect(!FileManager.default.fileExists(atPath: path + ".part"))
        // It stands in the trail who took it.
        let taken = try await desk.kernel.store.engine.read { try $0.integer("SELECT count(*) FROM tenon_audit WHERE entity = 'backup' AND user_id IS NOT NULL") }
        #expect(taken == 1)
    }

    @Test func `uploads that several servers share are in it as files, and shared again where it is restored to such a database`() async throws {
        let desk = try await desk()
        let bytes = [UInt8]("title\nMow\n".utf8)
        let engine = desk.kernel.store.engine
        try await engine.write { connection in
            try connection.execute("INSERT INTO tenon_import (entity, file_name, state, created_at) VALUES ('chore', 'a.csv', 'uploaded', 0)")
            try connection.execute("INSERT INTO tenon_import_file (import_id, kind, part, bytes) VALUES (1, 0, 0, ?)", [.blob(bytes)])
        }
        let path = try await backup(desk)
        let report = try BackupCheck.run(path)
        #expect(report.isSound && report.manifest?.files.contains { $0.path == "imports/1.csv" && $0.size == bytes.count } == true, "\(report)")
        let database = try TemporaryDatabase()
        let restorer = BackupRestorer(path: path, manifest: try #require(report.manifest))
        try await restorer.fill(database.engine, replacing: false, at: Moment(milliseconds: 0))
        try restorer.placeFiles(in: database.folder.path)
        #expect([UInt8](try Data(contentsOf: database.folder.appendingPathComponent("imports/1.csv"))) == bytes)
        let shared = try await database.engine.read { try SharedImportFiles.load(.upload, of: 1, $0) }
        #expect(shared == (database.engine.isShared ? bytes : nil))
    }

    @Test func `only administrators may take one`() async throws {
        let desk = try await FrontDesk()
        let refused = try await desk.ask("GET", "backup", as: FrontDesk.agent)
        #expect(refused.status == 403 && refused.detail.contains("administrators"))
    }

    @Test func `every table of the kernel is in a backup unless it is said why not`() async throws {
        let desk = try await FrontDesk()
        let report = try BackupCheck.run(try await backup(desk))
        let held = Set(try #require(report.manifest).tables.map(\.name))
        let all = Set(KernelTables.all(desk.kernel.store.engine.dialect).map(\.name))
        #expect(all.subtracting(held) == BackupTables.derived.union(BackupTables.passing).intersection(all))
        #expect(held.isSuperset(of: ["user", "team", "role", "webhook", "chore", "receipt"]))
    }

    @Test func `a damaged byte is found wherever it is, with the part that it is in`() async throws {
        let desk = try await desk()
        let path = try await backup(desk)
        let whole = [UInt8](try Data(contentsOf: URL(filePath: path)))
        // Where each part begins and ends.
        var places: [(name: String, head: Int, body: Range<Int>)] = []
        let reader = try TarReader(path)
        var at = 0
        while let entry = try reader.next() {
            places.append((entry.name, at, at + 512..<at + 512 + entry.size))
            at += 512 + (entry.size + 511) / 512 * 512
        }
        #expect(places.count >= 12)
        func damage(at place: Int) throws -> BackupCheck.Report {
            var bytes = whole
            bytes[place] ^= 0x04
            let copy = path + ".damaged"
            try Data(bytes).write(to: URL(filePath: copy))
            return try BackupCheck.run(copy)
        }
        for part in places where !part.body.isEmpty {
            let report = try damage(at: part.body.lowerBound + part.body.count / 2)
            let found = report.damage.map(\.part)
            let words = report.damage.map(\.message).joined()
            #expect(found == [part.name] || words.contains(part.name), "\(part.name): \(report.damage)")
        }
        for place in [places[3].head + 5, places[3].head + 130, places[3].head + 150, places[3].body.upperBound + 1, whole.count - 3] {
            #expect(try !damage(at: place).damage.isEmpty, "\(place)")
        }
        for length in [whole.count - 1024, whole.count / 2, 700] {
            try Data(whole.prefix(length)).write(to: URL(filePath: path + ".short"))
            let report = try BackupCheck.run(path + ".short")
            #expect(report.damage.first?.message.contains("ends too early") == true, "\(length): \(report.damage)")
        }
    }

    @Test func `something else is not taken for a backup`() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tenon-strange-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.path + "/strange"
        try Data(repeating: 0x41, count: 5000).write(to: URL(filePath: path))
        #expect(try !BackupCheck.run(path).damage.isEmpty)
        var bytes: [UInt8] = []
        let tar = TarWriter(at: Moment(milliseconds: 0)) { bytes += $0 }
        try tar.add("letter.txt", [1])
        try tar.finish()
        try Data(bytes).write(to: URL(filePath: path))
        #expect(try BackupCheck.run(path).damage.first?.message.contains("not a backup of this product") == true)
        #expect(throws: CRMError.self) { try BackupCheck.run(folder.path + "/nothing") }
    }

    @Test func `a backup of a later release is refused by name`() throws {
        let path = FileManager.default.temporaryDirectory.path + "/tenon-later-\(UUID().uuidString).tar"
        defer { try? FileManager.default.removeItem(atPath: path) }
        var bytes: [UInt8] = []
        let tar = TarWriter(at: Moment(milliseconds: 0)) { bytes += $0 }
        var head = BackupManifest.Head(product: "9.9", tables: 1, madeAt: "2031-01-01T00:00:00Z", engine: .sqlite)
        head.format = BackupManifest.format + 1
        try tar.add(BackupManifest.Part.head, try PayloadCoding.encode(head))
        try tar.finish()
        try Data(bytes).write(to: URL(filePath: path))
        let message = try BackupCheck.run(path).damage.first?.message ?? ""
        #expect(message.contains("release 9.9") && message.contains("format 2"), "\(message)")
    }

    /// Writes an archive whose checksums are right, as somebody could who means harm.
    private func forge(_ manifest: BackupManifest, _ parts: [(String, [UInt8])], to path: String) throws {
        var (bytes, sums): ([UInt8], String) = ([], "")
        let tar = TarWriter(at: Moment(milliseconds: 0)) { bytes += $0 }
        func add(_ name: String, _ content: [UInt8]) throws {
            try tar.add(name, content)
            sums += "\(Checksum.sha256(content))  \(name)\n"
        }
        try add(BackupManifest.Part.head, try PayloadCoding.encode(manifest.head))
        for (name, content) in parts { try add(name, content) }
        try add(BackupManifest.Part.manifest, try PayloadCoding.encode(manifest))
        try tar.add(BackupManifest.Part.sums, Array(sums.utf8))
        try tar.add(BackupManifest.Part.seal, Array("\(Checksum.sha256(Array(sums.utf8)))  SHA256SUMS\n".utf8))
        try tar.finish()
        try Data(bytes).write(to: URL(filePath: path))
    }

    @Test func `no file of a backup gets out of the folders that are meant`() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tenon-forged-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder.appendingPathComponent("inner"), withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.path + "/forged.tar"
        for name in ["files/../../evil.txt", "files//evil.txt", "plugins/evil/libevil.so", "evil.txt", "files/./evil.txt", "/evil.txt"] {
            var manifest = BackupManifest(head: .init(product: "1", tables: 1, madeAt: "2026-01-01T00:00:00Z", engine: .sqlite))
            manifest.files = [.init(path: name, size: 4, sha256: Checksum.sha256(Array("evil".utf8)))]
            try forge(manifest, [("files/" + name, Array("evil".utf8))], to: path)
            #expect(try BackupCheck.run(path).damage.isEmpty)
            let restorer = BackupRestorer(path: path, manifest: manifest)
            let error = #expect(throws: CRMError.self, "\(name)") { try restorer.placeFiles(in: folder.path + "/inner") }
            #expect(error?.message.contains("which no deployment has") == true)
        }
        let left = try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted()
        #expect(left == ["forged.tar", "inner"], "\(left)")
    }

    @Test func `names of a backup do not become statements`() async throws {
        let database = try TemporaryDatabase()
        for name in ["x\" (\"id\" INTEGER); DROP TABLE \"user", "", "größe"] {
            var manifest = BackupManifest(head: .init(product: "1", tables: 1, madeAt: "2026-01-01T00:00:00Z", engine: .sqlite))
            manifest.tables = [.init(name: name, plugin: "x", columns: [.init(name: "id", kind: .integer)], key: ["id"])]
            let restorer = BackupRestorer(path: "/dev/null", manifest: manifest)
            let error = await #expect(throws: CRMError.self) { try await restorer.fill(database.engine, replacing: false, at: Moment(milliseconds: 0)) }
            #expect(error?.message.contains("which no deployment has") == true)
        }
        #expect(try await database.engine.read { try BackupRestorer.isEmpty($0) })
    }

    @Test func `a table that this release does not have is not dropped on the way`() async throws {
        let path = FileManager.default.temporaryDirectory.path + "/tenon-later-table-\(UUID().uuidString).tar"
        defer { try? FileManager.default.removeItem(atPath: path) }
        var manifest = BackupManifest(head: .init(product: "9.9", tables: 1, madeAt: "2026-01-01T00:00:00Z", engine: .sqlite))
        var sum = RunningChecksum()
        manifest.tables = [.init(name: "tenon_future", plugin: "kernel", columns: [.init(name: "id", kind: .integer)], key: ["id"], sha256: sum.finish())]
        try forge(manifest, [], to: path)
        #expect(try BackupCheck.run(path).damage.isEmpty)
        let database = try TemporaryDatabase()
        let engine = database.engine
        let restorer = BackupRestorer(path: path, manifest: manifest)
        let error = await #expect(throws: CRMError.self) { try await restorer.fill(engine, replacing: false, at: Moment(milliseconds: 0)) }
        #expect(error?.message == "this release has no tenon_future")
        #expect(try await engine.read { try BackupRestorer.isEmpty($0) })
    }

    @Test func `a link that leads nowhere is told, and the backup is whole all the same`() async throws {
        let desk = try await desk()
        try await desk.kernel.store.engine.write { try $0.execute("UPDATE chore SET assigned_to = 4711 WHERE id = 7") }
        let report = try BackupCheck.run(try await backup(desk))
        #expect(report.damage.isEmpty && !report.isSound)
        #expect(report.loose.map(\.part) == ["chore.assigned_to"], "\(report.loose)")
        #expect(report.loose.first?.message == "1 link points at records that are not there, such as in 7")
    }

    @Test func `a backup is one moment, whatever is written meanwhile`() async throws {
        let desk = try await desk()
        let engine = desk.kernel.store.engine
        // Two numbers that are always changed together.
        try await engine.write { try $0.execute("INSERT INTO tenon_meta (\"key\", \"value\") VALUES ('a', '0'), ('z', '0')") }
        let writer = Task {
            var count = 0
            while !Task.isCancelled {
                count += 1
                let text = String(count)
                try await engine.write { connection in
                    for key in ["a", "z"] { try connection.execute("UPDATE tenon_meta SET \"value\" = ? WHERE \"key\" = ?", [.text(text), .text(key)]) }
                    try connection.execute("INSERT INTO tenon_preference (user_id, \"key\", \"value\") VALUES (1, ?, '')", [.text("k" + text)])
                }
            }
            return count
        }
        for round in 1...5 {
            let path = try await backup(desk, name: "round-\(round).tar")
            let report = try BackupCheck.run(path)
            #expect(report.isSound)
            var meta: [String: String] = [:]
            var preferences = 0
            let reader = try TarReader(path)
            while let entry = try reader.next() {
                guard let table = BackupManifest.Part.table(entry.name) else { continue }
                for line in try reader.whole().split(separator: UInt8(ascii: "\n")) {
                    let values = try JSONValue(parsing: Array(line)).array ?? []
                    if table == "tenon_meta" { meta[values[0].text ?? ""] = values[1].text }
                    if table == "tenon_preference" { preferences += 1 }
                }
            }
            #expect(meta["a"] == meta["z"] && meta["a"] == String(preferences), "\(meta) \(preferences)")
        }
        writer.cancel()
        // Nobody who wrote was held up for good.
        #expect(try await writer.value > 5)
    }
}
