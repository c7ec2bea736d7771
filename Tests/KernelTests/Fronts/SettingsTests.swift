import PluginAPI
import Testing

@testable import Kernel

extension Composition.Part {
    /// A module with settings of its own.
    static var dials: Composition.Part {
        of("dials") { crm in
            crm.setting(Setting<Int>("dials.speed", "Speed", default: 3, .range(1...9)))
            crm.setting(Setting<String?>("dials.note", "Note", default: nil))
            crm.setting(Setting<Bool>("dials.loud", "Loud", default: false))
        }
    }
}

@Suite("Settings as a whole") struct SettingsTests {
    private func keys(_ answer: FrontDesk.Answer) -> [String] { (answer.json["changes"]?.array ?? []).compactMap { $0["key"]?.text } }

    private func value(_ desk: FrontDesk, _ key: String) async throws -> String? {
        try await desk.ask("GET", "settings/\(key)").json["value"]?.text
    }

    @Test func `one setting is changed and goes back to its default`() async throws {
        let desk = try await FrontDesk(with: .dials)
        #expect(try await desk.ask("PATCH", "settings/dials.speed", #"{"value": 5}"#).json["value"]?.int == 5)
        #expect(try await desk.ask("PATCH", "settings/dials.speed", #"{"value": 99}"#).fields == ["dials.speed"])
        #expect(try await desk.ask("PATCH", "settings/dials.speed", "{}").fields == ["value"])
        let reset = try await desk.ask("DELETE", "settings/dials.speed")
        #expect(reset.json["value"]?.int == 3 && reset.json["is_default"]?.bool == true)
        #expect(try await desk.ask("DELETE", "settings/dials.moon").status == 404)
    }

    @Test func `many settings are changed together or not at all, with the problem of each`() async throws {
        let desk = try await FrontDesk(with: .dials)
        let bad = try await desk.ask("PATCH", "settings", #"{"dials.speed": 99, "dials.loud": true, "kernel.currency": "moon", "dials.moon": 1}"#)
        #expect(bad.status == 422)
        #expect(Set(bad.fields) == ["dials.speed", "kernel.currency", "dials.moon"])
        #expect(try await value(desk, "dials.loud") == "false", "nothing of it is stored")
        try await desk.ask("PATCH", "settings", #"{"dials.speed": 9, "dials.loud": true}"#)
        #expect(try await value(desk, "dials.speed") == "9")
        #expect(try await value(desk, "dials.loud") == "true")
    }

    @Test func `a file of settings says what it would change before it does`() async throws {
        let desk = try await FrontDesk(with: .dials)
        try await desk.ask("PATCH", "settings", #"{"dials.speed": 7, "dials.note": "soft", "kernel.name": "Harbour"}"#)
        let file = try await desk.ask("GET", "settings/export")
        #expect(file.headers["content-disposition"] == "attachment; filename=\"settings.json\"")
        #expect(file.json["settings"]?["dials.speed"]?.int == 7)
        #expect(file.json["settings"]?["kernel.time_zone"]?.text == "UTC", "values that are in force, changed or not")

        let other = try await FrontDesk(with: .dials)
        try await other.ask("PATCH", "settings", #"{"dials.loud": true}"#)
        let preview = try await other.ask("POST", "settings/import?dry_run=true", file.text)
        #expect(Set(keys(preview)) == ["dials.speed", "dials.note", "kernel.name", "dials.loud"])
        let speed = preview.json["changes"]?.array?.first { $0["key"]?.text == "dials.speed" }
        #expect(speed?["from"]?.int == 3 && speed?["to"]?.int == 7)
        #expect(preview.json["applied"]?.bool == false)
        #expect(try await value(other, "dials.speed") == "3", "a look changes nothing")

        #expect(try await other.ask("POST", "settings/import", file.text).json["applied"]?.bool == true)
        #expect(try await value(other, "dials.speed") == "7")
        #expect(try await value(other, "dials.loud") == "false")
        #expect(keys(try await other.ask("POST", "settings/import?dry_run=true", file.text)).isEmpty, "twice is no change")
    }

    @Test func `a file with one wrong value changes nothing, and settings that nothing reads are named`() async throws {
        let desk = try await FrontDesk(with: .dials)
        let bad = try await desk.ask("POST", "settings/import", #"{"format": "tenon-settings", "version": 1, "settings": {"dials.speed": "fast", "dials.loud": true}}"#)
        #expect(bad.status == 422 && bad.fields == ["dials.speed"])
        #expect(try await value(desk, "dials.loud") == "false")
        let strange = try await desk.ask("POST", "settings/import", #"{"format": "tenon-settings", "version": 1, "settings": {"gone.dial": 1, "dials.loud": true}}"#)
        #expect(strange.json["unknown"]?.array?.map(\.text) == ["gone.dial"])
        #expect(try await value(desk, "dials.loud") == "true")
        #expect(try await desk.ask("POST", "settings/import", #"{"format": "other"}"#).status == 400)
        #expect(try await desk.ask("POST", "settings/import", "[1]").status == 400)
    }

    @Test func `settings go back to their defaults one by one, a plugin's, or all of them`() async throws {
        let desk = try await FrontDesk(with: .dials)
        func change() async throws { try await desk.ask("PATCH", "settings", #"{"dials.speed": 9, "dials.loud": true, "kernel.name": "Harbour"}"#) }
        try await change()
        #expect(keys(try await desk.ask("POST", "settings/reset", #"{"keys": ["dials.speed"]}"#)) == ["dials.speed"])
        #expect(keys(try await desk.ask("POST", "settings/reset?dry_run=true", #"{"plugin": "dials"}"#)) == ["dials.loud"])
        #expect(keys(try await desk.ask("POST", "settings/reset", #"{"plugin": "dials"}"#)) == ["dials.loud"])
        #expect(try await value(desk, "kernel.name") == "Harbour")
        try await change()
        #expect(Set(keys(try await desk.ask("POST", "settings/reset", #"{"all": true}"#))) == ["dials.speed", "dials.loud", "kernel.name"])
        #expect(try await value(desk, "kernel.name") == "Tenon")
        #expect(try await desk.ask("POST", "settings/reset", "{}").status == 422)
        #expect(try await desk.ask("POST", "settings/reset", #"{"keys": ["dials.moon"]}"#).fields == ["dials.moon"])
        #expect(try await desk.ask("POST", "settings/reset", #"{"plugin": "moon"}"#).fields == ["plugin"])
    }

    @Test func `who changed which setting is in the trail`() async throws {
        let desk = try await FrontDesk(with: .dials)
        try await desk.ask("PATCH", "settings", #"{"dials.speed": 9}"#)
        try await desk.ask("DELETE", "settings/dials.speed")
        let entries = try await desk.ask("GET", "settings/history").json["data"]?.array ?? []
        #expect(entries.map { $0["to"]?.int } == [3, 9])
        #expect(entries.map { $0["user_label"]?.text } == ["Berta Boss", "Berta Boss"])
    }

    @Test func `whoever manages settings alone does not open the network to the product`() async throws {
        let desk = try await FrontDesk(with: .dials)
        let role = try await desk.ask("POST", "roles", #"{"name": "Dialler", "grants": {"specials": ["manage_settings"]}}"#).id
        try await desk.ask("POST", "users", #"{"name": "Di", "email": "di@example.org", "roles": [\#(role)]}"#)
        #expect(try await desk.ask("PATCH", "settings", #"{"dials.speed": 4}"#, as: "di@example.org").status == 200)
        let refused = try await desk.ask("PATCH", "settings", #"{"kernel.private_addresses": true}"#, as: "di@example.org")
        #expect(refused.fields == ["kernel.private_addresses"])
        #expect(try await desk.ask("GET", "settings/export", as: FrontDesk.agent).status == 403)
        #expect(try await desk.ask("POST", "settings/import", "{}", as: FrontDesk.agent).status == 403)
        #expect(try await desk.ask("POST", "settings/reset", #"{"all": true}"#, as: FrontDesk.agent).status == 403)
    }
}
