import Foundation
import PluginAPI
import Testing

@testable import Kernel

/// Leads as scripts meet them: through the JSON front, with the real libraries.
@Suite struct LeadsFrontTests {
    private let kernel: Kernel
    private let deployment: Deployment

    init() async throws {
        deployment = try Deployment("Customers", "Leads")
        try deployment.install("acme-score", manifest: AcmeScoreTests.manifest(), library: AcmeScoreTests.library.get())
        kernel = try await Kernel.boot(Kernel.Options(dataDirectory: deployment.folder.path, home: .none, beginning: .all, isDurable: false))
        try await kernel.makeAdministrator(email: "admin@example.com", name: "Admin", password: "a long enough password")
    }

    @discardableResult
    private func ask(_ method: String, _ path: String, _ body: String = "", expecting status: Int) async throws -> JSONValue {
        let parts = path.split(separator: "?", maxSplits: 1)
        var request = FrontRequest(method: method, path: ["api", "v1"] + parts[0].split(separator: "/").map(String.init))
        if parts.count == 2 { request.query = FrontRequest.parseQuery(parts[1]) ?? [] }
        request.headers = ["content-type": "application/json"]
        request.body = Array(body.utf8)
        request.isLocal = true
        let response: FrontResponse = await kernel.front.respond(request)
        guard let bytes = response.body.bytes else { throw CRMError(.internalError, "a stream") }
        let json: JSONValue = bytes.isEmpty ? .null : try JSONValue(parsing: bytes)
        #expect(response.status == status, "\(method) \(path): \(json)")
        return json
    }

    private func lead(_ title: String, _ more: String = "") async throws -> Int64 {
        try await ask("POST", "leads", #"{"title": "\#(title)"\#(more.isEmpty ? "" : ", " + more)}"#, expecting: 201)["id"]?.int ?? 0
    }

    private func titles(_ path: String) async throws -> [String] {
        try await ask("GET", path, expecting: 200)["data"]?.array?.compactMap { $0["title"]?.text } ?? []
    }

    @Test func `cards that were dragged keep their order when the board is loaded again`() async throws {
        var ids: [Int64] = []
        for title in ["A", "B", "C"] { ids.append(try await lead(title)) }
        let board = try await ask("GET", "leads/board", expecting: 200)
        let columns = board["data"]?.array ?? []
        #expect(columns.map { $0["title"]?.text } == ["New", "Contacted", "Qualified"])
        let contacted = try #require(columns.count > 1 ? columns[1]["key"]?.int : nil)
        try await ask("POST", "leads/\(ids[0])/move", #"{"column": \#(contacted)}"#, expecting: 200)
        try await ask("POST", "leads/\(ids[2])/move", #"{"column": \#(contacted), "below": \#(ids[0])}"#, expecting: 200)
        try await ask("POST", "leads/\(ids[1])/move", #"{"column": \#(contacted), "below": \#(ids[0])}"#, expecting: 200)
        for _ in 0..<2 {
            let again = try await ask("GET", "leads/board", expecting: 200)
            let cards = again["data"]?.array?.map { $0["cards"]?.array?.compactMap { $0["title"]?.text } ?? [] }
            #expect(cards == [[], ["A", "B", "C"], []])
        }
        #expect(try await ask("GET", "leads/\(ids[1])", expecting: 200)["status"]?.int == contacted)
    }

    @Test func `a rule of the score calls a function in C`() async throws {
        let score = "acme_score(contact_email, contact_phone, company_name, value)"
        try await ask("POST", "lead-score-rules", #"{"name": "Acme", "points_formula": "\#(score)"}"#, expecting: 201)
        try await ask("POST", "lead-score-rules", #"{"name": "Acme likes it", "condition": "acme_grade(\#(score)) in (\"A\", \"B\")", "points": 10}"#, expecting: 201)
        let wall = try await ask(
            "POST", "leads", #"{"title": "Wall", "contact_email": "anna@harbour.example", "value": "20000"}"#, expecting: 201)
        #expect(wall["score"]?.int == 75, "65 by the function, 10 since it grades the lead a B; the answer holds what is stored")
        let poor = try await lead("Poor", #""contact_email": "anna@gmail.com""#)
        #expect(try await ask("GET", "leads/\(poor)", expecting: 200)["score"]?.int == 15)
        #expect(try await titles("leads?sort=-score") == ["Wall", "Poor"])
        let wrong = try await ask("POST", "lead-score-rules", #"{"name": "Wrong", "points_formula": "acme_score(title)"}"#, expecting: 422)
        #expect(wrong["errors"]?.array?.first?["message"]?.text?.hasPrefix("line 1, column 1: ") == true, "\(wrong)")

        // Without the plugin its rules count nothing, and leads are worked on.
        try await kernel.plugins.disable("acme-score", by: Actor.system("test", rights: .empty))
        try await ask("PATCH", "leads/\(poor)", #"{"area": "North"}"#, expecting: 200)
        #expect(try await ask("GET", "leads/\(poor)", expecting: 200)["score"]?.int == 0)
    }

    @Test func `the second lead with an e-mail is answered with the way to the first`() async throws {
        let first = try await lead("Pilot", #""contact_email": "ada@x.example""#)
        let refused = try await ask("POST", "leads", #"{"title": "Again", "contact_email": "ada@x.example"}"#, expecting: 422)
        let links = refused["links"]?.array ?? []
        #expect(links.map { $0["kind"]?.text } == ["record", "merge"])
        #expect(links.first?["href"]?.text == "/admin/leads/\(first)")
    }

    @Test func `untouched and stagnant for any number of days stand in the address`() async throws {
        _ = try await lead("Fresh")
        #expect(try await titles("leads?last_activity_at.older=3") == [])
        try await kernel.store.engine.write { connection in
            try connection.execute("UPDATE lead SET last_activity_at = last_activity_at - 345600000, status_since = status_since - 345600000", [])
        }
        #expect(try await titles("leads?last_activity_at.older=3") == ["Fresh"])
        #expect(try await titles("leads?status_since.older=3&outcome=open") == ["Fresh"])
        #expect(try await titles("leads?last_activity_at.older=4") == [])
    }

    @Test func `a lead is assigned on demand, in bulk, with errors by row`() async throws {
        let me = try await ask("GET", "users", expecting: 200)["data"]?.array?.first?["id"]?.int ?? 0
        try await ask("POST", "lead-assignment-rules", #"{"name": "North", "condition": "area = \"North\"", "users": [\#(me)]}"#, expecting: 201)
        try await ask("PATCH", "settings", #"{"leads.assign_new": false}"#, expecting: 200)
        let north = try await lead("N", #""area": "North""#)
        let south = try await lead("S", #""area": "South""#)
        let answer = try await ask("POST", "leads/bulk", #"{"ids": [\#(north), \#(south)], "action": "assign"}"#, expecting: 200)
        #expect(try await ask("GET", "leads/\(north)", expecting: 200)["assigned_to"]?.int == me, "\(answer)")
        let left = try await ask("GET", "leads/\(south)", expecting: 200)
        #expect(left["assigned_to"] == .null, "\(answer)")
        #expect("\(answer)".contains("no assignment rule holds for this lead"), "\(answer)")
    }
}
