import PluginAPI
import Testing

@testable import Kernel

@Suite struct NoteTests {
    private let desk: FrontDesk

    init() async throws { desk = try await FrontDesk() }

    private func note(_ chore: Int64, _ text: String, as user: String = FrontDesk.boss) async throws -> FrontDesk.Answer {
        try await desk.ask("POST", "chores/\(chore)/notes", #"{"text": "\#(text)"}"#, as: user)
    }

    private func texts(_ chore: Int64, as user: String = FrontDesk.boss) async throws -> [String] {
        try await desk.ask("GET", "chores/\(chore)/notes", as: user).json["data"]?.array?.compactMap { $0["text"]?.text } ?? []
    }

    @Test func `a note stands on a record, newest first, with its author`() async throws {
        let chore = try await desk.chore("Rake")
        let first = try await note(chore, "Bring gloves\\nand a hat")
        #expect(first.status == 201)
        #expect(first.headers["location"] == "/api/v1/chores/\(chore)/notes/\(first.id)")
        #expect(first.json["user_label"] == .string("Berta Boss"))
        try await note(chore, "Second")
        #expect(try await texts(chore) == ["Second", "Bring gloves\nand a hat"])
        let page = try await desk.ask("GET", "chores/\(chore)/notes?limit=1").json
        let next = try #require(page["next"]?.text)
        let rest = try await desk.ask("GET", "chores/\(chore)/notes?cursor=\(next)").json
        #expect(rest["data"]?.array?.compactMap { $0["id"]?.int } == [first.id])
    }

    @Test(arguments: [#"{"text": ""}"#, #"{"text": "  \n "}"#, "{}", #"{"text": 5}"#, #"{"text": "a", "by": 3}"#, #"{"text": "a\u0007b"}"#])
    func `a note without a proper text is refused by field`(body: String) async throws {
        let chore = try await desk.chore("Rake")
        let answer = try await desk.ask("POST", "chores/\(chore)/notes", body)
        #expect(answer.status == 422)
        #expect(answer.fields.count == 1)
        #expect(try await texts(chore) == [])
    }

    @Test func `a note has at most ten thousand characters`() async throws {
        let chore = try await desk.chore("Rake")
        #expect(try await note(chore, String(repeating: "ä", count: 10_000)).status == 201)
        #expect(try await note(chore, String(repeating: "ä", count: 10_001)).status == 422)
    }

    @Test func `whoever may see a record sees its notes and writes some, and nobody else`() async throws {
        let own = try await desk.chore("Own", as: FrontDesk.agent)
        let other = try await desk.chore("Other")
        #expect(try await note(own, "From above").status == 201)
        #expect(try await note(own, "From the agent", as: FrontDesk.agent).status == 201)
        #expect(try await texts(own, as: FrontDesk.agent) == ["From the agent", "From above"])
        #expect(try await note(other, "Peeping", as: FrontDesk.agent).status == 404)
        #expect(try await desk.ask("GET", "chores/\(other)/notes", as: FrontDesk.agent).status == 404)
        #expect(try await desk.ask("GET", "users/1/notes").status == 404)
    }

    @Test func `a note is changed and deleted by its author and by administrators alone`() async throws {
        let chore = try await desk.chore("Own", as: FrontDesk.agent)
        let bosses = try await note(chore, "From above").id
        let own = try await note(chore, "Mine", as: FrontDesk.agent).id
        #expect(try await desk.ask("PATCH", "chores/\(chore)/notes/\(bosses)", #"{"text": "x"}"#, as: FrontDesk.agent).status == 403)
        #expect(try await desk.ask("DELETE", "chores/\(chore)/notes/\(bosses)", as: FrontDesk.agent).status == 403)
        let changed = try await desk.ask("PATCH", "chores/\(chore)/notes/\(own)", #"{"text": "Mine, better"}"#, as: FrontDesk.agent)
        #expect(changed.json["edited_at"]?.text != nil)
        #expect(try await desk.ask("DELETE", "chores/\(chore)/notes/\(own)").status == 204)
        #expect(try await texts(chore) == ["From above"])
        // The number of a note opens no other record's notes.
        let other = try await desk.chore("Another", as: FrontDesk.agent)
        #expect(try await desk.ask("GET", "chores/\(other)/notes/\(bosses)").status == 404)
    }

    @Test func `notes stand in the timeline between the changes, in order`() async throws {
        let chore = try await desk.chore("Rake")
        let first = try await note(chore, "Bring gloves").id
        try await desk.ask("PATCH", "chores/\(chore)", #"{"title": "Rake the leaves"}"#)
        let second = try await note(chore, "Windy").id
        let entries = try await desk.ask("GET", "chores/\(chore)/timeline").json["data"]?.array ?? []
        #expect(entries.compactMap { $0["action"]?.text } == ["note_added", "updated", "note_added", "created"])
        #expect(entries[0]["note"]?["text"] == .string("Windy"))
        try await desk.ask("PATCH", "chores/\(chore)/notes/\(second)", #"{"text": "Very windy"}"#)
        try await desk.ask("DELETE", "chores/\(chore)/notes/\(first)")
        let later = try await desk.ask("GET", "chores/\(chore)/timeline").json["data"]?.array ?? []
        #expect(later.compactMap { $0["action"]?.text } == ["note_deleted", "note_changed", "note_added", "updated", "note_added", "created"])
        #expect(later[2]["note"]?["text"] == .string("Very windy"))
        #expect(later[4]["note"] == .null)
        // What was in a deleted note is in the trail, and not in the answer.
        #expect(!later.map { $0.text() }.joined().contains("gloves"))
        let kept = try await desk.kernel.store.engine.read {
            try $0.integer("SELECT count(*) FROM tenon_audit WHERE action = 'note_deleted' AND changes LIKE '%Bring gloves%'")
        }
        #expect(kept == 1)
    }

    @Test func `a note does not make a new version of the record, so nobody's form is in the way`() async throws {
        let chore = try await desk.chore("Rake")
        try await note(chore, "Bring gloves")
        #expect(try await desk.ask("GET", "chores/\(chore)").json["version"] == .number("1"))
        #expect(try await desk.ask("PATCH", "chores/\(chore)", #"{"title": "Rake well"}"#, headers: ["if-match": "\"1\""]).status == 200)
    }

    @Test func `notes go with the record and are there again when it comes back`() async throws {
        let chore = try await desk.chore("Rake")
        try await note(chore, "Zebra crossing")
        try await desk.ask("DELETE", "chores/\(chore)")
        #expect(try await desk.ask("GET", "chores/\(chore)/notes").status == 404)
        #expect(try await desk.ask("GET", "search?q=zebra").json["data"]?.array == [])
        try await desk.kernel.store.engine.write {
            _ = try $0.execute("INSERT INTO chore (id, version, created_at, updated_at, title) VALUES (?, 3, 0, 0, 'Rake')", [.integer(chore)])
        }
        #expect(try await texts(chore) == ["Zebra crossing"])
    }

    @Test func `the search over everything finds notes on records that the reader may see`() async throws {
        let own = try await desk.chore("Own", as: FrontDesk.agent)
        let other = try await desk.chore("Other")
        try await note(own, "The zebra waits at the gate")
        try await note(other, "Another zebra")
        func found(_ words: String, as user: String) async throws -> [String] {
            let hits = try await desk.ask("GET", "search?q=\(words)", as: user).json["data"]?.array ?? []
            return hits.compactMap { hit in hit["note"]?.text.map { "\(hit["label"]?.text ?? "") \(hit["id"]?.int ?? 0): \($0)" } }
        }
        #expect(try await found("zebra", as: FrontDesk.boss) == ["Other \(other): Another zebra", "Own \(own): The zebra waits at the gate"])
        #expect(try await found("zebra", as: FrontDesk.agent) == ["Own \(own): The zebra waits at the gate"])
        #expect(try await found("gate+zebra", as: FrontDesk.agent) == ["Own \(own): The zebra waits at the gate"])
        #expect(try await found("giraffe", as: FrontDesk.boss) == [])
        try await desk.ask("PATCH", "chores/\(own)/notes/1", #"{"text": "The giraffe waits"}"#)
        #expect(try await found("zebra", as: FrontDesk.agent) == [])
        #expect(try await found("giraffe", as: FrontDesk.agent).count == 1)
    }

    @Test func `the same note sent twice under one key is written once`() async throws {
        let chore = try await desk.chore("Rake")
        for _ in 0..<2 {
            let answer = try await desk.ask("POST", "chores/\(chore)/notes", #"{"text": "Once"}"#, headers: ["idempotency-key": "k1"])
            #expect(answer.status == 201)
        }
        #expect(try await texts(chore) == ["Once"])
    }
}
