import CCrash
import CThread
import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// Looks from a thread of its own whether this worker still works, tells the supervisor so, and ends the process when it does
/// not: with a report that names the plugin, as long as it can.
///
/// It does not ask whether something takes long, but whether others are kept waiting: tasks that never get their turn, an
/// event loop that does not turn, a transaction that does not end, a thread on which a plugin sits without ever waiting. A
/// route or a job that merely waits for something may do so for as long as it likes.
final class Watchdog: Sendable {
    /// In milliseconds.
    struct Limits: Sendable {
        /// A plugin's code within a transaction, for which all who write wait.
        var hook = 10_000
        /// A plugin's code on a thread, between two waits.
        var stretch = 60_000
        /// Until a task gets its turn, or an event loop.
        var turn = 10_000
        /// A transaction in which no plugin's code runs.
        var transaction = 300_000

        init(_ environment: [String: String] = [:]) {
            func number(_ name: String, _ usual: Int) -> Int { environment[name].flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil } ?? usual }
            hook = number("TENON_HOOK_LIMIT", hook)
            stretch = number("TENON_STRETCH_LIMIT", stretch)
            turn = number("TENON_TURN_LIMIT", turn)
            transaction = number("TENON_TRANSACTION_LIMIT", transaction)
        }

        /// How often to look.
        var pause: Int { max(20, min(1000, min(hook, stretch, turn) / 8)) }
    }

    /// Something that has to happen again and again: asked to do a thing, it does it soon.
    struct Vital: Sendable {
        let name: String
        let ask: @Sendable (_ done: @escaping @Sendable () -> Void) -> Void

        /// Tasks get their turn: those of the two priorities that requests and background work have.
        static let tasks: [Vital] = [TaskPriority.high, .medium].map { priority in
            Vital(name: "no task got its turn") { done in
                Task.detached(priority: priority) { done() }
            }
        }
    }

    private final class Pulse: Sendable {
        let vital: Vital
        /// When it was asked, and 0 once it has answered; in nanoseconds.
        let asked = Atomic<UInt64>(0)
        init(_ vital: Vital) { self.vital = vital }
    }

    private let limits: Limits
    private let slots: CallSlots
    private let writer: WriterWatch
    private let pulses: [Pulse]
    private let hot = Mutex(HotThreads())
    private let well: @Sendable () -> Void
    private let end: @Sendable (Hang) -> Void

    /// What it found.
    struct Hang: Sendable {
        /// In words, for the report.
        var why: String
        var plugin: Int32 = -1
        var frames: [UInt] = []
    }

    /// - Parameters:
    ///   - well: called at every look that finds all well.
    ///   - end: called once with what is wrong.
    init(
        limits: Limits, vitals: [Vital], slots: CallSlots = .shared, writer: WriterWatch = .shared, well: @escaping @Sendable () -> Void,
        end: @escaping @Sendable (Hang) -> Void
    ) {
        self.limits = limits
        self.slots = slots
        self.writer = writer
        pulses = vitals.map(Pulse.init)
        self.well = well
        self.end = end
    }

    func start() {
        OwnThread.start("tenon-watchdog") { [self] in
            while true {
                if let hang = look() { return end(hang) }
                well()
                usleep(UInt32(limits.pause * 1000))
            }
        }
    }

    /// One look; what is wrong, if anything.
    func look() -> Hang? {
        stuckCall() ?? stuckWriter() ?? lostPulse() ?? hot.withLock { $0.look(limit: limits.stretch) }
    }

    private static func milliseconds(since moment: UInt64) -> Int {
        let now: UInt64 = tenon_monotonic_time()
        return moment == 0 || moment > now ? 0 : Int((now - moment) / 1_000_000)
    }

    // MARK: Calls of plugins

    /// A call that sits on its thread for longer than its kind may.
    private func stuckCall() -> Hang? {
        for call in slots.running() where call.thread != 0 {
            guard let limit = limit(of: call.site.kind) else { continue }
            let took: Int = Self.milliseconds(since: call.resumed)
            guard took >= limit else { continue }
            var hang = Hang(why: "\(call.site) for \(took) ms without a pause")
            let samples: [[UInt]] = ThreadSample.take(call.thread)
            hang.frames = samples.last ?? []
            hang.plugin = ThreadSample.plugin(within: samples) ?? tenon_crash_plugin_number(call.site.plugin)
            return hang
        }
        return nil
    }

    private func limit(of kind: CallKind) -> Int? {
        switch kind {
        case .prepare, .validate, .onSave, .onDelete, .listener, .available, .prefill, .action, .panel, .function: limits.hook
        case .after, .route, .job, .register: limits.stretch
        // These change all of a table, and nobody works meanwhile.
        case .migration, .demo: nil
        }
    }

    /// A transaction that does not end: a plugin's own, from a route or a job, or the kernel's.
    private func stuckWriter() -> Hang? {
        guard let (thread, since) = writer.present else { return nil }
        let took: Int = Self.milliseconds(since: since)
        guard took >= limits.hook else { return nil }
        let samples: [[UInt]] = ThreadSample.take(thread)
        let plugin: Int32? = ThreadSample.plugin(within: samples)
        guard plugin != nil || took >= limits.transaction, writer.present?.since == since else { return nil }
        return Hang(why: "a transaction for \(took) ms", plugin: plugin ?? -1, frames: samples.last ?? [])
    }

    // MARK: Vitals

    private func lostPulse() -> Hang? {
        for pulse in pulses {
            let asked: UInt64 = pulse.asked.load(ordering: .acquiring)
            if asked == 0 {
                pulse.asked.store(tenon_monotonic_time(), ordering: .releasing)
                pulse.vital.ask { pulse.asked.store(0, ordering: .releasing) }
                continue
            }
            let took: Int = Self.milliseconds(since: asked)
            guard took >= limits.turn else { continue }
            var hang = Hang(why: "\(pulse.vital.name) for \(took) ms")
            if let (plugin, frames) = ThreadSample.culprit() {
                hang.plugin = plugin
                hang.frames = frames
            }
            return hang
        }
        return nil
    }
}

/// The transaction that writes, seen from outside: there is one at a time.
final class WriterWatch: Sendable {
    static let shared = WriterWatch()
    private let thread = Atomic<Int32>(0)
    private let began = Atomic<UInt64>(0)

    func begin() {
        thread.store(tenon_thread_id(), ordering: .relaxed)
        began.store(tenon_monotonic_time(), ordering: .releasing)
    }

    /// A transaction over many records has done with one more: it takes long, and does not hang. Without that a look that meets
    /// the hook of some record would take the whole transaction for the plugin's.
    func goOn() {
        let since: UInt64 = began.load(ordering: .relaxed)
        if since != 0 { _ = began.compareExchange(expected: since, desired: tenon_monotonic_time(), ordering: .acquiringAndReleasing) }
    }

    func end() { began.store(0, ordering: .releasing) }

    /// Who writes now, and since when.
    var present: (thread: Int32, since: UInt64)? {
        let since: UInt64 = began.load(ordering: .acquiring)
        return since == 0 ? nil : (thread.load(ordering: .relaxed), since)
    }
}
