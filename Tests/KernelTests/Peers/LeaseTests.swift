import PluginAPI
import Synchronization
import Testing

@testable import Kernel

/// Leases as servers have them, one `Leases` a server. They hold for long: what is over is made so, since on a busy machine any
/// time may pass between two lines of a test.
@Suite struct LeaseTests {
    static let length: Int64 = 3_600_000

    private func server(_ number: Int64, _ engine: any Engine) -> Leases { Leases(engine: engine, peer: number, length: LeaseTests.length) }

    @Test func `of eight servers that want a lease at the same moment one gets it`() async throws {
        let store = try await BackgroundStore()
        for round in 1...10 {
            let got: Int = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 1...8 {
                    let leases = server(Int64(number), store.engine)
                    group.addTask { try await leases.claim("job \(round)") != nil }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(got == 1)
        }
    }

    @Test func `a lease is free again once it is given back`() async throws {
        let store = try await BackgroundStore()
        let (one, other) = (server(1, store.engine), server(2, store.engine))
        let lease = try #require(try await one.claim("job a"))
        #expect(try await other.claim("job a") == nil)
        #expect(try await one.claim("job a") == nil, "a server has a lease once")
        try await one.release(lease)
        #expect(try await other.claim("job a") != nil)
    }

    @Test func `a lease whose server died is another's when it is over by the database's clock, and not before`() async throws {
        let store = try await BackgroundStore()
        let (dead, other) = (server(1, store.engine), server(2, store.engine))
        _ = try #require(try await dead.claim("job a"))
        #expect(try await other.claim("job a") == nil)
        try await store.engine.expire("job a")
        #expect(try await other.claim("job a") != nil)
    }

    @Test func `a short lease is over by itself`() async throws {
        let store = try await BackgroundStore()
        let dead = Leases(engine: store.engine, peer: 1, length: 300)
        let begun = ContinuousClock.now
        _ = try #require(try await dead.claim("job a"))
        #expect(try await server(2, store.engine).claim("job a", within: 120) != nil)
        #expect(ContinuousClock.now - begun >= .milliseconds(290))
    }

    @Test func `a sign of life extends what a server has`() async throws {
        let store = try await BackgroundStore()
        let (one, other) = (server(1, store.engine), server(2, store.engine))
        let lease = try #require(try await one.claim("job a"))
        let clock: String = store.engine.dialect.clock
        try await store.engine.write { _ = try $0.execute("UPDATE tenon_lease SET until = \(clock) + 600000 WHERE name = 'job a'") }
        try await one.renew()
        let rest: Int64? = try await store.engine.read { try $0.integer("SELECT until - \(clock) FROM tenon_lease WHERE name = 'job a'") }
        #expect(try #require(rest) > 1_200_000)
        #expect(!lease.isLost)
        #expect(try await other.claim("job a") == nil)
    }

    @Test func `who was silent for too long is told, and stores nothing any more`() async throws {
        let store = try await BackgroundStore()
        let (silent, other) = (server(1, store.engine), server(2, store.engine))
        let lease = try #require(try await silent.claim("job a"))
        let isTold = Mutex(false)
        lease.onLoss { isTold.withLock { $0 = true } }
        try await store.engine.expire("job a")
        let taken = try #require(try await other.claim("job a"))
        // It does not know yet: the database does.
        #expect(!lease.isLost)
        await #expect(throws: CRMError.self) { try await store.engine.write { try lease.require($0) } }
        try await silent.renew()
        #expect(isTold.withLock { $0 } && lease.isLost)

        let isWritten = Mutex(false)
        try await silent.release(lease) { _ in isWritten.withLock { $0 = true } }
        #expect(!isWritten.withLock { $0 })
        try await store.engine.write { try taken.require($0) }
    }

    @Test func `a change under a lease that another server has taken over is not stored`() async throws {
        let workshop = try await Workshop()
        let (silent, other) = (server(1, workshop.database.engine), server(2, workshop.database.engine))
        let lease = try #require(try await silent.claim("job a"))
        try await Lease.$current.withValue(lease) { _ = try await workshop.repair("in time") }
        try await workshop.database.engine.expire("job a")
        _ = try #require(try await other.claim("job a"))
        await #expect(throws: CRMError.self) {
            try await Lease.$current.withValue(lease) { _ = try await workshop.repair("too late") }
        }
        #expect(try await workshop.database.engine.read { try $0.integer("SELECT count(*) FROM repair") } == 1)
    }

    @Test func `a server that cannot reach the database gives up by its own clock, a fifth earlier than the database would`() async throws {
        let store = try await BackgroundStore()
        let leases = server(1, store.engine)
        let begun = ContinuousClock.now
        let lease = try #require(try await leases.claim("job a"))
        leases.giveUpOverdue(at: begun.advanced(by: .milliseconds(LeaseTests.length * 79 / 100)))
        #expect(!lease.isLost)
        leases.giveUpOverdue(at: ContinuousClock.now.advanced(by: .milliseconds(LeaseTests.length * 80 / 100)))
        #expect(lease.isLost)
    }

    @Test func `what a server has on record and does not know of is given back`() async throws {
        let store = try await BackgroundStore()
        let (before, other) = (server(1, store.engine), server(2, store.engine))
        _ = try #require(try await before.claim("job a"))
        let after = server(1, store.engine)
        try await after.renew()
        #expect(try await other.claim("job a") != nil)
    }
}

extension Engine {
    /// As if its time had passed.
    func expire(_ lease: String) async throws {
        try await write { _ = try $0.execute("UPDATE tenon_lease SET until = 0 WHERE name = ?", [.text(lease)]) }
    }
}

/// What is written for other servers, as they read it.
@Suite struct SharedChangeTests {
    @Test func `a change is read as it was written`() throws {
        var change = SharedChange(.settings, .jobs)
        change.touched = ["team": [3, 4], "user": []]
        change.notices = [7]
        change.readers = [2]
        change.secrets = ["abc"]
        change.loggedOut = [5]
        change.cancelled = [9]
        change.stopped = [8]
        #expect(try SharedChange(stored: change.stored) == change)
        #expect(try SharedChange(stored: #"{"flags": ["jobs", "something newer"], "more": 1}"#) == SharedChange(.jobs))
    }

    @Test func `many records of an entity are told without their ids`() {
        var change = SharedChange()
        for start in stride(from: Int64(1), through: 101, by: 20) {
            var next = SharedChange()
            next.touched = ["team": Array(start..<start + 20)]
            change.add(next)
        }
        #expect(change.touched == ["team": []])
    }

    @Test func `where a database has one server nothing is written for others`() async throws {
        guard TemporaryServerDatabase.serverURL == nil else { return }
        let store = try await BackgroundStore()
        try await store.engine.write { try ChangeLog.note(.settings, $0) }
        #expect(try await store.engine.read { try ChangeLog.last($0) } == 0)
    }
}
