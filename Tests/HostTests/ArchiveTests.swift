import Foundation
import PluginAPI
import Testing

@testable import Kernel

/// Uninstalling leaves nothing but an archive, and the archive brings everything back.
@Suite struct ArchiveTests {
    private let id = LedgerlyTests.id

    private struct Office {
        let kernel: Kernel
        let deployment: Deployment
        let administrator = Actor.system("test", rights: .empty)

        func ask(_ method: String, _ path: String, _ body: String = "") async throws -> (status: Int, json: JSONValue, bytes: [UInt8]) {
            let pieces = path.split(separator: "?", maxSplits: 1)
            let parts: [String] = pieces[0].split(separator: "/").map(String.init)
            let query: [FrontRequest.QueryItem] = pieces.count > 1 ? FrontRequest.parseQuery(pieces[1]) ?? [] : []
            let request = FrontRequest(
                method: method, path: ["api", "v1"] + parts, query: query, headers: ["content-type": "application/json"], body: Array(body.utf8), isLocal: true)
            let response: FrontResponse = await kernel.front.respond(request)
            var bytes: [UInt8] = []
            switch response.body {
            case .bytes, .pieces: bytes = response.body.bytes ?? []
            case .stream(let pieces): for await piece in pieces { bytes += piece }
            }
            return (response.status, (try? JSONValue(parsing: bytes)) ?? .null, bytes)
        }

        /// All that is stored of an entity, as it is sent.
        func contents(_ path: String) async throws -> String {
            let list = try await ask("GET", path)
            #expect(list.status == 200)
            var text = String(decoding: list.bytes, as: UTF8.self)
            for record in list.json["data"]?.array ?? [] {
                let timeline = try await ask("GET", "\(path)/\(record["id"]?.text ?? "")/timeline")
                // Each entry has a number of its own in the database.
                let entries: [JSONValue] = (timeline.json["data"]?.array ?? []).map { entry in
                    .object((entry.members ?? []).filter { $0.name != "id" })
                }
                text += JSONValue.array(entries).text()
            }
            return text
        }
    }

    private func boot(_ deployment: Deployment) async throws -> Office {
        let kernel = try await Kernel.boot(Kernel.Options(dataDirectory: deployment.folder.path, home: .none, beginning: .all, isDurable: false))
        if kernel.rights.firstAdministrator == nil {
            try await kernel.makeAdministrator(email: "admin@example.com", name: "Admin", password: "a long enough password")
        }
        return Office(kernel: kernel, deployment: deployment)
    }

    /// Entries with a book, a custom field, a setting, a saved view, and a parcel that points at an entry.
    private func fill(_ office: Office) async throws {
        func post(_ path: String, _ body: String) async throws {
            let answer = try await office.ask("POST", path, body)
            #expect(answer.status == 201, "\(path): \(String(decoding: answer.bytes, as: UTF8.self))")
        }
        try await post("custom-fields", #"{"entity": "ledgerly_entry", "name": "shelf", "type": "text", "searchable": true}"#)
        try await post("custom-fields", #"{"entity": "parcel", "name": "entry", "type": "reference", "target": "ledgerly_entry"}"#)
        try await post("ledgerly-entries", #"{"label": "Harbour", "amount": "12.50", "shelf": "north"}"#)
        try await post("ledgerly-entries", #"{"label": "北海 \"wall\"", "book": "General"}"#)
        #expect(try await office.ask("PATCH", "ledgerly-entries/1", #"{"label": "Harbour wall"}"#).status == 200)
        try await post("parcels", #"{"label": "Box", "entry": 2}"#)
        try await post("parcels", #"{"label": "Empty"}"#)
        try await post("ledgerly-entries/1/notes", #"{"text": "Counted twice"}"#)
        try await post("parcels/2/notes", #"{"text": "Stays"}"#)
        try await office.kernel.store.write(as: office.administrator) { transaction in
            try transaction.continueTimeline(from: ("ledgerly_entry", RecordID(1)), to: ("parcel", RecordID(1)))
        }
        #expect(try await office.ask("PATCH", "settings", #"{"ledgerly.color": "green"}"#).status == 200)
        #expect(try await office.ask("POST", "jobs/ledgerly.sweep/run", "{}").status < 300)
        _ = try await office.kernel.store.engine.write { connection in
            try connection.execute(
                "INSERT INTO tenon_view (user_id, entity, title, query, shared, position) VALUES (1, 'ledgerly_entry', 'Mine', 'q=1', 0, 0)")
        }
    }

    @Test func `what is dropped is named beforehand, goes only with the plugin's name typed, and leaves nothing behind`() async throws {
        let office: Office = try await boot(try Deployment("Ledgerly", "ThrowsInHook"))
        try await fill(office)
        let plan = try await office.ask("POST", "plugins/plan", #"{"action": "uninstall", "plugins": ["ledgerly"]}"#)
        let drops: [String] = (plan.json["steps"]?.array?.first?["drops"]?.array ?? []).map { drop in
            "\(drop["kind"]?.text ?? "") \(drop["name"]?.text ?? "") \(drop["rows"]?.text ?? "")"
        }
        #expect(drops.contains("table ledgerly_entry 2"))
        #expect(drops.contains("field ledgerly_entry.shelf 1"))
        #expect(drops.contains("field parcel.entry 1"))
        #expect(drops.contains("settings ledgerly 1"))
        #expect(drops.contains("saved views ledgerly_entry 1"))
        #expect(drops.contains("notes ledgerly_entry 1"))
        #expect(drops.contains("rights ledgerly_entry 2"), "\(drops)")

        let refused = try await office.ask("POST", "plugins/ledgerly/uninstall", #"{"destroy": ["parcel"]}"#)
        #expect(refused.status == 409)
        #expect(refused.json["hint"]?.text == "Say so by its id: --yes-destroy ledgerly.")
        #expect(try await office.ask("GET", "ledgerly-entries").status == 200)

        let done = try await office.ask("POST", "plugins/ledgerly/uninstall", #"{"destroy": ["ledgerly"]}"#)
        #expect(done.status == 200)
        #expect(try await office.kernel.store.read(as: office.administrator) { try $0.searchNotes("stays").map(\.label) } == ["Empty"])
        let left: [String] = try await residue(office)
        #expect(left == [], "\(left)")
        #expect(try await office.ask("GET", "parcels/1").json["entry"] == nil)
        #expect(!FileManager.default.fileExists(atPath: office.deployment.folder.path + "/kept/ledgerly"))
        // The fact itself stays on record.
        #expect(try await office.kernel.plugins.history(of: id).first?.action == "uninstalled")
        // The next start knows nothing of it either, and the plugin is there to be switched on anew.
        let again: Office = try await boot(office.deployment)
        #expect(try await again.kernel.plugins.status(of: id).state == .available)
    }

    @Test func `webhooks that wait for nothing else are switched off with the reason on record, as the plan said`() async throws {
        let office: Office = try await boot(try Deployment("Ledgerly", "ThrowsInHook"))
        func webhook(_ name: String, _ hooks: String, _ more: String = "") async throws -> String {
            let made = try await office.ask("POST", "webhooks", #"{"name": "\#(name)", "url": "https://example.com/in", "hooks": "\#(hooks)"\#(more)}"#)
            #expect(made.status == 201, "\(made.json)")
            return made.json["id"]?.text ?? ""
        }
        let only = try await webhook("Books", "ledgerly_booked ledgerly_entry_created")
        let about = try await webhook("About", "*", #", "entity": "ledgerly_book""#)
        let both = try await webhook("Both", "ledgerly_booked parcel_created")
        let all = try await webhook("All", "*")
        let plan = try await office.ask("POST", "plugins/plan", #"{"action": "uninstall", "plugins": ["ledgerly"]}"#)
        let read: PluginPlan = try PayloadCoding.decode(PluginPlan.self, from: plan.bytes)
        let step: PluginPlan.Step = try #require(read.steps.first)
        #expect(step.sections.first { $0.title == "Switches off" }?.lines.map(\.text) == [
            "the webhook Books, which waits for ledgerly_booked, ledgerly_entry_created", "the webhook About, which waits for *",
        ])
        #expect(step.sections.first { $0.title == "Goes on with less" }?.brief == "the webhook Both gets no more ledgerly_booked")
        #expect(try await office.ask("POST", "plugins/ledgerly/uninstall", #"{"destroy": ["ledgerly"]}"#).status == 200)
        for id in [only, about] {
            let webhook = try await office.ask("GET", "webhooks/\(id)").json
            #expect(webhook["active"]?.bool == false)
            #expect(webhook["inactive_reason"]?.text?.hasPrefix("Ledgerly was uninstalled, which sent ") == true, "\(webhook)")
            let timeline = try await office.ask("GET", "webhooks/\(id)/timeline")
            #expect(String(decoding: timeline.bytes, as: UTF8.self).contains("was uninstalled"))
        }
        for id in [both, all] { #expect(try await office.ask("GET", "webhooks/\(id)").json["active"]?.bool == true) }
    }

    @Test func `files that were uploaded for a plugin's records go with it`() async throws {
        let office: Office = try await boot(try Deployment("Ledgerly", "ThrowsInHook"))
        func upload(_ entity: String) async throws -> String {
            let made = try await office.ask("POST", "imports?entity=\(entity)", "label\nHarbour\n")
            #expect(made.status == 201, "\(made.json)")
            return office.deployment.folder.path + "/imports/\(made.json["id"]?.text ?? "").csv"
        }
        let (going, staying) = (try await upload("ledgerly_entry"), try await upload("parcel"))
        for file in [going, staying] { #expect(FileManager.default.fileExists(atPath: file)) }
        let plan = try await office.ask("POST", "plugins/plan", #"{"action": "uninstall", "plugins": ["ledgerly"]}"#)
        let step: PluginPlan.Step = try #require(try PayloadCoding.decode(PluginPlan.self, from: plan.bytes).steps.first)
        let lost: [String] = step.sections.first { $0.title == "Deletes for good" }?.lines.map(\.text) ?? []
        #expect(lost.contains("1 import with its file (ledgerly_entry)"), "\(lost)")
        #expect(try await office.ask("POST", "plugins/ledgerly/uninstall", #"{"destroy": ["ledgerly"]}"#).status == 200)
        #expect(!FileManager.default.fileExists(atPath: going))
        #expect(FileManager.default.fileExists(atPath: staying))
    }

    @Test func `rights are one line for each entity, with the roles behind it`() async throws {
        let office: Office = try await boot(try Deployment("Ledgerly"))
        let plan = try await office.ask("POST", "plugins/plan", #"{"action": "uninstall", "plugins": ["ledgerly"]}"#)
        let step: PluginPlan.Step = try #require(try PayloadCoding.decode(PluginPlan.self, from: plan.bytes).steps.first)
        let lines: [PluginPlan.Step.Section.Line] = step.sections.first { $0.title == "Deletes for good" }?.lines ?? []
        let rights: [PluginPlan.Step.Section.Line] = lines.filter { $0.text.hasPrefix("rights of") }
        #expect(rights.map(\.text) == ["rights of 2 roles on ledgerly_entry"])
        #expect(rights.first?.details.sorted() == ["Finance: create (all), edit (own), view (all)", "Sales agent: create (all), edit (own), view (all)"])
        #expect(try await office.ask("POST", "plugins/ledgerly/uninstall", #"{"destroy": ["ledgerly"]}"#).status == 200)
        let back = try await office.ask("POST", "plugins/plan", #"{"action": "enable", "plugins": ["ledgerly"]}"#)
        let coming: PluginPlan.Step = try #require(try PayloadCoding.decode(PluginPlan.self, from: back.bytes).steps.first)
        let section = try #require(coming.sections.first { $0.title == "Rights for roles" })
        #expect(section.lines.map(\.text) == ["2 roles on ledgerly_entry"])
        #expect(section.lines.first?.details.count == 6 && coming.rights.count == 6)
    }

    @Test func `an archive brings back the same records, fields, rights and settings`() async throws {
        let office: Office = try await boot(try Deployment("Ledgerly", "ThrowsInHook"))
        try await fill(office)
        let paths: [String] = ["ledgerly-entries", "ledgerly-books", "parcels"]
        var before: [String] = []
        for path in paths { before.append(try await office.contents(path)) }
        let roles: [String] = try await Self.grants(office)
        let done = try await office.ask("POST", "plugins/ledgerly/uninstall", #"{"destroy": ["ledgerly"]}"#)
        let archive: String = try #require(done.json["data"]?.array?.first?["archive"]?.text)
        let early = try await office.ask("POST", "plugins/restore", #"{"archive": "\#(archive)"}"#)
        #expect(early.json["detail"]?.text == "the plugin ledgerly of the archive is not switched on")

        #expect(try await office.ask("POST", "plugins/ledgerly/enable", #"{"approve": true}"#).status == 200)
        let back = try await office.ask("POST", "plugins/restore", #"{"archive": "\#(archive)"}"#)
        #expect(back.status == 200, "\(back.json)")
        #expect(back.json["records"]?.text == "3")
        var after: [String] = []
        for path in paths { after.append(try await office.contents(path)) }
        #expect(after == before)
        #expect(try await Self.grants(office) == roles)
        #expect(try await office.ask("GET", "settings/ledgerly.color").json["value"] == .string("green"))
        // Found by what a custom field says, and changed like any other record.
        let found = try await office.kernel.store.read(as: office.administrator) { transaction in
            try transaction.all("ledgerly_entry", where: .search("north"), sort: [], limit: 5).map { $0["label"] }
        }
        #expect(found == [.text("Harbour wall")])
        let notes = try await office.kernel.store.read(as: office.administrator) { try $0.searchNotes("counted").map(\.label) }
        #expect(notes == ["Harbour wall"])
        #expect(try await office.ask("PATCH", "ledgerly-entries/1", #"{"label": "Quay"}"#).json["version"]?.text == "3")
        // A second time there are records of somebody's own.
        #expect(try await office.ask("POST", "plugins/restore", #"{"archive": "\#(archive)"}"#).status == 409)
    }

    /// Everything in the database that still names the plugin: in the schema, and in any text of any table but the history of
    /// plugins, of custom fields and of what roles may do: that these were there stays on record.
    private func residue(_ office: Office) async throws -> [String] {
        try await office.kernel.store.engine.read { connection in
            var found: [String] = try connection.all(
                "SELECT name FROM sqlite_master WHERE name LIKE '%ledgerly%' OR sql LIKE '%ledgerly%'") { $0.text(0) }
            let tables: [String] = try connection.all("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'tenon_search_%'") { $0.text(0) }
            for table in tables {
                let own: String = table == "tenon_audit" ? " AND entity NOT IN ('plugin', 'custom_field', 'role')" : ""
                for column in try connection.columns(of: table) {
                    let rows: Int64 = try connection.integer(
                        "SELECT count(*) FROM \"\(table)\" WHERE CAST(\"\(column)\" AS TEXT) LIKE '%ledgerly%'\(own)") ?? 0
                    if rows > 0 { found.append("\(table).\(column)") }
                    if rows > 0, table == "tenon_audit" {
                        found += try connection.all("SELECT entity || ' ' || action || ' ' || changes FROM tenon_audit WHERE changes LIKE '%ledgerly%'\(own)") { $0.text(0) }
                    }
                }
            }
            return found
        }
    }

    private static func grants(_ office: Office) async throws -> [String] {
        try await office.kernel.store.engine.read { try $0.all("SELECT grants FROM role ORDER BY id") { $0.text(0) } }
    }
}
