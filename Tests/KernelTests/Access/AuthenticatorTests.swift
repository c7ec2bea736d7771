import PluginAPI
import Testing

@testable import Kernel

@Suite("Logging in") struct AuthenticatorTests {
    @Test func `whoever knows the password gets a session that knows its user`() async throws {
        let fixture = try await AccessFixture()
        let ada = try await fixture.addUser("ada@example.com", roles: [.finance])
        let session = try await fixture.login(" ADA@example.com ")
        let caller = try #require(try await fixture.authenticator.caller(for: .with(session: session.secret)))
        #expect(caller.actor.userID == ada.raw && caller.kind == .session && caller.csrf == session.csrf)
        #expect(caller.actor.can("view", on: "user") && !caller.actor.can("edit", on: "user"))
    }

    @Test func `neither secrets nor passwords are stored in clear`() async throws {
        let fixture = try await AccessFixture()
        let ada = try await fixture.addUser("ada@example.com")
        let session = try await fixture.login("ada@example.com")
        let token = try await fixture.authenticator.createToken(for: ada.raw, name: "script").secret
        let stored = try await fixture.engine.read { connection in
            try ["SELECT hash FROM tenon_session", "SELECT hash FROM tenon_token", "SELECT password FROM tenon_credential"]
                .flatMap { try connection.all($0) { $0.text(0) } }
        }
        #expect(stored.count == 3)
        for secret in [session.secret, token, AccessFixture.password] { #expect(!stored.contains { $0.contains(secret) }) }
    }

    @Test func `a wrong password, an unknown address and a user without a password get the same answer`() async throws {
        let fixture = try await AccessFixture()
        try await fixture.addUser("ada@example.com")
        try await fixture.addUser("ben@example.com", password: nil)
        let left = try await fixture.addUser("cleo@example.com")
        try await fixture.change(left) { $0[SystemUser.active] = false }
        var answers: Set<String> = []
        for (email, password) in [
            ("ada@example.com", "not this one at all"), ("eve@example.com", AccessFixture.password),
            ("ben@example.com", AccessFixture.password), ("cleo@example.com", AccessFixture.password), ("", ""),
            ("ada@example.com", String(repeating: "x", count: 5000)),
        ] {
            let answer = await failure { _ = try await fixture.login(email, password: password) }
            #expect(answer?.code == .unauthenticated, "\(email)")
            answers.insert(answer?.description ?? "")
        }
        #expect(answers.count == 1)
    }

    @Test func `a session ends at logout, for the browser that ends it alone`() async throws {
        let fixture = try await AccessFixture()
        try await fixture.addUser("ada@example.com")
        let one = try await fixture.login("ada@example.com")
        let other = try await fixture.login("ada@example.com")
        _ = try await fixture.authenticator.caller(for: .with(session: one.secret))
        try await fixture.authenticator.logout(one.secret)
        #expect(try await fixture.authenticator.caller(for: .with(session: one.secret)) == nil)
        #expect(try await fixture.authenticator.caller(for: .with(session: other.secret)) != nil)
    }

    @Test func `a session lives on while it is used, and ends fourteen days after it was`() async throws {
        let fixture = try await AccessFixture()
        try await fixture.addUser("ada@example.com")
        let session = try await fixture.login("ada@example.com")
        for _ in 0..<3 {
            fixture.clock.advance(seconds: 13 * 86_400)
            #expect(try await fixture.authenticator.caller(for: .with(session: session.secret)) != nil)
        }
        fixture.clock.advance(seconds: 14 * 86_400)
        #expect(try await fixture.authenticator.caller(for: .with(session: session.secret)) == nil)
        let fresh = Authenticator(engine: fixture.engine, clock: fixture.clock, rights: { [rights = fixture.rights] in rights.snapshot })
        #expect(try await fresh.caller(for: .with(session: session.secret)) == nil, "nor after a restart")
    }

    @Test func `use is written down at most every five minutes`() async throws {
        let fixture = try await AccessFixture()
        try await fixture.addUser("ada@example.com")
        let session = try await fixture.login("ada@example.com")
        let start = fixture.clock.now
        func seen() async throws -> Int64? { try await fixture.engine.read { try $0.integer("SELECT seen_at FROM tenon_session") } }
        fixture.clock.advance(seconds: 299)
        _ = try await fixture.authenticator.caller(for: .with(session: session.secret))
        #expect(try await seen() == start.milliseconds)
        fixture.clock.advance(seconds: 1)
        _ = try await fixture.authenticator.caller(for: .with(session: session.secret))
        #expect(try await seen() == start.milliseconds + 300_000)
    }

    @Test func `a deactivated user is out at once, and stays out when activated again, until the next login`() async throws {
        let fixture = try await AccessFixture()
        let ada = try await fixture.addUser("ada@example.com")
        let session = try await fixture.login("ada@example.com")
        let token = try await fixture.authenticator.createToken(for: ada.raw, name: "script").secret
        _ = try await fixture.authenticator.caller(for: .with(session: session.secret))
        _ = try await fixture.authenticator.caller(for: .with(token: token))
        try await fixture.change(ada) { $0[SystemUser.active] = false }
        #expect(try await fixture.authenticator.caller(for: .with(session: session.secret)) == nil)
        #expect(await failure { _ = try await fixture.authenticator.caller(for: .with(token: token)) }?.code == .unauthenticated)
        try await fixture.change(ada) { $0[SystemUser.active] = true }
        #expect(try await fixture.authenticator.caller(for: .with(session: session.secret)) == nil)
        #expect(try await fixture.authenticator.caller(for: .with(token: token)) != nil, "tokens are revoked by name")
    }

    @Test func `a user who is deleted leaves no key behind, and who comes back gets new ones`() async throws {
        let fixture = try await AccessFixture()
        let (ada, ben) = (try await fixture.addUser("ada@example.com"), try await fixture.addUser("ben@example.com"))
        let session = try await fixture.login("ada@example.com")
        let token = try await fixture.authenticator.createToken(for: ada.raw, name: "script").secret
        let other = try await fixture.authenticator.createToken(for: ben.raw, name: "script").secret
        #expect(try await fixture.authenticator.caller(for: .with(token: token)) != nil)
        try await fixture.asProduct { store in
            let set: Int64 = try store.openChangeSet(.delete, store.registry.require("user"))
            try store.delete("user", ada)
            try ChangeSetLedger.setCount(1, of: set, store.connection)
        }
        #expect(await failure { _ = try await fixture.authenticator.caller(for: .with(token: token)) }?.code == .unauthenticated)
        #expect(try await fixture.authenticator.tokens(of: nil).map(\.userID) == [ben.raw])
        let sessions: Int64? = try await fixture.engine.read { try $0.integer("SELECT count(*) FROM tenon_session") }
        #expect(sessions == 0)
        #expect(try await fixture.authenticator.caller(for: .with(token: other)) != nil)

        let change: Int64? = try await fixture.engine.read { try $0.integer("SELECT max(id) FROM tenon_change_set") }
        let report = try await fixture.asProduct { try $0.takeBack(try #require(change)) }
        // What is not there any more is told.
        #expect(report.done == 1 && report.kept.map(\.field) == ["password"], "\(report.kept)")
        #expect(fixture.rights.snapshot.isActive(ada.raw))
        #expect(await failure { _ = try await fixture.authenticator.caller(for: .with(token: token)) }?.code == .unauthenticated)
        #expect(try await fixture.authenticator.caller(for: .with(session: session.secret)) == nil)
    }

    @Test func `a new password ends the other sessions`() async throws {
        let fixture = try await AccessFixture()
        let ada = try await fixture.addUser("ada@example.com")
        let here = try await fixture.login("ada@example.com")
        let there = try await fixture.login("ada@example.com")
        _ = try await fixture.authenticator.caller(for: .with(session: there.secret))
        let wrong = await failure {
            try await fixture.authenticator.changePassword(
                of: ada.raw, from: "not this one", to: "another long walk", address: "192.0.2.7", keeping: here.secret)
        }
        #expect(wrong?.problems.map(\.field) == ["current_password"])
        try await fixture.authenticator.changePassword(
            of: ada.raw, from: AccessFixture.password, to: "another long walk", address: "192.0.2.7", keeping: here.secret)
        #expect(try await fixture.authenticator.caller(for: .with(session: here.secret)) != nil)
        #expect(try await fixture.authenticator.caller(for: .with(session: there.secret)) == nil)
        #expect(await failure { _ = try await fixture.login("ada@example.com") }?.code == .unauthenticated)
        _ = try await fixture.login("ada@example.com", password: "another long walk")
        let short = await failure { try await fixture.authenticator.setPassword(of: ada.raw, to: "short") }
        #expect(short?.code == .invalid)
    }

    @Test func `a password stored at another cost is stored anew at the next login`() async throws {
        let fixture = try await AccessFixture()
        let ada = try await fixture.addUser("ada@example.com")
        let costly = PasswordHasher(cost: .init(passes: 2, bytes: 16_384))
        let old = try await costly.hash(AccessFixture.password)
        try await fixture.authenticator.storeHash(old, of: ada.raw, replacing: try #require(try await fixture.authenticator.storedPassword(email: "ada@example.com")).hash)
        _ = try await fixture.login("ada@example.com")
        let new = try #require(try await fixture.authenticator.storedPassword(email: "ada@example.com")).hash
        #expect(new != old && !fixture.authenticator.hasher.needsRehash(new))
        _ = try await fixture.login("ada@example.com")
    }
}

@Suite("Login throttle") struct LoginThrottleTests {
    private func fail(_ fixture: AccessFixture, _ email: String, from address: String, times: Int) async -> [CRMError.Code?] {
        var codes: [CRMError.Code?] = []
        for _ in 0..<times { codes.append(await failure { _ = try await fixture.login(email, password: "a wrong guess", address: address) }?.code) }
        return codes
    }

    @Test func `after ten failures an address is told to wait, wherever they came from, and let in later`() async throws {
        let fixture = try await AccessFixture()
        try await fixture.addUser("ada@example.com")
        var codes: [CRMError.Code?] = []
        for host in 1...10 { codes += await fail(fixture, "ada@example.com", from: "192.0.2.\(host)", times: 1) }
        #expect(codes == Array(repeating: .unauthenticated, count: 10))
        fixture.clock.advance(seconds: 100)
        let throttled = await failure { _ = try await fixture.login("ada@example.com", address: "198.51.100.1") }
        #expect(throttled?.code == .throttled && throttled?.hint == "Try again in 800 seconds.")
        fixture.clock.advance(seconds: 800)
        _ = try await fixture.login("ada@example.com", address: "198.51.100.1")
    }

    @Test func `a network address that guesses at many users is told to wait, and others are not`() async throws {
        let fixture = try await AccessFixture()
        try await fixture.addUser("ada@example.com")
        for user in 1...10 { _ = await fail(fixture, "user\(user)@example.com", from: "192.0.2.7", times: 1) }
        #expect(await failure { _ = try await fixture.login("ada@example.com", address: "192.0.2.7") }?.code == .throttled)
        _ = try await fixture.login("ada@example.com", address: "192.0.2.8")
    }

    @Test func `a success forgives one's own failures, and nobody else's`() async throws {
        let fixture = try await AccessFixture()
        try await fixture.addUser("ada@example.com")
        try await fixture.addUser("mallory@example.com")
        _ = await fail(fixture, "ada@example.com", from: "192.0.2.66", times: 5)
        _ = await fail(fixture, "ada@example.com", from: "192.0.2.1", times: 4)
        _ = try await fixture.login("ada@example.com", address: "192.0.2.1")
        // Five of the guesses from elsewhere still count, ada's own slips do not.
        #expect(await fail(fixture, "ada@example.com", from: "192.0.2.1", times: 5) == Array(repeating: .unauthenticated, count: 5))
        #expect(await fail(fixture, "ada@example.com", from: "192.0.2.1", times: 1) == [.throttled])
        // Mallory knows one password and guesses at others: it does not wipe the slate of the network address.
        _ = await fail(fixture, "ben@example.com", from: "192.0.2.66", times: 4)
        _ = try await fixture.login("mallory@example.com", address: "192.0.2.66")
        #expect(await fail(fixture, "cleo@example.com", from: "192.0.2.66", times: 2) == [.unauthenticated, .throttled])
    }

    @Test func `many guesses at once are counted as many`() async throws {
        let fixture = try await AccessFixture()
        try await fixture.addUser("ada@example.com")
        let codes = await withTaskGroup(of: CRMError.Code?.self) { group in
            for _ in 0..<30 {
                group.addTask {
                    await failure { _ = try await fixture.login("ada@example.com", password: "a wrong guess") }?.code
                }
            }
            return await group.reduce(into: [CRMError.Code?]()) { $0.append($1) }
        }
        #expect(codes.filter { $0 == .unauthenticated }.count == 10)
        #expect(codes.filter { $0 == .throttled }.count == 20)
    }

    @Test func `logins are on record`() async throws {
        let fixture = try await AccessFixture()
        let ada = try await fixture.addUser("ada@example.com")
        _ = await fail(fixture, "ada@example.com", from: "192.0.2.9", times: 1)
        _ = try await fixture.login("ada@example.com", address: "192.0.2.7")
        let rows = try await fixture.engine.read { connection in
            try connection.all("SELECT email, address, ok, coalesce(user_id, 0) FROM tenon_login ORDER BY id") {
                "\($0.text(0)) \($0.text(1)) \($0.integer(2)) \($0.integer(3))"
            }
        }
        #expect(rows == ["ada@example.com 192.0.2.9 0 0", "ada@example.com 192.0.2.7 1 \(ada.raw)"])
    }
}
