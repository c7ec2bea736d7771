import PluginAPI
import Synchronization

/// Runs background work in lanes: one piece at a time per lane, a few lanes at once. It looks for work when it is woken,
/// when a lane becomes free, and when the next piece falls due.
final class WorkLoop: Sendable {
    /// Work that may begin now. It finds out itself what there is to do: it may begin later than it was found.
    struct Piece: Sendable {
        let lane: String
        /// False when nothing could be done, since the database is away or its disk full: the lane rests for a while.
        let run: @Sendable () async -> Bool
    }
    /// What a look around found: what may begin, and when the next thing falls due.
    struct Survey: Sendable {
        var ready: [Piece] = []
        var next: Moment?
    }
    private struct State {
        var running: [String: Task<Void, Never>] = [:]
        /// Until when lanes rest, by a clock that nobody sets.
        var resting: [String: ContinuousClock.Instant] = [:]
        var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
        var lastWaiter = 0
        var loop: Task<Void, Never>?
        var isStopping = false
    }

    private let width: Int
    /// How long a lane rests, in seconds.
    private let rest: Int
    private let clock: any Clock
    private let survey: @Sendable (_ busy: Set<String>) async throws -> Survey
    private let log: @Sendable (String) -> Void
    private let state = Mutex(State())
    private let signals: AsyncStream<Void>
    private let signal: AsyncStream<Void>.Continuation

    init(
        width: Int, clock: any Clock, rest: Int = 5, log: @escaping @Sendable (String) -> Void,
        survey: @escaping @Sendable (_ busy: Set<String>) async throws -> Survey
    ) {
        self.width = width
        self.clock = clock
        self.rest = rest
        self.log = log
        self.survey = survey
        // One signal is enough: whoever takes it looks at everything.
        (signals, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// Looks for work from now on.
    func start() {
        state.withLock { state in
            guard state.loop == nil, !state.isStopping else { return }
            state.loop = Task { await loop() }
        }
        wake()
    }

    /// Has it look for work soon. Cheap: to be called after every transaction that left some.
    func wake() { signal.yield() }

    private func loop() async {
        var timer: Task<Void, Never>?
        defer { timer?.cancel() }
        for await _ in signals {
            timer?.cancel()
            var next: Moment?
            do {
                next = try await dispatch().next
            } catch {
                if Task.isCancelled { return }
                log("background work waits: \(error)")
                next = clock.now.adding(seconds: Double(rest))
            }
            guard let next else { continue }
            timer = Task { [clock] in
                await clock.wait(until: next)
                if !Task.isCancelled { self.wake() }
            }
        }
    }

    /// Begins what may begin.
    private func dispatch() async throws -> (started: Int, next: Moment?) {
        let now = ContinuousClock.now
        let (busy, left): (Set<String>?, Duration?) = state.withLock { state in
            state.resting = state.resting.filter { $0.value > now }
            let left: Duration? = state.resting.values.min().map { $0 - now }
            return (state.isStopping ? nil : Set(state.running.keys).union(state.resting.keys), left)
        }
        guard let busy else { return (0, nil) }
        let found = try await survey(busy)
        var started = 0
        for piece in found.ready where begin(piece) { started += 1 }
        let rested: Moment? = left.map { clock.now.adding(seconds: $0 / .seconds(1)) }
        return (started, [found.next, rested].compactMap { $0 }.min())
    }

    private func begin(_ piece: Piece) -> Bool {
        state.withLock { state in
            guard !state.isStopping, state.running.count < width, state.running[piece.lane] == nil else { return false }
            state.running[piece.lane] = Task {
                let wentWell: Bool = await piece.run()
                self.finished(piece.lane, wentWell)
            }
            return true
        }
    }

    private func finished(_ lane: String, _ wentWell: Bool) {
        let waiting: [CheckedContinuation<Void, Never>] = state.withLock { state in
            state.running[lane] = nil
            if !wentWell { state.resting[lane] = ContinuousClock.now + .seconds(rest) }
            guard state.running.isEmpty else { return [] }
            defer { state.waiting = [:] }
            return Array(state.waiting.values)
        }
        for waiter in waiting { waiter.resume() }
        wake()
    }

    /// Does all that is due and returns when nothing is under way any more.
    func drain() async throws {
        while true {
            let started = try await dispatch().started
            if started == 0, state.withLock({ $0.running.isEmpty }) { return }
            await idle()
        }
    }

    /// Returns when nothing is under way, or when the task is cancelled.
    private func idle() async {
        let number = state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDone: Bool = state.withLock { state in
                    if state.running.isEmpty || Task.isCancelled { return true }
                    state.waiting[number] = continuation
                    return false
                }
                if isDone { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiting.removeValue(forKey: number) }?.resume()
        }
    }

    /// Begins nothing more, lets what runs finish for a while, then cancels it.
    func stop(within seconds: Double = 10) async {
        let loop = state.withLock { state in
            state.isStopping = true
            return state.loop
        }
        loop?.cancel()
        await loop?.value
        let deadline = clock.now.adding(seconds: seconds)
        await idle(orAfter: { [clock] in await clock.wait(until: deadline) })
        let left = state.withLock { Array($0.running.values) }
        if left.isEmpty { return }
        for task in left { task.cancel() }
        // What is cut off notes where it stands, for which it needs the database.
        await idle(orAfter: { try? await Task.sleep(for: .seconds(3)) })
    }

    /// Returns when nothing is under way, or when another wait is over.
    private func idle(orAfter wait: @escaping @Sendable () async -> Void) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.idle() }
            group.addTask { await wait() }
            await group.next()
            group.cancelAll()
        }
    }
}
