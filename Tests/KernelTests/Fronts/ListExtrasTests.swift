import Foundation
import PluginAPI
import Testing

@testable import Kernel

extension Composition.Part {
    /// Figures and counts over the chores' steps.
    static var aroundSteps: Composition.Part {
        of("around") { crm in
            crm.metric("around.all", "All chores", over: Chore.self, .count)
            crm.metric("around.urgent", "Urgent chores", over: Chore.self, .count, where: Chore.urgent == true)
            crm.cards(Step.self, "around.all", "around.urgent")
            crm.list(Step.self, columns: [Step.name, Step.color, Step.position], sort: .ascending(Step.position))
            crm.counts(Step.self, "chores", Chore.step)
            crm.related(Step.self, Chore.step, title: "Work", columns: [Chore.points, Chore.urgent])
        }
    }
}

@Suite("What stands around a list") struct ListExtrasTests {
    private func room() async throws -> (FrontDesk, steps: [Int64]) {
        let desk = try await FrontDesk(with: .aroundSteps)
        var steps: [Int64] = []
        for (place, name) in ["Open", "Doing", "Done"].enumerated() {
            steps.append(try await desk.ask("POST", "steps", #"{"name": "\#(name)", "position": \#(place + 1)}"#).id)
        }
        for (title, step) in [("a", 0), ("b", 0), ("c", 2)] { try await desk.chore(title, #""step": \#(steps[step]), "urgent": true"#) }
        try await desk.chore("own", #""step": \#(steps[0])"#, as: FrontDesk.agent)
        return (desk, steps)
    }

    private func counts(_ answer: FrontDesk.Answer) -> [Int64?] {
        (answer.json["data"]?.array ?? []).map { $0["counts"]?["chores"]?.int }
    }

    @Test func `a list counts what points at each record, as much of it as the user may see`() async throws {
        let (desk, steps) = try await room()
        #expect(counts(try await desk.ask("GET", "steps?sort=position")) == [3, 0, 1])
        #expect(counts(try await desk.ask("GET", "steps?sort=position", as: FrontDesk.agent)) == [1, 0, 0], "own chores alone")
        #expect(try await desk.ask("GET", "steps/\(steps[0])").json["counts"]?["chores"]?.int == 3)
        #expect(counts(try await desk.ask("GET", "steps?sort=position&limit=1")) == [3])
    }

    @Test func `whoever may not see the records that are counted has no count of them`() async throws {
        let (desk, _) = try await room()
        let role = try await desk.ask("POST", "roles", #"{"name": "Guest", "grants": {"entities": {"step": {"view": "all"}}}}"#).id
        try await desk.ask("POST", "users", #"{"name": "Gina", "email": "gina@example.org", "roles": [\#(role)]}"#)
        let answer = try await desk.ask("GET", "steps", as: "gina@example.org")
        #expect(answer.status == 200 && !answer.text.contains("counts"))
        let masked = try await desk.ask(
            "POST", "roles",
            #"{"name": "Blind", "grants": {"entities": {"step": {"view": "all"}, "chore": {"view": "all"}}, "masks": {"chore": {"step": "hidden"}}}}"#).id
        try await desk.ask("POST", "users", #"{"name": "Bo", "email": "bo@example.org", "roles": [\#(masked)]}"#)
        #expect(!(try await desk.ask("GET", "steps", as: "bo@example.org").text.contains("counts")))
    }

    @Test func `one grouped query a count reads a page, however many rows it has`() async throws {
        let (desk, _) = try await room()
        func reads() async throws -> Int {
            let answer = try await desk.ask("GET", "steps?sort=position", headers: ["tenon-trace": "1"])
            let trace = try await desk.ask("GET", "traces/\(answer.headers["tenon-trace"] ?? "")").text
            return trace.components(separatedBy: "GROUP BY 1").count - 1
        }
        let few = try await reads()
        for place in 4...40 { try await desk.ask("POST", "steps", #"{"name": "step \#(place)", "position": \#(place)}"#) }
        #expect(try await reads() == few)
    }

    @Test func `the cards above a list open the records behind them, and count what the user may see`() async throws {
        let (desk, _) = try await room()
        func cards(_ user: String) async throws -> [String] {
            let answer = try await desk.ask("GET", "steps/cards", as: user)
            return (answer.json["data"]?.array ?? []).map { "\($0["title"]?.text ?? ""): \($0["value"]?.int ?? -1)" }
        }
        #expect(try await cards(FrontDesk.boss) == ["All chores: 4", "Urgent chores: 3"])
        #expect(try await cards(FrontDesk.agent) == ["All chores: 1", "Urgent chores: 0"])
        let links = try await desk.ask("GET", "steps/cards").json["data"]?.array?.compactMap { $0["list"]?.text }
        #expect(links == ["/admin/chores", "/admin/chores?urgent=true"])
    }

    @Test func `records with a position are put in order together, and the order is in the trail`() async throws {
        let (desk, steps) = try await room()
        let wanted = [steps[2], steps[0], steps[1]]
        let answer = try await desk.ask("POST", "steps/order", #"{"ids": \#(wanted)}"#)
        #expect(answer.status == 200)
        let list = try await desk.ask("GET", "steps?sort=position").json["data"]?.array ?? []
        #expect(list.compactMap { $0["id"]?.int } == wanted)
        #expect(list.compactMap { $0["position"]?.int } == [1, 2, 3])
        #expect(try await desk.ask("GET", "steps/\(steps[2])/timeline").json["data"]?.array?.count == 2)
    }

    @Test func `only a part of the records is put in order: it keeps its places among the others`() async throws {
        let (desk, steps) = try await room()
        try await desk.ask("POST", "steps/order", #"{"ids": [\#(steps[2]), \#(steps[0])]}"#)
        let list = try await desk.ask("GET", "steps?sort=position").json["data"]?.array ?? []
        #expect(list.compactMap { $0["id"]?.int } == [steps[2], steps[1], steps[0]])
    }

    @Test func `records that share a place are numbered anew`() async throws {
        let (desk, steps) = try await room()
        for step in steps { try await desk.ask("PATCH", "steps/\(step)", #"{"position": 7}"#) }
        try await desk.ask("POST", "steps/order", #"{"ids": [\#(steps[1]), \#(steps[0])]}"#)
        let list = try await desk.ask("GET", "steps?sort=position").json["data"]?.array ?? []
        #expect(list.compactMap { $0["id"]?.int } == [steps[1], steps[0], steps[2]])
        #expect(list.compactMap { $0["position"]?.int } == [1, 2, 3])
    }

    @Test func `an order needs the right to change, names each record once, and only where there is an order`() async throws {
        let (desk, steps) = try await room()
        #expect(try await desk.ask("POST", "steps/order", #"{"ids": \#(steps)}"#, as: FrontDesk.agent).status == 403)
        #expect(try await desk.ask("POST", "steps/order", #"{"ids": [1, 1]}"#).fields == ["ids"])
        #expect(try await desk.ask("POST", "steps/order", "{}").fields == ["ids"])
        #expect(try await desk.ask("POST", "steps/order", #"{"ids": [1, 999]}"#).status == 404)
        #expect(try await desk.ask("POST", "chores/order", #"{"ids": [1]}"#).status == 404)
    }

    @Test func `the schema tells clients of cards, counts, order and related lists`() async throws {
        let (desk, _) = try await room()
        let entities = try await desk.ask("GET", "schema").json["entities"]?.array ?? []
        let step = entities.first { $0["name"]?.text == "step" }
        #expect(step?["list"]?["counts"]?.array?.map { $0["name"]?.text } == ["chores"])
        #expect(step?["list"]?["cards"]?.array?.count == 2)
        #expect(step?["ordered"]?.bool == true)
        #expect(step?["links"]?.array?.first?["title"]?.text == "Work")
        #expect(step?["links"]?.array?.first?["columns"]?.array?.map(\.text) == ["points", "urgent"])
    }

    @Test func `the terminal shows counts in the table, figures and the order`() async {
        let crm = FakeDeployment(
            schema: #"""
            {"entities": [{"name": "step", "path": "steps", "title": "Step", "plural_title": "Steps", "label_field": "name", "ordered": true,
              "list": {"columns": ["name"], "cards": ["a"], "counts": [{"name": "chores", "label": "Chores", "path": "chores", "field": "step"}]},
              "fields": [{"name": "name", "label": "Name", "type": "text"}], "rights": [], "actions": []}]}
            """#)
        let real = FakeSteps(crm)
        #expect(await real.list() == "ID  Name  Chores\n 1  Open      12\n")
        #expect(await real.order() == ["POST /api/v1/steps/order"])
    }
}

/// Steps as the terminal meets them.
private struct FakeSteps {
    let crm: FakeDeployment

    init(_ crm: FakeDeployment) {
        self.crm = crm
        crm.answer("GET /api/v1/steps", #"{"data": [{"id": 1, "name": "Open", "counts": {"chores": 12}}], "next": null}"#)
        crm.answer("POST /api/v1/steps/order", #"{"data": []}"#)
    }

    func list() async -> String {
        await crm.run("steps", "list")
        return crm.out
    }

    func order() async -> [String] {
        await crm.run("steps", "order", "3", "1", "2")
        return crm.requests.filter { $0.hasPrefix("POST") }
    }
}
