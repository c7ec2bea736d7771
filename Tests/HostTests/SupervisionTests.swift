import Foundation
import Synchronization
import Testing

@testable import Kernel

#if canImport(Glibc)
import Glibc
#endif

/// The supervised server as an administrator meets it.
@Suite(.serialized) struct SupervisionTests {
    /// A server with the fixture that crashes and a plugin that requires it.
    private struct Place: Sendable {
        let program: TenonProgram
        let token: String
        let colleague: String

        init() throws {
            program = try TenonProgram.prepared(["Crasher"])
            let folder = program.data.appendingPathComponent("plugins/throws-in-hook")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let manifest = try String(contentsOf: Deployment.sources.appendingPathComponent("Tests/Fixtures/Plugins/ThrowsInHook/plugin.json"), encoding: .utf8)
            try manifest.replacing("\"requires\": []", with: "\"requires\": [\"crasher\"]")
                .write(to: folder.appendingPathComponent("plugin.json"), atomically: true, encoding: .utf8)
            try FileManager.default.copyItem(
                at: Deployment.buildFolder.appendingPathComponent("libThrowsInHook.so"), to: folder.appendingPathComponent("libThrowsInHook.so"))
            let enabled = try program.run("plugin", "enable", "throws-in-hook", "--yes")
            if enabled.status != 0 { throw TenonProgram.Silent(said: enabled.description) }
            let added = try program.run("users", "add", "--name", "Ada", "--email", "ada@example.com", "--roles", "Sales agent")
            if added.status != 0 { throw TenonProgram.Silent(said: added.description) }
            token = try Self.token(program, "admin@example.com")
            colleague = try Self.token(program, "ada@example.com")
        }

        private static func token(_ program: TenonProgram, _ user: String) throws -> String {
            let made = try program.run("token", "create", "--user", user, "--name", "test")
            if made.status != 0 { throw TenonProgram.Silent(said: made.description) }
            return made.output.trimmingCharacters(in: .whitespacesAndNewlines)
        }

        func serve(_ more: [String] = [], _ environment: [String: String] = [:]) throws -> (server: TenonProgram.Server, knock: Knock) {
            let server = try program.serve(
                more, environment: environment.merging(["TENON_CRASHER": program.folder.path]) { $1 },
                errors: program.folder.appendingPathComponent("errors"))
            let port = Int(server.address.split(separator: ":").last ?? "") ?? 0
            return (server, Knock(port: port, token: token))
        }

        func end(_ server: TenonProgram.Server) {
            server.process.terminate()
            server.process.waitUntilExit()
        }
    }

    private static func json(_ knock: Knock, _ path: String) -> JSONValue? {
        guard case .answer(200, _, let body) = knock.ask("GET", path) else { return nil }
        return try? JSONValue(parsing: Array(body.utf8))
    }

    private static func state(_ knock: Knock, _ plugin: String) -> String? { json(knock, "/api/v1/plugins/\(plugin)")?["state"]?.text }

    private static func crash(_ knock: Knock, times: Int) throws {
        for _ in 0..<times {
            let before = CrashRange.records(knock).count
            _ = knock.ask("POST", "/plugins/crasher/now/trap", "{}")
            try CrashRange.wait("a crash on record") { CrashRange.records(knock).count > before }
        }
    }

    @Test func `an import that takes longer than a hook may is not taken for a hook that hangs`() async throws {
        try await aside {
            let program = try TenonProgram.prepared()
            let server = try program.serve(
                environment: ["TENON_HOOK_LIMIT": "2000"], errors: program.folder.appendingPathComponent("errors"))
            defer {
                server.process.terminate()
                server.process.waitUntilExit()
            }
            var lines = "title,contact_name,contact_email,value\n"
            for number in 1...5000 { lines += "Offer \(number),Person \(number),person\(number)@example.org,100\n" }
            let file: URL = program.folder.appendingPathComponent("leads.csv")
            try Data(lines.utf8).write(to: file)
            let begun: ContinuousClock.Instant = .now
            let done = try program.run("leads", "import", file.path, "--currency", "EUR")
            #expect(done.status == 0, "\(done)")
            // Else it says nothing about what takes long.
            #expect(ContinuousClock.now - begun > .seconds(2))
            let reports: URL = program.data.appendingPathComponent("crashes")
            // The one for the worker that runs is there from the beginning, and empty.
            let crashes: [String] = ((try? FileManager.default.contentsOfDirectory(atPath: reports.path)) ?? []).map {
                (try? String(contentsOf: reports.appendingPathComponent($0), encoding: .utf8)) ?? $0
            }
            #expect(crashes.filter { !$0.isEmpty } == [])
        }
    }

    @Test func `the third crash keeps a plugin out with what requires it, everyone who must know does, and a release brings both back`() async throws {
        try await aside {
            let place = try Place()
            let (server, knock) = try place.serve()
            defer { place.end(server) }
            #expect(Self.state(knock, "throws-in-hook") == "enabled")
            try Self.crash(knock, times: 2)
            #expect(Self.state(knock, "crasher") == "enabled")
            try Self.crash(knock, times: 1)
            #expect(Self.state(knock, "crasher") == "quarantined")

            let dependent = Self.json(knock, "/api/v1/plugins/throws-in-hook")
            #expect(dependent?["state"]?.text == "failed")
            #expect(dependent?["reason"]?.text?.contains("requires the plugin crasher") ?? false)
            if case .answer(let status, _, _) = knock.ask("GET", "/api/v1/fuses") { #expect(status == 404) }
            #expect(Self.json(knock, "/api/v1/users")?["data"]?.array?.count == 2)
            let status = Self.json(knock, "/api/v1/status")
            #expect(status?["mode"]?.text == "normal" && status?["supervised"] == .boolean(true))
            #expect(status?["quarantined"]?.array?.first?["plugin"]?.text == "crasher")

            // Told: by notices, by the command line, by the doctor.
            let notices = (Self.json(knock, "/api/v1/notifications")?["data"]?.array ?? []).compactMap { $0["message"]?.text }
            #expect(notices.count { $0.contains("The plugin crasher crashed the server") } == 3)
            #expect(notices.contains { $0.contains("is in quarantine") })
            let other = Knock(port: knock.port, token: place.colleague)
            #expect(Self.json(other, "/api/v1/notifications")?["data"]?.array?.isEmpty ?? false)
            let list = try place.program.run("plugin", "list")
            #expect(list.output.contains("quarantined"), "\(list)")
            let crashes = try place.program.run("crashes", "list", "--json").json["data"]?.array ?? []
            #expect(crashes.compactMap { $0["plugin"]?.text } == ["crasher", "crasher", "crasher"])
            let shown = try place.program.run("crashes", "show", crashes[0]["id"]?.int.map { String($0) } ?? "1")
            #expect(shown.output.contains("Crasher.Fault.goOff()") && shown.output.contains("route POST now/{fault}"), "\(shown)")
            #expect(try place.program.run("doctor").output.contains("plugins are kept out: crasher"))
            for path in ["/admin", "/admin/crashes", "/admin/crashes/\(crashes[0]["id"]?.int ?? 0)", "/admin/plugins/crasher"] {
                guard case .answer(200, _, let page) = knock.ask("GET", path, accept: "text/html") else {
                    Issue.record("\(path) does not answer")
                    continue
                }
                #expect(page.contains("The plugin Crasher is in quarantine.") && page.contains("Crasher.Fault.goOff()"), "\(path)")
            }
            let refused = try place.program.run("plugin", "enable", "crasher")
            #expect(refused.status != 0 && refused.errors.contains("tenon plugin release crasher"), "\(refused)")

            let released = try place.program.run("plugin", "release", "crasher")
            #expect(released.status == 0, "\(released)")
            #expect(Self.state(knock, "crasher") == "enabled")
            #expect(Self.state(knock, "throws-in-hook") == "enabled")
            try Self.crash(knock, times: 2)
            #expect(Self.state(knock, "crasher") == "enabled")
        }
    }

    @Test func `a plugin that crashes at each start is out after three, and the server is there`() async throws {
        try await aside {
            let place = try Place()
            let (server, knock) = try place.serve([], ["TENON_CRASHER_REGISTER": "trap"])
            defer { place.end(server) }
            #expect(Self.state(knock, "crasher") == "quarantined")
            #expect(CrashRange.records(knock).map { $0["plugin"]?.text } == ["crasher", "crasher", "crasher"])
        }
    }

    @Test func `a server that cannot start at all starts in safe mode and says why`() async throws {
        try await aside {
            let place = try Place()
            let (server, knock) = try place.serve([], ["TENON_CRASHER_REGISTER": "leave"])
            defer { place.end(server) }
            let status = Self.json(knock, "/api/v1/status")
            #expect(status?["mode"]?.text == "safe")
            #expect(status?["reason"]?.text?.contains("3 times in a row") ?? false, "\(status ?? .null)")
        }
    }

    @Test func `in safe mode no plugin runs, administrators alone come in, and what is in the way can be disabled`() async throws {
        try await aside {
            let place = try Place()
            do {
                // Would crash if it were loaded.
                let (server, knock) = try place.serve(["--safe-mode"], ["TENON_CRASHER_REGISTER": "trap"])
                defer { place.end(server) }
                #expect(Self.json(knock, "/api/v1/status")?["mode"]?.text == "safe")
                #expect(Self.state(knock, "crasher") == "held")
                if case .answer(let status, _, _) = knock.ask("GET", "/api/v1/fuses") { #expect(status == 404) }
                guard case .answer(let status, let head, let body) = Knock(port: knock.port, token: place.colleague).ask("GET", "/api/v1/users") else {
                    Issue.record("no answer")
                    return
                }
                #expect(status == 503 && head.contains("retry-after") && body.contains("safe mode"), "\(body)")
                let enabled = try place.program.run("plugin", "enable", "crasher")
                #expect(enabled.status != 0 && enabled.errors.contains("safe mode"), "\(enabled)")
                let disabled = try place.program.run("plugin", "disable", "crasher", "--cascade")
                #expect(disabled.status == 0, "\(disabled)")
                #expect(Self.state(knock, "crasher") == "disabled")
            }
            let (again, next) = try place.serve([], ["TENON_CRASHER_REGISTER": "trap"])
            defer { place.end(again) }
            #expect(Self.json(next, "/api/v1/status")?["mode"]?.text == "normal")
            #expect(CrashRange.records(next).isEmpty)
        }
    }

    @Test func `a worker is replaced without one request refused or lost`() async throws {
        try await aside {
            let place = try Place()
            let (server, knock) = try place.serve()
            defer { place.end(server) }
            let crowd = Crowd(knock)
            crowd.begin()
            for turn in 1...3 {
                try CrashRange.wait("work") { crowd.notes.acknowledged.count >= turn * 5 }
                let before = try KillTests.worker(server)
                kill(server.process.processIdentifier, SIGHUP)
                try CrashRange.wait("another worker") { (try? KillTests.worker(server)).map { $0 != before } ?? false }
            }
            try CrashRange.wait("work") { crowd.notes.acknowledged.count >= 25 }
            crowd.end()
            let notes = crowd.notes
            #expect(notes.refused == 0 && notes.unavailable == 0 && notes.broken.isEmpty && notes.strange.isEmpty, "\(notes)")
            #expect(CrashRange.records(knock).isEmpty)
        }
    }

    @Test func `a worker whose supervisor is killed finishes and ends by itself`() async throws {
        try await aside {
            let place = try Place()
            let (server, knock) = try place.serve()
            let worker = try KillTests.worker(server)
            let slow = Mutex<Int?>(nil)
            Thread.detachNewThread {
                if case .answer(let status, _, _) = knock.ask("GET", "/plugins/crasher/slowly") { slow.withLock { $0 = status } }
            }
            usleep(300_000)
            kill(server.process.processIdentifier, SIGKILL)
            server.process.waitUntilExit()
            // Whoever adopts it may not have looked after it yet: then it has no command line any more.
            try CrashRange.wait("the worker to end") { ((try? String(contentsOfFile: "/proc/\(worker)/cmdline", encoding: .utf8)) ?? "").isEmpty }
            #expect(slow.withLock { $0 } == 200)
            #expect(try place.program.run("users", "list").status == 0)
        }
    }

    @Test func `a crash in a command names its plugin, and counts`() async throws {
        try await aside {
            let place = try Place()
            let run = try place.program.run("fuses", "add", "--label", "x", "--fault", "segfault", environment: ["TENON_CRASHER": place.program.folder.path])
            #expect(run.status != 0 && run.errors.contains("crashed with SIGSEGV in the plugin crasher"), "\(run)")
            let crashes = try place.program.run("crashes", "list", "--json").json["data"]?.array ?? []
            #expect(crashes.compactMap { $0["plugin"]?.text } == ["crasher"])
        }
    }
}
