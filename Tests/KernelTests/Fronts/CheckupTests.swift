import Foundation
import PluginAPI
import Testing

@testable import Kernel

@Suite struct CheckupTests {
    private func findings(_ database: TemporaryDatabase, _ registry: Registry, people: RightsSnapshot? = nil) async throws -> [String: Finding] {
        let rights = if let people { people } else { try await database.engine.read { try RightsLoader.load($0) } }
        let checkup = Checkup(
            engine: database.engine, registry: registry, rights: rights, now: try #require(Moment("2026-03-02T09:00:00Z")))
        return Dictionary(uniqueKeysWithValues: try await checkup.findings().map { ($0.check, $0) })
    }

    @Test func `a healthy deployment passes every check`() async throws {
        let fixture = try await AccessFixture()
        try await fixture.addUser("anna@example.com", roles: [.administrator], password: nil)
        let all = try await findings(fixture.database, try registry())
        // Where several servers may work on the database, these are looked at, too.
        let shared: Set<String> = fixture.database.engine.isShared ? ["peers"] : []
        #expect(
            Set(all.keys).subtracting(shared) == [
                "store", "tables", "references", "deliveries", "jobs", "schedules", "people", "quarantine", "crashes", "search", "audit",
                "boards", "duplicates", "waiting", "numbers",
            ])
        #expect(all.values.allSatisfy { $0.state == .ok && $0.hint.isEmpty }, "\(all)")
    }

    @Test func `planted faults are found, each by its own check`() async throws {
        let database = try TemporaryDatabase()
        let healthy = try registry(.projects)
        try await database.prepare(for: healthy)
        try await database.engine.write { connection in
            try connection.execute("INSERT INTO project (id, version, created_at, updated_at, name, phase) VALUES (1, 1, 0, 0, 'A', 99)")
            try connection.execute(
                "INSERT INTO tenon_outbox (hook, plugin, listener, payload, created_at, next_at, attempts, state) "
                    + "VALUES ('project_done', 'projects', 'x', '{}', 0, 0, 8, 'failed')")
            try connection.execute(
                "INSERT INTO tenon_job (name, plugin, payload, run_at, attempts, state, created_at) "
                    + "VALUES ('projects.tidy', 'projects', '{}', 0, 3, 'failed', 0)")
        }
        let all = try await findings(database, healthy)
        #expect(all["references"]?.message == "references point at nothing: project.phase in 1 record")
        #expect(all["deliveries"]?.message == "1 delivery failed for good")
        #expect(all["jobs"]?.message == "runs failed for good: projects.tidy")
        #expect(all["people"]?.state == .failed)
        #expect(all["store"]?.state == .ok)
        #expect(all.values.filter { $0.state != .ok }.allSatisfy { !$0.hint.isEmpty })
    }

    @Test func `a column that is not there is named`() async throws {
        let database = try TemporaryDatabase()
        try await database.prepare(for: try registry())
        try await database.engine.write { connection in try connection.execute("ALTER TABLE \"team\" RENAME COLUMN \"manager\" TO \"boss\"") }
        let all = try await findings(database, try registry())
        #expect(all["tables"]?.message == "columns are missing: team.manager")
    }

    @Test func `damage of the stored bytes is told by the engine`() async throws {
        let database = try TemporaryDatabase()
        try await database.prepare(for: try registry(.projects))
        #expect(try await database.engine.integrityProblems().isEmpty)
        guard database.engine.dialect.kind == .sqlite else {
            try await database.engine.write { try $0.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = to_regclass('tenon_job__state__name__run_at__id__index')") }
            let broken = try await database.engine.read { try $0.first("SELECT c.relname::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE NOT i.indisvalid") { $0.text(0) } }
            #expect(broken != nil)
            #expect(try await database.engine.integrityProblems() == ["the index \(broken ?? "") is not whole"])
            return
        }
        // So much that the log is moved into the file.
        try await database.engine.write { connection in
            for number in 0..<200 {
                let long = String(repeating: "x", count: 100_000)
                try connection.execute("INSERT INTO tenon_preference (user_id, \"key\", \"value\") VALUES (1, ?, ?)", [.text("key \(number)"), .text(long)])
            }
        }
        try await database.engine.close()
        let path = database.folder.path + "/tenon.sqlite"
        for end in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + end) }
        var bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
        // The beginnings of the last pages, which say what is in them.
        let pages: Int = bytes.count / 4096
        try #require(pages > 4000)
        for page in pages - 10..<pages { for place in 0..<16 { bytes[page * 4096 + place] = 0x5A } }
        try Data(bytes).write(to: URL(filePath: path))
        let engine = try database.reopened()
        let damage = try await engine.integrityProblems()
        #expect(!damage.isEmpty)
        try await engine.close()
    }
}
