import PluginAPI
import Testing

@testable import Kernel

/// Asking for a trace through the front door.
@Suite struct TraceRequestTests {
    private let wanted = ["tenon-trace": "1"]

    @Test func `whoever may manage plugins gets a trace beside the same answer`() async throws {
        let desk = try await FrontDesk()
        let plain = try await desk.ask("POST", "chores", #"{"title": "Sweep"}"#)
        let traced = try await desk.ask("POST", "chores", #"{"title": "Sweep"}"#, headers: wanted)
        #expect(traced.status == 201)
        #expect(plain.headers["tenon-trace"] == nil)
        #expect(traced.json.members?.map(\.name) == plain.json.members?.map(\.name))
        let id = try #require(traced.headers["tenon-trace"])
        let trace = try await desk.ask("GET", "traces/\(id)").json
        #expect(trace["request"]?.text == "POST /api/v1/chores")
        #expect(trace["status"]?.int == 201)
        #expect(trace["writes"]?.int == 1)
        let write = try #require(trace["steps"]?.array?.first { $0["kind"]?.text == "write" })
        let made = try #require(write["steps"]?.array?.first { $0["kind"]?.text == "create" })
        #expect(made["name"]?.text == "chore")
        #expect(made["record"]?.int == traced.id)
        #expect(made["changes"]?.array?.first == JSONValue.fields(["field": .string("title"), "old": .null, "new": .string("Sweep")]))
        #expect(made["steps"]?.array?.contains { $0["plugin"]?.text == "chores" } == true)
        #expect(try await desk.ask("GET", "traces").json["data"]?.array?.map { $0["id"]?.text } == [id])
    }

    @Test func `a refused request says in its trace who refused it`() async throws {
        let desk = try await FrontDesk()
        let refused = try await desk.ask("POST", "chores", #"{"title": "Sweep", "grade": 9}"#, headers: wanted)
        #expect(refused.status == 422)
        let id = try #require(refused.headers["tenon-trace"])
        let trace = try await desk.ask("GET", "traces/\(id)").json
        let text = TraceText(style: .plain).text(trace)
        #expect(text.contains("✗ refused: the chore cannot be saved as it is"))
        #expect(text.contains("grade: "))
    }

    @Test func `whoever may not manage plugins gets none, and sees none of others`() async throws {
        let desk = try await FrontDesk()
        let id = try #require(try await desk.ask("POST", "chores", #"{"title": "Sweep"}"#, headers: wanted).headers["tenon-trace"])
        let own = try await desk.ask("POST", "chores", #"{"title": "Mop"}"#, headers: wanted, as: FrontDesk.agent)
        #expect(own.status == 201)
        #expect(own.headers["tenon-trace"] == nil)
        #expect(try await desk.ask("GET", "traces/\(id)", as: FrontDesk.agent).status == 404)
        #expect(try await desk.ask("GET", "traces", as: FrontDesk.agent).status == 403)
        #expect(try await desk.ask("GET", "chores", headers: wanted, as: nil).headers["tenon-trace"] == nil)
        #expect(try await desk.ask("GET", "traces").json["data"]?.array?.count == 1)
    }

    @Test func `without the header nothing is recorded`() async throws {
        let desk = try await FrontDesk()
        try await desk.chore("Sweep")
        _ = try await desk.ask("GET", "chores", headers: ["tenon-trace": "0"])
        #expect(try await desk.ask("GET", "traces").json["data"]?.array?.isEmpty == true)
    }

    @Test func `an event of a traced change is followed from its queue to its delivery`() async throws {
        let desk = try await FrontDesk()
        desk.kernel.store.replace(
            registry: try registry(
                .of("chores", ChoresPlugin()), .of("receipts", ReceiptsPlugin()),
                .of("courier") { crm in
                    crm.uses(ForeignChore.self)
                    crm.after(ForeignChore.created) { event, context in
                        try await context.write { transaction in
                            var chore = try transaction.find(ForeignChore.self, event.record)
                            chore[ForeignChore.title] = "told"
                            try transaction.save(chore)
                        }
                    }
                }))
        let made = try await desk.ask("POST", "chores", #"{"title": "Sweep"}"#, headers: wanted)
        let id = try #require(made.headers["tenon-trace"])
        var text = TraceText(style: .plain).text(try await desk.ask("GET", "traces/\(id)").json)
        let event = try #require(text.firstMatch(of: /queued event (\d+) for courier/)?.1)
        let waiting = try await desk.ask("GET", "hooks/events/\(event)").json
        #expect(waiting["state"]?.text == "pending")
        #expect(waiting["hook"]?.text == "chore_created")
        #expect(waiting["plugin"]?.text == "courier")
        try await desk.kernel.deliveries.deliverDue()
        let told = try await desk.ask("GET", "hooks/events/\(event)").json
        #expect(told["state"]?.text == "delivered")
        #expect(told["plugin"]?.text == "courier")
        #expect(told["trace"]?.text == id)
        text = TraceText(style: .plain).tree(told["steps"].elements)
        #expect(text.contains("courier: after chore_created, event \(event)"))
        #expect(text.contains("title: Sweep → told"))
        #expect(try await desk.ask("GET", "hooks/events/999").status == 404)
    }

    @Test func `the rules of an entity are listed in the order in which they run`() async throws {
        let desk = try await FrontDesk()
        let rules = try await desk.ask("GET", "hooks/rules").json["data"]?.array ?? []
        let users = rules.filter { $0["entity"]?.text == "user" }.map { "\($0["phase"].scalar) \($0["order"].scalar) \($0["name"].scalar) \($0["priority"].scalar)" }
        #expect(users == [
            "prepare 1 user 0", "prepare 2 user #2 1000", "on_save 1 user 0", "on_save 2 user #2 0", "on_delete 1 user 0",
        ])
    }
}
