import Dispatch

/// Threads for what reads the whole database: the embedded engine reads on the thread that asks, and the ones that answer requests
/// are not to be kept for minutes.
final class LongWork: TaskExecutor {
    static let shared = LongWork()
    private let queue = DispatchQueue(label: "tenon.long", attributes: .concurrent)

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor: UnownedTaskExecutor = asUnownedTaskExecutor()
        queue.async { job.runSynchronously(on: executor) }
    }
}
