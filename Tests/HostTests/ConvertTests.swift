import Foundation
import Synchronization
import Testing

@testable import Kernel

/// Converting leads over real HTTP and in the terminal, with the plugins as libraries.
@Suite(.serialized) struct ConvertTests {
    /// A server with an administrator's token; ends with the test.
    private final class Desk: Sendable {
        let tenon: TenonProgram
        let server: TenonProgram.Server
        let knock: Knock

        init() throws {
            tenon = try TenonProgram.prepared()
            let made = try tenon.run("token", "create", "--user", "admin@example.com", "--name", "convert")
            server = try tenon.serve()
            knock = Knock(
                port: Int(server.address.split(separator: ":").last ?? "") ?? 0,
                token: made.output.trimmingCharacters(in: .whitespacesAndNewlines))
        }

        deinit {
            server.process.terminate()
            server.process.waitUntilExit()
        }

        @discardableResult
        func ask(_ method: String, _ path: String, _ body: String = "") throws -> (status: Int, json: JSONValue) {
            guard case .answer(let status, _, let text) = knock.ask(method, "/api/v1/" + path, body) else { throw Silent() }
            return (status, (try? JSONValue(parsing: Array(text.utf8))) ?? .null)
        }

        func lead(_ title: String, _ more: String = "") throws -> Int64 {
            try ask("POST", "leads", #"{"title": "\#(title)"\#(more)}"#).json["id"].int ?? 0
        }

        func count(_ path: String) throws -> Int { try ask("GET", path).json["data"].elements.count }
    }

    private struct Silent: Error {}

    @Test func `of several converts at the same moment over HTTP one makes the customer, and the others are told`() throws {
        let desk = try Desk()
        let statuses = Mutex<[Int]>([])
        for round in 1...5 {
            let lead = try desk.lead("Pilot \(round)")
            let gate = DispatchGroup()
            for _ in 0..<4 {
                gate.enter()
                Thread.detachNewThread {
                    let answer = try? desk.ask("POST", "leads/\(lead)/actions/convert", #"{"create_deal": true}"#)
                    statuses.withLock { $0.append(answer?.status ?? 0) }
                    gate.leave()
                }
            }
            gate.wait()
        }
        #expect(statuses.withLock { $0.sorted() } == Array(repeating: 200, count: 5) + Array(repeating: 409, count: 15))
        #expect(try desk.count("customers") == 5)
        #expect(try desk.count("deals") == 5)
    }

    @Test func `leads are converted in bulk, and those that cannot be are told row by row, with links`() throws {
        let desk = try Desk()
        try desk.ask("POST", "customers", #"{"name": "Ada F.", "email": "ada@x.example"}"#)
        let ids = [
            try desk.lead("One", #", "contact_name": "Olga One""#), try desk.lead("Two", #", "contact_email": "ada@x.example""#),
            try desk.lead("Three"),
        ]
        try desk.ask("POST", "leads/\(ids[2])/actions/mark-junk")
        let list = ids.map(String.init).joined(separator: ", ")
        let answer = try desk.ask("POST", "leads/bulk", #"{"ids": [\#(list), 999], "action": "convert", "input": {"company_option": "none"}}"#)
        #expect(answer.status == 200)
        #expect(answer.json["done"].int == 1)
        let failed = answer.json["failed"].elements
        #expect(failed.compactMap { $0["id"].int } == [ids[1], ids[2], 999])
        #expect(failed.first?["errors"].elements.first?["field"].string == "existing_customer")
        #expect(failed.first?["links"].elements.first?["href"].string == "/admin/customers/1")
        // Each has its own name; nobody has the name of another.
        #expect(try desk.ask("GET", "customers?sort=id").json["data"].elements.compactMap { $0["name"].string } == ["Ada F.", "Olga One"])
        let again = try desk.ask("POST", "leads/bulk", #"{"ids": [\#(list)], "action": "convert", "input": {"existing_customer": "link"}}"#)
        #expect(again.json["done"].int == 1)
        #expect(try desk.count("customers") == 2)
    }

    @Test func `a reason is asked for in bulk as well`() throws {
        let desk = try Desk()
        let ids = [try desk.lead("One"), try desk.lead("Two")].map(String.init).joined(separator: ", ")
        let without = try desk.ask("POST", "leads/bulk", #"{"ids": [\#(ids)], "action": "mark-lost"}"#)
        #expect(without.json["done"].int == 0)
        #expect(without.json["failed"].elements.allSatisfy { $0["errors"].elements.first?["field"].string == "lost_reason" })
        let with = try desk.ask("POST", "leads/bulk", #"{"ids": [\#(ids)], "action": "mark-lost", "input": {"lost_reason": "No budget"}}"#)
        #expect(with.json["done"].int == 2)
    }

    @Test func `the question about a known customer is answered in JSON and in the terminal`() throws {
        let tenon = try TenonProgram.prepared()
        #expect(try tenon.run("customers", "add", "--name", "Ada F.", "--email", "ada@x.example").status == 0)
        #expect(try tenon.run("leads", "add", "--title", "Pilot", "--contact-email", "ada@x.example").status == 0)
        let asked = try tenon.run("leads", "convert", "1")
        #expect(asked.status == 1, "\(asked)")
        #expect(asked.errors.contains("tenon customers show 1"))
        #expect(asked.errors.contains("--existing-customer ask|link|new"))
        let json = try tenon.run("leads", "convert", "1", "--json")
        #expect((json.output + json.errors).contains("\"href\""), "\(json)")
        let done = try tenon.run("leads", "convert", "1", "--existing-customer", "link")
        #expect(done.status == 0 && done.output.contains("  customer: 1"), "\(done)")
    }

    @Test func `junk is out of the list in the terminal until it is asked for, and reopened by its name`() throws {
        let tenon = try TenonProgram.prepared()
        for title in ["Real", "Prank"] { #expect(try tenon.run("leads", "add", "--title", title).status == 0) }
        #expect(try tenon.run("leads", "mark-lost", "Real").errors.contains("lost_reason"))
        #expect(try tenon.run("leads", "mark-junk", "Prank").status == 0)
        #expect(try !tenon.run("leads", "list").output.contains("Prank"))
        #expect(try !tenon.run("leads", "export").output.contains("Prank"))
        #expect(try tenon.run("leads", "list", "--set-aside").output.contains("Prank"))
        #expect(try tenon.run("leads", "list", "--outcome", "junk").output.contains("Prank"))
        #expect(try tenon.run("leads", "reopen", "Prank").status == 0)
        #expect(try tenon.run("leads", "list").output.contains("Prank"))
    }

    @Test func `notes and the timeline that goes along are told in the terminal`() throws {
        let tenon = try TenonProgram.prepared()
        #expect(try tenon.run("leads", "add", "--title", "Pilot").status == 0)
        #expect(try tenon.run("leads", "note", "Pilot", "Calls back", "on Tuesday").output == "wrote note 1 on lead 1\n")
        #expect(try tenon.run("leads", "note", "1", "-", input: "From\na file\n").status == 0)
        #expect(try tenon.run("leads", "notes", "1").output.contains("  Calls back on Tuesday\n"))
        #expect(try tenon.run("leads", "convert", "1", "--deal-option", "new").status == 0)
        for path in ["customers", "deals"] {
            let timeline = try tenon.run(path, "timeline", "1").output
            #expect(timeline.contains("Calls back on Tuesday") && timeline.contains("lead Pilot (tenon leads show 1)"), "\(timeline)")
        }
        #expect(try tenon.run("search", "calls back").output.contains("note on lead"))
    }
}
