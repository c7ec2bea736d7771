import Testing

@testable import Kernel

struct BriefLockTests {
    @Test func `one looks at a time, and what one throws leaves the lock to the others`() async throws {
        struct Odd: Error {}
        final class Shared: Sendable {
            let lock = BriefLock([0, 0])
        }
        let shared = Shared()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<8 {
                group.addTask {
                    try await inThread {
                        for step in 0..<5000 {
                            do {
                                try shared.lock.withLock { counts in
                                    counts[0] += 1
                                    counts[1] += 1
                                    if (step + number) % 100 == 0 { throw Odd() }
                                }
                            } catch is Odd {}
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(shared.lock.withLock { $0 } == [40_000, 40_000])
    }

    @Test func `what it keeps goes with it`() {
        final class Kept {}
        weak var left: Kept?
        do {
            let kept = Kept()
            left = kept
            let lock = BriefLock(kept)
            #expect(lock.withLock { $0 === kept })
        }
        #expect(left == nil)
    }
}
