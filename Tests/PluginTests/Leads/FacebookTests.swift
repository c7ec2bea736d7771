import PluginAPI
import Testing

@testable import Kernel

@Suite struct FacebookTests {
    private static let secret = "app secret"

    private struct Desk {
        let host: PublicHost
        let graph: GraphServer
    }

    /// A host that is set up for Facebook, with a server in the place of the Graph API.
    private func desk(_ more: String = "") async throws -> Desk {
        let graph = try GraphServer()
        let host = try await PublicHost(resolved: ["graph.facebook.com:\(graph.port):127.0.0.1"])
        let set = try await host.ask(
            "PATCH", "settings",
            """
            {"leads.facebook_app_secret": "\(Self.secret)", "leads.facebook_verify_token": "open sesame", "leads.facebook_page_token": "51=page token/51 EAAG",
             "leads.facebook_graph": "http://graph.facebook.com:\(graph.port)/v23.0", "kernel.private_addresses": true}
            """.replacing("page token/51", with: "EAAB/51"))
        #expect(set.status == 200, "\(set)")
        return Desk(host: host, graph: graph)
    }

    private static func call(_ leads: [(id: String, form: String)], page: String = "51") -> String {
        let changes = leads.map {
            #"{"field": "leadgen", "value": {"leadgen_id": \#($0.id), "form_id": "\#($0.form)", "page_id": "\#(page)", "adgroup_id": 1, "ad_id": 2, "created_time": 1447342026}}"#
        }
        return #"{"object": "page", "entry": [{"id": "\#(page)", "time": 1447342027, "changes": [\#(changes.joined(separator: ","))]}]}"#
    }

    private static func answers(_ pairs: [(String, String)]) -> String {
        let data = pairs.map { #"{"name": "\#($0.0)", "values": ["\#($0.1)"]}"# }.joined(separator: ",")
        return #"{"created_time": "2015-11-12T15:27:06+0000", "id": "7", "form_id": "90", "field_data": [\#(data)]}"#
    }

    private static let ada = answers([("full_name", "Ada Falk"), ("email", "ada@x.example"), ("what_is_your_budget?", "10,000")])

    private func post(_ desk: Desk, _ body: String, signedWith secret: String = secret) async -> PublicHost.Answer {
        let code = Seal.hex(Secrets.hmac(Array(body.utf8), key: Array(secret.utf8)))
        return await desk.host.visit("POST", "/plugins/leads/facebook", body, type: "application/json", headers: ["x-hub-signature-256": "sha256=\(code)"])
    }

    private func work(_ desk: Desk) async throws { try await desk.host.kernel.jobs.runDue() }

    @Test func `Facebook's challenge is answered to whoever knows the verify token`() async throws {
        let host = try await desk().host
        let query = "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token="
        let right = await host.visit("GET", "/plugins/leads/facebook?\(query)open+sesame")
        #expect((right.status, right.text) == (200, "1158201444"))
        #expect(right.headers["content-type"]?.hasPrefix("text/plain") == true)
        for wrong in ["open", "", "open+sesame2"] {
            #expect(await host.visit("GET", "/plugins/leads/facebook?\(query)\(wrong)").status == 403)
        }
        try await host.ask("PATCH", "settings", #"{"leads.facebook_verify_token": null}"#)
        #expect(await host.visit("GET", "/plugins/leads/facebook?\(query)").status == 403, "nothing set opens nothing")
    }

    @Test func `a call without the right signature is refused`() async throws {
        let desk = try await desk()
        let body = Self.call([("7", "90")])
        #expect(await post(desk, body, signedWith: "another").status == 403)
        #expect(await desk.host.visit("POST", "/plugins/leads/facebook", body, type: "application/json").status == 403)
        let code = Seal.hex(Secrets.hmac(Array(body.utf8), key: Array(Self.secret.utf8)))
        let changed = await desk.host.visit(
            "POST", "/plugins/leads/facebook", body + " ", type: "application/json", headers: ["x-hub-signature-256": "sha256=\(code)"])
        #expect(changed.status == 403, "a signature is of one body")
        try await desk.host.ask("PATCH", "settings", #"{"leads.facebook_app_secret": null}"#)
        #expect(await post(desk, body, signedWith: "").status == 403, "without a secret nothing is taken")
        #expect(try await desk.host.count("facebook-leads") == 0)
    }

    @Test func `a form's questions are mapped to fields, and the others stand in the description`() async throws {
        let desk = try await desk()
        let source = try await desk.host.ask("GET", "lead-sources?name=Campaign").data.first?["id"]?.int ?? 0
        let made = try await desk.host.ask(
            "POST", "facebook-forms",
            #"{"name": "Boats", "form_id": "90", "mapping": "full_name = contact_name\nemail = contact_email\nWhat_is_your_budget? = value", "source": \#(source), "campaign": "boats 26"}"#)
        #expect(made.status == 201, "\(made)")
        desk.graph.answer(
            "7",
            Self.answers([("full_name", "Ada Falk"), ("email", "ada@x.example"), ("what_is_your_budget?", "10,000"), ("which_colour?", "red")]))
        let answer = await post(desk, Self.call([("7", "90")]))
        #expect(answer.status == 200)
        #expect(desk.graph.asked.isEmpty, "Facebook is answered before it is asked")
        try await work(desk)
        let lead = try #require(try await desk.host.ask("GET", "leads").data.first)
        #expect(lead["title"]?.text == "Boats: Ada Falk")
        #expect(lead["contact_name"]?.text == "Ada Falk")
        #expect(lead["contact_email"]?.text == "ada@x.example")
        #expect(lead["value"]?["amount"]?.text == "10000.00")
        #expect(lead["description"]?.text == "Which colour?: red")
        #expect(lead["campaign"]?.text == "boats 26")
        #expect(lead["source_label"]?.text == "Campaign")
        // Asked as Meta's documents say: the page's own token, and the proof that the app has its secret.
        let asked = try #require(desk.graph.asked.first)
        let proof = Seal.hex(Secrets.hmac(Array("EAAB/51".utf8), key: Array(Self.secret.utf8)))
        #expect(asked == "/v23.0/7?access_token=EAAB%2F51&appsecret_proof=\(proof)")
        let record = try await desk.host.ask("GET", "facebook-leads/1").json
        #expect((record["state"]?.text, record["lead"]?.int) == ("done", lead["id"]?.int))
    }

    @Test func `a form that nobody described is mapped by the usual questions`() async throws {
        let desk = try await desk()
        desk.graph.answer("7", Self.ada)
        #expect(await post(desk, Self.call([("7", "404")])).status == 200)
        try await work(desk)
        let lead = try #require(try await desk.host.ask("GET", "leads").data.first)
        #expect(lead["contact_name"]?.text == "Ada Falk")
        #expect(lead["description"]?.text == "What is your budget?: 10,000")
    }

    @Test func `a lead that is told twice comes once`() async throws {
        let desk = try await desk()
        desk.graph.answer("7", Self.ada)
        #expect(await post(desk, Self.call([("7", "90"), ("7", "90")])).status == 200)
        try await work(desk)
        #expect(await post(desk, Self.call([("7", "90")])).status == 200)
        try await work(desk)
        #expect(try await desk.host.count("leads") == 1)
        #expect(try await desk.host.count("facebook-leads") == 1)
        #expect(try await desk.host.count("failed-submissions") == 0)
        #expect(desk.graph.asked.count == 1)
    }

    @Test func `what fails for now is asked for again later, at growing distances`() async throws {
        let desk = try await desk()
        desk.graph.answer("7", #"{"error": {"message": "Service temporarily unavailable", "code": 2, "is_transient": true}}"#, status: 500)
        #expect(await post(desk, Self.call([("7", "90")])).status == 200)
        try await work(desk)
        let waiting = try await desk.host.ask("GET", "facebook-leads/1").json
        #expect((waiting["state"]?.text, waiting["attempts"]?.int) == ("waiting", 1))
        #expect(waiting["problem"]?.text?.contains("Service temporarily unavailable") == true)
        try await work(desk)
        #expect(desk.graph.asked.count == 1, "not before it is time")
        desk.host.clock.advance(seconds: 31)
        try await work(desk)
        #expect(desk.graph.asked.count == 2)
        desk.host.clock.advance(seconds: 60)
        try await work(desk)
        #expect(desk.graph.asked.count == 2, "the second pause is longer")
        desk.graph.answer("7", Self.ada)
        desk.host.clock.advance(seconds: 61)
        try await work(desk)
        #expect(try await desk.host.count("leads") == 1)
        #expect(try await desk.host.count("failed-submissions") == 0)
    }

    @Test func `what fails for good is kept, and fetched when it is retried`() async throws {
        let desk = try await desk()
        desk.graph.answer("7", #"{"error": {"message": "Error validating access token", "type": "OAuthException", "code": 190}}"#, status: 400)
        #expect(await post(desk, Self.call([("7", "90")])).status == 200)
        try await work(desk)
        let failed = try #require(try await desk.host.ask("GET", "failed-submissions").data.first)
        #expect(failed["reason"]?.text?.contains("Error validating access token") == true)
        #expect(failed["channel"]?.text == "facebook")
        #expect(!failed.text().contains("EAAB"), "no token in any reason")
        desk.graph.answer("7", Self.ada)
        #expect(try await desk.host.ask("POST", "failed-submissions/1/actions/retry").status == 200)
        try await work(desk)
        #expect(try await desk.host.count("leads") == 1)
        #expect(try await desk.host.ask("GET", "failed-submissions/1").json["state"]?.text == "accepted")
    }

    @Test func `answers that make no lead are kept whole, and retried when they are mended`() async throws {
        let desk = try await desk()
        try await desk.host.ask("POST", "leads", #"{"title": "Pilot", "contact_email": "ada@x.example"}"#)
        desk.graph.answer("7", Self.ada)
        #expect(await post(desk, Self.call([("7", "90")])).status == 200)
        try await work(desk)
        #expect(try await desk.host.count("leads") == 1)
        let failed = try #require(try await desk.host.ask("GET", "failed-submissions").data.first)
        #expect(failed["values"]?.text == "full_name: Ada Falk\nemail: ada@x.example\nwhat_is_your_budget?: 10,000")
        let values = #"{"values": "full_name: Ada Falk\nemail: eva@x.example\nwhat_is_your_budget?: 10,000"}"#
        #expect(try await desk.host.ask("POST", "failed-submissions/1/actions/retry", values).status == 200)
        #expect(try await desk.host.count("leads") == 2)
        #expect(try await desk.host.ask("GET", "facebook-leads/1").json["state"]?.text == "done")
    }

    @Test func `what a form that is switched off brings waits until somebody decides`() async throws {
        let desk = try await desk()
        try await desk.host.ask("POST", "facebook-forms", #"{"name": "Boats", "form_id": "90", "active": false}"#)
        desk.graph.answer("7", Self.ada)
        #expect(await post(desk, Self.call([("7", "90")])).status == 200)
        try await work(desk)
        #expect(try await desk.host.count("leads") == 0)
        #expect(try await desk.host.count("failed-submissions?state=waiting") == 1)
    }

    @Test func `a mapping names fields that people fill in`() async throws {
        let host = try await desk().host
        for line in ["email = score", "email = status", "email = nothing", "email contact_email"] {
            let refused = try await host.ask("POST", "facebook-forms", #"{"name": "x", "form_id": "90", "mapping": "\#(line)"}"#)
            #expect((refused.status, refused.fields) == (422, ["mapping"]), "\(line)")
        }
        #expect(try await host.ask("POST", "facebook-forms", #"{"name": "x", "form_id": "9o"}"#).fields == ["form_id"])
    }

    @Test func `secrets of Facebook are never shown again`() async throws {
        let host = try await desk().host
        for path in ["settings", "settings/leads.facebook_app_secret", "deployment"] {
            let text = try await host.ask("GET", path).text
            #expect(!text.contains(Self.secret) && !text.contains("EAAB") && !text.contains("sesame"), "\(path)")
        }
        #expect(try await host.ask("GET", "settings/leads.facebook_page_token").json["is_set"]?.bool == true)
    }

    @Test func `a signed call of an unknown form is kept whole`() async throws {
        let desk = try await desk()
        #expect(await post(desk, #"{"object": "page", "entry": [{"changes": [{"field": "leadgen", "value": {"leadgen_id": "x1"}}]}]}"#).status == 200)
        let failed = try #require(try await desk.host.ask("GET", "failed-submissions").data.first)
        #expect(failed["values"]?.text?.contains("x1") == true)
        // Other news of a page is nothing of ours.
        #expect(await post(desk, #"{"object": "page", "entry": [{"changes": [{"field": "feed", "value": {"item": "like"}}]}]}"#).status == 200)
        #expect(try await desk.host.count("failed-submissions") == 1)
    }
}
