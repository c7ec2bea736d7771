import Foundation
import PluginAPI
import Testing

@testable import Kernel

/// Access as the fronts give it, on a kernel that was started as the product starts it.
@Suite("Access through the fronts") struct FrontAccessTests {
    /// A deployment with an administrator, gone when the test is over.
    final class Deployment: Sendable {
        let kernel: Kernel
        private let folder: String
        private let server: TemporaryServerDatabase?

        init() async throws {
            folder = NSTemporaryDirectory() + "tenon-front-" + UUID().uuidString
            server = try TemporaryServerDatabase.whereAsked()
            kernel = try await Kernel.boot(
                Kernel.Options(dataDirectory: folder, databaseURL: server?.url, home: .none, isDurable: false))
            server?.serves(kernel)
            try await kernel.makeAdministrator(email: "root@example.com", name: "Root", password: AccessFixture.password)
        }

        deinit { try? FileManager.default.removeItem(atPath: folder) }

        func send(_ method: String, _ path: String, _ json: String = "", headers: [String: String] = [:], isLocal: Bool = false) async -> (status: Int, json: JSONValue) {
            var request = FrontRequest(method: method, path: ["api", "v1"] + path.split(separator: "/").map(String.init))
            request.headers = headers
            request.headers["content-type"] = "application/json"
            request.body = Array(json.utf8)
            request.isLocal = isLocal
            let response = await kernel.front.respond(request)
            guard let bytes = response.body.bytes else { return (response.status, .null) }
            return (response.status, (try? JSONValue(parsing: bytes)) ?? .null)
        }

        /// As the administrator who sits at the machine.
        func local(_ method: String, _ path: String, _ json: String = "") async -> (status: Int, json: JSONValue) {
            await send(method, path, json, isLocal: true)
        }

        /// A user with roles, by their names, and a token for that user.
        func user(_ email: String, roles: [String]) async throws -> (id: Int64, token: String) {
            let list = roles.map { "\"\($0)\"" }.joined(separator: ",")
            let made = await local(
                "POST", "users", #"{"name": "\#(email)", "email": "\#(email)", "roles": [\#(list)], "password": "\#(AccessFixture.password)"}"#)
            try #require(made.status == 201, "\(made.json)")
            let id = try #require(made.json["id"]?.int)
            let token = await local("POST", "tokens", #"{"user": \#(id), "name": "test"}"#)
            return (id, try #require(token.json["token"]?.text))
        }
    }

    private func bearer(_ token: String) -> [String: String] { ["authorization": "Bearer \(token)"] }

    @Test func `a deactivated user's token and session stop at the next request`() async throws {
        let deployment = try await Deployment()
        let ada = try await deployment.user("ada@example.com", roles: ["Finance"])
        let session = try await deployment.kernel.authenticator.login(
            email: "ada@example.com", password: AccessFixture.password, address: "192.0.2.7", agent: "test")
        let cookie = ["cookie": "tenon_session=\(session.secret)"]
        #expect(await deployment.send("GET", "me", headers: bearer(ada.token)).json["email"]?.text == "ada@example.com")
        #expect(await deployment.send("GET", "me", headers: cookie).status == 200)
        #expect(await deployment.local("PATCH", "users/\(ada.id)", #"{"active": false}"#).status == 200)
        #expect(await deployment.send("GET", "me", headers: bearer(ada.token)).status == 401)
        #expect(await deployment.send("GET", "me", headers: cookie).status == 401)
    }

    @Test func `what a role grants holds from the next request on`() async throws {
        let deployment = try await Deployment()
        let ada = try await deployment.user("ada@example.com", roles: ["Finance"])
        func edit() async -> Int {
            await deployment.send("PATCH", "teams/1", #"{"name": "Quay"}"#, headers: bearer(ada.token)).status
        }
        #expect(await deployment.local("POST", "teams", #"{"name": "Harbour", "members": ["ada@example.com"]}"#).status == 201)
        #expect(await deployment.local("GET", "users/\(ada.id)").json["teams"]?.array?.count == 1)
        #expect(await edit() == 403)
        let granted = RoleDocument(tolerating: #"{"entities": {"team": {"view": "all", "edit": "all"}}}"#).text
        let made = await deployment.local("POST", "roles", #"{"name": "Team keeper", "grants": \#(granted)}"#)
        #expect(made.status == 201, "\(made.json)")
        let changed = await deployment.local("PATCH", "users/\(ada.id)", #"{"roles": ["Finance", "Team keeper"]}"#)
        #expect(changed.status == 200, "\(changed.json)")
        #expect(await edit() == 200)
        let why = await deployment.send("GET", "access/explain", headers: bearer(ada.token))
        #expect(why.status == 422, "an entity must be named")
    }

    @Test func `a session changes things with its security token alone`() async throws {
        let deployment = try await Deployment()
        let session = try await deployment.kernel.authenticator.login(
            email: "root@example.com", password: AccessFixture.password, address: "192.0.2.7", agent: "test")
        var headers = ["cookie": "tenon_session=\(session.secret)"]
        #expect(await deployment.send("POST", "teams", #"{"name": "Harbour"}"#, headers: headers).status == 403)
        headers["x-csrf-token"] = session.csrf
        #expect(await deployment.send("POST", "teams", #"{"name": "Harbour"}"#, headers: headers).status == 201)
        headers["sec-fetch-site"] = "cross-site"
        #expect(await deployment.send("POST", "teams", #"{"name": "Meadow"}"#, headers: headers).status == 403)
    }

    @Test func `nobody who manages users becomes an administrator by it`() async throws {
        let deployment = try await Deployment()
        let everyUser = #"{"specials": ["manage_users"], "entities": {"user": {"view": "all", "create": "all", "edit": "all"}, "role": {"view": "all"}}}"#
        #expect(await deployment.local("POST", "roles", #"{"name": "Front desk", "grants": \#(everyUser)}"#).status == 201)
        let desk = try await deployment.user("desk@example.com", roles: ["Front desk"])
        let plain = try await deployment.user("ada@example.com", roles: ["Finance"])
        let root = try #require(deployment.kernel.rights.firstAdministrator)
        let headers = bearer(desk.token)
        let password = #"{"password": "another long walk"}"#
        #expect(await deployment.send("POST", "users/\(plain.id)/password", password, headers: headers).status == 204)
        #expect(await deployment.send("POST", "users/\(root)/password", password, headers: headers).status == 403)
        #expect(await deployment.send("POST", "tokens", #"{"user": \#(root), "name": "x"}"#, headers: headers).status == 403)
        #expect(await deployment.send("PATCH", "users/\(desk.id)", #"{"roles": ["Administrator"]}"#, headers: headers).status == 403)
        #expect(await deployment.send("PATCH", "users/\(plain.id)", #"{"roles": ["Finance", "SDR"]}"#, headers: headers).status == 200)
        // The administrator may do all of it.
        #expect(await deployment.local("PATCH", "users/\(desk.id)", #"{"roles": ["Administrator"]}"#).status == 200)
    }

    @Test func `a new user without a good password is not made at all`() async throws {
        let deployment = try await Deployment()
        let refused = await deployment.local("POST", "users", #"{"name": "Ada", "email": "ada@example.com", "password": "short"}"#)
        #expect(refused.status == 422)
        #expect(await deployment.local("POST", "users", #"{"name": "Ada", "email": "ada@example.com"}"#).status == 201)
    }

    @Test func `the demo fills teams with people`() async throws {
        let deployment = try await Deployment()
        try await deployment.kernel.fillDemo()
        let users = await deployment.local("GET", "users")
        #expect(users.json["data"]?.array?.count == DemoPeople.people.count + 1)
        #expect(await deployment.local("GET", "teams").json["data"]?.array?.count == 3)
    }
}
