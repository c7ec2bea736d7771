import Foundation
import PluginAPI
import Testing

@testable import Kernel

@Suite struct WebhookTests {
    let desk: FrontDesk
    let server: OutsideServer

    init() async throws {
        desk = try await FrontDesk()
        server = try OutsideServer()
        try await desk.ask("PATCH", "settings", #"{"kernel.private_addresses": true}"#)
    }

    /// Makes a webhook and gives its id.
    private func webhook(_ hooks: String = "chore_created", _ more: String = "", url: String? = nil) async throws -> Int64 {
        let answer = try await desk.ask(
            "POST", "webhooks",
            #"{"name": "Hook \#(UUID().uuidString)", "url": "\#(url ?? server.url + "/in")", "hooks": "\#(hooks)"\#(more.isEmpty ? "" : ", " + more)}"#)
        #expect(answer.status == 201, "\(answer.text)")
        return answer.id
    }

    /// Takes events out of the outbox and sends what is due.
    private func send() async throws {
        try await desk.kernel.deliveries.deliverDue()
        try await desk.kernel.webhooks.sendDue()
    }

    private func deliveries() async throws -> [JSONValue] {
        try await desk.ask("GET", "webhook-deliveries?sort=id").json["data"]?.array ?? []
    }

    private func events(_ server: OutsideServer? = nil) throws -> [JSONValue] {
        try (server ?? self.server).requests.map { try JSONValue(parsing: $0.body) }
    }

    // MARK: Sending

    @Test func `an event arrives with the record, who did it, and when`() async throws {
        _ = try await webhook()
        let chore = try await desk.chore("Sweep")
        try await send()
        let request = try #require(server.requests.first)
        #expect(request.method == "POST")
        #expect(request.path == "/in")
        #expect(request.headers["content-type"] == "application/json")
        let event = try JSONValue(parsing: request.body)
        #expect(event["id"]?.text == request.headers["webhook-id"])
        #expect(event["hook"]?.text == "chore_created")
        #expect(event["moment"]?.text == "2026-03-02T10:00:00.000Z")
        #expect(event["actor"]?["name"]?.text == "Berta Boss")
        #expect(event["payload"]?["record"]?.int == chore)
        #expect(event["record"]?["id"]?.int == chore)
        #expect(event["record"]?["title"]?.text == "Sweep")
        let delivery = try #require(try await deliveries().first)
        #expect(delivery["status"]?.text == "delivered")
        #expect(delivery["answer_status"]?.int == 200)
        #expect(delivery["attempts"]?.int == 1)
        #expect(delivery["next_at"] == .null)
        #expect(delivery["event"]?.text == request.headers["webhook-id"])
    }

    @Test func `nothing is stored for a hook that nobody waits for`() async throws {
        _ = try await webhook("user_created")
        try await desk.chore("Sweep")
        let waiting = try await desk.kernel.store.engine.read { try $0.integer("SELECT count(*) FROM tenon_outbox WHERE listener = 'webhooks'") }
        #expect(waiting == 0)
        try await send()
        #expect(server.requests.isEmpty)
    }

    @Test func `a change that is undone sends nothing`() async throws {
        _ = try await webhook("*")
        let store = desk.kernel.store
        await #expect(throws: CRMError.self) {
            try await store.write(as: desk.kernel.system("test")) { tx in
                var chore = try tx.blank("chore")
                chore["title"] = .text("Sweep")
                _ = try tx.save("chore", chore)
                throw CRMError.refused("no")
            }
        }
        try await send()
        #expect(server.requests.isEmpty)
    }

    @Test func `events come in the order in which they happened, also of different hooks`() async throws {
        _ = try await webhook("*", #""entity": "chore""#)
        let chore = try await desk.chore("Sweep")
        try await desk.ask("PATCH", "chores/\(chore)", #"{"title": "Mop"}"#)
        try await desk.ask("DELETE", "chores/\(chore)")
        try await desk.ask("POST", "teams", #"{"name": "Cleaners"}"#)
        try await send()
        #expect(try events().map { $0["hook"]?.text ?? "" } == ["chore_created", "chore_updated", "chore_deleted"])
        #expect(try events()[1]["payload"]?["fields"] == .array([.string("title")]))
        #expect(try events()[2]["record"] == nil)
    }

    @Test func `a named hook is sent with what it carries`() async throws {
        _ = try await webhook("chore_done")
        let chore = try await desk.chore("Sweep")
        #expect(try await desk.ask("POST", "chores/\(chore)/actions/end", #"{"reason": "clean"}"#).status == 200)
        try await send()
        let event = try #require(try events().first)
        #expect(event["hook"]?.text == "chore_done")
        #expect(event["payload"]?["chore"]?.int == chore)
        #expect(event["record"] == nil)
    }

    // MARK: Signatures

    @Test func `the signature is that of the Standard Webhooks specification`() async throws {
        let id = try await webhook()
        let secret = try await desk.ask("POST", "webhooks/\(id)/actions/new-secret").json["results"]?["secret"]?.text ?? ""
        #expect(secret.hasPrefix("whsec_"))
        try await desk.chore("Sweep")
        // The first secret, which nobody has seen, is the one before it and signs for another day.
        desk.clock.advance(seconds: 25 * 3600)
        try await send()
        let request = try #require(server.requests.first)
        let moment = try #require(request.headers["webhook-timestamp"])
        #expect(Int64(moment) == desk.clock.now.milliseconds / 1000)
        let signed = try #require(request.headers["webhook-id"]) + "." + moment + "." + request.text
        #expect(request.headers["webhook-signature"] == "v1," + (try OpenSSL.hmac(signed, secret: secret)))
    }

    @Test func `both secrets sign for a day after a new one was made`() async throws {
        let id = try await webhook()
        let first = try await desk.ask("POST", "webhooks/\(id)/actions/new-secret").json["results"]?["secret"]?.text ?? ""
        let second = try await desk.ask("POST", "webhooks/\(id)/actions/new-secret").json["results"]?["secret"]?.text ?? ""
        #expect(first != second)
        try await desk.chore("Sweep")
        try await send()
        let request = try #require(server.requests.first)
        let signed = "\(request.headers["webhook-id"] ?? "").\(request.headers["webhook-timestamp"] ?? "").\(request.text)"
        let signatures = try [second, first].map { "v1," + (try OpenSSL.hmac(signed, secret: $0)) }
        #expect(request.headers["webhook-signature"] == signatures.joined(separator: " "))
    }

    @Test func `the secret is shown once and nowhere else`() async throws {
        let id = try await webhook()
        let secret = try await desk.ask("POST", "webhooks/\(id)/actions/new-secret").json["results"]?["secret"]?.text ?? ""
        try await desk.chore("Sweep")
        try await send()
        for path in [
            "webhooks", "webhooks/\(id)", "webhooks/\(id)/timeline", "webhooks/export?format=csv", "webhook-deliveries", "schema", "search?q=whsec",
        ] {
            let answer = try await desk.ask("GET", path)
            #expect(!answer.text.contains(secret) && !answer.text.contains("whsec_"), "\(path)")
        }
        let page = try await desk.ask("GET", "/admin/webhooks/\(id)")
        #expect(page.status == 200)
        #expect(!page.text.contains("whsec_"))
        #expect(!server.requests.contains { $0.text.contains(secret) })
    }

    @Test func `the example of the manual verifies a delivery`() async throws {
        guard try OpenSSL.run("/bin/sh", ["-c", "command -v python3 || true"]) != "" else { return }
        let manual = try String(contentsOf: SourceFile.root.appendingPathComponent("docs/webhooks.md"), encoding: .utf8)
        let example = try #require(manual.components(separatedBy: "```python\n").dropFirst().first?.components(separatedBy: "```").first)
        let id = try await webhook()
        let secret = try await desk.ask("POST", "webhooks/\(id)/actions/new-secret").json["results"]?["secret"]?.text ?? ""
        try await desk.chore("Sweep “the” stairs")
        try await send()
        let request = try #require(server.requests.first)
        func verify(_ body: String) throws -> String {
            let check = """

                import sys
                headers = {"webhook-id": sys.argv[1], "webhook-timestamp": sys.argv[2], "webhook-signature": sys.argv[3]}
                print(is_genuine(sys.argv[4], headers, sys.argv[5].encode(), now=int(sys.argv[2]) + 10))
                print(is_genuine(sys.argv[4], headers, sys.argv[5].encode(), now=int(sys.argv[2]) + 1000))
                """
            return try OpenSSL.run(
                "/usr/bin/env",
                ["python3", "-c", example + check] + ["webhook-id", "webhook-timestamp", "webhook-signature"].map { request.headers[$0] ?? "" } + [secret, body])
        }
        #expect(try verify(request.text) == "True\nFalse\n")
        #expect(try verify(request.text + " ") == "False\nFalse\n")
    }

    // MARK: Failing

    @Test func `what fails is sent again later, with the same id, until it is taken`() async throws {
        _ = try await webhook()
        server.answer { _ in .status(500, "not today") }
        try await desk.chore("Sweep")
        try await send()
        var delivery = try #require(try await deliveries().first)
        #expect(delivery["status"]?.text == "pending")
        #expect(delivery["problem"]?.text == "the address answered 500")
        #expect(delivery["answer_excerpt"]?.text == "not today")
        #expect(delivery["next_at"]?.text == "2026-03-02T10:00:10.000Z")
        desk.clock.advance(seconds: 9)
        try await send()
        #expect(server.requests.count == 1)
        desk.clock.advance(seconds: 1)
        try await send()
        #expect(server.requests.count == 2)
        server.answer { _ in .status(204) }
        desk.clock.advance(seconds: 40)
        try await send()
        #expect(server.requests.count == 3)
        #expect(Set(server.requests.map { $0.headers["webhook-id"] }).count == 1)
        #expect(Set(server.requests.map { $0.headers["webhook-timestamp"] }).count == 3)
        delivery = try #require(try await deliveries().first)
        #expect(delivery["status"]?.text == "delivered")
        #expect(delivery["attempts"]?.int == 3)
        let webhook = try await desk.ask("GET", "webhooks").json["data"]?.array?.first
        #expect(webhook?["failing_since"] == .null)
        #expect(webhook?["delivered_at"]?.text == "2026-03-02T10:00:50.000Z")
    }

    @Test func `an address that is gone is not asked again, and administrators are told`() async throws {
        let id = try await webhook()
        server.answer { _ in .status(410) }
        try await desk.chore("Sweep")
        try await send()
        let webhook = try await desk.ask("GET", "webhooks/\(id)").json
        #expect(webhook["active"]?.bool == false)
        #expect(webhook["inactive_reason"]?.text == "the address answered 410 Gone")
        #expect(try await deliveries().first?["status"]?.text == "failed")
        let notices = try await desk.ask("GET", "notifications").text
        #expect(notices.contains("was switched off: the address answered 410 Gone"))
        desk.clock.advance(seconds: 3600)
        try await desk.chore("Mop")
        try await send()
        #expect(server.requests.count == 1)
        // Switched on again, it begins anew.
        try await desk.ask("PATCH", "webhooks/\(id)", #"{"active": true}"#)
        server.answer { _ in .status(200) }
        try await desk.chore("Dust")
        try await send()
        #expect(try events().last?["record"]?["title"]?.text == "Dust")
        #expect(try await desk.ask("GET", "webhooks/\(id)").json["inactive_reason"] == .null)
    }

    @Test func `an address that takes nothing for days is switched off`() async throws {
        let id = try await webhook()
        server.answer { _ in .status(503) }
        try await desk.chore("Sweep")
        try await send()
        for _ in 0..<70 {
            desk.clock.advance(seconds: 2 * 3600)
            try await send()
            if try await desk.ask("GET", "webhooks/\(id)").json["active"]?.bool == false { break }
        }
        let webhook = try await desk.ask("GET", "webhooks/\(id)").json
        #expect(webhook["active"]?.bool == false)
        #expect(webhook["inactive_reason"]?.text == "the address took nothing for 5 days")
        #expect(server.requests.count > 10 && server.requests.count < 30)
    }

    @Test func `a dead address delays no other`() async throws {
        let dead = try OutsideServer { _ in .init(isSilent: true) }
        _ = try await webhook(url: dead.url)
        _ = try await webhook()
        try await desk.chore("Sweep")
        try await desk.kernel.deliveries.deliverDue()
        let sending = Task { try await desk.kernel.webhooks.sendDue() }
        while server.requests.isEmpty || dead.requests.isEmpty { await Task.yield() }
        try await desk.chore("Mop")
        try await desk.kernel.deliveries.deliverDue()
        desk.kernel.webhooks.start()
        while server.requests.count < 2 { await Task.yield() }
        #expect(dead.requests.count == 1)
        dead.hangUp()
        await desk.kernel.webhooks.stop()
        sending.cancel()
        _ = try? await sending.value
    }

    @Test func `a redirect is a failure and is not followed`() async throws {
        let elsewhere = try OutsideServer()
        let target = elsewhere.url
        server.answer { _ in .status(307, headers: ["location": target]) }
        _ = try await webhook()
        try await desk.chore("Sweep")
        try await send()
        #expect(elsewhere.requests.isEmpty)
        #expect(try await deliveries().first?["problem"]?.text?.contains("redirects are not followed") == true)
    }

    @Test func `private addresses are refused unless the deployment allows them`() async throws {
        try await desk.ask("PATCH", "settings", #"{"kernel.private_addresses": false}"#)
        _ = try await webhook()
        try await desk.chore("Sweep")
        try await send()
        #expect(server.requests.isEmpty)
        let delivery = try #require(try await deliveries().first)
        #expect(delivery["status"]?.text == "pending")
        #expect(delivery["problem"]?.text == "127.0.0.1 is at 127.0.0.1, an address that is not reached from here")
    }

    // MARK: By hand

    @Test func `a delivery is sent again by hand, with the same id`() async throws {
        _ = try await webhook()
        try await desk.chore("Sweep")
        try await send()
        let id = try #require(try await deliveries().first?["id"]?.int)
        #expect(try await desk.ask("POST", "webhook-deliveries/\(id)/actions/redeliver").status == 200)
        try await send()
        #expect(server.requests.count == 2)
        #expect(server.requests[0].headers["webhook-id"] == server.requests[1].headers["webhook-id"])
        #expect(server.requests[0].body == server.requests[1].body)
    }

    @Test func `a test is sent when asked for`() async throws {
        let id = try await webhook()
        #expect(try await desk.ask("POST", "webhooks/\(id)/actions/send-test").status == 200)
        try await send()
        let event = try #require(try events().first)
        #expect(event["hook"]?.text == "test")
        #expect(event["actor"]?["name"]?.text == "Berta Boss")
    }

    @Test func `deliveries are written by nobody but the product`() async throws {
        let id = try await webhook()
        let made = try await desk.ask("POST", "webhook-deliveries", #"{"hook": "x", "webhook": \#(id), "event": "e", "body": "{}"}"#)
        #expect(made.status == 403, "\(made.text)")
        #expect(try await deliveries().isEmpty)
    }

    @Test func `the log keeps thirty days`() async throws {
        _ = try await webhook()
        try await desk.chore("Sweep")
        try await send()
        desk.clock.advance(seconds: 29 * 86_400)
        try await desk.chore("Mop")
        try await send()
        desk.clock.advance(seconds: 2 * 86_400)
        _ = try await desk.kernel.jobs.runNow(WebhookLog.pruning)
        try await desk.kernel.jobs.runDue()
        #expect(try await deliveries().count == 1)
    }

    @Test func `a webhook that is deleted takes its secret and its log with it`() async throws {
        let id = try await webhook()
        try await desk.chore("Sweep")
        try await send()
        #expect(try await desk.ask("DELETE", "webhooks/\(id)").status == 204)
        let left = try await desk.kernel.store.engine.read { connection in
            try connection.integer("SELECT (SELECT count(*) FROM tenon_webhook_secret) + (SELECT count(*) FROM webhook_delivery)")
        }
        #expect(left == 0)
        try await desk.chore("Mop")
        try await send()
        #expect(server.requests.count == 1)
    }

    // MARK: Rights

    @Test func `a webhook sends what its owner may see and nothing else`() async throws {
        let people = try await desk.ask("GET", "users?q=Anton").json["data"]?.array
        let agent = try #require(people?.first?["id"]?.int)
        _ = try await webhook("*", #""entity": "chore", "owner": \#(agent)"#)
        try await desk.chore("Not his", #""secret": "of the house""#)
        let his = try await desk.chore("His", #""secret": "of the house", "assigned_to": \#(agent)"#)
        try await desk.ask("DELETE", "chores/\(his)")
        try await send()
        // A chore of somebody else is not there for him, and one that is gone is known to those alone who see all.
        let seen = try events()
        #expect(seen.map { $0["hook"]?.text ?? "" } == [])
        let other = try await desk.chore("His, too", #""secret": "of the house", "assigned_to": \#(agent)"#)
        try await desk.ask("PATCH", "chores/\(other)", #"{"title": "Still his", "secret": "changed"}"#)
        try await send()
        let later = try events()
        #expect(later.map { $0["hook"]?.text ?? "" } == ["chore_created", "chore_updated"])
        #expect(later[1]["record"]?["title"]?.text == "Still his")
        #expect(later[1]["record"]?["secret"] == nil)
        #expect(later[1]["payload"]?["fields"] == .array([.string("title")]))
        #expect(!server.requests.contains { $0.text.contains("of the house") })
    }

    @Test func `nobody sees through a webhook what they may not see themselves`() async throws {
        let boss = try #require(try await desk.ask("GET", "users?q=Berta").json["data"]?.array?.first?["id"]?.int)
        let role = try await desk.ask(
            "POST", "roles",
            #"{"name": "Integrator", "grants": {"entities": {"webhook": {"view": "all", "create": "all", "edit": "all", "new-secret": "all"}, "user": {"view": "all"}}}}"#)
        #expect(role.status == 201, "\(role.text)")
        try await desk.ask("POST", "users", #"{"name": "Ina", "email": "ina@example.org", "roles": [\#(role.id)]}"#)
        let theirs = try await desk.ask(
            "POST", "webhooks", #"{"name": "Spy", "url": "https://example.com", "hooks": "*", "owner": \#(boss)}"#, as: "ina@example.org")
        #expect(theirs.status == 403)
        let id = try await webhook()
        let moved = try await desk.ask("PATCH", "webhooks/\(id)", #"{"url": "https://example.com/mine"}"#, as: "ina@example.org")
        #expect(moved.status == 403)
        #expect(try await desk.ask("POST", "webhooks/\(id)/actions/new-secret", as: "ina@example.org").status == 403)
        let own = try await desk.ask("POST", "webhooks", #"{"name": "Own", "url": "https://example.com", "hooks": "*"}"#, as: "ina@example.org")
        #expect(own.status == 201, "\(own.text)")
        // By default, webhooks are the administrators' alone.
        #expect(try await desk.ask("GET", "webhooks", as: FrontDesk.agent).status == 403)
    }

    @Test func `a webhook that waits for what nobody sends any more says so on its page`() async throws {
        let (some, all, well) = (try await webhook("chore_created"), try await webhook("chore_created"), try await webhook("*"))
        // As they are once the plugin with these hooks was switched off.
        try await desk.kernel.store.engine.write { connection in
            try connection.execute("UPDATE webhook SET hooks = ? WHERE id = ?", [.text("chore_created\nmoon_risen"), .integer(some)])
            try connection.execute("UPDATE webhook SET hooks = 'moon_risen', entity = 'moon' WHERE id = ?", [.integer(all)])
        }
        let told = try await desk.ask("GET", "webhooks/\(some)/panels/missing")
        #expect(told.status == 200 && told.text.contains("moon_risen") && told.text.contains("the rest is sent"), "\(told.text)")
        #expect(!told.text.contains("chore_created"))
        let silent = try await desk.ask("GET", "webhooks/\(all)/panels/missing").text
        #expect(silent.contains("sends nothing now") && silent.contains("there is no such entity"), "\(silent)")
        #expect(try await desk.ask("GET", "webhooks/\(well)/panels").json["data"]?.array?.isEmpty == true)
    }

    @Test func `an address or a hook that cannot be is told by field`() async throws {
        for (body, field) in [
            (#""url": "ftp://example.com", "hooks": "*""#, "url"), (#""url": "https://user:pw@example.com", "hooks": "*""#, "url"),
            (#""url": "https://example.com", "hooks": "chore_exploded""#, "hooks"), (#""url": "https://example.com", "hooks": " , ""#, "hooks"),
            (#""url": "https://example.com", "hooks": "*", "entity": "nothing""#, "entity"),
        ] {
            let answer = try await desk.ask("POST", "webhooks", #"{"name": "Bad", \#(body)}"#)
            #expect(answer.status == 422, "\(answer.text)")
            #expect(answer.fields == [field])
        }
    }
}

/// A second opinion on signatures, from a program that is not ours.
enum OpenSSL {
    static func hmac(_ text: String, secret: String) throws -> String {
        let key = try #require(Data(base64Encoded: String(secret.dropFirst("whsec_".count))))
        let hex = key.map { String(format: "%02x", $0) }.joined()
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("tenon-signed-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(text.utf8).write(to: file)
        let command = "openssl dgst -sha256 -mac HMAC -macopt hexkey:\(hex) -binary \(file.path) | base64 -w0"
        return try run("/bin/sh", ["-c", command])
    }

    static func run(_ program: String, _ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return String(decoding: output, as: UTF8.self)
    }
}
