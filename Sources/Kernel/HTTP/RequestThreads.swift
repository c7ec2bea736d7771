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
    /// Whose thread is calling.
    static var current: RequestThreads? { pthread_getspecific(mark).map { Unmanaged<RequestThreads>.fromOpaque($0).takeUnretainedValue() } }
    private static let mark: pthread_key_t = {
        var key = pthread_key_t()
        let code = pthread_key_create(&key, nil)
        precondition(code == 0, "no key of threads could be made")
        return key
    }()

    private let queue = BriefLock(Queue())
    /// How many threads there are, and how many of them wait for somebody else.
    private let count: Atomic<Int>
    private let away = Atomic<Int>(0)
    private let semaphore: Semaphore

    /// Starts the threads; they last as long as the process.
    init(count: Int) {
        self.count = Atomic(count)
        semaphore = Semaphore()
        for _ in 0..<count { start() }
    }

    private func start() {
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

    /// Runs a closure that waits for another process, on one of these threads. Where none was left for everything else, there is one
    /// more from then on.
    func waiting<T>(_ body: () throws -> T) rethrows -> T {
        let now: Int = away.add(1, ordering: .relaxed).newValue
        defer { away.subtract(1, ordering: .relaxed) }
        var there: Int = count.load(ordering: .relaxed)
        while now >= there {
            let outcome = count.compareExchange(expected: there, desired: there + 1, ordering: .relaxed)
            if outcome.exchanged { start() }
            there = count.load(ordering: .relaxed)
        }
        return try body()
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let wakes: Bool = queue.withLock { queue in
            queue.jobs.append(job)
            guard queue.idle > 0 else { return false }
            queue.idle -= 1
            return true
        }
        if wakes { semaphore.signal() }
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
            if let job { job.runSynchronously(on: executor) } else { semaphore.wait() }
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
