import Foundation
import Testing

@testable import Kernel

/// The program itself, with the plugins as libraries: what scripts and people meet.
@Suite(.serialized) struct CommandLineTests {
    @Test func `a deployment is prepared once`() throws {
        let tenon = try TenonProgram()
        let made = try tenon.run("init", "--admin-email", "admin@example.com", "--admin-password-file", "-", "--json", input: "a long walk by the sea\n")
        #expect(made.status == 0 && made.errors.isEmpty, "\(made)")
        #expect(made.json["plugins"].strings == ["customers", "leads", "deals"])
        let again = try tenon.run("init", "--admin-email", "b@example.com", "--admin-password-file", "-", input: "a long walk by the sea\n")
        #expect(again.status == 1)
        #expect(again.errors.hasPrefix("error: there is a deployment in "))
    }

    @Test func `a password that will not do leaves nothing behind`() throws {
        let tenon = try TenonProgram()
        let run = try tenon.run("init", "--admin-email", "admin@example.com", "--admin-password-file", "-", input: "short\n")
        #expect(run.status == 1 && run.errors.contains("password"))
        #expect(!FileManager.default.fileExists(atPath: tenon.data.path))
        let list = try tenon.run("leads", "list")
        #expect(list.status == 7 && list.errors.contains("tenon init"))
    }

    @Test func `a lead is worked through in the terminal, under the same rules as anywhere`() throws {
        let tenon = try TenonProgram.prepared()
        let added = try tenon.run("leads", "add", "--title", "Harbour wall", "--contact-email", "anna@example.com", "--value", "1250.50 EUR", "--json")
        #expect(added.status == 0, "\(added)")
        #expect(added.json["value"] == .fields(["amount": .string("1250.50"), "currency": .string("EUR")]))
        #expect(added.json["status_label"].string == "New")

        let twin = try tenon.run("leads", "add", "--title", "Twin", "--contact-email", "anna@example.com")
        #expect(twin.status == 1 && twin.errors.contains("contact_email"), "\(twin)")
        let wrong = try tenon.run("leads", "add", "--title", "x", "--value", "much")
        #expect(wrong.status == 1 && wrong.errors.contains("  value: "))
        #expect(try tenon.run("leads", "show", "999").status == 3)
        let misspelt = try tenon.run("laeds", "list")
        #expect(misspelt.status == 2 && misspelt.errors.contains("Did you mean `leads`"))

        #expect(try tenon.run("leads", "edit", "1", "--status", "Contacted").status == 0)
        let stale = try tenon.run("leads", "edit", "1", "--title", "Pier", "--if-version", "99")
        #expect(stale.status != 0)
        let list = try tenon.run(
            "leads", "list", "--status", "Contacted", "--where", "value>=1000", "--columns", "id,title,status,value")
        #expect(list.output == """
            ID  Title         Status            Value
             1  Harbour wall  Contacted  1,250.50 EUR

            """)

        let converted = try tenon.run("leads", "convert", "1", "--customer-name", "Anna Berg", "--create-deal", "--deal-title", "Wall, part 1")
        #expect(converted.status == 0 && converted.output.contains("  deal: 1"), "\(converted)")
        let second = try tenon.run("leads", "convert", "1", "--customer-name", "Anna Berg")
        #expect(second.status == 1, "\(second)")
        #expect(try tenon.run("deals", "show", "Wall, part 1").output.contains("1,250.50 EUR"))
        let timeline = try tenon.run("leads", "timeline", "1").output
        #expect(timeline.contains("Status: New → Contacted") && timeline.contains("Outcome: Open → Converted"))

        let asked = try tenon.run("deals", "delete", "1")
        #expect(asked.status == 2 && asked.errors.contains("--yes"))
        #expect(try tenon.run("deals", "delete", "1", "--yes").status == 0)
    }

    @Test func `adding with the same key twice adds once`() throws {
        let tenon = try TenonProgram.prepared()
        let first = try tenon.run("leads", "add", "--title", "Once", "--idempotency-key", "k-1", "--json")
        let second = try tenon.run("leads", "add", "--title", "Once", "--idempotency-key", "k-1", "--json")
        #expect(first.status == 0 && first.json["id"] == second.json["id"])
        #expect(try tenon.run("leads", "list", "--json", "--count").json["total"].int == 1)
    }

    @Test func `rights hold in the terminal as elsewhere`() throws {
        let tenon = try TenonProgram.prepared()
        #expect(try tenon.run("user", "add", "--name", "Bea", "--email", "bea@example.com", "--role", "sales_agent").status == 0)
        #expect(try tenon.run("leads", "add", "--title", "Not hers").status == 0)
        #expect(try tenon.run("leads", "list", "--as", "bea@example.com", "--json").json["data"].elements.isEmpty)
        #expect(try tenon.run("leads", "show", "1", "--as", "bea@example.com").status == 3)
        #expect(try tenon.run("plugin", "list", "--as", "bea@example.com").status == 4)
        #expect(try tenon.run("leads", "list", "--as", "nobody@example.com").status == 4)
        let why = try tenon.run("role", "explain", "--user", "bea@example.com", "--entity", "leads", "--right", "view")
        #expect(why.output.contains("own") && why.output.contains("Sales agent"))
    }

    @Test func `what a plugin adds goes and comes with it`() throws {
        let tenon = try TenonProgram.prepared()
        let needed = try tenon.run("plugin", "disable", "customers")
        #expect(needed.status == 1, "\(needed)")
        #expect(try tenon.run("plugin", "disable", "deals").status == 0)
        #expect(try tenon.run("deals", "list").status == 2)
        #expect(!(try tenon.run("leads", "convert", "--help").output.contains("--create-deal")))
        #expect(try tenon.run("plugin", "enable", "deals").status == 0)
        #expect(try tenon.run("deals", "list", "--json").json["data"].elements.isEmpty)
        #expect(try tenon.run("fields", "add", "leads", "shoe_size", "--type", "integer").status == 0)
        #expect(try tenon.run("leads", "add", "--title", "x", "--shoe-size", "43", "--json").json["shoe_size"].int == 43)
        #expect(try tenon.run("complete", "--", "leads", "conv").output == "convert\n")
        #expect(try tenon.run("complete", "--", "deals", "list", "--sta").output == "--stage\n--stage-since\n")
    }

    @Test func `a file is tried, imported in part, and taken back`() throws {
        let tenon = try TenonProgram.prepared()
        let file = tenon.folder.appendingPathComponent("people.csv")
        try "Title,E-Mail,Value\nOne,one@example.com,10.00\nTwo,not an address,20.00\nThree,three@example.com,30.00\n"
            .write(to: file, atomically: true, encoding: .utf8)
        let trial = try tenon.run("leads", "import", file.path, "--dry-run")
        #expect(trial.status == 6 && trial.output.contains("leads: 2 would be created"), "\(trial)")
        let refused = try tenon.run("leads", "import", file.path)
        #expect(refused.status == 1, "\(refused)")
        #expect(try tenon.run("leads", "list", "--json").json["data"].elements.isEmpty)

        let left = tenon.folder.appendingPathComponent("left.csv")
        let partly = try tenon.run("leads", "import", file.path, "--skip-errors", "--errors", left.path, "--json")
        #expect(partly.status == 6 && partly.json["created"].int == 2, "\(partly)")
        #expect(try String(contentsOf: left, encoding: .utf8).contains("not an address"))
        let exported = try tenon.run("leads", "export", "--columns", "title", "--sort", "title").output
        #expect(exported == "title\r\nOne\r\nThree\r\n" || exported == "title\nOne\nThree\n")
        #expect(try tenon.run("imports", "revert", partly.json["id"].scalar, "--yes").status == 0)
        #expect(try tenon.run("leads", "list", "--json").json["data"].elements.isEmpty)
    }

    @Test func `the command line goes through the server that holds the data, and the server ends when told`() throws {
        let tenon = try TenonProgram.prepared()
        let server = try tenon.serve()
        defer { server.process.terminate() }
        #expect(try tenon.run("leads", "add", "--title", "Through the socket").status == 0)
        let token = try tenon.run("token", "create", "--user", "admin@example.com", "--name", "test").output.trimmed
        #expect(try tenon.run("leads", "list", "--server", server.address).status == 4)
        let remote = try tenon.run("leads", "list", "--json", "--server", server.address, environment: ["TENON_TOKEN": token])
        #expect(remote.json["data"].elements.first?["title"].string == "Through the socket")
        #expect(try tenon.run("leads", "list", "--server", server.address, environment: ["TENON_TOKEN": "tnn_wrong"]).status == 4)

        let second = try tenon.run("serve", "--port", "0")
        #expect(second.status == 7 && second.errors.contains("is held by process \(server.process.processIdentifier)"), "\(second)")

        server.process.terminate()
        server.process.waitUntilExit()
        #expect(server.process.terminationStatus == 0)
        #expect(!FileManager.default.fileExists(atPath: tenon.data.appendingPathComponent("tenon.sock").path))
        #expect(try tenon.run("leads", "list", "--json").json["data"].elements.count == 1)
    }

    @Test func `a server that was killed leaves a directory that works`() throws {
        let tenon = try TenonProgram.prepared()
        let server = try tenon.serve()
        #expect(try tenon.run("leads", "add", "--title", "Kept").status == 0)
        kill(server.process.processIdentifier, SIGKILL)
        server.process.waitUntilExit()
        #expect(try tenon.run("leads", "list", "--json").json["data"].elements.count == 1)
        let next = try tenon.serve()
        defer { next.process.terminate() }
        #expect(try tenon.run("leads", "list", "--json").json["data"].elements.count == 1)
    }

    @Test func `a port that is taken is told`() throws {
        let tenon = try TenonProgram.prepared()
        let server = try tenon.serve()
        defer { server.process.terminate() }
        let other = try TenonProgram.prepared()
        let run = try other.run("serve", "--port", server.address.split(separator: ":").last.map(String.init) ?? "")
        #expect(run.status == 7 && run.errors.contains("is in use") && run.errors.contains("--port"), "\(run)")
    }

    @Test func `the doctor finds a healthy deployment well`() throws {
        let tenon = try TenonProgram.prepared()
        let run = try tenon.run("doctor", "--json")
        #expect(run.status == 0, "\(run)")
        #expect(run.json["data"].elements.allSatisfy { $0["state"].string == "ok" })
    }

    @Test func `a damaged store is told, not shown as an empty one`() throws {
        let tenon = try TenonProgram.prepared()
        for name in ["tenon.sqlite-wal", "tenon.sqlite-shm"] { try? FileManager.default.removeItem(at: tenon.data.appendingPathComponent(name)) }
        try Data(repeating: 0x5A, count: 20_000).write(to: tenon.data.appendingPathComponent("tenon.sqlite"))
        for command in [["leads", "list"], ["doctor"], ["serve", "--port", "0"]] {
            let run = try tenon.run(command)
            #expect(run.status == 7 && run.errors.contains("could not be opened") && run.errors.contains("backup"), "\(run)")
        }
    }
}
