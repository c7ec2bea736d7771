import PluginAPI
import Synchronization
import Testing

@testable import Kernel

/// Leases as servers have them, one `Leases` a server.
@Suite struct LeaseTests {
    private func server(_ number: Int64, _ engine: any Engine, length: Int64 = 15_000) -> Leases {
        Leases(engine: engine, peer: number, length: length)
    }

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

    @Test func `a lease whose server died is another's when it is over, and not before`() async throws {
        let store = try await BackgroundStore()
        let (dead, other) = (server(1, store.engine, length: 600), server(2, store.engine))
        let begun = ContinuousClock.now
        _ = try #require(try await dead.claim("job a"))
        #expect(try await other.claim("job a") == nil)
        let taken = try await other.claim("job a", within: 30)
        #expect(taken != nil)
        #expect(ContinuousClock.now - begun >= .milliseconds(590))
    }

    @Test func `a server that gives signs of life keeps what it has`() async throws {
        let store = try await BackgroundStore()
        let (one, other) = (server(1, store.engine, length: 400), server(2, store.engine))
        let lease = try #require(try await one.claim("job a"))
        for _ in 0..<10 {
            try await Task.sleep(for: .milliseconds(100))
            try await one.renew()
            one.giveUpOverdue()
            #expect(try await other.claim("job a") == nil)
        }
        #expect(!lease.isLost)
    }

    @Test func `who was silent for too long is told, and stores nothing any more`() async throws {
        let store = try await BackgroundStore()
        let (silent, other) = (server(1, store.engine, length: 200), server(2, store.engine))
        let lease = try #require(try await silent.claim("job a"))
        let isTold = Mutex(false)
        lease.onLoss { isTold.withLock { $0 = true } }
        let taken = try #require(try await other.claim("job a", within: 30))
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

    @Test func `a server that cannot reach the database gives up by its own clock`() async throws {
        let store = try await BackgroundStore()
        let leases = server(1, store.engine, length: 200)
        let lease = try #require(try await leases.claim("job a"))
        leases.giveUpOverdue()
        #expect(!lease.isLost)
        // No sign of life meanwhile; it ends a little earlier here than there.
        try await Task.sleep(for: .milliseconds(170))
        leases.giveUpOverdue()
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
