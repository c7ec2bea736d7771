import Foundation
import PluginAPI
import Testing

@testable import Kernel

/// Behind pgbouncer, which gives each transaction another of its connections.
@Suite(.enabled(if: TemporaryServerDatabase.serverURL != nil), .timeLimit(.minutes(3))) struct PoolTests {
    @Test func `a proxy is noticed, and nothing is prepared over it`() async throws {
        let server = try await PrivateServer.start()
        let pool = try await server.pool()
        func keeps(_ url: String) async throws -> Bool { try await inThread { try PostgreSQLConnection(PostgreSQLAddress(url)).keepsStatements } }
        #expect(try await keeps(server.url))
        #expect(try await !keeps(pool.url))
        #expect(try await !keeps(server.url + "?statements=unprepared"))
        #expect(try await keeps(pool.url + "?statements=prepared"))
    }

    @Test func `many at once read and write over it, each in a transaction of its own`() async throws {
        let server = try await PrivateServer.start()
        let pool = try await server.pool()
        let engine: PostgreSQLEngine = try await inThread { try PostgreSQLEngine(PostgreSQLAddress(pool.url), readers: 12) }
        try await engine.write { try $0.execute("CREATE TABLE account (id BIGINT PRIMARY KEY, name TEXT, amount BIGINT NOT NULL)") }
        try await engine.write { connection in
            for id in 1...10 {
                try connection.execute("INSERT INTO account (id, name, amount) VALUES (?, ?, 100)", [.integer(Int64(id)), .text("ä\(id)")])
            }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for client in 0..<12 {
                group.addTask {
                    for step in 0..<25 {
                        let (from, to) = (Int64((client + step) % 10 + 1), Int64((client * 3 + step + 1) % 10 + 1))
                        try await engine.write { connection in
                            try connection.execute("UPDATE account SET amount = amount - 1 WHERE id = ?", [.integer(from)])
                            try connection.savepoint {
                                _ = try connection.execute("UPDATE account SET amount = amount + 1 WHERE id = ?", [.integer(to)])
                            }
                        }
                        let (sum, again): (Int64?, Int64?) = try await engine.read { connection in
                            (
                                try connection.integer("SELECT sum(amount) FROM account WHERE id > ?", [.integer(0)]),
                                try connection.integer("SELECT sum(amount) FROM account WHERE name LIKE ?", [.text("ä%")])
                            )
                        }
                        #expect(sum == 1000)
                        #expect(again == 1000)
                    }
                }
            }
            try await group.waitForAll()
        }
        try await engine.close()
    }

    @Test func `a whole deployment works over it`() async throws {
        let server = try await PrivateServer.start()
        let pool = try await server.pool()
        let folder = NSTemporaryDirectory() + "tenon-pool-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let kernel = try await Kernel.boot(Kernel.Options(dataDirectory: folder, databaseURL: pool.url, home: .none, isDurable: false))
        try await kernel.start()
        try await kernel.makeAdministrator(email: "root@example.org", name: "Root", password: "a long walk by the sea")
        try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<20 {
                group.addTask {
                    var request = FrontRequest(method: "POST", path: ["api", "v1", "teams"])
                    request.isLocal = true
                    request.headers["content-type"] = "application/json"
                    request.body = Array(#"{"name": "Team \#(number)"}"#.utf8)
                    return await kernel.front.respond(request).status
                }
            }
            for try await status in group { #expect(status == 201) }
        }
        #expect(try await server.ask("SELECT count(*) FROM team WHERE name LIKE 'Team %'") == "20")
        try await kernel.stop()
    }

    @Test func `when proxy and server start again, connections come again`() async throws {
        let server = try await PrivateServer.start()
        let pool = try await server.pool()
        let engine: PostgreSQLEngine = try await inThread { try PostgreSQLEngine(PostgreSQLAddress(pool.url), readers: 2) }
        try await engine.write { try $0.execute("CREATE TABLE entry (id BIGINT PRIMARY KEY)") }
        try await server.halt()
        try await server.resume()
        #expect(try await eventually { (try? await engine.write { try $0.execute("INSERT INTO entry (id) VALUES (1)") }) != nil })
        #expect(try await eventually { (try? await engine.read { try $0.integer("SELECT count(*) FROM entry") }) == 1 })
        try await engine.close()
    }
}
