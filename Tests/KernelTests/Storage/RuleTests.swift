import PluginAPI
import Testing

@testable import Kernel

@Suite struct RuleTests {
    @Test func `preparing, checking and reacting follow each other, lower priority first`() async throws {
        let household = try await Household()
        let id = try await household.chore("Sweep")
        #expect(household.journal.entries == ["prepare early", "prepare", "validate", "onSave new"])
        household.journal.clear()
        try await household.change(id, ["points": .integer(1)])
        try await household.write { try $0.delete("chore", id) }
        #expect(household.journal.entries == ["prepare early", "prepare", "validate", "onSave changed", "onDelete"])
    }

    @Test func `what a rule says is told with what the fields themselves say`() async throws {
        let household = try await Household()
        let refusal = await failure { try await household.chore("forbidden", ["grade": .integer(9)]) }
        #expect(refusal?.problems == [Problem(field: "grade", "must be from 1 to 5"), Problem(field: "title", "may not be called so")])
        #expect(household.journal.entries.last == "validate", "nothing reacts to what is not stored")
    }

    @Test func `a rule over a change sees both sides`() async throws {
        let household = try await Household()
        let id = try await household.chore("Sweep", ["points": .integer(0)])
        let refusal = await failure { try await household.change(id, ["points": .integer(1)]) }
        #expect(refusal?.problems == [Problem(field: "points", "cannot begin again")])
    }

    @Test func `a reaction that throws undoes the change and gives its reason`() async throws {
        let household = try await Household()
        let refusal = await failure { try await household.chore("refused") }
        #expect(refusal?.code == .refused)
        #expect(refusal?.hint == "Choose another title.")
        #expect(try await household.rows("chore") == 0)
        #expect(try await household.rows("tenon_audit") == 0)
    }

    @Test(arguments: ["endless", "echo"])
    func `rules that set each other off without end are refused`(title: String) async throws {
        let household = try await Household()
        let refusal = await failure { try await household.chore(title) }
        #expect(refusal?.code == .refused)
        #expect(refusal?.message.contains("without end") == true)
        #expect(try await household.rows("chore") == 0)
    }

    @Test func `fields that an old record lacks do not stand in the way of changing others`() async throws {
        let household = try await Household()
        let id = try await household.chore("Sweep")
        try await household.engine.write { _ = try $0.execute("UPDATE \"chore\" SET title = NULL, grade = 9") }
        try await household.change(id, ["points": .integer(1)])
        #expect(await failure { try await household.change(id, ["grade": .integer(8)]) }?.problems.map(\.field) == ["grade"])
    }
}
