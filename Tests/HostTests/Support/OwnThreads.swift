import Foundation

/// Runs what blocks on a thread of its own: tasks share few threads. It stays part of the task, so that what fails in it is told by the
/// name of its test.
func aside<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
    try await withTaskExecutorPreference(OwnThreads.shared) { try body() }
}

/// Gives each piece of a task a new thread.
private final class OwnThreads: TaskExecutor {
    static let shared = OwnThreads()

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        Thread.detachNewThread { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
