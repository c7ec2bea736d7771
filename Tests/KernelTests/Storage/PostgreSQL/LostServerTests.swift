import Foundation
import PluginAPI
import Synchronization
import Testing

@testable import Kernel

/// What happens to changes when the server, or the way to it, goes away.
@Suite(.enabled(if: TemporaryServerDatabase.serverURL != nil), .timeLimit(.minutes(3))) struct LostServerTests {
    /// What several writers came to.
    private final class Record: Sendable {
        private let state = Mutex<(acknowledged: Set<Int64>, strange: [String], isOver: Bool)>(([], [], false))
        var acknowledged: Set<Int64> { state.withLock { $0.acknowledged } }
        var strange: [String] { state.withLock { $0.strange } }
        var isOver: Bool { state.withLock { $0.isOver } }
        func acknowledge(_ id: Int64) { state.withLock { _ = $0.acknowledged.insert(id) } }
        func note(_ text: String) { state.withLock { $0.strange.append(text) } }
        func end() { state.withLock { $0.isOver = true } }
    }

    private static func engine(_ url: String) async throws -> PostgreSQLEngine {
        let engine: PostgreSQLEngine = try await inThread { try PostgreSQLEngine(PostgreSQLAddress(url), readers: 4) }
        try await engine.write { try $0.execute("CREATE TABLE IF NOT EXISTS entry (id BIGINT PRIMARY KEY)") }
        return engine
    }

    private static func port(of url: String) throws -> Int { try #require(URLComponents(string: url)?.port) }

    private static func through(_ proxy: CuttingProxy, _ url: String) throws -> String {
        var parts = try #require(URLComponents(string: url))
        parts.port = proxy.port
        return try #require(parts.string)
    }

    @Test func `nothing that was acknowledged is lost when the server crashes, and all goes on when it is back`() async throws {
        let server = try await PrivateServer.start()
        let engine = try await Self.engine(server.url)
        let record = Record()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<8 {
                group.addTask {
                    var next = Int64(writer * 1_000_000)
                    while !record.isOver {
                        next += 1
                        let id = next
                        do {
                            try await engine.write { try $0.execute("INSERT INTO entry (id) VALUES (?)", [.integer(id)]) }
                            record.acknowledge(id)
                        } catch {
                            let told: CRMError = Problems.told(error, dialect: engine.dialect)
                            if told.code != .unavailable { record.note("\(error)") }
                            // As a client does that is told to try again later.
                            try await Task.sleep(for: .milliseconds(5))
                        }
                    }
                }
            }
            for _ in 0..<3 {
                let before: Int = record.acknowledged.count
                #expect(try await eventually { record.acknowledged.count > before + 50 }, "writers get on")
                try await server.halt()
                try await server.resume()
            }
            let before: Int = record.acknowledged.count
            #expect(try await eventually { record.acknowledged.count > before + 50 }, "writers get on after the last crash, too")
            record.end()
            try await group.waitForAll()
        }
        let stored: Set<Int64> = try await engine.read { Set(try $0.all("SELECT id FROM entry") { $0.integer(0) }) }
        let lost: Set<Int64> = record.acknowledged.subtracting(stored)
        #expect(lost.isEmpty)
        #expect(record.strange == [])
        try await engine.close()
    }

    @Test func `a request meanwhile is told to come again, at once, and readers find their way back`() async throws {
        let server = try await PrivateServer.start()
        let folder = NSTemporaryDirectory() + "tenon-lost-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let kernel = try await Kernel.boot(Kernel.Options(dataDirectory: folder, databaseURL: server.url, home: .none, isDurable: false))
        try await kernel.makeAdministrator(email: "root@example.org", name: "Root", password: "a long walk by the sea")
        var request = FrontRequest(method: "GET", path: ["api", "v1", "users"])
        request.isLocal = true
        var change = request
        change.method = "POST"
        change.headers["content-type"] = "application/json"
        change.body = Array(#"{"name": "Ada", "email": "ada@example.org"}"#.utf8)
        #expect(await kernel.front.respond(request).status == 200)
        try await server.halt()
        let start = ContinuousClock.now
        for _ in 0..<20 {
            for asked in [request, change] {
                let answer: FrontResponse = await kernel.front.respond(asked)
                #expect(answer.status == 503)
                #expect(answer.headers.contains { $0.name == "retry-after" })
            }
        }
        #expect(ContinuousClock.now - start < .seconds(5), "nobody waits for a server that is not there")
        try await server.resume()
        #expect(try await eventually { await kernel.front.respond(request).status == 200 })
        #expect(try await eventually { await kernel.front.respond(change).status == 201 })
        try await kernel.stop()
    }

    @Test func `a change whose commit got no answer is told as that, and is not told to come again`() async throws {
        let server = try await PrivateServer.start()
        let proxy = try CuttingProxy(to: Self.port(of: server.url))
        defer { proxy.end() }
        let engine = try await Self.engine(Self.through(proxy, server.url))
        proxy.arm(.afterAnswer(to: "COMMIT"))
        let stored = await #expect(throws: UncertainCommit.self) {
            try await engine.write { try $0.execute("INSERT INTO entry (id) VALUES (1)") }
        }
        proxy.arm(.before("COMMIT"))
        await #expect(throws: UncertainCommit.self) {
            try await engine.write { try $0.execute("INSERT INTO entry (id) VALUES (2)") }
        }
        #expect(proxy.count == 2)
        #expect(try await server.ask("SELECT string_agg(id::text, ' ') FROM entry") == "1", "the first was stored, the second was not")
        let answer: FrontResponse = Problems.response(Problems.told(try #require(stored), dialect: engine.dialect))
        #expect(answer.status == 503)
        #expect(!answer.headers.contains { $0.name == "retry-after" })
        guard let bytes = answer.body.bytes else { return }
        #expect(String(decoding: bytes, as: UTF8.self).contains("may have stored it"))
        // And the next one finds a new way.
        try await engine.write { try $0.execute("INSERT INTO entry (id) VALUES (3)") }
        #expect(try await engine.read { try $0.integer("SELECT count(*) FROM entry") } == 2)
        try await engine.close()
    }

    @Test func `what was lost before its commit is told to come again`() async throws {
        let server = try await PrivateServer.start()
        let proxy = try CuttingProxy(to: Self.port(of: server.url))
        defer { proxy.end() }
        let engine = try await Self.engine(Self.through(proxy, server.url))
        proxy.arm(.before("INSERT"))
        do {
            try await engine.write { try $0.execute("INSERT INTO entry (id) VALUES (1)") }
            Issue.record("nothing can have been stored")
        } catch {
            #expect(engine.dialect.isTemporary(error))
        }
        // A connection that died while nobody used it is no reason to refuse anybody.
        try await engine.read { _ = try $0.integer("SELECT 1") }
        proxy.arm(.before("BEGIN"))
        #expect(try await engine.read { try $0.integer("SELECT count(*) FROM entry") } == 0)
        try await engine.write { try $0.execute("INSERT INTO entry (id) VALUES (2)") }
        proxy.arm(.before("BEGIN"))
        try await engine.write { try $0.execute("INSERT INTO entry (id) VALUES (3)") }
        #expect(proxy.count == 3)
        try await engine.close()
    }

    @Test func `a reader whose idle connection dies with its question asks over a new one, and its caller notices nothing`() async throws {
        let server = try await PrivateServer.start()
        let proxy = try CuttingProxy(to: Self.port(of: server.url))
        defer { proxy.end() }
        let engine = try await Self.engine(Self.through(proxy, server.url))
        @Sendable func count(_ connection: any Connection) throws -> Int64? {
            connection.nextIsLast()
            return try connection.integer("SELECT count(*) FROM entry")
        }
        // Twice, so that all of it is prepared.
        for _ in 0..<2 { #expect(try await engine.read(count) == 0) }
        for cut in [CuttingProxy.Cut.before("COMMIT"), .afterAnswer(to: "COMMIT"), .before("BEGIN")] {
            let before: Int = proxy.count
            proxy.arm(cut)
            let runs = OverloadTests.Counter()
            let found: Int64? = try await engine.read { connection in
                runs.add()
                return try count(connection)
            }
            #expect(found == 0)
            #expect(proxy.count == before + 1)
            #expect(runs.now == 2, "nothing had been answered")
            #expect(try await engine.read(count) == 0)
        }
        // Once something was answered, it is not asked again.
        await #expect(throws: PostgreSQLError.self) {
            try await engine.read { connection in
                _ = try connection.integer("SELECT 1")
                proxy.arm(.before("SELECT"))
                _ = try connection.integer("SELECT 2")
            }
        }
        #expect(try await engine.read(count) == 0)
        try await engine.close()
    }

    @Test func `a change goes nowhere when a statement of it failed, whoever overlooked that`() async throws {
        let database = try TemporaryDatabase()
        try await database.engine.write { try $0.execute("CREATE TABLE entry (id BIGINT PRIMARY KEY)") }
        await #expect(throws: PostgreSQLError.self) {
            try await database.engine.write { connection in
                try connection.execute("INSERT INTO entry (id) VALUES (1)")
                _ = try? connection.execute("INSERT INTO entry (id) VALUES (1)")
            }
        }
        #expect(try await database.engine.read { try $0.integer("SELECT count(*) FROM entry") } == 0)
        try await database.engine.write { try $0.execute("INSERT INTO entry (id) VALUES (1)") }
    }
}
