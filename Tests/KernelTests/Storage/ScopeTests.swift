import PluginAPI
import Testing

@testable import Kernel

@Suite struct ScopeTests {
    /// Chores of the boss, of Anna, of Ben and of nobody, each worth 10.
    private func filled() async throws -> (household: Household, ids: [String: RecordID]) {
        let household = try await Household()
        let step = try await household.add("step", ["name": .text("To do")])
        var ids: [String: RecordID] = [:]
        for (title, owner) in [("bosses", Household.boss), ("annas", Household.anna), ("bens", Household.ben), ("nobodys", nil)] {
            ids[title] = try await household.chore(
                title, ["assigned_to": owner.map(Value.integer) ?? .null, "step": .link(step), "cost": .money("10"), "notes": .text("paint")])
        }
        return (household, ids)
    }
    private let all = ["bosses", "annas", "bens", "nobodys"]

    @Test func `lists show own records, the team's, or all, as the right reaches`() async throws {
        let (household, _) = try await filled()
        #expect(try await household.titles(as: Household.anna) == ["annas"])
        #expect(try await household.titles(as: Household.ben) == ["annas", "bens"])
        #expect(try await household.titles(as: Household.carl) == all)
        #expect(try await household.titles(as: Household.boss) == all)
        #expect(try await household.titles(as: Household.guest) == [])
        #expect(try await household.titles(.any([.everything, .compare("title", .equal, .value(.text("bosses")))]), as: Household.anna) == ["annas"])
    }

    @Test func `a record out of reach is not found, not counted, not changed and not deleted`() async throws {
        let (household, ids) = try await filled()
        let id = try #require(ids["bosses"])
        let entity = try household.registry.require("chore")
        #expect(try await household.find(id, as: Household.anna) == nil)
        #expect(try await household.read(as: Household.anna) { try $0.count(entity, where: .everything) } == 1)
        #expect(await failure { try await household.change(id, ["points": .integer(1)], as: Household.anna) }?.code == .notFound)
        #expect(await failure { try await household.write(as: Household.anna) { try $0.delete("chore", id) } }?.code == .notFound)
        #expect(await failure { _ = try await household.read(as: Household.anna) { try $0.timeline(entity, id) } }?.code == .notFound)
    }

    @Test func `who sees more than may be changed is told so`() async throws {
        let (household, ids) = try await filled()
        let id = try #require(ids["bosses"])
        #expect(await failure { try await household.change(id, ["points": .integer(1)], as: Household.carl) }?.code == .forbidden)
        #expect(await failure { try await household.write(as: Household.carl) { try $0.delete("chore", id) } }?.code == .forbidden)
        #expect(await failure { try await household.chore("x", as: Household.guest) }?.code == .forbidden)
    }

    @Test func `search, choices and names find only what the user may see`() async throws {
        let (household, ids) = try await filled()
        let entity = try household.registry.require("chore")
        try await household.read(as: Household.anna) { tx throws in
            #expect(try tx.search("paint").map(\.label) == ["annas"])
            #expect(try tx.options(entity, "").map(\.label) == ["annas"])
            #expect(try tx.options(entity, "boss").isEmpty)
            #expect(try tx.resolve("chore", "annas") == ids["annas"]?.raw)
            #expect(try tx.resolve("chore", "bosses") == nil)
            #expect(try tx.resolve("chore", "\(ids["bosses"]?.raw ?? 0)") == nil)
            #expect(try tx.labels("chore", ids.values.map(\.raw)) == [ids["annas"]?.raw ?? 0: "annas"])
        }
    }

    @Test func `boards, sums and groups add up only what the user may see`() async throws {
        let (household, _) = try await filled()
        let entity = try household.registry.require("chore")
        try await household.read(as: Household.anna) { tx throws in
            let columns = try tx.boardColumns(entity, filter: .everything, within: nil, limit: 10)
            #expect(columns.map(\.count) == [1])
            #expect(columns.first?.sums.map(\.sum) == [1000])
            #expect(columns.first?.cards.map { $0["title"] } == [.text("annas")])
            #expect(try tx.aggregate(entity, .sum("cost"), where: .everything).map(\.sum) == [1000])
            #expect(try tx.aggregate(entity, .count, where: .everything).map(\.count) == [1])
            #expect(try tx.group(entity, by: "assigned_to", .count, where: .everything).map(\.figure.count) == [1])
        }
    }

    @Test func `a link to a record out of reach shows no label, and sorts as if it were empty`() async throws {
        let (household, ids) = try await filled()
        let entity = try household.registry.require("chore")
        let hidden = try #require(ids["bosses"]), seen = try #require(ids["annas"])
        try await household.chore("to hidden", ["assigned_to": .integer(Household.anna), "after": .link(hidden)])
        try await household.chore("to seen", ["assigned_to": .integer(Household.anna), "after": .link(seen)])
        #expect(try await household.titles(sort: "after", as: Household.anna) == ["to seen", "annas", "to hidden"])
        #expect(try await household.titles(sort: "-after", as: Household.anna) == ["to seen", "to hidden", "annas"])
        let json = try await household.read(as: Household.anna) { tx throws in
            let id = try tx.all("chore", where: .compare("title", .equal, .value(.text("to hidden"))), sort: [], limit: 1)[0].id
            return String(decoding: try tx.json(entity, id).bytes, as: UTF8.self)
        }
        #expect(json.contains("\"after\":\(hidden.raw),\"after_label\":null"))
        let refusal = await failure {
            try await household.change(seen, ["after": .link(hidden)], as: Household.anna)
        }
        #expect(refusal?.problems.map(\.field) == ["after"])
    }

    @Test func `without an owner field, records belong to who made them`() async throws {
        let household = try await Household()
        let chore = try await household.chore("x")
        try await household.add("receipt", ["name": .text("a"), "chore": .link(chore)])
        try await household.add("receipt", ["name": .text("b"), "chore": .link(chore)], as: Household.carl)
        let entity = try household.registry.require("receipt")
        #expect(try await household.read(as: Household.carl) { try $0.count(entity, where: .everything) } == 1)
    }

    @Test func `who sees only own records gets a new one that is left to nobody`() async throws {
        let household = try await Household()
        let id = try await household.chore("mine", as: Household.anna)
        #expect(try await household.find(id)?["assigned_to"] == .integer(Household.anna))
    }

    @Test func `work elevated by name sees and changes everything, under its user's name`() async throws {
        let (household, ids) = try await filled()
        let id = try #require(ids["bosses"])
        try await household.write(as: Household.anna) { tx throws in
            let whole = tx.transaction.elevated(for: "tidying up")
            var chore = try whole.find(Chore.self, id)
            chore[Chore.points] = 5
            try whole.save(chore)
        }
        let entity = try household.registry.require("chore")
        let last = try #require(try await household.read { try $0.timeline(entity, id) }.first)
        #expect(last.user == Household.anna)
        #expect(last.via == "test (elevated: tidying up)")
    }
}
