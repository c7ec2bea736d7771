import PluginAPI
import Testing

@testable import Kernel

/// Says when two chores are the same.
struct FinderPlugin: Plugin {
    func register(with crm: inout Registrar) {
        crm.duplicates(Chore.self, .same(Chore.email), .same(Chore.secret), .similar(Chore.title, Chore.code))
        crm.duplicates(Tag.self, .similar(Tag.name))
    }
}

@Suite("Finding duplicates") struct DuplicateTests {
    static let finder = Composition.Part.of("finder", FinderPlugin())

    private func house() async throws -> Household { try await Household(with: DuplicateTests.finder) }

    private func found(_ house: Household, _ id: RecordID, as user: Int64 = Household.boss) async throws -> [String] {
        try await house.read(as: user) { tx in
            let chore = try tx.registry.require("chore")
            return try tx.duplicates(chore, of: tx.require(chore, id)).map { "\($0.record["title"].text): \($0.reasons.joined(separator: ", "))" }
        }
    }

    private func groups(_ house: Household, as user: Int64 = Household.boss) async throws -> [[String]] {
        try await house.read(as: user) { tx in
            try tx.duplicateGroups(tx.registry.require("chore")).groups.map { $0.records.map { $0["title"].text } + $0.reasons }
        }
    }

    @Test func `a record is found by the same address and by a similar name, the surest first`() async throws {
        let house = try await house()
        try await house.chore("Paint the fence", ["contact_email": .text("anna@x.example")])
        try await house.chore("Mow the lawn", ["contact_email": .text("Anna@X.example")])
        try await house.chore("Sweep the yard")
        let id = try await house.chore("Lawn, mow the", ["contact_email": .text("ANNA@x.example")])
        #expect(try await found(house, id) == [
            "Mow the lawn: same contact email, similar title and code", "Paint the fence: same contact email",
        ])
    }

    @Test func `a second thing tells those apart that have the same name`() async throws {
        let house = try await house()
        let one = try await house.chore("Anna Schmidt", ["code": .text("Otterbrook GmbH")])
        try await house.chore("Anna Schmitt", ["code": .text("Otterbrook")])
        try await house.chore("Anna Schmidt", ["code": .text("Nordwind")])
        try await house.chore("Anna Schmidt")
        try await house.chore("Anna Schmid")
        #expect(try await found(house, one) == ["Anna Schmitt: similar title and code", "Anna Schmidt: similar title and code"])
    }

    @Test func `the keys follow every change, and go with the record`() async throws {
        let house = try await house()
        let one = try await house.chore("one", ["contact_email": .text("a@x.example")])
        let two = try await house.chore("two", ["contact_email": .text("b@x.example")])
        #expect(try await found(house, one) == [])
        try await house.change(two, ["contact_email": .text("a@x.example")])
        #expect(try await found(house, one) == ["two: same contact email"])
        try await house.change(two, ["contact_email": .null])
        #expect(try await found(house, one) == [])
        try await house.change(two, ["contact_email": .text("a@x.example")])
        let chore = try house.registry.require("chore")
        let outcome = try await BulkChange.delete(chore).run([two.raw], in: house.store, as: Household.actor(Household.boss))
        #expect(try await house.rows("tenon_match_key", where: "record = \(two)") == 0)
        let change = try #require(outcome.change)
        _ = try await house.write { try $0.takeBack(change) }
        #expect(try await found(house, one) == ["two: same contact email"])
    }

    @Test func `keys are written only when a field concerned changes`() async throws {
        let house = try await house()
        let one = try await house.chore("one", ["contact_email": .text("a@x.example")])
        try await house.engine.write { try $0.execute("DELETE FROM tenon_match_key") }
        try await house.change(one, ["points": .integer(4)])
        #expect(try await house.rows("tenon_match_key") == 0)
        try await house.change(one, ["title": .text("another")])
        #expect(try await house.rows("tenon_match_key") > 0)
    }

    @Test func `nobody is told of a record or a field that is out of sight`() async throws {
        let house = try await house()
        let mine = try await house.chore("mine", ["contact_email": .text("a@x.example"), "secret": .text("same secret")], as: Household.anna)
        try await house.chore("hers", ["contact_email": .text("a@x.example")])
        #expect(try await found(house, mine, as: Household.anna) == [])
        #expect(try await found(house, mine) == ["hers: same contact email"])
        #expect(try await groups(house, as: Household.anna) == [])
        // Ben sees the chores of the team, but no secrets.
        let teams = try await house.chore("the team's", ["secret": .text("Same secret")], as: Household.anna)
        #expect(try await found(house, mine) == ["the team's: same secret", "hers: same contact email"])
        #expect(try await found(house, teams, as: Household.ben) == [])
        #expect(try await found(house, teams, as: Household.anna) == ["mine: same secret"])
    }

    @Test func `what is there twice is found among all records, each group once`() async throws {
        let house = try await house()
        try await house.chore("Anna Schmidt", ["contact_email": .text("a@x.example")])
        try await house.chore("Wood", ["contact_email": .text("w@x.example")])
        try await house.chore("Paint the fence", ["contact_email": .text("a@x.example")])
        try await house.chore("Alone")
        try await house.chore("Fence, paint the")
        try await house.chore("Oak", ["contact_email": .text("w@x.example")])
        let groups = try await groups(house)
        #expect(groups.first == ["Oak", "Wood", "same contact email"])
        #expect(groups.last?.prefix(3) == ["Fence, paint the", "Paint the fence", "Anna Schmidt"])
        #expect(Set(groups.last?.dropFirst(3) ?? []) == ["same contact email", "similar title and code"])
        #expect(groups.count == 2)
    }

    @Test func `records from before the rule are found once their keys are made, and a rule that goes takes its keys along`() async throws {
        let house = try await Household(with: DuplicateTests.finder)
        let without = try registry(.of("chores", ChoresPlugin()), .of("receipts", ReceiptsPlugin()))
        house.store.replace(registry: without)
        let ids = try await house.write { tx in
            try (0..<1200).map { number in
                var record = try tx.blank("chore")
                record["title"] = .text("chore \(number)")
                record["contact_email"] = .text("mail\(number % 600)@x.example")
                return try tx.save("chore", record).id
            }
        }
        #expect(try await house.rows("tenon_match_key") == 0)
        house.store.replace(registry: house.registry)
        let keeper = MatchKeeper(store: house.store, rights: { Household.rights }, log: { _ in })
        let chore = try house.registry.require("chore")
        try await keeper.complete(chore)
        #expect(try await found(house, ids[3]).contains("chore 603: same contact email"))
        #expect(try await groups(house).count == 100)
        // Done once: nothing is made again.
        try await house.engine.write { try $0.execute("DELETE FROM tenon_match_key WHERE entity = 'chore'") }
        try await keeper.complete(chore)
        #expect(try await house.rows("tenon_match_key") == 0)
        house.store.replace(registry: without)
        try await keeper.complete(try without.require("chore"))
        #expect(try await house.rows("tenon_match_rule", where: "entity = 'chore'") == 0)
    }

    @Test func `a name that half the table has is looked at no further than a few`() async throws {
        let house = try await house()
        let last = try await house.write { tx -> RecordID in
            var last = RecordID.none
            for _ in 0..<300 {
                var record = try tx.blank("chore")
                record["title"] = .text("Anna Schmidt")
                last = try tx.save("chore", record).id
            }
            return last
        }
        #expect(try await found(house, last).count == 20)
    }

    @Test func `a rule names fields that can be compared`() {
        #expect(problems(.of("chores", ChoresPlugin()), .of("bad") { crm in
            crm.duplicates(Chore.self, .same(Chore.points), .similar(Chore.title, Chore.step), .similar(Chore.step), .same(colour))
        }) == [
            "bad: duplicates of chore are told by the field points, which is no text",
            "bad: duplicates of chore are told by the field step, which is no text",
            "bad: duplicates of chore are told by the field colour, which it does not have",
        ])
    }
}

/// A field that chores do not have.
private let colour = EntityField<Chore, String>("colour")
