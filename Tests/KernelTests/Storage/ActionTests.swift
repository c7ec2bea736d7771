import PluginAPI
import Testing

@testable import Kernel

@Suite struct ActionTests {
    private func household() async throws -> (household: Household, entity: EntityModel, action: ActionModel, id: RecordID) {
        let household = try await Household()
        let entity = try household.registry.require("chore")
        let id = try await household.chore("Sweep the yard", ["assigned_to": .integer(Household.anna)])
        return (household, entity, try #require(entity.action("end")), id)
    }

    @Test func `the form begins with what can be guessed`() async throws {
        let (household, entity, action, id) = try await household()
        #expect(action.fields.map(\.name) == ["reason", "end_step", "with_remark", "remark", "bill", "bill_name"])
        let parts = try await household.read { try $0.prefill(entity, action, id) }
        #expect(parts.map { $0["reason"] } == [.text("done: Sweep"), .null])
    }

    @Test func `an action and what other modules add to it are one change`() async throws {
        let (household, entity, action, id) = try await household()
        let outcome = try await household.write { tx throws in
            try tx.run(entity, action, id, input: ["with_remark": .boolean(true), "remark": .text("fine"), "bill": .boolean(true)])
        }
        #expect(outcome.message == "The chore has ended.")
        #expect(outcome.record?["notes"] == .text("done: Sweep"), "what the caller leaves out is guessed")
        #expect(outcome.results.keys.sorted() == ["remark"])
        #expect(try await household.rows("remark") == 1)
        #expect(try await household.rows("receipt", where: "name = 'for Sweep the yard'") == 1)
        #expect(household.journal.entries.last == "listener")
        let trail = try await household.read { try $0.timeline(entity, id) }
        #expect(trail.map(\.action) == ["end", "updated", "created"])
    }

    @Test func `what one part refuses undoes all parts`() async throws {
        let (household, entity, action, id) = try await household()
        let refusal = await failure {
            try await household.write { _ = try $0.run(entity, action, id, input: ["bill": .boolean(true), "bill_name": .text("nobody")]) }
        }
        #expect(refusal?.message == "nobody gets no receipt")
        #expect(try await household.find(id)?.version == 1)
        #expect(try await household.rows("receipt") == 0)
    }

    @Test func `what is filled in wrongly is told by field, for all parts`() async throws {
        let (household, entity, action, id) = try await household()
        let refusal = await failure {
            try await household.write {
                _ = try $0.run(
                    entity, action, id,
                    input: ["reason": .text(String(repeating: "x", count: 21)), "end_step": .integer(9), "bill": .boolean(true), "bill_name": .text("a\nb")])
            }
        }
        #expect(refusal?.problems.map(\.field) == ["reason", "end_step", "bill_name"])
        let missing = await failure { try await household.write { _ = try $0.run(entity, action, id, input: ["reason": .null]) } }
        #expect(missing?.problems == [Problem(field: "reason", "is required")])
    }

    @Test func `a field that is not asked for counts as left out`() async throws {
        let (household, entity, action, id) = try await household()
        try await household.write { _ = try $0.run(entity, action, id, input: ["with_remark": .boolean(false), "remark": .text("unseen")]) }
        #expect(try await household.rows("remark") == 0)
    }

    @Test func `an action that makes no sense now is refused, and needs its right`() async throws {
        let (household, entity, action, id) = try await household()
        #expect(await failure { try await household.write(as: Household.carl) { _ = try $0.run(entity, action, id, input: [:]) } }?.code == .forbidden)
        #expect(await failure { try await household.write(as: Household.guest) { _ = try $0.run(entity, action, id, input: [:]) } }?.code == .forbidden)
        try await household.write { _ = try $0.run(entity, action, id, input: ["reason": .text("now")]) }
        let again = await failure { try await household.write { _ = try $0.run(entity, action, id, input: [:]) } }
        #expect(again?.code == .refused)
    }
}
