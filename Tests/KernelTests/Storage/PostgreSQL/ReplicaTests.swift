import Foundation
import PluginAPI
import Synchronization
import Testing

@testable import Kernel

/// Lists and reports from a copy of the database that follows the server.
@Suite(.enabled(if: TemporaryServerDatabase.serverURL != nil), .timeLimit(.minutes(3))) struct ReplicaTests {
    /// A server, a copy of it, and a store over both.
    struct Pair {
        static let anna = Actor.user(1, via: "api", rights: .empty)
        static let ben = Actor.user(2, via: "api", rights: .empty)

        let server: PrivateServer
        let replica: PrivateServer
        let engine: PostgreSQLEngine
        let store: Store

        static func make() async throws -> Pair {
            let server = try await PrivateServer.start()
            let replica = try await server.replica()
            let engine = try await Pair.engine(server, replica)
            let pair = Pair(server: server, replica: replica, engine: engine, store: Pair.store(engine))
            try await pair.store.write(as: Pair.anna) { tx in
                _ = try tx.connection.execute("CREATE TABLE entry (id BIGINT PRIMARY KEY)")
            }
            #expect(try await eventually { try await pair.isAside(Pair.anna) }, "the copy is read from once it has the table")
            return pair
        }

        static func engine(_ server: PrivateServer, _ replica: PrivateServer) async throws -> PostgreSQLEngine {
            let (url, copy) = (server.url, replica.url)
            return try await inThread { try PostgreSQLEngine(PostgreSQLAddress(url), replicas: [PostgreSQLAddress(copy)], readers: 3) }
        }
        static func store(_ engine: any Engine) -> Store {
            Store(engine: engine, clock: FixedClock("2026-03-02T10:00:00Z"), registry: Registry.empty)
        }

        func add(_ id: Int64, as actor: Actor) async throws {
            try await store.write(as: actor) { tx in
                _ = try tx.connection.execute("INSERT INTO entry (id) VALUES (?)", [.integer(id)])
            }
        }
        func count(_ actor: Actor) async throws -> Int64? {
            try await store.read(as: actor, mayLag: true) { try $0.connection.integer("SELECT count(*) FROM entry") }
        }
        /// Whether the copy answers.
        func isAside(_ actor: Actor) async throws -> Bool {
            try await store.read(as: actor, mayLag: true) { try $0.connection.integer("SELECT CAST(pg_is_in_recovery() AS INTEGER)") == 1 }
        }
        func pause() async throws { _ = try await replica.ask("SELECT pg_wal_replay_pause()") }
        func goOn() async throws { _ = try await replica.ask("SELECT pg_wal_replay_resume()") }
    }

    @Test func `whoever changed something sees it at once, others as soon as the copy has it`() async throws {
        let pair = try await Pair.make()
        try await pair.pause()
        try await pair.add(1, as: Pair.anna)
        #expect(try await pair.count(Pair.anna) == 1)
        #expect(try await !pair.isAside(Pair.anna), "the server answers whom the copy is too old for")
        #expect(try await pair.isAside(Pair.ben))
        #expect(try await pair.count(Pair.ben) == 0)
        #expect(try await pair.store.read(as: Pair.ben) { try $0.connection.integer("SELECT count(*) FROM entry") } == 1, "only lists may lag")
        try await pair.goOn()
        #expect(try await eventually { try await pair.isAside(Pair.anna) })
        #expect(try await pair.count(Pair.anna) == 1)
        #expect(try await pair.count(Pair.ben) == 1)
        try await pair.engine.close()
    }

    @Test func `a change through one server of the deployment is seen through another`() async throws {
        let pair = try await Pair.make()
        let other: PostgreSQLEngine = try await Pair.engine(pair.server, pair.replica)
        let elsewhere: Store = Pair.store(other)
        let counted: @Sendable () async -> Int64? = {
            let found = try? await elsewhere.read(as: Pair.anna, mayLag: true) { try $0.connection.integer("SELECT count(*) FROM entry") }
            return found ?? nil
        }
        #expect(try await eventually {
            try await elsewhere.read(as: Pair.anna, mayLag: true) { try $0.connection.integer("SELECT CAST(pg_is_in_recovery() AS INTEGER)") } == 1
        })
        try await pair.pause()
        var change = FrontRequest(method: "POST", path: ["api", "v1", "entries"])
        change.headers["cookie"] = SessionCookie.name + "=something"
        let answer: FrontResponse = await SeenPosition.carry(change, pair.engine) {
            try? await pair.add(1, as: Pair.anna)
            return FrontResponse(201, headers: [], body: .bytes([]))
        }
        #expect(await counted() == 0, "the other server knows nothing of it")
        let position: String = try #require(answer.headers.first { $0.name == "tenon-position" }?.value)
        let cookie: String = try #require(answer.headers.first { $0.name == "set-cookie" }?.value)
        let seen = Mutex<[Int64?]>([])
        for (name, value) in [("tenon-position", position), ("cookie", String(cookie.prefix { $0 != ";" }))] {
            var request = FrontRequest(method: "GET", path: ["api", "v1", "entries"])
            request.headers[name] = value
            _ = await SeenPosition.carry(request, other) {
                let found = await counted()
                seen.withLock { $0.append(found) }
                return FrontResponse(200, headers: [], body: .bytes([]))
            }
        }
        #expect(seen.withLock { $0 } == [1, 1])
        try await pair.goOn()
        try await pair.engine.close()
        try await other.close()
    }

    @Test func `a copy that is too far behind, or away, is left out until it has caught up`() async throws {
        let pair = try await Pair.make()
        try await pair.pause()
        try await pair.add(1, as: Pair.anna)
        #expect(try await pair.isAside(Pair.ben))
        #expect(try await eventually { try await !pair.isAside(Pair.ben) }, "more than five seconds behind")
        #expect(try await pair.count(Pair.ben) == 1)
        try await pair.goOn()
        #expect(try await eventually { try await pair.isAside(Pair.ben) })
        try await pair.replica.halt()
        for _ in 0..<5 { #expect(try await pair.count(Pair.ben) == 1) }
        try await pair.replica.resume()
        #expect(try await eventually { try await pair.isAside(Pair.ben) })
        // Lists go on being answered while the server itself is away.
        try await pair.server.halt()
        #expect(try await pair.count(Pair.ben) == 1)
        try await pair.server.resume()
        #expect(try await eventually { (try? await pair.add(2, as: Pair.ben)) != nil })
        #expect(try await pair.count(Pair.ben) == 2)
        try await pair.engine.close()
    }

    @Test func `how far behind a copy is, is told by when the server left its place`() {
        var track = PostgreSQLTrack()
        let start = ContinuousClock.now
        #expect(track.behind(LogPosition(bytes: 5), at: start) == nil)
        track.add(LogPosition(bytes: 10), at: start)
        track.add(LogPosition(bytes: 10), at: start + .seconds(60))
        track.add(LogPosition(bytes: 20), at: start + .seconds(61))
        #expect(track.behind(LogPosition(bytes: 20), at: start + .seconds(70)) == .zero)
        #expect(track.behind(LogPosition(bytes: 15), at: start + .seconds(63)) == .seconds(3))
        #expect(track.behind(LogPosition(bytes: 9), at: start + .seconds(63)) == nil)
        #expect(LogPosition("16/B374D848")?.description == "16/B374D848")
        #expect(LogPosition("0/G") == nil && LogPosition(nil) == nil && LogPosition("1/2/3") == nil)
    }
}
