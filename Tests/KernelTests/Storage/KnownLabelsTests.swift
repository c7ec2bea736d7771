import PluginAPI
import Testing

@testable import Kernel

private struct Mood: Entity {
    static let name = Field<String>("name")
    static let schema = Schema("mood", name).keptInMemory()
}

private struct Visit: Entity {
    static let title = Field<String>("title")
    static let mood = Field<Reference<Mood>?>("mood")
    static let schema = Schema("visit", title, mood)
}

private struct VisitsPlugin: Plugin {
    func register(with crm: inout Registrar) {
        crm.entity(Mood.self)
        crm.entity(Visit.self)
    }
}

@Suite("What records are called that change seldom") struct KnownLabelsTests {
    private func house() async throws -> (Household, mood: RecordID) {
        let house = try await Household(with: .of("visits", VisitsPlugin()))
        let mood = try await house.add("mood", ["name": .text("calm")])
        for title in ["a", "b"] { try await house.add("visit", ["title": .text(title), "mood": .link(mood)]) }
        return (house, mood)
    }

    /// The list as JSON front and table show it: each visit's mood by its name.
    private static func moods(_ tx: StoreTransaction) throws -> [String] {
        let entity = try tx.registry.require("visit")
        let labels = LinkLabels(tx)
        var found: [String] = []
        _ = try tx.page(ListRequest(entity: entity, sort: Sort(field: "id", descending: false))) { row, projection in
            var json = JSONWriter()
            try row.write(projection.plan, labels, to: &json)
            let written: String? = try JSONValue(parsing: json.bytes)["mood_label"]?.text
            let shown: String? = try projection.item("mood").flatMap { try labels.text($0, of: row) }
            #expect(written == shown)
            found.append(written ?? "-")
        }
        return found
    }

    private static func rename(_ mood: RecordID, _ name: String, _ tx: StoreTransaction) throws {
        var record = try tx.require(tx.registry.require("mood"), mood)
        record["name"] = .text(name)
        _ = try tx.save("mood", record)
    }

    @Test func `the second list takes them from memory`() async throws {
        let (house, _) = try await house()
        #expect(try await house.read { try Self.moods($0) } == ["calm", "calm"])
        // Behind the product's back: nothing has told it, so it does not look.
        try await house.engine.write { try $0.execute("UPDATE \"mood\" SET \"name\" = 'behind'") }
        #expect(try await house.read { try Self.moods($0) } == ["calm", "calm"])
    }

    @Test func `whoever has renamed one sees the new name in the next list, and within the transaction itself`() async throws {
        let (house, mood) = try await house()
        for name in ["glad", "merry", "calm"] {
            #expect(try await house.read { try Self.moods($0) }.count == 2)
            let within: [String] = try await house.write { tx in
                try Self.rename(mood, name, tx)
                return try Self.moods(tx)
            }
            #expect(within == [name, name])
            #expect(try await house.read { try Self.moods($0) } == [name, name])
        }
    }

    @Test func `a change that is undone leaves the old name`() async throws {
        let (house, mood) = try await house()
        #expect(try await house.read { try Self.moods($0) } == ["calm", "calm"])
        await #expect(throws: CRMError.self) {
            try await house.write { tx in
                try Self.rename(mood, "glad", tx)
                #expect(try Self.moods(tx) == ["glad", "glad"])
                throw CRMError.refused("no")
            }
        }
        #expect(try await house.read { try Self.moods($0) } == ["calm", "calm"])
    }

    @Test func `a list that began before a change does not bring the old name back`() async throws {
        let (house, mood) = try await house()
        let seen = try await house.read(before: { try await house.write { try Self.rename(mood, "glad", $0) } }) { try Self.moods($0) }
        #expect(seen == ["calm", "calm"], "one view of the database, however old")
        #expect(try await house.read { try Self.moods($0) } == ["glad", "glad"])
    }

    @Test func `whoever may not see what is pointed at has no name of it, whoever asked before`() async throws {
        let (house, _) = try await house()
        let chore = try await house.chore("mow", ["assigned_to": .integer(Household.anna)])
        @Sendable func owner(_ tx: StoreTransaction) throws -> JSONValue? {
            try JSONValue(parsing: try tx.json(tx.registry.require("chore"), chore).bytes)["assigned_to_label"]
        }
        #expect(try await house.read { try owner($0) }?.text == "Anna")
        let rights = RightsSnapshot(
            people: [9: .init(name: "Zoe", isActive: true, roles: [1], teams: [])],
            roles: [1: .init(key: "blind", name: "Blind", grants: {
                var grants = RoleGrants()
                grants.entities = ["chore": ["view": .all]]
                return grants
            }())])
        let zoe = Actor.user(9, via: "test", rights: rights)
        #expect(try await house.store.read(as: zoe) { try owner($0) } == .null)
        #expect(try await house.read { try owner($0) }?.text == "Anna")
    }

    @Test func `what was read before something was forgotten is not kept`() {
        let labels = KnownLabels()
        let age = labels.age
        labels.forget(["mood"])
        labels.keep(Array("old".utf8), of: 1, "mood", age: age)
        #expect(labels.texts("mood").isEmpty)
        labels.keep(Array("new".utf8), of: 1, "mood", age: labels.age)
        #expect(labels.texts("mood")[1].map { String(decoding: $0, as: UTF8.self) } == "new")
        labels.forgetAll()
        #expect(labels.texts("mood").isEmpty)
    }
}
