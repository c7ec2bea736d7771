import PluginAPI
import Testing

@testable import Kernel

@Suite struct PanelTests {
    private let desk: FrontDesk

    init() async throws { desk = try await FrontDesk() }

    @Test func `a panel is one small table in JSON, with values as everywhere and records by name`() async throws {
        let before = try await desk.chore("Mow the lawn")
        let id = try await desk.chore("Rake", #""points": 3, "after": \#(before), "cost": "12.50""#)
        let panel = try await desk.ask("GET", "chores/\(id)/panels/worth").json
        #expect(panel["title"] == .string("What it is worth"))
        #expect(panel["sentence"] == .string("It counts 3 points."))
        #expect(panel["columns"]?.array?.compactMap { $0["title"]?.text } == ["Part", "Points", "Waits for", "Done by", "Took"])
        #expect(panel["columns"]?.array?.compactMap { $0["numeric"]?.bool } == [false, true, false, false, false])
        let row = try #require(panel["rows"]?.array?.first?.array)
        #expect(row[0] == .string("The chore itself"))
        #expect(row[1] == .number("3"))
        #expect(row[2]["label"] == .string("Mow the lawn"))
        #expect(row[2]["path"] == .string("chores"))
        #expect(row[4]["seconds"] == .number("97200"))
        #expect(row[4]["text"] == .string("1 d 3 h"))
        #expect(panel["rows"]?.array?.last?.array?[1]["amount"] == .string("12.50"))
        let all = try await desk.ask("GET", "chores/\(id)/panels").json
        #expect(all["data"]?.array == [panel])
    }

    @Test func `a panel without anything to say is not there`() async throws {
        let id = try await desk.chore("Nothing")
        #expect(try await desk.ask("GET", "chores/\(id)/panels").json["data"]?.array == [])
        #expect(try await desk.ask("GET", "chores/\(id)/panels/worth").status == 404)
        let secret = try await desk.chore("secret panel", #""points": 3"#)
        #expect(try await desk.ask("GET", "chores/\(secret)/panels").json["data"]?.array == [])
        #expect(try await desk.ask("GET", "chores/\(id)/panels/nonsense").status == 404)
    }

    @Test func `a panel shows no record that its reader may not see, and is none of somebody else's record`() async throws {
        let hidden = try await desk.chore("Secret plan")
        let id = try await desk.chore("Rake", #""points": 3"#, as: FrontDesk.agent)
        // Only the boss can point at a record that the agent does not see.
        #expect(try await desk.ask("PATCH", "chores/\(id)", #"{"after": \#(hidden)}"#).status == 200)
        let panel = try await desk.ask("GET", "chores/\(id)/panels/worth", as: FrontDesk.agent)
        #expect(panel.json["rows"]?.array?.first?.array?[2] == .null)
        #expect(!panel.text.contains("Secret plan"))
        #expect(try await desk.ask("GET", "chores/\(hidden)/panels", as: FrontDesk.agent).status == 404)
    }

    @Test func `a panel that fails says so in its place, and cannot change anything`() async throws {
        let broken = try await desk.chore("broken panel", #""points": 3"#)
        let all = try await desk.ask("GET", "chores/\(broken)/panels").json["data"]?.array
        #expect(all?.first?["trouble"] == .string("This panel does not work today."))
        #expect(try await desk.ask("GET", "chores/\(broken)/panels/worth").status == 409)
        let writing = try await desk.chore("writing panel", #""points": 3"#)
        #expect(try await desk.ask("GET", "chores/\(writing)/panels").json["data"]?.array?.first?["trouble"] == .string("This cannot be worked out now."))
        #expect(try await desk.ask("GET", "steps").json["data"]?.array == [])
    }

    @Test func `panels and notes stand in the description of the interface`() async throws {
        let document = try await desk.ask("GET", "/openapi.json").json
        #expect(document["paths"]?["/api/v1/chores/{id}/panels/{name}"]?["get"] != nil)
        #expect(document["paths"]?["/api/v1/chores/{id}/notes"]?["post"] != nil)
        #expect(document["paths"]?["/api/v1/users/{id}/notes"] == nil)
        #expect(document["paths"]?["/api/v1/steps/{id}/panels"] == nil)
    }

    @Test(arguments: [(0, "0 s"), (59, "59 s"), (60, "1 min"), (3_599, "59 min 59 s"), (86_400, "1 d"), (90_061, "1 d 1 h"), (86_460, "1 d")])
    func `a length of time is told by its largest units`(seconds: Int64, words: String) {
        #expect(Display.duration(seconds) == words)
    }
}
