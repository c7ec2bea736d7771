import CThread
import Synchronization

/// The calls of plugins' code that are running now, in the whole process. Any thread may look at any time, also while all others
/// hang: nothing here is locked. A call takes a free slot for its duration, at the price of one exchange and a few stores.
///
/// A call within a transaction stays on its thread. The slot of an asynchronous call belongs to its task, whose thread changes:
/// ``CallExecutor`` notes it whenever the task goes on, and clears it whenever it waits.
final class CallSlots: Sendable {
    /// Those of this process.
    static let shared = CallSlots()

    /// How many calls can be seen at once. Those beyond run unseen.
    static let count = 512

    /// What one slot holds; as wide as a line of the processor's cache, so that two calls do not get in each other's way.
    private struct Slot: ~Copyable {
        /// 0: free, 1: being filled, else the site's number above 32 bits of the beginning, which tell two calls apart.
        let owner = Atomic<UInt64>(0)
        /// When the call began, in nanoseconds.
        let began = Atomic<UInt64>(0)
        /// When it last began or went on after waiting.
        let resumed = Atomic<UInt64>(0)
        /// Where it is running; 0 while it waits.
        let thread = Atomic<Int32>(0)
        let unused = (UInt64(0), UInt64(0), UInt64(0), UInt64(0))
    }

    private let slots = InlineArray<512, Slot> { _ in Slot() }

    /// A running call, as it was seen at one moment.
    struct Running: Sendable {
        let site: CallSite
        /// The system's number of the thread; 0 while the call waits for something.
        let thread: Int32
        /// When it began, on the machine's clock that only goes forward, in nanoseconds.
        let began: UInt64
        /// When it last began or went on after waiting.
        let resumed: UInt64
    }

    /// The place of a running call; nothing when all slots were taken.
    struct Place: Sendable {
        fileprivate let index: Int
        static let none = Place(index: -1)
    }

    // MARK: Calling

    /// Notes that a call begins on this thread.
    @inline(__always)
    func take(_ site: CallSite, at began: UInt64) -> Place { take(site, at: began, on: tenon_thread_id()) }

    func take(_ site: CallSite, at began: UInt64, on thread: Int32) -> Place {
        // Threads begin to look in different places; the calls of one stand side by side.
        var index = Int(truncatingIfNeeded: tenon_thread_id()) &* 8
        for _ in 0..<CallSlots.count {
            index &= CallSlots.count - 1
            if slots[index].owner.load(ordering: .relaxed) == 0,
                slots[index].owner.compareExchange(expected: 0, desired: 1, ordering: .acquiring).exchanged
            {
                slots[index].began.store(began, ordering: .relaxed)
                slots[index].resumed.store(began, ordering: .relaxed)
                slots[index].thread.store(thread, ordering: .relaxed)
                let owner = UInt64(site.number) << 32 | UInt64(UInt32(truncatingIfNeeded: began))
                slots[index].owner.store(owner, ordering: .releasing)
                return Place(index: index)
            }
            index &+= 1
        }
        return .none
    }

    /// Notes that the call is over.
    @inline(__always)
    func release(_ place: Place) {
        if place.index >= 0 { slots[place.index].owner.store(0, ordering: .releasing) }
    }

    /// Shows a call for which nothing else is to be noted.
    func holding<T>(_ site: CallSite, _ body: () throws -> T) rethrows -> T {
        let place = take(site, at: tenon_monotonic_time())
        defer { release(place) }
        return try body()
    }

    /// Notes that an asynchronous call goes on on this thread.
    func resume(_ place: Place, at now: UInt64) {
        guard place.index >= 0 else { return }
        slots[place.index].resumed.store(now, ordering: .relaxed)
        slots[place.index].thread.store(tenon_thread_id(), ordering: .releasing)
    }

    /// Notes that an asynchronous call that ran on this thread waits. The call may be over already, and its slot another's:
    /// then there stands another thread.
    func suspend(_ place: Place) {
        guard place.index >= 0 else { return }
        _ = slots[place.index].thread.compareExchange(expected: tenon_thread_id(), desired: 0, ordering: .releasing)
    }

    // MARK: Looking

    /// The calls that are running, the latest first: of the calls on one thread, the first is the innermost. A call that ends or
    /// goes on elsewhere while this looks may be missing or stand with its earlier thread.
    func running() -> [Running] {
        var found: [Running] = []
        for index in 0..<CallSlots.count {
            let owner = slots[index].owner.load(ordering: .acquiring)
            guard owner > 1 else { continue }
            let thread = slots[index].thread.load(ordering: .acquiring)
            let began = slots[index].began.load(ordering: .relaxed)
            let resumed = slots[index].resumed.load(ordering: .relaxed)
            atomicMemoryFence(ordering: .acquiring)
            // Read in between, so it belongs to the call that was there before and after.
            guard slots[index].owner.load(ordering: .relaxed) == owner, let site = CallSite.numbered(UInt32(owner >> 32)) else { continue }
            found.append(Running(site: site, thread: thread, began: began, resumed: resumed))
        }
        return found.sorted { $0.began > $1.began }
    }

    /// Hands over what stands in the slots, as it is: for a handler of signals, which may neither allocate nor lock.
    func forEachRaw(_ body: (_ site: UInt32, _ thread: Int32, _ began: UInt64) -> Void) {
        for index in 0..<CallSlots.count {
            let owner = slots[index].owner.load(ordering: .relaxed)
            if owner > 1 {
                body(UInt32(owner >> 32), slots[index].thread.load(ordering: .relaxed), slots[index].began.load(ordering: .relaxed))
            }
        }
    }
}
