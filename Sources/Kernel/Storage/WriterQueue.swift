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

    private struct State {
        var waiting: [Job] = []
        var isRunning = false
    }

    private let queue: DispatchQueue
    private let most: Int
    private let batch: @Sendable ([Job]) -> Void
    private let state = Mutex(State())

    /// - Parameters:
    ///   - most: so many jobs at most are one batch.
    ///   - batch: carries a batch out and finishes every job of it; called on one thread at a time.
    init(label: String, most: Int, batch: @escaping @Sendable ([Job]) -> Void) {
        queue = DispatchQueue(label: label)
        self.most = most
        self.batch = batch
    }

    /// Waits for the turn, does the work, and returns when it is stored. A task that is cancelled before its turn has come
    /// leaves the queue with a `CancellationError`.
    func run<T: Sendable>(_ body: @escaping @Sendable (Resource) throws -> T) async throws -> T {
        let outcome = Outcome<T>()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<T, any Error>) in
                submit(
                    Job(
                        work: { resource in outcome.take { try body(resource) } },
                        finish: { failure in continuation.resume(with: outcome.result(failure)) }))
            }
        } onCancel: {
            outcome.withdraw()
        }
    }

    private func submit(_ job: Job) {
        let starts: Bool = state.withLock { state in
            state.waiting.append(job)
            defer { state.isRunning = true }
            return !state.isRunning
        }
        if starts { queue.async { self.drain() } }
    }

    private func drain() {
        while true {
            let jobs: [Job] = state.withLock { state in
                let jobs = Array(state.waiting.prefix(most))
                state.waiting.removeFirst(jobs.count)
                if jobs.isEmpty { state.isRunning = false }
                return jobs
            }
            if jobs.isEmpty { return }
            batch(jobs)
        }
    }

    /// Returns once everything that was submitted before is finished.
    func barrier() async {
        await withCheckedContinuation { continuation in queue.async { continuation.resume() } }
    }

    /// What a writer's work came to, between doing it and telling it.
    ///
    /// NB: unchecked, because the batch's thread alone touches the value: first when the work is done, then when it is finished.
    private final class Outcome<T: Sendable>: @unchecked Sendable {
        private var value: Result<T, any Error>?
        private let isWithdrawn = Atomic<Bool>(false)

        /// Nobody waits for the outcome any more: the work is not begun if it has not been yet.
        func withdraw() { isWithdrawn.store(true, ordering: .relaxed) }

        func take(_ body: () throws -> T) -> Bool {
            value = Result {
                if isWithdrawn.load(ordering: .relaxed) { throw CancellationError() }
                return try body()
            }
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
