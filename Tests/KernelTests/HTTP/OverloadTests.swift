import Foundation
import Logging
import NIOCore
import PluginAPI
import Synchronization
import Testing

@testable import Kernel

/// More of everything than the server can do: requests, connections, bytes. Those it serves do not notice.
@Suite(.serialized) struct OverloadTests {
    /// A plugin with a request that takes as long as the test likes, and one with a large answer.
    private struct SlowPlugin: Plugin {
        let gate: Gate
        let began: Counter

        func register(with crm: inout Registrar) {
            let (gate, began) = (gate, began)
            crm.route(.get, "wait", requires: .anyUser) { _, _ in
                began.add()
                try await gate.pass()
                return .text("done\n")
            }
            crm.route(.get, "large", requires: .anyUser) { _, _ in .text(String(repeating: "x", count: 4 << 20)) }
        }
    }

    final class Counter: Sendable {
        private let count = Atomic<Int>(0)
        var now: Int { count.load(ordering: .relaxed) }
        func add() { count.add(1, ordering: .relaxed) }
    }

    private struct Site: Sendable {
        let desk: FrontDesk
        let port: Int
        let token: String
        let gate: Gate
        let began: Counter
        let admissions: Admissions

        var head: String { "Host: x\nAuthorization: Bearer \(token)" }

        func ask(_ head: String, _ body: [UInt8] = []) throws -> String {
            try LocalSocket.exchange(Array((head.replacing("\n", with: "\r\n") + "\r\n\r\n").utf8) + body, with: port)
        }

        func expect(_ answer: String, _ status: Int, sourceLocation: SourceLocation = #_sourceLocation) {
            #expect(OverloadTests.status(answer) == status, "\(answer.prefix(300))", sourceLocation: sourceLocation)
        }

        func get(_ path: String) throws -> String { try ask("GET \(path) HTTP/1.1\n\(head)\nConnection: close") }
    }

    /// Runs a closure, which may block, while a server answers that has little room and little patience.
    private func serving(
        _ limits: Admissions.Limits = Admissions.Limits(), look: Int64 = 50, _ body: @escaping @Sendable (Site) throws -> Void
    ) async throws {
        let (gate, began) = (Gate(), Counter())
        let desk = try await FrontDesk(with: .of("slow", SlowPlugin(gate: gate, began: began)))
        let token = try await desk.ask("POST", "tokens", #"{"name": "test"}"#).json["token"]?.text ?? ""
        let (ports, told) = AsyncStream.makeStream(of: Int.self)
        let admissions = Admissions(limits)
        var pace = ConnectionPace.Limits()
        pace.look = .milliseconds(look)
        let server = HTTPServer(front: desk.kernel.front, logger: Logger(label: "test"), admissions: admissions, pace: pace)
        let socket = try ListeningSocket.open(.tcp(host: "127.0.0.1", port: 0))
        let running = Task { try await server.run([socket]) { told.yield($0.port ?? 0) } }
        defer { running.cancel() }
        var iterator = ports.makeAsyncIterator()
        let port = try #require(await iterator.next())
        let site = Site(desk: desk, port: port, token: token, gate: gate, began: began, admissions: admissions)
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            Thread.detachNewThread { continuation.resume(with: Result { try body(site) }) }
        }
        gate.open()
    }

    fileprivate static func status(_ answer: String) -> Int { Int(answer.split(separator: " ").dropFirst().first ?? "") ?? 0 }

    private static func wait(_ what: String, until isTrue: () -> Bool) throws {
        let end = ContinuousClock.now + .seconds(120)
        while !isTrue() {
            if ContinuousClock.now > end { throw LocalSocket.Failure(step: "waited in vain for \(what)") }
            usleep(5000)
        }
    }

    // MARK: Requests

    @Test func `who finds the line full is turned away at once, who waits in vain later, and who leaves lets the next in`() async throws {
        let admission = Admission(.init(places: 2, line: 1, patience: 200))
        #expect(await admission.enter())
        #expect(await admission.enter())
        let third = Task { await admission.enter() }
        while admission.figures.waiting == 0 { await Task.yield() }
        #expect(admission.isFull)
        #expect(await !admission.enter())
        admission.leave()
        #expect(await third.value)
        #expect(admission.inside == 2)
        // In vain: nobody leaves.
        #expect(await !admission.enter())
        #expect(admission.figures.turnedAway == 2)
        admission.leave()
        admission.leave()
        #expect(admission.inside == 0)
        #expect(await admission.enter())
    }

    @Test func `more requests than there is room for get a quick 503 with a time to come back; health, login, changes and local calls are answered`() async throws {
        var limits = Admissions.Limits()
        limits.reading = .init(places: 2, line: 2, patience: 60_000)
        try await serving(limits) { site in
            let waiting: [HeldConnection] = try (0..<4).map { _ in
                let connection = try HeldConnection(site.port)
                connection.say("GET /plugins/slow/wait HTTP/1.1\n\(site.head)\nConnection: close\n\n")
                return connection
            }
            try Self.wait("the room to be full") { site.began.now == 2 && site.admissions.reading.figures.waiting == 2 }
            var took: [Duration] = []
            for _ in 0..<50 {
                let began = ContinuousClock.now
                let answer = try site.get("/api/v1/chores")
                took.append(ContinuousClock.now - began)
                #expect(Self.status(answer) == 503)
                #expect(answer.lowercased().contains("retry-after: 1\r\n"))
                #expect(answer.contains("the server has more to do than it can"))
            }
            took.sort()
            print("refusals: median \(took[25]), longest \(took[49])")
            // Quick beside the minute that those before them would wait for.
            #expect(took[48] < .seconds(2))
            let page = try site.ask("GET /admin HTTP/1.1\n\(site.head)\nAccept: text/html\nConnection: close")
            #expect(Self.status(page) == 503 && page.contains("<h1>One moment</h1>"))
            site.expect(try site.get("/healthz"), 200)
            site.expect(try site.get("/readyz"), 200)
            site.expect(try site.get("/login"), 200)
            let form = Array("email=boss%40example.org&password=a+long+walk+by+the+sea".utf8)
            let login = try site.ask(
                "POST /login HTTP/1.1\nHost: x\nConnection: close\nContent-Type: application/x-www-form-urlencoded\nContent-Length: \(form.count)", form)
            #expect(Self.status(login) != 503 && Self.status(login) != 0, "\(login)")
            let chore = Array(#"{"title": "Sweep"}"#.utf8)
            let made = try site.ask("POST /api/v1/chores HTTP/1.1\n\(site.head)\nConnection: close\nContent-Length: \(chore.count)", chore)
            #expect(Self.status(made) == 201)
            site.gate.open()
            for connection in waiting { #expect(connection.rest(seconds: 20)?.contains("done") == true) }
            site.expect(try site.get("/api/v1/chores"), 200)
        }
    }

    // MARK: Connections

    @Test func `heads that never end and bodies that drip are given up, and hold nobody up`() async throws {
        try await serving { site in
            let heads: [HeldConnection] = try (0..<40).map { _ in
                let connection = try HeldConnection(site.port)
                connection.say("GET /healthz HTTP/1.1\nHost: x\nX-A: ")
                return connection
            }
            let bodies: [HeldConnection] = try (0..<40).map { _ in
                let connection = try HeldConnection(site.port)
                connection.say("POST /api/v1/chores HTTP/1.1\n\(site.head)\nContent-Length: 100000\n\n{")
                return connection
            }
            let began = ContinuousClock.now
            site.expect(try site.get("/api/v1/chores"), 200)
            #expect(ContinuousClock.now - began < .seconds(5))
            // A drop now and then is not enough.
            for _ in 0..<10 {
                for connection in bodies { connection.say(" ") }
                usleep(40_000)
            }
            for connection in heads + bodies { #expect(connection.isGivenUp(seconds: 10)) }
            try Self.wait("their places") { site.admissions.connections.now == 0 && site.admissions.bodies.now == 0 }
        }
    }

    @Test func `somebody who asks now and then keeps the connection`() async throws {
        try await serving { site in
            let connection = try HeldConnection(site.port)
            for _ in 0..<3 {
                connection.say("GET /healthz HTTP/1.1\nHost: x\n\n")
                #expect(Self.status(connection.answer(seconds: 10)) == 200)
                usleep(400_000)
            }
        }
    }

    @Test func `when there are too many connections, those that ask nothing make room, and who comes meanwhile is told`() async throws {
        var limits = Admissions.Limits()
        limits.connections = 20
        try await serving(limits, look: 300) { site in
            let idle: [HeldConnection] = try (0..<20).map { _ in try HeldConnection(site.port) }
            try Self.wait("all to be in") { site.admissions.connections.isSpent }
            let told = try HeldConnection(site.port)
            told.say("GET /healthz HTTP/1.1\nHost: x\n\n")
            let answer: String = told.rest(seconds: 10) ?? ""
            #expect(Self.status(answer) == 503 && answer.contains("retry-after: 1"))
            for connection in idle { #expect(connection.isGivenUp(seconds: 10)) }
            try Self.wait("room") { !site.admissions.connections.isScarce }
            site.expect(try site.get("/healthz"), 200)
        }
    }

    // MARK: Bytes

    @Test func `who does not take in what it asked for is given up, and large answers that lie about are bounded`() async throws {
        var limits = Admissions.Limits()
        limits.answers = 8 << 20
        try await serving(limits, look: 200) { site in
            let deaf: [HeldConnection] = try (0..<3).map { _ in
                let connection = try HeldConnection(site.port, window: 4096)
                connection.say("GET /plugins/slow/large HTTP/1.1\n\(site.head)\n\n")
                return connection
            }
            try Self.wait("the answers to lie about") { site.admissions.answers.isSpent }
            site.expect(try site.get("/api/v1/chores"), 503)
            site.expect(try site.get("/healthz"), 200)
            try Self.wait("the answers to be given up") { site.admissions.answers.now == 0 }
            site.expect(try site.get("/api/v1/chores"), 200)
            withExtendedLifetime(deaf) {}
            // Somebody who listens gets all of it.
            let large: String = try site.get("/plugins/slow/large")
            #expect(large.utf8.count > 4 << 20)
        }
    }

    @Test func `a body that is too large is refused before it has come, and the rest of it is not read`() async throws {
        try await serving { site in
            let told = try HeldConnection(site.port)
            told.say("POST /api/v1/chores HTTP/1.1\n\(site.head)\nContent-Length: 10000000000\n\n")
            #expect(Self.status(told.rest(seconds: 10) ?? "") == 413)
            let endless = try HeldConnection(site.port)
            endless.say("POST /api/v1/chores HTTP/1.1\n\(site.head)\nTransfer-Encoding: chunked\n\n")
            let piece = Array("10000\r\n".utf8) + [UInt8](repeating: 0x20, count: 0x10000) + Array("\r\n".utf8)
            let end = ContinuousClock.now + .seconds(120)
            while endless.send(piece), ContinuousClock.now < end { usleep(2000) }
            #expect(ContinuousClock.now < end, "it never stopped taking")
            #expect(site.admissions.bodies.now == 0)
        }
    }

    @Test func `only who has said who it is may send a file`() async throws {
        try await serving { site in
            let file = Array(("Title\n" + String(repeating: "a chore of many\n", count: 150_000)).utf8)
            func upload(_ head: String) throws -> String {
                try site.ask("POST /api/v1/imports?entity=chore HTTP/1.1\nHost: x\nConnection: close\nContent-Type: text/csv\n\(head)\nContent-Length: \(file.count)", file)
            }
            site.expect(try upload("Authorization: Bearer nobody"), 413)
            site.expect(try upload("Authorization: Bearer \(site.token)"), 201)
        }
    }

    @Test func `bodies that are on their way are bounded together`() async throws {
        var limits = Admissions.Limits()
        limits.bodies = 100_000
        try await serving(limits) { site in
            let body = [UInt8](repeating: 0x20, count: 200_000)
            let answer = try site.ask("POST /api/v1/chores HTTP/1.1\n\(site.head)\nContent-Length: \(body.count)", body)
            #expect(Self.status(answer) == 503)
            #expect(answer.lowercased().contains("retry-after"))
            let chore = Array(#"{"title": "Sweep"}"#.utf8)
            site.expect(try site.ask("POST /api/v1/chores HTTP/1.1\n\(site.head)\nConnection: close\nContent-Length: \(chore.count)", chore), 201)
        }
    }
}
