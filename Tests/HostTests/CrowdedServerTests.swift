import Foundation
import Synchronization
import Testing

@testable import Kernel

#if canImport(Glibc)
import Glibc
#endif

/// The real server with far too many people at its door, and one who wants it to stop.
@Suite(.serialized) struct CrowdedServerTests {
    private struct Place: Sendable {
        let program: TenonProgram
        let token: String

        /// - Parameter rows: how many records there are.
        init(rows: Int = 0) async throws {
            let program = try await aside { try TenonProgram.prepared(["Crasher"]) }
            self.program = program
            token = try await aside {
                let key = try program.run("token", "create", "--user", "admin@example.com", "--name", "crowd")
                guard key.status == 0 else { throw TenonProgram.Silent(said: key.description) }
                return key.output.trimmingCharacters(in: .whitespacesAndNewlines)
            }
            guard rows > 0 else { return }
            let engine = try SQLiteEngine(path: program.data.appendingPathComponent("tenon.sqlite").path, durable: false)
            try await engine.write { connection in
                _ = try connection.execute(
                    """
                    INSERT INTO fuse (version, created_at, updated_at, label) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(rows)) \
                    SELECT 1, 0, 0, 'a fuse with a rather long label, number ' || i || hex(zeroblob(60)) FROM n
                    """)
            }
            try await engine.close()
        }

        func serve(_ environment: [String: String] = [:]) throws -> (server: TenonProgram.Server, knock: Knock) {
            let server = try program.serve(
                environment: environment.merging(["TENON_CRASHER": program.folder.path]) { $1 }, errors: program.folder.appendingPathComponent("errors"))
            return (server, Knock(port: Int(server.address.split(separator: ":").last ?? "") ?? 0, token: token))
        }

        func stop(_ server: TenonProgram.Server) {
            server.process.terminate()
            server.process.waitUntilExit()
        }
    }

    /// The memory of a process in MiB: now, and at its most.
    private static func memory(_ process: pid_t) -> (now: Int, most: Int) {
        let status: String = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
        func figure(_ name: String) -> Int {
            let line = status.split(separator: "\n").first { $0.hasPrefix(name + ":") }
            return (line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0) / 1024
        }
        return (figure("VmRSS"), figure("VmHWM"))
    }

    private static func status(_ outcome: Knock.Outcome) -> Int {
        switch outcome {
        case .answer(let status, _, _): status
        case .refused: -1
        case .broken: 0
        }
    }

    /// What came of many who ask again and again, each on a thread of its own.
    private struct Answers: Sendable {
        var took: [Int: [Duration]] = [:]
        var ended = 0
        var mute = 0

        func words(_ status: Int) -> String {
            let all: [Duration] = (took[status] ?? []).sorted()
            guard !all.isEmpty else { return "\(status): none" }
            return "\(status): \(all.count), median \(Self.milliseconds(all[all.count / 2])) ms, p99 \(Self.milliseconds(all[all.count * 99 / 100])) ms"
        }
        func p99(_ status: Int) -> Duration {
            let all: [Duration] = (took[status] ?? []).sorted()
            return all.isEmpty ? .zero : all[all.count * 99 / 100]
        }
        private static func milliseconds(_ duration: Duration) -> Int {
            Int(duration.components.seconds) * 1000 + Int(duration.components.attoseconds / 1_000_000_000_000_000)
        }
    }

    private static func crowd(
        _ count: Int, seconds: Double, until isDone: @escaping @Sendable () -> Bool = { false }, _ ask: @escaping @Sendable (Int) -> Knock.Outcome
    ) -> Answers {
        let answers = Mutex(Answers())
        let end = ContinuousClock.now + .seconds(seconds)
        for number in 0..<count {
            Thread.detachNewThread {
                while ContinuousClock.now < end, !isDone() {
                    let began = ContinuousClock.now
                    let outcome = ask(number)
                    let took: Duration = ContinuousClock.now - began
                    answers.withLock { answers in
                        answers.took[status(outcome), default: []].append(took)
                        if case .answer(503, let head, _) = outcome, !head.contains("retry-after:") { answers.mute += 1 }
                    }
                }
                answers.withLock { $0.ended += 1 }
            }
        }
        while answers.withLock({ $0.ended }) < count { usleep(5000) }
        return answers.withLock { $0 }
    }

    @Test func `a hundred who ask at once are answered or turned away within moments, and health is answered to all`() async throws {
        let place = try await Place(rows: 5000)
        try await aside {
            let (server, knock) = try place.serve(["TENON_PLACES": "4"])
            defer { place.stop(server) }
            let answers = Self.crowd(100, seconds: 4) { number in
                if number == 0 { return knock.ask("GET", "/healthz") }
                return knock.ask("GET", "/api/v1/fuses?limit=500")
            }
            print("100 at the door of 4 places and a line of 12: \(answers.words(200)); \(answers.words(503))")
            #expect(Set(answers.took.keys) == [200, 503])
            // How many depends on how soon a debug build gets to its connections.
            #expect((answers.took[503]?.count ?? 0) > 20)
            #expect(answers.mute == 0)
            #expect(answers.p99(503) < .seconds(2))
            #expect(Self.status(knock.ask("GET", "/api/v1/fuses?limit=5")) == 200)
        }
    }

    @Test func `five hundred connections with large lists, most of which nobody takes in, take bounded memory`() async throws {
        let place = try await Place(rows: 20_000)
        try await aside {
            let (server, knock) = try place.serve(["TENON_PACE": "500"])
            defer { place.stop(server) }
            let worker: pid_t = try KillTests.worker(server)
            for _ in 0..<20 { _ = knock.ask("GET", "/api/v1/fuses?limit=500") }
            let before = Self.memory(worker)
            let list = Knock(port: knock.port, token: knock.token)
            var deaf: [Int32] = (0..<400).compactMap { _ in list.askDeaf("/api/v1/fuses?limit=500") }
            defer { for descriptor in deaf { close(descriptor) } }
            let answers = Self.crowd(100, seconds: 4) { _ in knock.ask("GET", "/api/v1/fuses?limit=500") }
            deaf += (0..<400).compactMap { _ in list.askDeaf("/api/v1/fuses?limit=500") }
            let again = Self.crowd(100, seconds: 3) { _ in knock.ask("GET", "/api/v1/fuses?limit=500") }
            let after = Self.memory(worker)
            print("500 connections with lists of 500: memory \(before.now) MiB before, \(after.most) MiB at its most; \(answers.words(200)); \(answers.words(503))")
            #expect(after.most - before.now < 300)
            #expect((answers.took[200]?.count ?? 0) + (again.took[200]?.count ?? 0) > 20)
            try CrashRange.wait("those who do not listen to be given up") { Self.status(knock.ask("GET", "/api/v1/fuses?limit=500")) == 200 }
        }
    }

    @Test func `a flood of logins takes the memory of two, others go on, and the administrator gets in`() async throws {
        let place = try await Place()
        try await aside {
            let (server, knock) = try place.serve()
            defer { place.stop(server) }
            let worker: pid_t = try KillTests.worker(server)
            let before = Self.memory(worker)
            let nobody = Knock(port: knock.port, token: "")
            let form = "application/x-www-form-urlencoded"
            let inside = Mutex<[Duration]>([])
            let isOver = Atomic<Bool>(false)
            let isIn = Atomic<Bool>(false)
            let start = ContinuousClock.now
            let colleagues = Mutex(0)
            Thread.detachNewThread {
                while !isOver.load(ordering: .relaxed) {
                    let began = ContinuousClock.now
                    if Self.status(knock.ask("GET", "/api/v1/fuses?limit=5")) == 200 { inside.withLock { $0.append(ContinuousClock.now - began) } }
                    usleep(20_000)
                }
                colleagues.withLock { $0 += 1 }
            }
            Thread.detachNewThread {
                while !isOver.load(ordering: .relaxed), !isIn.load(ordering: .relaxed) {
                    let outcome = nobody.ask("POST", "/login", "email=admin%40example.com&password=a+long+walk+by+the+sea", type: form, from: "10.9.9.9")
                    if case .answer(303, let head, _) = outcome, head.contains("set-cookie:") { isIn.store(true, ordering: .relaxed) }
                    usleep(100_000)
                }
                colleagues.withLock { $0 += 1 }
            }
            let enough: @Sendable () -> Bool = { isIn.load(ordering: .relaxed) && ContinuousClock.now - start > .seconds(4) }
            let answers = Self.crowd(60, seconds: 25, until: enough) { number in
                let who = UInt32.random(in: 0..<1 << 24)
                return nobody.ask("POST", "/login", "email=a\(who)%40example.com&password=guess\(who)", type: form, from: "10.\(who >> 16).\(who >> 8 & 255).\(who & 255)")
            }
            isOver.store(true, ordering: .relaxed)
            while colleagues.withLock({ $0 }) < 2 { usleep(5000) }
            let after = Self.memory(worker)
            let waited: [Duration] = inside.withLock { $0.sorted() }
            print(
                "a flood of logins: memory \(before.now) MiB before, \(after.most) MiB at its most; \(answers.took.map { "\($0.value.count) × \($0.key)" }.sorted().joined(separator: ", ")); others waited \(waited.last ?? .zero) at most"
            )
            // Two hashes of 64 MiB at a time.
            #expect(after.most - before.now < 220)
            let hasEntered: Bool = isIn.load(ordering: .relaxed)
            #expect(hasEntered, "the administrator did not get in")
            #expect(Set(answers.took.keys).isSubset(of: [200, 303, 401, 422, 429, 503]), "\(answers.took.keys)")
            #expect(waited.count > 20)
        }
    }

    @Test func `told to stop, it finishes what it began, turns away who comes then, and ends well`() async throws {
        let place = try await Place()
        try await aside {
            let (server, knock) = try place.serve()
            let ledger = FuseLedger()
            let crowd = WriterCrowd(ledger, knock, name: "g", count: 16)
            crowd.begin()
            try CrashRange.wait("work to begin") { ledger.acknowledged > 20 }
            let slow = Mutex<Knock.Outcome?>(nil)
            Thread.detachNewThread {
                let outcome = knock.ask("GET", "/plugins/crasher/slowly")
                slow.withLock { $0 = outcome }
            }
            usleep(700_000)
            let began = ContinuousClock.now
            server.process.terminate()
            var turnedAway = 0
            while ContinuousClock.now - began < .seconds(1.5) {
                switch knock.ask("GET", "/api/v1/fuses?limit=1") {
                case .answer(503, let head, let body):
                    turnedAway += 1
                    #expect(head.contains("retry-after:") && body.contains("the server is being stopped"), "\(head)\(body)")
                case .answer(let status, _, _): #expect(status == 200)
                case .broken: Issue.record("a request was dropped while the server was still ending")
                case .refused: Issue.record("a connection was refused while the server was still ending")
                }
                usleep(20_000)
            }
            #expect(turnedAway > 5)
            let status: Int32? = server.process.wait(seconds: 30)
            let took: Duration = ContinuousClock.now - began
            crowd.end()
            #expect(status == 0)
            #expect(took < .seconds(20))
            print("told to stop while 16 write and one waits: ended after \(took), \(turnedAway) turned away meanwhile")
            #expect(Self.status(slow.withLock { $0 } ?? .broken) == 200, "\(String(describing: slow.withLock { $0 }))")
            #expect(crowd.strange == [])
            #expect(try ledger.complaints(place.program, strict: true) == [])
        }
    }
}
