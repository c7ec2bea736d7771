import PluginAPI
import Testing

@testable import Kernel

/// Ben sees neither costs nor secrets; Anna may not change notes.
@Suite struct MaskTests {
    private func filled() async throws -> (household: Household, id: RecordID) {
        let household = try await Household()
        let id = try await household.chore(
            "Sweep", ["assigned_to": .integer(Household.ben), "cost": .money("10"), "secret": .text("treasure"), "notes": .text("by hand")])
        return (household, id)
    }

    @Test func `a hidden field is not read, by any way`() async throws {
        let (household, id) = try await filled()
        let entity = try household.registry.require("chore")
        try await household.read(as: Household.ben) { tx throws in
            let chore = try tx.require(entity, id)
            #expect(chore["cost"] == .null)
            #expect(chore["secret"] == .null)
            let json = String(decoding: try tx.json(entity, id).bytes, as: UTF8.self)
            #expect(!json.contains("cost") && !json.contains("secret") && !json.contains("treasure"))
            #expect(try tx.timeline(entity, id).flatMap(\.changes).allSatisfy { $0.field != "cost" && $0.field != "secret" })
            let board = try tx.boardColumns(entity, filter: .everything, within: nil, limit: 5)
            #expect(board.allSatisfy { $0.sums.isEmpty })
        }
    }

    @Test func `a hidden field can neither be filtered nor sorted nor added up nor searched by`() async throws {
        let (household, _) = try await filled()
        let entity = try household.registry.require("chore")
        let filters: [Filter] = [
            .compare("cost", .greater, .value(.money("1"))), .empty("secret"), .not(.empty("secret")),
            .any([.compare("secret", .startsWith, .value(.text("t")))]), .oneOf("secret", [.value(.text("treasure")), .value(.text("x"))]),
        ]
        for filter in filters {
            #expect(await failure { _ = try await household.titles(filter, as: Household.ben) }?.code == .invalid, "\(filter)")
        }
        #expect(await failure { _ = try await household.titles(sort: "cost", as: Household.ben) }?.problems.map(\.field) == ["cost"])
        try await household.read(as: Household.ben) { tx throws in
            #expect(throws: CRMError.self) { try tx.aggregate(entity, .sum("cost"), where: .everything) }
            #expect(throws: CRMError.self) { try tx.group(entity, by: "secret", .count, where: .everything) }
            #expect(try tx.search("treasure").isEmpty)
            #expect(try tx.search("by hand").count == 1)
        }
        #expect(try await household.titles(.search("treasure"), as: Household.ben) == [])
        #expect(try await household.titles(.search("treasure")) == ["Sweep"])
    }

    @Test func `a hidden field stays as it is when the record is saved without it`() async throws {
        let (household, id) = try await filled()
        try await household.change(id, ["points": .integer(2)], as: Household.ben)
        let chore = try #require(try await household.find(id))
        #expect(chore["cost"] == .money("10"))
        #expect(chore["secret"] == .text("treasure"))
        let made = await failure { try await household.chore("x", ["secret": .text("mine")], as: Household.ben) }
        #expect(made?.problems.map(\.field) == ["secret"])
    }

    @Test func `a field that is only to be seen cannot be changed`() async throws {
        let household = try await Household()
        let id = try await household.chore("Sweep", ["assigned_to": .integer(Household.anna), "notes": .text("by hand")])
        let refusal = await failure { try await household.change(id, ["notes": .text("by machine")], as: Household.anna) }
        #expect(refusal?.code == .forbidden)
        #expect(refusal?.problems.map(\.field) == ["notes"])
        try await household.change(id, ["notes": .text("by hand"), "points": .integer(1)], as: Household.anna)
    }

    @Test func `rules of the product may fill in what the user may not`() async throws {
        let household = try await Household()
        let id = try await household.chore("blank notes", as: Household.anna)
        #expect(try await household.find(id)?["notes"] == .text("filled in"))
    }
}
