import PluginAPI
import Testing

@testable import Kernel

@Suite struct InboundTests {
    private let json = "application/json"

    /// A key and the host that knows it.
    private func opened(_ more: String = "") async throws -> (PublicHost, String) {
        let host = try await PublicHost()
        let made = try await host.ask("POST", "inbound-keys", #"{"name": "Website"\#(more.isEmpty ? "" : ", " + more)}"#)
        #expect(made.status == 201, "\(made)")
        let shown = try await host.ask("POST", "inbound-keys/1/actions/new-key")
        return (host, shown.json["results"]?["secret"]?.text ?? shown.json["secret"]?.text ?? "")
    }

    @Test func `another system makes a lead with its key, and gets its id`() async throws {
        let (host, key) = try await opened(#""campaign": "api""#)
        #expect(key.count == 69, "\(key)")
        let made = await host.visit(
            "POST", "/plugins/leads/inbound/\(key)",
            #"{"title": "Pilot", "contact_email": "ada@x.example", "value": {"amount": "1250.00", "currency": "USD"}, "source": "Referral", "contact_phone": null}"#, type: json)
        #expect((made.status, made.id) == (201, 1), "\(made)")
        let lead = try await host.ask("GET", "leads/1").json
        #expect(lead["value"]?["currency"]?.text == "USD")
        #expect(lead["source_label"]?.text == "Referral")
        #expect(lead["campaign"]?.text == "api")
        let header = await host.visit(
            "POST", "/plugins/leads/inbound", "title=By+header&contact_email=b%40x.example&campaign=own", headers: ["authorization": "Bearer \(key)"])
        #expect((header.status, header.id) == (201, 2))
        #expect(try await host.ask("GET", "leads/2").json["campaign"]?.text == "own")
    }

    @Test func `the key is shown once and stored in a form that opens nothing`() async throws {
        let (host, key) = try await opened()
        let stored = try await host.kernel.store.engine.read { try $0.first("SELECT key_hash FROM inbound_key", []) { $0.text(0) } } ?? ""
        #expect(!stored.isEmpty && !stored.contains(key) && !key.contains(stored))
        for path in ["inbound-keys/1", "inbound-keys", "inbound-keys/1/timeline", "inbound-keys/export?format=csv"] {
            let text = try await host.ask("GET", path).text
            #expect(!text.contains(key) && !text.contains(stored), "\(path)")
        }
        #expect(try await host.ask("GET", "inbound-keys/1").json["key_hint"]?.text == String(key.suffix(4)))
        #expect(await host.visit("POST", "/plugins/leads/inbound/\(stored)", "title=x").status == 401)
        let fresh = try await host.ask("POST", "inbound-keys/1/actions/new-key")
        #expect(fresh.status == 200)
        let old = await host.visit("POST", "/plugins/leads/inbound/\(key)", "title=x")
        #expect((old.status, old.headers["www-authenticate"]) == (401, "Bearer"))
    }

    @Test func `a key that is switched off, wrong or guessed opens nothing, and guessing is slow`() async throws {
        let (host, key) = try await opened()
        try await host.ask("PATCH", "inbound-keys/1", #"{"active": false}"#)
        #expect(await host.visit("POST", "/plugins/leads/inbound/\(key)", "title=x").status == 401)
        #expect(await host.visit("POST", "/plugins/leads/inbound", "title=x").status == 401)
        var statuses: [Int] = []
        for number in 0..<40 { statuses.append(await host.visit("POST", "/plugins/leads/inbound/lead_\(number)", "title=x").status) }
        #expect(statuses.filter { $0 == 429 }.count == 12, "\(statuses)")
        #expect(try await host.count("leads") == 0)
    }

    @Test func `problems are told by field, and what failed is kept`() async throws {
        let (host, key) = try await opened(#""fields": "title,contact_email,value""#)
        let bad = await host.visit("POST", "/plugins/leads/inbound/\(key)", #"{"title": "x", "contact_email": "no", "value": "many"}"#, type: json)
        #expect(bad.status == 422)
        #expect(bad.headers["content-type"] == "application/problem+json")
        #expect(bad.fields.contains("value"))
        let stranger = await host.visit("POST", "/plugins/leads/inbound/\(key)", #"{"title": "x", "score": 99, "assigned_to": 1}"#, type: json)
        #expect((stranger.status, Set(stranger.fields)) == (422, ["score", "assigned_to"]))
        #expect(try await host.count("leads") == 0)
        let kept = try await host.ask("GET", "failed-submissions?channel=key").data
        #expect(kept.count == 2)
        #expect(kept.allSatisfy { $0["inbound_key_label"]?.text == "Website" })
        #expect(bad.json["kept"]?.int != nil)
        // A second one with the address of an open lead: kept, and not told which lead that is.
        try await host.ask("POST", "leads", #"{"title": "Hush", "contact_email": "ada@x.example"}"#)
        let double = await host.visit("POST", "/plugins/leads/inbound/\(key)", #"{"title": "x", "contact_email": "ADA@x.example"}"#, type: json)
        #expect(double.status == 422)
        #expect(!double.text.contains("Hush"))
        #expect(try await host.ask("GET", "failed-submissions/3").json["other_lead_label"]?.text == "Hush")
        let retried = try await host.ask("POST", "failed-submissions/3/actions/retry", #"{"values": "title: x\ncontact_email: eva@x.example"}"#)
        #expect(retried.status == 200, "\(retried)")
        for body in ["{", "[1]", "\"x\"", #"{"title": ["x"]}"#] {
            #expect(await host.visit("POST", "/plugins/leads/inbound/\(key)", body, type: json).status == 400, "\(body)")
        }
    }

    @Test func `a lead in the way is not told either when another field is wrong`() async throws {
        let (host, key) = try await opened(#""fields": "title,contact_email,value""#)
        try await host.ask("POST", "leads", #"{"title": "Hush", "contact_email": "ada@x.example"}"#)
        let body = #"{"title": "x", "contact_email": "ada@x.example", "value": "many"}"#
        let answer = await host.visit("POST", "/plugins/leads/inbound/\(key)", body, type: json)
        #expect(answer.status == 422)
        #expect(answer.fields == ["value"])
        #expect(!answer.text.contains("Hush") && !answer.text.contains("contact_email"))
        let kept = try await host.ask("GET", "failed-submissions")
        #expect(kept.data.first?["reason"]?.text?.contains("Hush") == false, "\(kept)")
    }

    @Test func `a repeated request makes no second lead`() async throws {
        let (host, key) = try await opened()
        let body = #"{"title": "Pilot", "contact_email": "ada@x.example"}"#
        let path = "/plugins/leads/inbound/\(key)"
        let first = await host.visit("POST", path, body, type: json, headers: ["idempotency-key": "k1"])
        let again = await host.visit("POST", path, body, type: json, headers: ["idempotency-key": "k1"])
        #expect((first.status, first.id) == (201, 1))
        #expect((again.status, again.id) == (201, 1), "\(again)")
        #expect(try await host.count("leads") == 1)
        #expect(try await host.count("failed-submissions") == 0)
        let other = await host.visit("POST", path, #"{"title": "Other"}"#, type: json, headers: ["idempotency-key": "k1"])
        #expect(other.status == 422)
        #expect(try await host.count("leads") == 1)
    }

    @Test func `several leads come as a list, each for itself`() async throws {
        let (host, key) = try await opened()
        let mixed = await host.visit(
            "POST", "/plugins/leads/inbound/\(key)",
            #"[{"title": "A", "contact_email": "a@x.example"}, {"title": "B", "contact_email": "no"}, {"title": "C"}]"#, type: json)
        #expect(mixed.status == 207)
        let results = mixed.json["results"]?.array ?? []
        #expect(results.map { $0["id"]?.int } == [1, nil, 2])
        #expect(try await host.count("leads") == 2)
        #expect(try await host.count("failed-submissions") == 1)
        let items = (0..<101).map { #"{"title": "\#($0)"}"# }.joined(separator: ",")
        #expect(await host.visit("POST", "/plugins/leads/inbound/\(key)", "[\(items)]", type: json).status == 400)
    }

    @Test func `a key's limit counts leads, however many a request brings: all of them come in, or none`() async throws {
        let (host, key) = try await opened(#""per_minute": 5"#)
        func list(_ count: Int, _ name: String) -> String { "[" + (0..<count).map { #"{"title": "\#(name) \#($0)"}"# }.joined(separator: ",") + "]" }
        let path = "/plugins/leads/inbound/\(key)"
        #expect(await host.visit("POST", path, list(3, "a"), type: json).status == 201)
        let many = await host.visit("POST", path, list(3, "b"), type: json)
        #expect(many.status == 429)
        #expect(many.headers["retry-after"].flatMap { Int($0) } ?? 0 > 0)
        #expect(try await host.count("leads") == 3, "none of those came in")
        #expect(await host.visit("POST", path, list(2, "c"), type: json).status == 201)
        #expect(await host.visit("POST", path, "title=one", type: "application/x-www-form-urlencoded").status == 429)
        // More than a minute ever takes is not to be waited for.
        let never = await host.visit("POST", path, list(6, "d"), type: json)
        #expect(never.status == 413)
        #expect(never.json["hint"]?.text == "Send 5 at once at most.")
        host.clock.advance(seconds: 125)
        #expect(await host.visit("POST", path, list(5, "e"), type: json).status == 201)
        #expect(try await host.count("leads") == 10)
    }

    @Test func `a key has its limit`() async throws {
        let (host, key) = try await opened(#""per_minute": 3"#)
        for number in 0..<3 { #expect(await host.visit("POST", "/plugins/leads/inbound/\(key)", "title=\(number)").status == 201) }
        let busy = await host.visit("POST", "/plugins/leads/inbound/\(key)", "title=4")
        #expect(busy.status == 429)
        #expect(busy.headers["retry-after"].flatMap { Int($0) } != nil)
    }
}
