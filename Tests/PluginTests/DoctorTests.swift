import Foundation
import PluginAPI
import Testing

@testable import Kernel

/// The doctor over a sales team's data: nothing is wrong with it, and each fault that is planted is found, by its own check alone.
@Suite struct DoctorTests {
    private struct Undone: Error {}

    /// Plants faults in a transaction, looks at what the doctor says in it, and takes everything back.
    private final class Ward {
        let host: SalesHost
        let checkup: Checkup
        let folder: String

        init() async throws {
            let host = try await SalesHost()
            try await host.fillDemo()
            // A number that was given and whose record is gone, as there is in every deployment.
            try await host.write { tx in
                let lead = try tx.add("lead", ["title": .text("Gone")])
                try tx.delete("lead", lead.id)
            }
            let rights = try await host.store.engine.read { try RightsLoader.load($0) }.with(host.store.registry)
            let keeper = MatchKeeper(store: host.store, rights: { rights }, log: { _ in })
            for entity in host.store.registry.entities where !entity.duplicates.isEmpty { try await keeper.complete(entity) }
            self.host = host
            folder = host.folder.path
            checkup = Checkup(
                engine: host.store.engine, registry: host.store.registry, rights: rights, now: host.clock.now, dataDirectory: host.folder.path)
        }

        /// What is not well after some changes, by check.
        func findings(_ plant: @escaping @Sendable (any Connection) throws -> Void = { _ in }) async throws -> [String: Finding] {
            let found = Found()
            let checkup = checkup
            do {
                try await host.store.engine.write { connection in
                    try plant(connection)
                    found.set(try checkup.inspect(connection))
                    throw Undone()
                }
            } catch is Undone {}
            return found.unwell
        }
    }

    private final class Found: @unchecked Sendable {
        // NB: unchecked, because it is written before the transaction ends and read after that.
        private var all: [Finding] = []
        func set(_ findings: [Finding]) { all = findings }
        var unwell: [String: Finding] { Dictionary(uniqueKeysWithValues: all.filter { $0.state != .ok }.map { ($0.check, $0) }) }
    }

    private func expect(
        _ found: [String: Finding], only check: String, _ words: String, mends: [Mend] = [], sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(Array(found.keys) == [check], "\(found)", sourceLocation: sourceLocation)
        #expect(found[check]?.message.contains(words) == true, "\(found)", sourceLocation: sourceLocation)
        #expect(found[check]?.mends == mends && found[check]?.hint.isEmpty == false, "\(found)", sourceLocation: sourceLocation)
    }

    @Test func `a healthy deployment has no finding, and each planted fault is found by its own check alone`() async throws {
        let ward = try await Ward()
        let engine = ward.host.store.engine
        let dialect = engine.dialect
        #expect(try await ward.findings().isEmpty)
        let lead: Int64 = try await engine.read { try $0.integer("SELECT min(id) FROM lead") ?? 0 }

        // The search index.
        if dialect.kind == .sqlite {
            try await engine.write { connection in
                try SQLiteDialect().tail(connection, "lead").end(Array(connection.columns(of: "tenon_search_lead")))
            }
            let missing = try await ward.findings { try $0.execute("DELETE FROM tenon_search_lead WHERE rowid = \(lead)") }
            expect(missing, only: "search", "lead \(lead) not in it", mends: [.search("lead")])
            let orphan = try await ward.findings { try $0.execute("INSERT INTO tenon_search_lead (rowid, title) VALUES (4711, 'ghost')") }
            expect(orphan, only: "search", "lead 4711 in it and gone", mends: [.search("lead")])
            let other = try await ward.findings { try $0.execute("UPDATE tenon_search_lead SET title = 'other' WHERE rowid = \(lead)") }
            expect(other, only: "search", "lead \(lead) in it with other words", mends: [.search("lead")])
        } else {
            let gone = try await ward.findings { try $0.execute("DROP INDEX tenon_search_lead") }
            expect(gone, only: "search", "lead: there is no index", mends: [.search("lead")])
        }

        // The trail.
        let changed = try await ward.findings { try $0.execute("UPDATE lead_status SET color = '#123456' WHERE id = (SELECT min(id) FROM lead_status)") }
        expect(changed, only: "audit", "(color) not as the trail says")
        let version = try await ward.findings { try $0.execute("UPDATE lead_status SET version = version + 1 WHERE id = (SELECT max(id) FROM lead_status)") }
        expect(version, only: "audit", "(version) not as the trail says")
        let unborn = try await ward.findings { try $0.execute("DELETE FROM tenon_audit WHERE entity = 'lead' AND record = \(lead)") }
        expect(unborn, only: "audit", "lead \(lead) without a beginning in the trail")
        let lost = try await ward.findings { try $0.execute("DELETE FROM tenon_audit WHERE entity = 'lead' AND action = 'deleted'") }
        expect(lost, only: "audit", "gone without a word in the trail")

        // Links.
        let loose = try await ward.findings {
            try $0.execute("INSERT INTO lead_status_change (version, created_at, updated_at, lead) VALUES (1, 0, 0, 999999)")
        }
        expect(loose, only: "references", "lead_status_change.lead in 1 record")
        let list = try await ward.findings { connection in
            let user: Int64 = try connection.integer("SELECT min(id) FROM \"user\"") ?? 0
            try connection.execute("UPDATE \"user\" SET roles = '[1,999]' WHERE id = \(user)")
            // As if it had been so from the beginning: this is about links.
            try connection.execute("UPDATE tenon_audit SET changes = '{}' WHERE entity = 'user' AND record = \(user)")
        }
        expect(list, only: "references", "user.roles in 1 record")

        // Figures of boards.
        let figure = try await ward.findings {
            try $0.execute(
                """
                UPDATE tenon_board_figure SET "count" = "count" + 1 WHERE entity = 'deal' AND measure = '' AND "value" = \
                (SELECT min("value") FROM tenon_board_figure WHERE entity = 'deal' AND measure = '')
                """)
        }
        expect(figure, only: "boards", "deal", mends: [.figures("deal")])
        let sum = try await ward.findings { try $0.execute("UPDATE tenon_board_figure SET low = low + 1 WHERE entity = 'deal' AND measure <> ''") }
        expect(sum, only: "boards", "deal", mends: [.figures("deal")])

        // Keys of duplicates.
        let key = try await ward.findings { try $0.execute("DELETE FROM tenon_match_key WHERE entity = 'lead' AND record = \(lead)") }
        expect(key, only: "duplicates", "lead \(lead)", mends: [.matchKeys("lead")])
        let ghost = try await ward.findings { try $0.execute("INSERT INTO tenon_match_key (entity, key, record) VALUES ('lead', 1, 4711)") }
        expect(ghost, only: "duplicates", "lead 4711", mends: [.matchKeys("lead")])

        // What waits.
        let delivery = try await ward.findings {
            try $0.execute(
                "INSERT INTO tenon_outbox (hook, plugin, listener, payload, created_at, next_at, attempts, state) VALUES ('x', 'ghost', 'x', '{}', 0, 0, 0, 'pending')")
        }
        expect(delivery, only: "waiting", "a delivery waits for the plugin ghost")
        let run = try await ward.findings {
            try $0.execute(
                "INSERT INTO tenon_job (name, plugin, payload, user_id, run_at, attempts, state, created_at) VALUES ('x', 'leads', '{}', 4711, 0, 0, 'queued', 0)")
        }
        expect(run, only: "waiting", "a run waits for the user 4711")
        let secret = try await ward.findings { try $0.execute("INSERT INTO tenon_webhook_secret (webhook, secret) VALUES (4711, 'x')") }
        expect(secret, only: "waiting", "a secret of the webhook 4711")

        // Ids. What a server has counted is not taken back with the transaction.
        let last: Int64 = try await engine.read { try dialect.lastNumber($0, of: "lead") }
        let early = try await ward.findings { try dialect.setLastNumber($0, of: "lead", to: 3) }
        expect(early, only: "numbers", "lead after 3, and \(last) was given", mends: [.numbers("lead", last)])
        try await engine.write { try dialect.setLastNumber($0, of: "lead", to: last) }

        // Files.
        let upload = try await ward.findings {
            try $0.execute("INSERT INTO tenon_import (entity, file_name, state, created_at) VALUES ('lead', 'a.csv', 'checked', 0)")
        }
        expect(upload, only: "files", "the uploaded file of import 1 is gone")
        try FileManager.default.createDirectory(atPath: ward.folder + "/files/ghost", withIntermediateDirectories: true)
        expect(try await ward.findings(), only: "files", "files/ghost belongs to nothing", mends: [.leftovers])
        try FileManager.default.removeItem(atPath: ward.folder + "/files/ghost")
        #expect(try await ward.findings().isEmpty)
    }
}
