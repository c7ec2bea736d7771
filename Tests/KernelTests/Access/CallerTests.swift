import PluginAPI
import Testing

@testable import Kernel

@Suite("Tokens") struct TokenTests {
    @Test func `a token acts as its user until it is revoked`() async throws {
        let fixture = try await AccessFixture()
        let ada = try await fixture.addUser("ada@example.com")
        let made = try await fixture.authenticator.createToken(for: ada.raw, name: "nightly script")
        #expect(made.secret.hasPrefix("tnn_") && made.secret.count == 47)
        let caller = try #require(try await fixture.authenticator.caller(for: .with(token: made.secret)))
        #expect(caller.actor.userID == ada.raw && caller.kind == .token && caller.actor.via == "api")
        #expect(try await fixture.authenticator.tokens(of: ada.raw).map(\.name) == ["nightly script"])
        try await fixture.authenticator.revokeToken(made.token.id, of: ada.raw)
        let refused = await failure { _ = try await fixture.authenticator.caller(for: .with(token: made.secret)) }
        #expect(refused?.code == .unauthenticated)
        #expect(try await fixture.authenticator.tokens(of: ada.raw).isEmpty)
    }

    @Test func `a token ends when its time is over`() async throws {
        let fixture = try await AccessFixture()
        let ada = try await fixture.addUser("ada@example.com")
        let made = try await fixture.authenticator.createToken(for: ada.raw, name: "trial", expires: fixture.clock.now.adding(days: 1))
        #expect(try await fixture.authenticator.caller(for: .with(token: made.secret)) != nil)
        fixture.clock.advance(seconds: 86_400)
        #expect(await failure { _ = try await fixture.authenticator.caller(for: .with(token: made.secret)) }?.code == .unauthenticated)
    }

    @Test func `a user revokes own tokens only`() async throws {
        let fixture = try await AccessFixture()
        let ada = try await fixture.addUser("ada@example.com")
        let ben = try await fixture.addUser("ben@example.com")
        let made = try await fixture.authenticator.createToken(for: ada.raw, name: "script")
        #expect(await failure { try await fixture.authenticator.revokeToken(made.token.id, of: ben.raw) }?.code == .notFound)
        try await fixture.authenticator.revokeToken(made.token.id, of: nil)
        let nameless = await failure { _ = try await fixture.authenticator.createToken(for: ada.raw, name: "") }
        #expect(nameless?.problems.map(\.field) == ["name"])
    }

    @Test func `neither is a session a token nor a token a session`() async throws {
        let fixture = try await AccessFixture()
        let ada = try await fixture.addUser("ada@example.com")
        let session = try await fixture.login("ada@example.com")
        let token = try await fixture.authenticator.createToken(for: ada.raw, name: "script").secret
        #expect(await failure { _ = try await fixture.authenticator.caller(for: .with(token: session.secret)) }?.code == .unauthenticated)
        #expect(try await fixture.authenticator.caller(for: .with(session: token)) == nil)
        _ = try await fixture.authenticator.caller(for: .with(token: token))
        #expect(try await fixture.authenticator.caller(for: .with(session: token)) == nil, "not even once it is remembered")
    }
}

@Suite("Local callers") struct LocalCallerTests {
    @Test func `who comes through the data directory is the first administrator, or the user named`() async throws {
        let fixture = try await AccessFixture()
        #expect(try await fixture.authenticator.caller(for: FrontRequest(method: "GET", path: [], isLocal: true)) == nil)
        let early = try await fixture.addUser("early@example.com", roles: [.administrator])
        let ada = try await fixture.addUser("ada@example.com", roles: [.administrator])
        try await fixture.change(early) { $0[SystemUser.active] = false }
        let ben = try await fixture.addUser("ben@example.com")
        let local = FrontRequest(method: "POST", path: [], isLocal: true)
        #expect(try await fixture.authenticator.caller(for: local)?.actor.userID == ada.raw)
        var named = local
        named.headers["tenon-user"] = "Ben@example.com"
        let caller = try await fixture.authenticator.caller(for: named)
        #expect(caller?.actor.userID == ben.raw && caller?.kind == .local)
        named.headers["tenon-user"] = "early@example.com"
        #expect(await failure { _ = try await fixture.authenticator.caller(for: named) }?.code == .unauthenticated)
    }

    @Test func `from the network the name of a user means nothing`() async throws {
        let fixture = try await AccessFixture()
        try await fixture.addUser("ada@example.com", roles: [.administrator])
        var request = FrontRequest(method: "GET", path: [], headers: ["tenon-user": "ada@example.com"])
        request.address = "192.0.2.7"
        #expect(try await fixture.authenticator.caller(for: request) == nil)
    }
}

@Suite("Requests from elsewhere") struct CrossSiteTests {
    private static let form = ["content-type": "application/x-www-form-urlencoded"]

    private func code(_ request: FrontRequest, _ fixture: AccessFixture) async -> CRMError.Code? {
        await failure { _ = try await fixture.authenticator.caller(for: request) }?.code
    }

    @Test func `a change needs the session's security token, in a header or in the form`() async throws {
        let fixture = try await AccessFixture()
        try await fixture.addUser("ada@example.com")
        let session = try await fixture.login("ada@example.com")
        let other = try await fixture.login("ada@example.com")
        func post(_ headers: [String: String], _ body: String = "", _ method: String = "POST") -> FrontRequest {
            .with(session: session.secret, method: method, headers: headers, body: body)
        }
        for method in ["POST", "PATCH", "DELETE", "PUT", "get"] {
            #expect(await code(post([:], "", method), fixture) == .forbidden, "\(method)")
        }
        #expect(await code(post([:], "", "GET"), fixture) == nil)
        #expect(await code(post([:], "", "HEAD"), fixture) == nil)
        #expect(await code(post(["x-csrf-token": session.csrf]), fixture) == nil)
        #expect(await code(post(["x-csrf-token": other.csrf]), fixture) == .forbidden)
        #expect(await code(post(["x-csrf-token": ""]), fixture) == .forbidden)
        #expect(await code(post(Self.form, "name=x&csrf=\(session.csrf)&b=1"), fixture) == nil)
        #expect(await code(post(Self.form, "name=x&xcsrf=\(session.csrf)"), fixture) == .forbidden)
        #expect(await code(post(["content-type": "text/plain"], "csrf=\(session.csrf)"), fixture) == .forbidden)
        let upload = "--b\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n\(session.csrf)\r\n--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\nx\r\n--b--\r\n"
        #expect(await code(post(["content-type": "multipart/form-data; boundary=b"], upload), fixture) == nil)
    }

    @Test func `a change from another site is refused even with the right token`() async throws {
        let fixture = try await AccessFixture()
        try await fixture.addUser("ada@example.com")
        let session = try await fixture.login("ada@example.com")
        func post(_ headers: [String: String]) -> FrontRequest {
            .with(session: session.secret, method: "POST", headers: headers.merging(["x-csrf-token": session.csrf]) { $1 })
        }
        #expect(await code(post(["sec-fetch-site": "cross-site"]), fixture) == .forbidden)
        #expect(await code(post(["sec-fetch-site": "same-site"]), fixture) == .forbidden)
        #expect(await code(post(["origin": "https://evil.example.org"]), fixture) == .forbidden)
        #expect(await code(post(["origin": "null"]), fixture) == .forbidden)
        #expect(await code(post(["origin": "https://crm.example.com.evil.org"]), fixture) == .forbidden)
        #expect(await code(post(["origin": "https://CRM.example.com"]), fixture) == nil)
        #expect(await code(post(["sec-fetch-site": "same-origin", "origin": "null"]), fixture) == nil)
    }

    @Test func `a token needs no security token: no browser sends it by itself`() async throws {
        let fixture = try await AccessFixture()
        let ada = try await fixture.addUser("ada@example.com")
        let token = try await fixture.authenticator.createToken(for: ada.raw, name: "script").secret
        #expect(await code(.with(token: token), fixture) == nil)
    }

    @Test func `the cookie is out of reach of scripts and other sites, and stays on encrypted connections`() {
        var request = FrontRequest(method: "POST", path: ["login"])
        #expect(SessionCookie.set("abc", for: request) == "tenon_session=abc; Path=/; Max-Age=34560000; HttpOnly; SameSite=Lax")
        request.isSecure = true
        #expect(SessionCookie.clear(for: request) == "tenon_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure")
    }
}

@Suite("Acting for others") struct ImpersonationTests {
    private let rights: RightsSnapshot = {
        func role(_ json: String) -> RightsSnapshot.Role {
            .init(key: "", name: "", grants: RoleDocument(tolerating: json).grants)
        }
        func person(_ roles: [Int64]) -> RightsSnapshot.Person { .init(name: "", isActive: true, roles: roles, teams: []) }
        return RightsSnapshot(
            people: [1: person([1]), 2: person([2]), 3: person([]), 4: person([1])],
            roles: [1: role(#"{"everything": true}"#), 2: role(#"{"specials": ["manage_users"]}"#)])
    }()

    @Test(arguments: [
        (1, 4, true), (1, 3, true), (2, 3, true), (2, 2, true), (3, 3, true),
        (2, 1, false), (3, 2, false), (3, 1, false),
    ] as [(Int64, Int64, Bool)])
    func `managing users is no way to act as an administrator`(actor: Int64, user: Int64, isAllowed: Bool) async {
        let refused = await failure { try Actor.user(actor, via: "test", rights: rights).requireImpersonation(of: user) }
        #expect((refused == nil) == isAllowed && (refused?.code ?? .forbidden) == .forbidden)
    }
}

@Suite("Addresses of callers") struct ClientAddressTests {
    @Test func `the word of a proxy counts on the same machine only, and its own entry alone`() {
        #expect(ClientAddress.of(peer: "192.0.2.7", forwarded: "198.51.100.1") == "192.0.2.7")
        #expect(ClientAddress.of(peer: "127.0.0.1", forwarded: "203.0.113.9, 198.51.100.1") == "198.51.100.1")
        #expect(ClientAddress.of(peer: "::1", forwarded: "198.51.100.1") == "198.51.100.1")
        #expect(ClientAddress.of(peer: "127.0.0.1", forwarded: nil) == "127.0.0.1")
        #expect(ClientAddress.of(peer: "127.0.0.1", forwarded: "1.2.3.4, ") == "127.0.0.1")
    }

    @Test func `a proxy on another machine is believed where it is named, and nobody else there`() {
        let proxies: Set<String> = ["192.0.2.7", "2001:db8::7"]
        #expect(ClientAddress.of(peer: "192.0.2.7", forwarded: "203.0.113.9, 198.51.100.1", proxies: proxies) == "198.51.100.1")
        #expect(ClientAddress.of(peer: "::ffff:192.0.2.7", forwarded: "198.51.100.1", proxies: proxies) == "198.51.100.1")
        #expect(ClientAddress.of(peer: "2001:db8::7", forwarded: "198.51.100.1", proxies: proxies) == "198.51.100.1")
        #expect(ClientAddress.of(peer: "192.0.2.70", forwarded: "198.51.100.1", proxies: proxies) == "192.0.2.70")
        #expect(ClientAddress.of(peer: "192.0.2.7", forwarded: nil, proxies: proxies) == "192.0.2.7")
    }
}
