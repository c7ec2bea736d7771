import NIOCore
import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// The threads on which requests are answered. Reading the database happens in place, on the thread that answers, which
/// saves two changes of thread a request; threads of their own keep a slow query from holding up everything else that runs
/// on the cooperative pool, which has no more threads than there are cores.
final class RequestThreads: TaskExecutor {
    private struct Queue: ~Copyable {
        var jobs: [UnownedJob] = []
        var next = 0
        var idle = 0
    }

    /// How many there are in a server.
    static let usualCount: Int = max(4, System.coreCount + 2)
    /// Whether the calling thread is one of these.
    static var isCurrent: Bool { pthread_getspecific(mark) != nil }
    private static let mark: pthread_key_t = {
        var key = pthread_key_t()
        let code = pthread_key_create(&key, nil)
        precondition(code == 0, "no key of threads could be made")
        return key
    }()

    private let queue = Mutex(Queue())
    private let waiting: Semaphore

    /// Starts the threads; they last as long as the process.
    init(count: Int) {
        waiting = Semaphore()
        for _ in 0..<count {
            let own = Unmanaged.passRetained(self)
            var thread = pthread_t()
            let code = pthread_create(
                &thread, nil,
                { argument in
                    guard let argument else { return nil }
                    let threads = Unmanaged<RequestThreads>.fromOpaque(argument).takeUnretainedValue()
                    threads.work()
                    return nil
                }, own.toOpaque())
            precondition(code == 0, "no thread could be started")
            pthread_detach(thread)
        }
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let wakes = queue.withLock { queue in
            queue.jobs.append(job)
            guard queue.idle > 0 else { return false }
            queue.idle -= 1
            return true
        }
        if wakes { waiting.signal() }
    }

    private func work() {
        let executor = asUnownedTaskExecutor()
        pthread_setspecific(RequestThreads.mark, Unmanaged.passUnretained(self).toOpaque())
        while true {
            let job: UnownedJob? = queue.withLock { queue in
                guard queue.next < queue.jobs.count else {
                    queue.jobs.removeAll(keepingCapacity: true)
                    queue.next = 0
                    queue.idle += 1
                    return nil
                }
                let job = queue.jobs[queue.next]
                queue.next += 1
                if queue.next > 1024 {
                    queue.jobs.removeFirst(queue.next)
                    queue.next = 0
                }
                return job
            }
            if let job { job.runSynchronously(on: executor) } else { waiting.wait() }
        }
    }
}

/// A counting semaphore of the system.
///
/// NB: unchecked, because the system's semaphore may be used by any thread; it stays in its place for as long as it is used.
private final class Semaphore: @unchecked Sendable {
    private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init() { sem_init(semaphore, 0, 0) }
    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }
    func signal() { sem_post(semaphore) }
    func wait() { while sem_wait(semaphore) != 0 {} }
}
