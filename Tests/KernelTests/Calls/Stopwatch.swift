import Synchronization

@testable import Kernel

/// A clock that only goes forward, and only when it is told to.
final class Stopwatch: Sendable {
    private let nanoseconds = Atomic<UInt64>(1_000_000_000)

    var clock: MonotonicClock { MonotonicClock { self.nanoseconds.load(ordering: .relaxed) } }

    func advance(milliseconds: UInt64) { nanoseconds.add(milliseconds * 1_000_000, ordering: .relaxed) }
}
