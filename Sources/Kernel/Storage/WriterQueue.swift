import Dispatch
import Synchronization

/// Lets writers take turns, and share what is dear: whoever comes while a commit waits for the disk is in the next batch, and
/// a batch waits for the disk once. Each keeps its own outcome.
final class WriterQueue<Resource>: Sendable {
    /// One writer's work: done with the resource, told later how the batch ended.
    struct Job: Sendable {
        /// Does the work; true when it is to be kept, false when its part is to be undone.
        let work: @Sendable (Resource) -> Bool
        /// Tells the writer: what came of its work, or why the batch could not be stored.
        let finish: @Sendable ((any Error)?) -> Void
    }

    fileprivate struct Waiting {
        let ticket: UInt64
        let job: Job
        let haste: WriterTurn.Haste
    }

    fileprivate struct State {
        var waiting: [Waiting] = []
        /// Those who have time, and how many batches went before the first of them.
        var patient: [Waiting] = []
        var passed = 0
        var isRunning = false
        /// Whether something is left to be done that nobody waits for.
        var isUntidy = false
        var last: UInt64 = 0
    }

    private let queue: DispatchQueue
    private let most: Int
    private let batch: @Sendable ([Job]) -> Bool
    private let tidy: @Sendable () -> Void
    private let state = Mutex(State())
    /// So many batches of others go before one who has time.
    static var courtesy: Int { 8 }

    /// - Parameters:
    ///   - most: so many jobs at most are one batch.
    ///   - batch: carries a batch out and finishes every job of it; called by one thread at a time. Gives whether there is
    ///     something to tidy up.
    ///   - tidy: does what nobody waits for; called like `batch`, and never by a thread that answers a request.
    init(label: String, most: Int, batch: @escaping @Sendable ([Job]) -> Bool, tidy: @escaping @Sendable () -> Void = {}) {
        queue = DispatchQueue(label: label)
        self.most = most
        self.batch = batch
        self.tidy = tidy
    }

    /// Waits for the turn, does the work, and returns when it is stored. Whoever is cancelled before its turn has done nothing
    /// and is told so; once begun, the work is done to its end.
    func run<T: Sendable>(_ body: @escaping @Sendable (Resource) throws -> T) async throws -> T {
        // Whoever never stands in line cannot be taken by a batch before it is taken out.
        try Task.checkCancellation()
        let outcome = Outcome<T>()
        let ticket: UInt64 = state.withLock { $0.ticket() }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<T, any Error>) in
                submit(
                    ticket,
                    Job(
                        work: { resource in outcome.take { try body(resource) } },
                        finish: { failure in continuation.resume(with: outcome.result(failure)) }))
                // Cancelled just before it stood in line: nobody could take it out then.
                if Task.isCancelled { withdraw(ticket) }
            }
        } onCancel: {
            withdraw(ticket)
        }
    }

    /// Whether somebody stands in line who would rather not wait.
    /// - Parameter evenWithTime: whether those count too who have time, for a while.
    func isAwaited(evenWithTime: Bool = false) -> Bool {
        state.withLock { state in !state.waiting.isEmpty || evenWithTime && state.patient.contains { $0.haste == .soon } }
    }
    /// How many stand in line.
    var waiting: Int { state.withLock { $0.waiting.count + $0.patient.count } }
    /// Whether nobody writes and nobody waits.
    var isIdle: Bool { state.withLock { !$0.isRunning } }

    private func submit(_ ticket: UInt64, _ job: Job) {
        let haste: WriterTurn.Haste = WriterTurn.haste
        let starts: Bool = state.withLock { state in
            let waiting = Waiting(ticket: ticket, job: job, haste: haste)
            if haste == .now { state.waiting.append(waiting) } else { state.patient.append(waiting) }
            defer { state.isRunning = true }
            return !state.isRunning
        }
        if starts {
            // A thread of the requests' may wait for the disk itself, which saves the way to another thread and back; what came
            // meanwhile is the queue's. Whoever runs on the cooperative pool must not wait there.
            if RequestThreads.isCurrent { carryOut() }
            if !RequestThreads.isCurrent || goesOn() { queue.async { self.drain() } }
        }
    }

    private func withdraw(_ ticket: UInt64) {
        let withdrawn: Job? = state.withLock { state in
            if let place = state.waiting.firstIndex(where: { $0.ticket == ticket }) { return state.waiting.remove(at: place).job }
            if let place = state.patient.firstIndex(where: { $0.ticket == ticket }) { return state.patient.remove(at: place).job }
            return nil
        }
        withdrawn?.finish(CancellationError())
    }

    private func drain() {
        repeat {
            carryOut()
            let isUntidy: Bool = state.withLock { state in
                defer { state.isUntidy = false }
                return state.isUntidy
            }
            if isUntidy { tidy() }
        } while goesOn()
    }

    private func carryOut() {
        let jobs: [Job] = state.withLock { $0.next(most) }
        guard !jobs.isEmpty else { return }
        let isUntidy: Bool = batch(jobs)
        if isUntidy { state.withLock { $0.isUntidy = true } }
    }

    /// Whether something is left to do; if not, the next who comes begins anew.
    private func goesOn() -> Bool {
        state.withLock { state in
            state.isRunning = !state.waiting.isEmpty || !state.patient.isEmpty || state.isUntidy
            return state.isRunning
        }
    }

    /// Returns once everything that was submitted before is finished.
    func barrier() async {
        await withCheckedContinuation { continuation in
            submit(state.withLock { $0.ticket() }, Job(work: { _ in false }, finish: { _ in continuation.resume() }))
        }
    }

    /// What a writer's work came to, between doing it and telling it.
    ///
    /// NB: unchecked, because the batch's thread alone touches it: first when the work is done, then when it is finished.
    private final class Outcome<T: Sendable>: @unchecked Sendable {
        private var value: Result<T, any Error>?

        func take(_ body: () throws -> T) -> Bool {
            value = Result { try body() }
            if case .success = value { return true }
            return false
        }

        /// The writer's own error is what it is told even when the batch failed as well.
        func result(_ failure: (any Error)?) -> Result<T, any Error> {
            switch (value, failure) {
            case (.failure(let error)?, _): .failure(error)
            case (_, let failure?): .failure(failure)
            case (let value?, nil): value
            case (nil, nil): .failure(CancellationError())
            }
        }
    }
}

extension WriterQueue.State {
    fileprivate mutating func ticket() -> UInt64 {
        last += 1
        return last
    }

    /// Takes the next batch out of the line. Whoever has time stands alone in its batch, so that nobody waits for it who came
    /// before it, and comes when nobody else waits, or enough others went before.
    fileprivate mutating func next(_ most: Int) -> [WriterQueue.Job] {
        if !patient.isEmpty, waiting.isEmpty || passed >= WriterQueue.courtesy {
            passed = 0
            return [patient.removeFirst().job]
        }
        // No key path: one of a generic type is put together anew each time.
        let jobs = waiting.prefix(most).map { $0.job }
        waiting.removeFirst(jobs.count)
        if !patient.isEmpty { passed += 1 }
        return jobs
    }
}

/// What a task says about its writing.
enum WriterTurn {
    enum Haste: Sendable {
        /// Somebody waits for it.
        case now
        /// One of many long pieces of work, such as the rows of a file, between which people want to go on; or a job that is due.
        case soon
        /// What is written down for its own sake. Nobody gives way to it, however long it takes.
        case whenever
    }

    @TaskLocal static var haste = Haste.now
}
