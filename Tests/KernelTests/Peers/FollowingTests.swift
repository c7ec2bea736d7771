import Foundation
import PluginAPI
import Testing

@testable import Kernel

/// Several servers on one database, each with all that it keeps in memory: what one changes the others follow.
@Suite(.enabled(if: hasServer, needsServer)) struct FollowingTests {
    /// Two servers in this process, as if on two machines.
    private final class Pair: Sendable {
        let database: TemporaryServerDatabase
        let one: Kernel
        let other: Kernel
        private let folder: String

        init() async throws {
            let database = try TemporaryServerDatabase(on: try #require(TemporaryServerDatabase.serverURL))
            let folder = NSTemporaryDirectory() + "tenon-pair-" + UUID().uuidString
            func boot(_ name: String) async throws -> Kernel {
                let kernel = try await Kernel.boot(
                    Kernel.Options(dataDirectory: folder + "/" + name, databaseURL: database.url, home: .none))
                try await kernel.start()
                return kernel
            }
            one = try await boot("one")
            try await one.makeAdministrator(email: "root@example.com", name: "Root", password: AccessFixture.password)
            other = try await boot("other")
            self.database = database
            self.folder = folder
        }

        deinit { try? FileManager.default.removeItem(atPath: folder) }

        func end() async throws {
            try await one.stop()
            try await other.stop()
        }

        static func ask(
            _ kernel: Kernel, _ method: String, _ path: String, _ json: String = "", cookie: String? = nil
        ) async -> (status: Int, json: JSONValue) {
            var request = FrontRequest(method: method, path: ["api", "v1"] + path.split(separator: "/").map(String.init))
            request.headers["content-type"] = "application/json"
            request.body = Array(json.utf8)
            request.isLocal = cookie == nil
            if let cookie { request.headers["cookie"] = "tenon_session=\(cookie)" }
            let response = await kernel.front.respond(request)
            guard let bytes = response.body.bytes else { return (response.status, .null) }
            return (response.status, (try? JSONValue(parsing: bytes)) ?? .null)
        }
    }

    /// Within the second that is promised, on a machine that is free: how late this test itself is woken, again and again, shows how
    /// busy others keep it, and is allowed for.
    private func soon(_ what: Comment, _ holds: () async throws -> Bool) async throws {
        let begun = ContinuousClock.now
        var late = Duration.zero
        while try await !holds() {
            guard ContinuousClock.now - begun < .seconds(1) + late * 4 else {
                Issue.record("after \(ContinuousClock.now - begun): \(what)")
                throw CancellationError()
            }
            let before = ContinuousClock.now
            try await Task.sleep(for: .milliseconds(10))
            late += ContinuousClock.now - before - .milliseconds(10)
        }
    }

    private func within<T>(_ body: (Pair) async throws -> T) async throws -> T {
        let pair = try await Pair()
        do {
            let result = try await body(pair)
            try await pair.end()
            return result
        } catch {
            try await pair.end()
            throw error
        }
    }

    @Test func `what a role grants at one server holds at the other within a second`() async throws {
        try await within { pair in
            let made = await Pair.ask(
                pair.one, "POST", "users",
                #"{"name": "Ada", "email": "ada@example.com", "roles": ["Finance"], "password": "\#(AccessFixture.password)"}"#)
            #expect(made.status == 201, "\(made.json)")
            let ada = try #require(made.json["id"]?.int)
            try await soon("the other knows her") { pair.other.rights.isActive(ada) }
            #expect(pair.other.rights.scope(of: ada, right: "edit", entity: "team") == nil)
            let role = await Pair.ask(
                pair.one, "POST", "roles", #"{"name": "Keeper", "grants": {"entities": {"team": {"view": "all", "edit": "all"}}}}"#)
            #expect(role.status == 201, "\(role.json)")
            let given = await Pair.ask(pair.one, "PATCH", "users/\(ada)", #"{"roles": ["Finance", "Keeper"]}"#)
            #expect(given.status == 200, "\(given.json)")
            try await soon("the right holds there") { pair.other.rights.scope(of: ada, right: "edit", entity: "team") == .all }
        }
    }

    @Test func `a session begun at one server works at the other, and ends at both`() async throws {
        try await within { pair in
            let session = try await pair.one.authenticator.login(
                email: "root@example.com", password: AccessFixture.password, address: "192.0.2.7", agent: "test")
            #expect(await Pair.ask(pair.other, "GET", "me", cookie: session.secret).status == 200)
            try await pair.one.authenticator.logout(session.secret)
            #expect(await Pair.ask(pair.one, "GET", "me", cookie: session.secret).status == 401)
            try await soon("it is over there, too") { await Pair.ask(pair.other, "GET", "me", cookie: session.secret).status == 401 }
        }
    }

    @Test func `a new password ends sessions at all servers`() async throws {
        try await within { pair in
            let session = try await pair.one.authenticator.login(
                email: "root@example.com", password: AccessFixture.password, address: "192.0.2.7", agent: "test")
            #expect(await Pair.ask(pair.other, "GET", "me", cookie: session.secret).status == 200)
            let root = try #require(pair.one.rights.firstAdministrator)
            try await pair.one.authenticator.setPassword(of: root, to: "another walk by the sea")
            try await soon("it is over") { await Pair.ask(pair.other, "GET", "me", cookie: session.secret).status == 401 }
        }
    }

    @Test func `failed logins count together, whichever server they come to`() async throws {
        try await within { pair in
            for number in 0..<LoginThrottle.allowed {
                let kernel = number % 2 == 0 ? pair.one : pair.other
                await #expect(throws: CRMError.self) {
                    _ = try await kernel.authenticator.login(
                        email: "root@example.com", password: "wrong and wrong again", address: "192.0.2.\(number)", agent: "test")
                }
            }
            for kernel in [pair.one, pair.other] {
                do {
                    _ = try await kernel.authenticator.login(
                        email: "root@example.com", password: AccessFixture.password, address: "192.0.2.99", agent: "test")
                    Issue.record("it was let in")
                } catch let error as CRMError { #expect(error.code == .throttled) }
            }
        }
    }

    @Test func `a setting changed at one server holds at the other within a second`() async throws {
        try await within { pair in
            let changed = await Pair.ask(pair.one, "PATCH", "settings", #"{"kernel.name": "Harbour", "kernel.time_zone": "Europe/Berlin"}"#)
            #expect(changed.status == 200, "\(changed.json)")
            try await soon("the name is known") { pair.other.store.settings.name == "Harbour" }
            #expect(pair.other.store.settings.calendar.identifier == "Europe/Berlin")
        }
    }

    @Test func `a custom field made at one server is there at the other within a second`() async throws {
        try await within { pair in
            let administrator = Actor.system("test", rights: .empty)
            let definition = CustomFieldDefinition(kind: "text", label: "Desk")
            try await pair.one.plugins.addField("desk", to: "team", definition, by: administrator)
            try await soon("the field is there") { pair.other.store.registry.entity("team")?.field("desk") != nil }
            let made = await Pair.ask(pair.other, "POST", "teams", #"{"name": "Quay", "desk": "by the window"}"#)
            #expect(made.status == 201, "\(made.json)")
            // And the other way round, on what the first one left.
            try await pair.other.plugins.addField("floor", to: "team", CustomFieldDefinition(kind: "integer", label: "Floor"), by: administrator)
            try await soon("both are there") {
                pair.one.store.registry.entity("team")?.field("desk") != nil && pair.one.store.registry.entity("team")?.field("floor") != nil
            }
            try await pair.one.plugins.removeField("desk", of: "team", by: administrator)
            try await soon("it is gone") { pair.other.store.registry.entity("team")?.field("desk") == nil }
        }
    }

    @Test func `two servers that make fields at the same time both make theirs`() async throws {
        try await within { pair in
            let administrator = Actor.system("test", rights: .empty)
            async let first: Void = pair.one.plugins.addField("a_field", to: "team", CustomFieldDefinition(kind: "text", label: "A"), by: administrator)
            async let second: Void = pair.other.plugins.addField("b_field", to: "team", CustomFieldDefinition(kind: "text", label: "B"), by: administrator)
            _ = try await (first, second)
            for kernel in [pair.one, pair.other] {
                try await soon("both are there") {
                    kernel.store.registry.entity("team")?.field("a_field") != nil && kernel.store.registry.entity("team")?.field("b_field") != nil
                }
            }
        }
    }

    @Test func `pages open at one server are told what changed at the other`() async throws {
        try await within { pair in
            let root = try #require(pair.other.rights.firstAdministrator)
            let told = Recorder()
            let stream = pair.other.live.subscribe(root)
            let listening = Task { for await bytes in stream { told.note(String(decoding: bytes, as: UTF8.self)) } }
            let made = await Pair.ask(pair.one, "POST", "teams", #"{"name": "Quay"}"#)
            #expect(made.status == 201, "\(made.json)")
            let id = try #require(made.json["id"]?.int)
            try await soon("it was told") {
                told.entries.contains { $0.hasPrefix("event: changed") && $0.contains("\"team\"") && $0.contains("[\(id)]") }
            }
            try await pair.one.store.write(as: .system("test", rights: pair.one.rights)) { tx in
                try tx.notify(RecordID(root), "The tide is in", about: nil)
            }
            try await soon("the notice is shown") { told.entries.contains { $0.hasPrefix("event: notification") && $0.contains("The tide is in") } }
            // A server tells its own pages once, not again when it reads the log.
            let own = Recorder()
            let ownStream = pair.one.live.subscribe(root)
            let ownListening = Task { for await bytes in ownStream { own.note(String(decoding: bytes, as: UTF8.self)) } }
            _ = await Pair.ask(pair.one, "POST", "teams", #"{"name": "Pier"}"#)
            try await soon("the other was told again") { told.entries.count { $0.hasPrefix("event: changed") } == 2 }
            try await Task.sleep(for: .milliseconds(500))
            #expect(own.entries.count { $0.hasPrefix("event: changed") } == 1)
            listening.cancel()
            ownListening.cancel()
        }
    }

    @Test func `a user who is renamed at one server has the new name in lists of the other within a second`() async throws {
        try await within { pair in
            let made = await Pair.ask(pair.one, "POST", "teams", #"{"name": "Quay"}"#)
            #expect(made.status == 201, "\(made.json)")
            func maker() async -> String? {
                await Pair.ask(pair.other, "GET", "teams").json["data"]?.array?.first { $0["name"]?.text == "Quay" }?["created_by_label"]?.text
            }
            let root = try #require(made.json["created_by"]?.int)
            try await soon("the other shows who made it") { await maker() == "Root" }
            let renamed = await Pair.ask(pair.one, "PATCH", "users/\(root)", #"{"name": "Ruth"}"#)
            #expect(renamed.status == 200, "\(renamed.json)")
            try await soon("and the new name") { await maker() == "Ruth" }
        }
    }

    @Test func `each server is on record, with its signs of life, until it ends`() async throws {
        let pair = try await Pair()
        let answer = await Pair.ask(pair.one, "GET", "status/peers")
        let peers = answer.json["data"]?.array ?? []
        #expect(answer.json["shared"]?.bool == true)
        #expect(peers.compactMap { $0["state"]?.text } == ["serving", "serving"])
        #expect(peers.count { $0["answers"]?.bool == true } == 1)
        try await pair.other.stop()
        #expect(await Pair.ask(pair.one, "GET", "status/peers").json["data"]?.array?.compactMap { $0["state"]?.text } == ["serving", "ended"])
        try await pair.one.stop()
    }

    @Test func `a server that could not follow for a while reads everything anew`() async throws {
        try await within { pair in
            // What happened meanwhile is in no log.
            try await pair.one.store.engine.write { connection in
                try SettingsTable.store(connection, key: KernelSettings.name.key, value: .text("Unseen"), plugin: "kernel")
            }
            try await pair.one.store.engine.write { connection in
                try connection.execute("DELETE FROM tenon_peer WHERE id = ?", [.integer(pair.other.peers?.id ?? 0)])
            }
            try await pair.other.peers?.giveSign()
            try await soon("it has read the settings") { pair.other.store.settings.name == "Unseen" }
        }
    }

    @Test func `entries of the log are in the order of commits, with none missing, under many writers`() async throws {
        try await within { pair in
            let kernels = [pair.one, pair.other]
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<8 {
                    group.addTask {
                        for number in 0..<25 {
                            let made = await Pair.ask(kernels[writer % 2], "POST", "teams", #"{"name": "Team \#(writer).\#(number)"}"#)
                            #expect(made.status == 201, "\(made.json)")
                        }
                    }
                }
                // Meanwhile somebody follows, from entry to entry.
                group.addTask {
                    var (last, seen): (Int64, Set<Int64>) = (0, [])
                    let end = ContinuousClock.now.advanced(by: .seconds(60))
                    while seen.count < 200, ContinuousClock.now < end {
                        let (change, number) = try await pair.one.store.engine.aside { [last] in
                            try ChangeLog.changes(after: last, notBy: -1, $0)
                        }
                        // Together they are too many to be named: one by one they are not.
                        seen.formUnion(change.touched["team"] ?? [])
                        if change.touched["team"] == [] {
                            let entries = try await pair.one.store.engine.aside { [last] connection in
                                try connection.all(
                                    "SELECT what FROM tenon_change WHERE id > ? AND id <= ?", [.integer(last), .integer(number)]
                                ) { try SharedChange(stored: $0.text(0)) }
                            }
                            for entry in entries { seen.formUnion(entry.touched["team"] ?? []) }
                        }
                        last = number
                    }
                    #expect(seen.count == 200)
                }
                try await group.waitForAll()
            }
        }
    }
}
