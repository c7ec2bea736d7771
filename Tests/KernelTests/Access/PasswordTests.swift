import PluginAPI
import Synchronization
import Testing

@testable import Kernel

@Suite("Passwords") struct PasswordTests {
    let hasher = PasswordHasher(cost: .cheap)

    @Test func `the right password opens, another does not, and nobody's hash opens to none`() async throws {
        let hash = try await hasher.hash("correct horse battery")
        #expect(hash.hasPrefix("$argon2id$"))
        #expect(try await hasher.verify("correct horse battery", against: hash))
        #expect(try await !hasher.verify("correct horse batterx", against: hash))
        #expect(try await !hasher.verify("correct horse battery", against: nil))
        #expect(try await hasher.hash("correct horse battery") != hash, "every hash has a salt of its own")
    }

    @Test func `a password is taken whole: unicode, spaces and zero bytes`() async throws {
        let hash = try await hasher.hash("grüße\u{0}an alle 🌊")
        #expect(try await hasher.verify("grüße\u{0}an alle 🌊", against: hash))
        #expect(try await !hasher.verify("grüße", against: hash))
    }

    @Test func `a hash made at another cost is made anew`() async throws {
        let hash = try await hasher.hash("correct horse battery")
        #expect(!hasher.needsRehash(hash))
        #expect(PasswordHasher(cost: .init(passes: 2, bytes: 16_384)).needsRehash(hash))
    }

    @Test func `looking for a user who is not there costs as much as a wrong password`() async throws {
        // Argon2id takes its cost from the hash that it checks against: equal parameters and lengths are equal work.
        let hash = try await hasher.hash("correct horse battery")
        #expect(!hasher.needsRehash(hasher.nobody), "well-formed, at today's cost")
        #expect(hasher.nobody.count == hash.count)
        let fixed = hash.prefix { $0 != "p" }
        #expect(hasher.nobody.hasPrefix(fixed), "\(hasher.nobody) begins as \(fixed)")
        #expect(try await !hasher.verify("", against: nil))
    }

    @Test func `a password has at least ten characters and is not the e-mail address`() {
        #expect(PasswordRules.problems("ninechars", email: "a@example.com").map(\.message) == ["must have at least 10 characters"])
        #expect(PasswordRules.problems("Ada@Example.com", email: "ada@example.com").map(\.message) == ["must not be the e-mail address"])
        #expect(PasswordRules.problems(String(repeating: "x", count: 1025), email: "").map(\.field) == ["password"])
        #expect(PasswordRules.problems("tencharact", email: "ada@example.com").isEmpty)
    }
}

@Suite("Turnstile") struct TurnstileTests {
    /// Counts who is inside.
    private final class Room: Sendable {
        private struct Counts: Sendable { var now = 0, most = 0, all = 0 }
        private let counts = Mutex(Counts())
        func enter() {
            counts.withLock { counts in
                counts.now += 1
                counts.all += 1
                counts.most = max(counts.most, counts.now)
            }
        }
        func leave() { counts.withLock { $0.now -= 1 } }
        var most: Int { counts.withLock { $0.most } }
        var all: Int { counts.withLock { $0.all } }
    }

    @Test func `no more than two are inside at once, and everyone gets in`() async throws {
        let turnstile = Turnstile(places: 2, lineLimit: 64)
        let room = Room()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<40 {
                group.addTask {
                    try await turnstile.pass {
                        room.enter()
                        await Task.yield()
                        room.leave()
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(room.most == 2)
        #expect(room.all == 40)
    }

    /// Holds the only place until told to let go.
    private func occupied(lineLimit: Int) async -> (turnstile: Turnstile, gate: AsyncStream<Void>.Continuation, holder: Task<Void, any Error>) {
        let turnstile = Turnstile(places: 1, lineLimit: lineLimit)
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        let (entered, tell) = AsyncStream.makeStream(of: Void.self)
        let holder = Task<Void, any Error> { @Sendable in
            try await turnstile.pass {
                tell.finish()
                for await _ in gate {}
            }
        }
        for await _ in entered {}
        return (turnstile, open, holder)
    }

    @Test func `whoever finds the line full is turned away at once`() async throws {
        let (turnstile, gate, holder) = await occupied(lineLimit: 1)
        let second = Task { @Sendable in try await turnstile.pass { 2 } }
        while turnstile.waiting < 1 { await Task.yield() }
        let refused = await failure { try await turnstile.pass {} }
        #expect(refused?.code == .unavailable)
        gate.finish()
        try await holder.value
        #expect(try await second.value == 2)
    }

    @Test func `whoever gives up leaves the line to the others`() async throws {
        let (turnstile, gate, holder) = await occupied(lineLimit: 2)
        let leaving = Task { @Sendable in try await turnstile.pass { 2 } }
        while turnstile.waiting < 1 { await Task.yield() }
        let staying = Task { @Sendable in try await turnstile.pass { 3 } }
        while turnstile.waiting < 2 { await Task.yield() }
        leaving.cancel()
        await #expect(throws: CancellationError.self) { try await leaving.value }
        #expect(turnstile.waiting == 1)
        gate.finish()
        try await holder.value
        #expect(try await staying.value == 3)
        #expect(try await turnstile.pass { 4 } == 4, "the place is free again")
    }
}
