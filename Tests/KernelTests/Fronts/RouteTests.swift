import PluginAPI
import Testing

@testable import Kernel

/// The addresses of plugins that are open to the world.
@Suite struct RouteTests {
    /// A desk with a gate beside the chores.
    private func gate() async throws -> FrontDesk {
        let desk = try await FrontDesk()
        let registry = try registry(
            .of("chores", ChoresPlugin()), .of("gate", approved: .init(elevated: "the gate keeps the book"), GatePlugin()))
        let engine = desk.kernel.store.engine
        try await engine.write { connection in
            let migrator = SchemaMigrator(dialect: engine.dialect, registry: registry)
            try migrator.apply("gate", renames: [], connection)
        }
        desk.kernel.store.replace(registry: registry)
        try await desk.kernel.reloadRights()
        try await desk.kernel.reloadSettings()
        return desk
    }

    private func world(
        _ desk: FrontDesk, _ method: String, _ path: String, _ body: String = "", headers: [String: String] = [:], address: String = "192.0.2.7"
    ) async -> FrontDesk.Answer {
        var request = FrontRequest(method: method, path: ["plugins", "gate"] + path.split(separator: "/").map(String.init))
        (request.headers, request.body, request.address) = (headers, Array(body.utf8), address)
        return await FrontDesk.answer(desk.kernel.front.respond(request))
    }

    @Test func `a route of everyone gets headers and the address, and neither cookie nor login`() async throws {
        let desk = try await gate()
        let answer = await world(
            desk, "GET", "echo", headers: ["x-made-up": "1", "cookie": "tenon_session=x", "authorization": "Bearer key-of-the-plugin"])
        #expect(answer.text == "authorization=Bearer key-of-the-plugin\nx-made-up=1\n192.0.2.7\n192.0.2.7\nnobody")
        // Long addresses are counted by the network that one household has.
        #expect(await world(desk, "GET", "echo", address: "2001:db8:1:2:3:4:5:6").text == "2001:db8:1:2:3:4:5:6\n2001:db8:1:2::/64\nnobody")
        #expect(await world(desk, "GET", "echo", address: "::ffff:192.0.2.7").text.contains("\n192.0.2.7\n"))
    }

    @Test func `a session cookie from another site neither helps nor hinders at a route of everyone`() async throws {
        let desk = try await gate()
        try await desk.ask("POST", "users/1/password", #"{"password": "a long walk by the sea"}"#)
        let session = try await desk.kernel.authenticator.login(
            email: FrontDesk.boss, password: "a long walk by the sea", address: "", agent: "")
        let answer = await world(
            desk, "POST", "echo", "a=1&b=%C3%A9+x",
            headers: ["cookie": "\(SessionCookie.name)=\(session.secret)", "content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "cross-site"])
        #expect(answer.status == 200, "\(answer)")
        #expect(answer.text == "a=1\nb=é x")
    }

    @Test func `a route of users keeps their token to the product`() async throws {
        let desk = try await gate()
        let token = try await desk.ask("POST", "tokens", #"{"name": "test"}"#).json["token"]?.text ?? ""
        #expect(await world(desk, "GET", "inside", headers: ["authorization": "Bearer \(token)"]).text == "- somebody")
        #expect(await world(desk, "GET", "inside").status == 401)
    }

    @Test func `a form in parts is read as well, without its files`() async throws {
        let desk = try await gate()
        let body = "--xx\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none\r\n--xx\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x\"\r\n\r\nfile\r\n--xx--\r\n"
        let answer = await world(desk, "POST", "echo", body, headers: ["content-type": "multipart/form-data; boundary=\"xx\""])
        #expect(answer.text == "a=one")
        #expect(await world(desk, "POST", "echo", "a=%zz", headers: ["content-type": "application/x-www-form-urlencoded"]).status == 400)
        #expect(await world(desk, "POST", "echo", "{}", headers: ["content-type": "application/json"]).status == 400)
    }

    @Test func `a hosted page shows text as text, and only named sites may frame it`() async throws {
        let desk = try await gate()
        let page = await world(desk, "GET", "page")
        #expect(page.status == 200)
        #expect(page.text.contains("<h1>Ring &lt;the&gt; bell</h1>"))
        #expect(page.text.contains("<p>Second &lt;b&gt;line&lt;/b&gt;</p>"))
        #expect(page.text.contains("value=\"&lt;script&gt;\""))
        #expect(page.text.contains("autocomplete=\"name\""))
        #expect(page.text.contains("Your &quot;name&quot; is too short."))
        #expect(!page.text.contains("javascript:"))
        #expect(!page.text.contains("<script"), "no script at all")
        #expect(page.headers["content-security-policy"]?.contains("frame-ancestors https://www.example.com;") == true)
        #expect(page.headers["content-security-policy"]?.contains("form-action 'self' https://thanks.example.com;") == true)
        #expect(page.headers["content-security-policy"]?.contains("script-src 'self'") == true)
        #expect(page.headers["x-frame-options"] == nil)
        let other = await world(desk, "GET", "echo")
        #expect(other.headers["x-frame-options"] == "DENY")
        #expect(other.headers["content-security-policy"]?.contains("frame-ancestors 'none'") == true)
    }

    @Test func `a route redirects to addresses alone, and cannot set what keeps sessions safe`() async throws {
        let desk = try await gate()
        let here = await world(desk, "GET", "away/here")
        #expect((here.status, here.headers["location"]) == (303, "/plugins/gate/page"))
        let there = await world(desk, "GET", "away/there")
        #expect((there.status, there.headers["location"]) == (303, "https://example.com/thanks"))
        #expect(there.headers["cache-control"] == "max-age=60")
        #expect(await world(desk, "GET", "away/nowhere").status == 500)
        let cookie = await world(desk, "GET", "away/cookie")
        #expect(cookie.status == 500)
        #expect(cookie.headers["set-cookie"] == nil)
    }

    @Test func `too many requests from one address wait, others do not`() async throws {
        let desk = try await gate()
        for _ in 0..<3 { #expect(await world(desk, "GET", "limited").status == 200) }
        let full = await world(desk, "GET", "limited")
        #expect(full.status == 429)
        let wait = try #require(full.headers["retry-after"].flatMap { Int($0) })
        #expect((1...120).contains(wait))
        #expect(await world(desk, "GET", "limited", address: "192.0.2.8").status == 200)
        desk.clock.advance(seconds: Double(wait))
        #expect(await world(desk, "GET", "limited").status == 200, "after so many seconds there is room")
    }

    @Test func `work for a key is done once, and a key belongs to one request`() async throws {
        let desk = try await gate()
        let first = await world(desk, "POST", "once", "12.50 EUR", headers: ["idempotency-key": "k1"])
        let again = await world(desk, "POST", "once", "12.50 EUR", headers: ["idempotency-key": "k1"])
        #expect((first.status, first.text, again.text) == (200, "1", "1"))
        #expect(try await desk.ask("GET", "doors?count=true").json["total"]?.int == 1)
        #expect(try await desk.ask("GET", "doors/1").json["price"]?["amount"]?.text == "12.50")
        let other = await world(desk, "POST", "once", "13 EUR", headers: ["idempotency-key": "k1"])
        #expect((other.status, other.fields) == (422, ["Idempotency-Key"]))
        let wrong = await world(desk, "POST", "once", "many", headers: ["idempotency-key": "k2"])
        #expect((wrong.status, wrong.fields) == (422, ["price"]))
    }

    @Test func `a secret setting is never shown again, in any front`() async throws {
        let desk = try await gate()
        #expect(try await desk.ask("GET", "settings/gate.token").json["is_set"]?.bool == false)
        let set = try await desk.ask("PATCH", "settings", #"{"gate.token": "open sesame"}"#)
        #expect(set.status == 200)
        #expect(!set.text.contains("sesame"))
        let one = try await desk.ask("GET", "settings/gate.token")
        #expect((one.json["secret"]?.bool, one.json["is_set"]?.bool, one.json["value"]) == (true, true, .null))
        #expect(try await !desk.ask("GET", "deployment").text.contains("sesame"))
        #expect(await world(desk, "GET", "knows").text.hasPrefix("open sesame"))
        // A form that leaves it empty keeps it.
        try await desk.ask("PATCH", "settings", #"{"gate.token": null}"#)
        #expect(await world(desk, "GET", "knows").text.hasPrefix("none"))
    }

    @Test func `a secret field is there for its plugin alone`() async throws {
        let desk = try await gate()
        let made = try await desk.ask("POST", "doors", #"{"name": "Front", "width": 3}"#)
        #expect(made.status == 201)
        #expect(await world(desk, "GET", "knows").text == "none 16")
        #expect(try await desk.ask("PATCH", "doors/1", #"{"key_code": "mine"}"#).fields == ["key_code"])
        try await desk.ask("PATCH", "doors/1", #"{"width": 4}"#)
        #expect(await world(desk, "GET", "knows").text == "none 16", "a change of other fields leaves it")
        let store = desk.kernel.store
        let code = try await store.engine.read { try $0.first("SELECT key_code FROM door", []) { $0.text(0) } } ?? "?"
        for path in ["doors/1", "doors", "schema/doors", "doors/1/timeline", "doors/export?format=csv", "doors?key_code=\(code)", "search?q=\(code)"] {
            let answer = try await desk.ask("GET", path)
            #expect(!answer.text.contains(code), "\(path)")
            if !path.contains("?key_code") { #expect(!answer.text.contains("key_code"), "\(path)") }
        }
        #expect(try await desk.ask("GET", "doors?key_code=\(code)").status == 422)
        #expect(try await desk.ask("GET", "doors?sort=key_code").status == 422)
        let trail = try await store.engine.read { try $0.all("SELECT changes FROM tenon_audit WHERE entity = 'door'", []) { $0.text(0) } }
        #expect(trail.count == 2)
        #expect(!trail.joined().contains(code))
    }
}

@Suite struct RateLimitsTests {
    private let start = Moment(milliseconds: 1_800_000_000_000)

    @Test func `within any minute there are at most as many as allowed`() {
        let limits = RateLimits()
        var granted: [Int64] = []
        // Two in a second, for five minutes.
        for step in 0..<600 {
            let now = start.adding(seconds: Double(step) / 2)
            if limits.ask("a", atMost: 20, per: 60_000, at: now).isGranted { granted.append(now.milliseconds) }
        }
        for moment in granted { #expect(granted.filter { $0 > moment - 60_000 && $0 <= moment }.count <= 26) }
        #expect((95...125).contains(granted.count), "\(granted.count) in five minutes")
    }

    @Test func `whoever waits as long as told is let in`() {
        let limits = RateLimits()
        var now = start.adding(seconds: 17)
        for _ in 0..<200 {
            let answer = limits.ask("a", atMost: 7, per: 60_000, at: now)
            if answer.isGranted { continue }
            #expect((1...120).contains(answer.secondsToWait))
            now = now.adding(seconds: Double(answer.secondsToWait))
            #expect(limits.ask("a", atMost: 7, per: 60_000, at: now).isGranted)
        }
        #expect(!limits.ask("b", atMost: 0, per: 60_000, at: now).isGranted)
    }

    @Test func `a hundred thousand addresses do not fill the memory, nor free the busiest`() {
        let limits = RateLimits(mostKeys: 1000)
        for _ in 0..<5 { _ = limits.ask("busy", atMost: 5, per: 60_000, at: start) }
        for number in 0..<100_000 { _ = limits.ask("address \(number)", atMost: 5, per: 60_000, at: start) }
        #expect(limits.size <= 1000)
        #expect(!limits.ask("busy", atMost: 5, per: 60_000, at: start).isGranted)
    }

    @Test func `an origin is read from an address, and nothing else is one`() {
        #expect(WebOrigin("https://WWW.Example.com/contact?x=1")?.description == "https://www.example.com")
        #expect(WebOrigin("http://localhost:8080")?.description == "http://localhost:8080")
        for text in ["", "example.com", "javascript:alert(1)", "https://", "https://a b", "https://a;b", "https://*", "https://a:99999", "https://a'b", "//x"] {
            #expect(WebOrigin(text) == nil, "\(text)")
        }
    }
}
