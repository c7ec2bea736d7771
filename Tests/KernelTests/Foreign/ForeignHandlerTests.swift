import Foundation
import PluginAPI
import Testing

@testable import Kernel

/// What a foreign plugin's handlers need of the deployment.
@Suite struct ForeignHandlersCheckTests {
    private struct ParcelSent: HookPayload {
        var parcel: RecordID
        var weight: Int
        var note: String?
        var tags: [String]
    }

    private func problems(_ handler: String, optional: [String] = []) throws -> [String] {
        let parcels: Composition.Part = .of("parcels") { $0.hook(Hook<ParcelSent>("parcel_sent"), "A parcel left.") }
        let acme: Composition.Part = try ForeignFixture.tame.get().part(#"{"handlers": [\#(handler)]}"#, optional: optional)
        let all: [PluginProblem] = CompositionChecks.problems(in: Composition(parts: [.kernel, .of("chores", ChoresPlugin()), parcels, acme]))
        return all.map { "\($0.plugin): \($0.message)" }
    }

    private func one(_ parameters: String, more: String = "", hook: String = "parcel_sent") throws -> [String] {
        let prefix = "acme: handler idle of \(hook) "
        return try problems(#"{"hook": "\#(hook)", "symbol": "idle", "parameters": [\#(parameters)]\#(more)}"#).map { problem in
            problem.hasPrefix(prefix) ? String(problem.dropFirst(prefix.count)) : problem
        }
    }

    @Test func `a handler that takes what is there has no problems`() throws {
        let taken = """
            {"payload": "parcel", "type": "id"}, {"payload": "weight", "type": "integer"}, {"payload": "note", "type": "text?"}
            """
        #expect(try one(taken) == [])
        #expect(try one(#"{"field": "chore.title", "type": "text"}, {"field": "chore.cost", "type": "money(2)?"}"#, hook: "chore_done") == [])
        #expect(try one(#"{"field": "chore.place", "type": "text?"}"#, more: #", "returns": "integer?", "sets": "chore.score""#, hook: "chore_updated") == [])
    }

    @Test func `a hook that nobody sends is told`() throws {
        #expect(try one("", hook: "parcel_lost") == ["acme: listens to the hook parcel_lost, which no enabled plugin sends"])
    }

    @Test(arguments: [
        (#"{"payload": "colour", "type": "text"}"#, "takes colour, which the hook does not carry: there are parcel, weight, note, tags"),
        (#"{"payload": "weight", "type": "text"}"#, "takes weight as text, but the hook carries it as Int"),
        (#"{"payload": "tags", "type": "text"}"#, "takes tags as text, but the hook carries it as Array<String>"),
        (#"{"payload": "note", "type": "text"}"#, "takes note as text, but it may be missing: take it as text?"),
        (#"{"field": "chore.title", "type": "text"}"#, "names chore.title of the record that the hook carries as chore, but it carries no id of that name"),
        (#"{"field": "chore.title", "by": "weight", "type": "text"}"#, "names chore.title of the record that the hook carries as weight, but it carries no id of that name"),
        (#"{"field": "rocket.fuel", "by": "parcel", "type": "text"}"#, "names rocket.fuel, but no enabled plugin has the entity rocket"),
        (#"{"field": "chore.fuel", "by": "parcel", "type": "text"}"#, "names chore.fuel, but there is no such field"),
        (#"{"field": "chore.cost", "by": "parcel", "type": "number(2)?"}"#, "takes chore.cost as number(2)?, but it is an amount"),
        (#"{"field": "chore.tags", "by": "parcel", "type": "id"}"#, "takes chore.tags as id, but it is a list of ids or unique names"),
        (#"{"field": "chore.points", "by": "parcel", "type": "integer"}"#, "takes chore.points as integer, but it may be empty: take it as integer?"),
    ])
    func `what a handler cannot be given is told`(parameter: String, message: String) throws {
        #expect(try one(parameter) == [message])
    }

    @Test(arguments: [
        ("text", "chore.score", "sets chore.score to text, but it is a whole number"),
        ("integer?", "step.position", "sets step.position to integer?, but it must not be empty"),
        ("moment", "chore.updated_at", "sets chore.updated_at, which only the kernel sets"),
        ("number(2)", "chore.cost", "sets chore.cost to number(2), but it is an amount"),
    ])
    func `what a handler cannot set is told`(type: String, field: String, message: String) throws {
        #expect(try one("", more: #", "returns": "\#(type)", "sets": "\#(field)", "by": "parcel""#) == [message])
    }

    @Test func `a record that is gone when its hook is sent has no fields to take`() throws {
        #expect(
            try one(#"{"field": "chore.title", "type": "text"}"#, hook: "chore_deleted") == ["names chore.title, but the record is gone when the hook is sent"])
    }

    @Test func `what a missing optional plugin has may be missing`() throws {
        let handler = #"{"hook": "parcel_sent", "symbol": "idle", "parameters": [{"field": "rocket.fuel", "by": "parcel", "type": "text"}]}"#
        #expect(try problems(handler, optional: ["rockets"]) == [])
    }

    @Test func `a function that another plugin claims is told with both`() throws {
        let json = #"{"functions": [{"name": "negate", "parameters": ["boolean"], "returns": "boolean"}]}"#
        let first: Composition.Part = try ForeignFixture.tame.get().part(json, id: "first")
        let second: Composition.Part = try ForeignFixture.tame.get().part(json, id: "second")
        let all: [PluginProblem] = CompositionChecks.problems(in: Composition(parts: [.kernel, first, second]))
        #expect(all.map(\.message) == ["function negate is claimed by the plugins first and second"])
        #expect(all.map(\.plugin) == ["second"])
    }
}

/// Handlers at work in a store.
@Suite struct ForeignHandlerTests {
    private func household(_ handlers: String) async throws -> Household {
        try await Household(with: ForeignFixture.tame.get().part(#"{"handlers": [\#(handlers)]}"#))
    }

    private func end(_ title: String, in household: Household) async throws -> RecordData {
        let boss: Actor = Household.actor(Household.boss)
        return try await household.store.write(as: boss) { transaction in
            var chore: RecordData = try transaction.blank("chore")
            chore["title"] = .text(title)
            chore["points"] = .integer(3)
            chore = try transaction.save("chore", chore)
            let model: EntityModel = try transaction.registry.require("chore")
            _ = try transaction.run(model, try #require(model.action("end")), chore.id, input: [:])
            return try #require(try transaction.find("chore", chore.id))
        }
    }

    @Test func `what a handler returns is stored in the field that its manifest names, in the same transaction`() async throws {
        let household = try await household(
            """
            {"hook": "chore_done", "symbol": "weigh", "returns": "integer", "sets": "chore.score",
             "parameters": [{"field": "chore.title", "type": "text"}, {"payload": "chore", "type": "id"}]}
            """)
        let chore: RecordData = try await end("Windows", in: household)
        #expect(chore["score"] == .integer(70 + chore.id.raw))
    }

    @Test func `a handler that reports a problem refuses the change, and nothing of it is stored`() async throws {
        let household = try await household(
            #"{"hook": "chore_done", "symbol": "check_title", "mayFail": true, "parameters": [{"field": "chore.title", "type": "text"}]}"#)
        _ = try await end("Floor", in: household)
        let refusal: CRMError? = await #expect(throws: CRMError.self) { _ = try await end("Roof, later", in: household) }
        #expect(refusal?.code == .refused && refusal?.message == "a chore cannot end \"Roof, later\"")
        let count: Int = try await household.store.read(as: Household.actor(Household.boss)) { try $0.count("chore", where: .everything) }
        #expect(count == 1)
    }

    @Test func `a handler after the transaction gets the stored event, and passes over a record that is gone`() async throws {
        let part: Composition.Part = try ForeignFixture.tame.get().part(
            """
            {"handlers": [{"hook": "chore_done", "symbol": "weigh", "returns": "integer", "sets": "chore.score", "when": "after",
                           "parameters": [{"field": "chore.title", "type": "text"}, {"payload": "chore", "type": "id"}]}]}
            """)
        let household = try await Household(with: part)
        let chore: RecordData = try await end("Windows", in: household)
        #expect(chore["score"] == .null)
        let listener: Registry.After = try #require(household.registry.afters["chore_done"]?.first { $0.plugin == "acme" })
        #expect(listener.body.name == "weigh")
        let boss: Actor = Household.actor(Household.boss)
        let context = Context(StoreContext(store: household.store, actor: boss, plugin: "acme"))
        let stored = HookEvent(hook: "chore_done", json: Array(#"{"chore": \#(chore.id.raw)}"#.utf8))
        try await listener.body.body(stored, context)
        let after: RecordData? = try await household.store.read(as: boss) { try $0.find("chore", chore.id) }
        #expect(after?["score"] == .integer(70 + chore.id.raw))
        try await listener.body.body(HookEvent(hook: "chore_done", json: Array(#"{"chore": 999}"#.utf8)), context)
    }

    // MARK: Payloads

    private struct Told: HookPayload {
        var chore: RecordID
        var weight: Int32
        var note: String?
        var fragile: Bool
        var at: Moment
        var others: [RecordID]
    }

    @Test(arguments: [false, true])
    func `members of every type arrive, from the payload as sent and as stored`(isStored: Bool) async throws {
        let sample: Composition.Part = .of("told") { $0.hook(Hook<Told>("told"), "Something was told.") }
        let acme: Composition.Part = try ForeignFixture.tame.get().part(
            """
            {"functions": [{"name": "was_told", "returns": "integer"}],
             "handlers": [{"hook": "told", "symbol": "tell", "parameters": [
                {"payload": "chore", "type": "id"}, {"payload": "weight", "type": "integer"}, {"payload": "note", "type": "text?"},
                {"payload": "fragile", "type": "boolean"}, {"payload": "at", "type": "moment"}]}]}
            """)
        let household = try await Household(with: sample, acme)
        let told = Told(chore: RecordID(7), weight: 12, note: nil, fragile: true, at: Moment(milliseconds: 3), others: [RecordID(1)])
        let event: HookEvent = isStored ? HookEvent(hook: "told", json: try PayloadCoding.encode(told)) : HookEvent(hook: "told", payload: told)
        let listener = try #require(acme.contributions.listeners.first)
        let was: Value = try await household.store.write(as: Household.actor(Household.boss)) { transaction in
            try listener.body(event, transaction.transaction)
            // On the same thread as the handler, which keeps what it was told.
            return try #require(acme.contributions.functions.first).body([])
        }
        #expect(was == .integer(7 + 120 + 1000 + 10000 + 300_000))
    }
}
