import Foundation
import PluginAPI
import Synchronization
import Testing

@testable import Kernel

#if canImport(Glibc)
import Glibc
#endif

/// Several real servers on one database.
@Suite(.serialized, .enabled(if: PrivateServer.isInstalled, "several servers need PostgreSQL, which is not installed here"))
struct PeersTests {
    /// Servers as on several machines: a data directory each, and one database.
    private final class Fleet: Sendable {
        let database: PrivateServer
        let programs: [TenonProgram]
        let token: String
        private let servers = Mutex<[TenonProgram.Server?]>([])

        init(_ count: Int, _ plugins: [String], prepare: (TenonProgram) throws -> Void = { _ in }) throws {
            database = try PrivateServer()
            programs = try (0..<count).map { _ in try TenonProgram(plugins) }
            for program in programs { try prepare(program) }
            let environment = ["TENON_DATABASE_URL": database.url]
            let made = try programs[0].run(
                ["init", "--admin-email", "admin@example.com", "--admin-password-file", "-"], input: "a long walk by the sea\n",
                environment: environment)
            guard made.status == 0 else { throw TenonProgram.Silent(said: made.description) }
            let given = try programs[0].run("token", "create", "--user", "admin@example.com", "--name", "test")
            guard given.status == 0 else { throw TenonProgram.Silent(said: given.description) }
            token = given.output.trimmingCharacters(in: .whitespacesAndNewlines)
            for program in programs {
                let server = try program.serve(environment: environment, errors: program.folder.appendingPathComponent("errors"))
                servers.withLock { $0.append(server) }
            }
        }

        func server(_ place: Int) -> TenonProgram.Server? { servers.withLock { $0[place] } }

        func knock(_ place: Int, seconds: Int = 15) -> Knock {
            Knock(port: Int(server(place)?.address.split(separator: ":").last ?? "") ?? 0, token: token, seconds: seconds)
        }

        func json(_ place: Int, _ path: String) -> JSONValue? {
            guard case .answer(200, _, let body) = knock(place).ask("GET", path) else { return nil }
            return try? JSONValue(parsing: Array(body.utf8))
        }

        /// The machine is gone: supervisor and worker, with no word to anybody. Gives the worker's number.
        func strike(_ place: Int) throws -> pid_t {
            guard let server = server(place) else { return 0 }
            let worker: pid_t = try KillTests.worker(server)
            kill(server.process.processIdentifier, SIGSTOP)
            kill(worker, SIGKILL)
            kill(server.process.processIdentifier, SIGKILL)
            server.process.waitUntilExit()
            return worker
        }

        /// Ends one as an administrator does, and starts it again.
        func serveAnew(_ place: Int) throws {
            server(place)?.process.terminate()
            server(place)?.process.waitUntilExit()
            let program: TenonProgram = programs[place]
            let server = try program.serve(
                environment: ["TENON_DATABASE_URL": database.url], errors: program.folder.appendingPathComponent("errors"))
            servers.withLock { $0[place] = server }
        }

        func end() {
            for server in servers.withLock({ $0 }) {
                server?.process.terminate()
                server?.process.waitUntilExit()
            }
        }

        func said(_ place: Int) -> String {
            (try? String(contentsOf: programs[place].folder.appendingPathComponent("errors"), encoding: .utf8)) ?? ""
        }
    }

    /// What clients of a proxy experience: a request goes to the next server that takes it.
    private final class Clients: Sendable {
        struct Notes {
            /// Pieces that were acknowledged as made, and as done.
            var made: [Int64] = []
            var done: Set<Int64> = []
            var retriable = 0
            /// What nobody may experience.
            var complaints: [String] = []
        }
        private let fleet: Fleet
        private let notes = Mutex(Notes())
        private let turns = Atomic<Int>(0)
        private let isEnding = Atomic<Bool>(false)
        private let running = DispatchGroup()

        init(_ fleet: Fleet) { self.fleet = fleet }

        var seen: Notes { notes.withLock { $0 } }

        func begin(_ count: Int) {
            for number in 0..<count {
                running.enter()
                Thread.detachNewThread { [self] in
                    work(number)
                    running.leave()
                }
            }
        }

        func end() {
            isEnding.store(true, ordering: .relaxed)
            running.wait()
        }

        private func work(_ client: Int) {
            var number = 0
            while !isEnding.load(ordering: .relaxed) {
                number += 1
                guard let made = ask("POST", "/api/v1/pieces", #"{"label": "piece \#(client).\#(number)"}"#, expecting: 201),
                    let id = made["id"]?.int
                else { continue }
                notes.withLock { $0.made.append(id) }
                if ask("PATCH", "/api/v1/pieces/\(id)", #"{"state": "done"}"#, expecting: 200) != nil { notes.withLock { _ = $0.done.insert(id) } }
            }
        }

        private func ask(_ method: String, _ path: String, _ body: String, expecting: Int) -> JSONValue? {
            let place: Int = turns.wrappingAdd(1, ordering: .relaxed).newValue % fleet.programs.count
            switch fleet.knock(place).ask(method, path, body) {
            case .answer(expecting, _, let text): return try? JSONValue(parsing: Array(text.utf8))
            case .answer(503, let head, let text):
                notes.withLock { notes in
                    notes.retriable += 1
                    // A change that may be stored is told like a broken line: to be looked for, or sent again with its key.
                    if !head.contains("retry-after"), !text.contains("may have stored it") { notes.complaints.append("503 without Retry-After: \(text)") }
                }
            case .answer(let status, _, let text): notes.withLock { $0.complaints.append("\(method) \(path): \(status) \(text)") }
            case .broken: notes.withLock { $0.retriable += 1 }
            case .refused:
                // A proxy leaves out who does not take connections, and so do these clients.
                notes.withLock { $0.retriable += 1 }
                usleep(5000)
            }
            return nil
        }
    }

    /// On a thread of its own: what it does blocks, and tasks share few threads.
    private static func aside(_ body: @escaping @Sendable () throws -> Void) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
        }
    }

    @Test func `three servers lose nothing and run nothing twice, though one is killed and the database restarted under load`() async throws {
        try await Self.aside {
            let fleet = try Fleet(3, ["Crasher"])
            defer { fleet.end() }
            let clients = Clients(fleet)
            clients.begin(6)
            try CrashRange.wait("work to begin") { clients.seen.done.count >= 30 }
            let killed: pid_t = try fleet.strike(1)
            let afterKill: Int = clients.seen.done.count
            try CrashRange.wait("work to go on without the killed one") { clients.seen.done.count >= afterKill + 60 }
            try fleet.database.restart()
            let afterRestart: Int = clients.seen.done.count
            try CrashRange.wait("work to go on after the restart", seconds: 60) { clients.seen.done.count >= afterRestart + 60 }
            clients.end()
            let seen = clients.seen
            #expect(seen.complaints.isEmpty, "\(seen.complaints.prefix(5))")

            // What the dead server had is done by the others when its leases are over.
            let connection = try fleet.database.connect()
            func count(_ sql: String) throws -> Int64 { try connection.integer(sql) ?? -1 }
            try CrashRange.wait("all work to be done", seconds: 90) {
                let left: Int64? = try? count(
                    "SELECT (SELECT count(*) FROM tenon_job WHERE state IN ('queued', 'running')) + (SELECT count(*) FROM tenon_outbox)")
                return left == 0
            }
            let made: Set<Int64> = Set(try connection.all("SELECT id FROM piece") { $0.integer(0) })
            let done: Set<Int64> = Set(try connection.all("SELECT id FROM piece WHERE state = 'done'") { $0.integer(0) })
            #expect(seen.made.filter { !made.contains($0) } == [], "acknowledged and lost")
            #expect(seen.done.subtracting(done).isEmpty, "acknowledged and lost")
            #expect(Set(seen.made).count == seen.made.count)
            #expect(try count("SELECT count(*) FROM tenon_job WHERE state = 'failed'") == 0)

            // One run came to its end for each piece, no more: what it did is stored together with its end. Attempts that were cut off
            // stored only that they had begun: one a job by the kill (its server's), one a job by the restart of the database.
            let ended: Int64 = try count("SELECT count(*) FROM piece_run WHERE ended = 1")
            #expect(ended == Int64(made.count))
            #expect(try count("SELECT count(DISTINCT key) FROM piece_run WHERE ended = 1") == ended)
            let cutOff: [(process: Int64, job: String)] = try connection.all("SELECT process, job FROM piece_run WHERE ended = 0") {
                ($0.integer(0), $0.text(1))
            }
            #expect(Dictionary(grouping: cutOff.filter { $0.process == Int64(killed) }, by: \.job).values.allSatisfy { $0.count == 1 })
            #expect(cutOff.count <= 8)
            // What the news of each piece led to is stored once.
            #expect(try count("SELECT count(*) FROM piece p WHERE (SELECT count(*) FROM piece_visit v WHERE v.piece = p.id) <> 1") == 0)
            // No job had two runs at a time: each began when the one before it was over, by the order in which they were stored.
            let trail: [(job: String, run: Int64, isBegin: Bool)] = try connection.all(
                """
                SELECT r.job, a.record, CASE WHEN a.action = 'created' THEN 1 ELSE 0 END FROM tenon_audit a \
                JOIN piece_run r ON r.id = a.record WHERE a.entity = 'piece_run' ORDER BY a.id
                """
            ) { ($0.text(0), $0.integer(1), $0.integer(2) == 1) }
            #expect(!trail.isEmpty)
            let unfinished: Set<Int64> = Set(try connection.all("SELECT id FROM piece_run WHERE ended = 0") { $0.integer(0) })
            var open: [String: Int64] = [:]
            for step in trail where !unfinished.contains(step.run) {
                if step.isBegin {
                    #expect(open[step.job] == nil, "\(step.job) ran twice at a time")
                    open[step.job] = step.run
                } else if open[step.job] == step.run {
                    open[step.job] = nil
                }
            }
            print(
                "\(seen.made.count) pieces acknowledged, \(seen.done.count) changes, \(seen.retriable) retriable failures, "
                    + "\(ended) runs for \(made.count) pieces, \(cutOff.count) cut off")

            func states() -> [String] { (fleet.json(0, "/api/v1/status/peers")?["data"]?.array ?? []).compactMap { $0["state"]?.text }.sorted() }
            try CrashRange.wait("the killed one to count as gone") { states().contains("gone") }
            // The commands that made the deployment were servers, too, and ended as they should.
            #expect(states().filter { $0 != "ended" } == ["gone", "serving", "serving"])
            let shown = try fleet.programs[0].run("peers")
            #expect(shown.output.contains("serving") && shown.output.contains("gone"), "\(shown)")
            #expect(try fleet.programs[0].run("doctor").output.contains("no sign of life from"))
            guard case .answer(200, _, let page) = fleet.knock(0).ask("GET", "/admin/jobs/servers", accept: "text/html") else {
                Issue.record("the page of servers does not answer")
                return
            }
            #expect(page.contains("Serving") && page.contains("Gone"))
        }
    }

    /// Puts a plugin of the fixtures into a data directory, as its files come to each machine.
    private static func install(_ name: String, into program: TenonProgram) throws {
        let folder = program.data.appendingPathComponent("plugins/ledgerly")
        try? FileManager.default.removeItem(at: folder)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try FileManager.default.copyItem(
            at: Deployment.sources.appendingPathComponent("Tests/Fixtures/Plugins/\(name)/plugin.json"), to: folder.appendingPathComponent("plugin.json"))
        try FileManager.default.copyItem(
            at: Deployment.buildFolder.appendingPathComponent("lib\(name).so"), to: folder.appendingPathComponent("lib\(name).so"))
    }

    private static func version(_ fleet: Fleet, _ place: Int) -> String? { fleet.json(place, "/api/v1/plugins/ledgerly")?["version"]?.text }

    @Test func `a plugin switched on and upgraded at one server is so at all of them, one after the other, with no request refused`() async throws {
        try await Self.aside {
            let fleet = try Fleet(3, ["Crasher"]) { try Self.install("Ledgerly", into: $0) }
            defer { fleet.end() }
            let enabled = try fleet.programs[0].run("plugin", "enable", "ledgerly", "--approve", "--yes")
            #expect(enabled.status == 0, "\(enabled)")
            let begun = ContinuousClock.now
            for place in 0..<3 {
                try CrashRange.wait("it is on at \(place)") {
                    if case .answer(200, _, _) = fleet.knock(place).ask("GET", "/api/v1/ledgerly-entries") { true } else { false }
                }
            }
            #expect(ContinuousClock.now - begun < .seconds(3))

            // Somebody works all the time.
            let isEnding = Atomic<Bool>(false)
            let failures = Mutex<[String]>([])
            let group = DispatchGroup()
            for place in 0..<3 {
                group.enter()
                Thread.detachNewThread {
                    while !isEnding.load(ordering: .relaxed) {
                        switch fleet.knock(place).ask("GET", "/api/v1/fuses") {
                        case .answer(200, _, _): break
                        case let outcome: failures.withLock { $0.append("\(place): \(outcome)") }
                        }
                        usleep(2000)
                    }
                    group.leave()
                }
            }
            for program in fleet.programs { try Self.install("LedgerlyNext", into: program) }
            let upgraded = try fleet.programs[0].run("plugin", "upgrade", "ledgerly", "--approve", "--yes")
            #expect(upgraded.status == 0, "\(upgraded)")
            for place in 0..<3 { try CrashRange.wait("the new version is at \(place)", seconds: 60) { Self.version(fleet, place) == "1.1.0" } }
            // It has the new field everywhere: the new library is what runs.
            for place in 0..<3 {
                try CrashRange.wait("the new library runs at \(place)", seconds: 60) {
                    if case .answer(201, _, _) = fleet.knock(place).ask("POST", "/api/v1/ledgerly-entries", #"{"label": "heavy", "weight": 7}"#) { true } else { false }
                }
            }
            isEnding.store(true, ordering: .relaxed)
            group.wait()
            #expect(failures.withLock { $0 } == [])
            for place in 0..<3 { #expect(!fleet.said(place).contains("ended:"), "\(fleet.said(place))") }

            let disabled = try fleet.programs[2].run("plugin", "disable", "ledgerly", "--yes")
            #expect(disabled.status == 0, "\(disabled)")
            for place in 0..<3 {
                try CrashRange.wait("it is off at \(place)") {
                    if case .answer(404, _, _) = fleet.knock(place).ask("GET", "/api/v1/ledgerly-entries") { true } else { false }
                }
            }
        }
    }

    @Test func `a server that lacks a plugin's new files says so and serves on with the old ones until they come, and nothing is lost`() async throws {
        try await Self.aside {
            let fleet = try Fleet(2, ["Crasher"]) { try Self.install("Ledgerly", into: $0) }
            defer { fleet.end() }
            let enabled = try fleet.programs[0].run("plugin", "enable", "ledgerly", "--approve", "--yes")
            #expect(enabled.status == 0, "\(enabled)")
            for place in 0..<2 {
                try CrashRange.wait("it is on at \(place)") {
                    if case .answer(200, _, _) = fleet.knock(place).ask("GET", "/api/v1/ledgerly-entries") { true } else { false }
                }
            }
            // Somebody writes through each of them all the time.
            let isEnding = Atomic<Bool>(false)
            let kept = Mutex<[Set<String>]>([[], []])
            let complaints = Mutex<[String]>([])
            let group = DispatchGroup()
            for place in 0..<2 {
                group.enter()
                Thread.detachNewThread {
                    var number = 0
                    while !isEnding.load(ordering: .relaxed) {
                        number += 1
                        let label = "entry \(place).\(number)"
                        switch fleet.knock(place).ask("POST", "/api/v1/ledgerly-entries", "{\"label\": \"\(label)\"}") {
                        case .answer(201, _, _): kept.withLock { _ = $0[place].insert(label) }
                        case .answer(503, let head, _) where head.contains("retry-after"): break
                        case .broken, .refused: usleep(5000)
                        case let outcome: complaints.withLock { $0.append("\(place): \(outcome)") }
                        }
                    }
                    group.leave()
                }
            }
            func getsOn(_ what: String) throws {
                let before: [Int] = kept.withLock { $0.map(\.count) }
                try CrashRange.wait(what, seconds: 60) { zip(kept.withLock { $0.map(\.count) }, before).allSatisfy { $0 >= $1 + 10 } }
            }
            func weighed(_ place: Int) -> Int {
                guard case .answer(let status, _, _) = fleet.knock(place).ask("POST", "/api/v1/ledgerly-entries", #"{"label": "heavy", "weight": 7}"#) else {
                    return 0
                }
                return status
            }
            try getsOn("both to store")
            try Self.install("LedgerlyNext", into: fleet.programs[0])
            let upgraded = try fleet.programs[0].run("plugin", "upgrade", "ledgerly", "--approve", "--yes")
            #expect(upgraded.status == 0, "\(upgraded)")
            try CrashRange.wait("the new library runs at the first", seconds: 60) { weighed(0) == 201 }
            try CrashRange.wait("the second to say what it lacks", seconds: 60) {
                fleet.said(1).contains("another server runs another version of the plugin ledgerly")
            }
            try getsOn("both to store, each with its own version")
            #expect((400..<500).contains(weighed(1)), "the old version knows nothing of the new field")
            // Its files come, and it begins anew.
            try Self.install("LedgerlyNext", into: fleet.programs[1])
            try fleet.serveAnew(1)
            try CrashRange.wait("the new library runs at the second", seconds: 60) { weighed(1) == 201 }
            try getsOn("both to store, with the new version")
            isEnding.store(true, ordering: .relaxed)
            group.wait()
            #expect(complaints.withLock { $0 }.prefix(5) == [])
            let stored: Set<String> = Set(try fleet.database.connect().all("SELECT label FROM ledgerly_entry") { $0.text(0) })
            let lost: Set<String> = kept.withLock { $0[0].union($0[1]) }.subtracting(stored)
            #expect(lost.isEmpty, "acknowledged and lost")
        }
    }
}
