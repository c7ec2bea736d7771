#if canImport(Glibc)
import Glibc
#endif

/// A lock around a value that every request looks at, for some ten nanoseconds. `Mutex` hands itself over to whoever waits, who has to
/// be woken first, and has others turn round and round meanwhile: with more threads than cores each such lock became a line, and a
/// quarter of the time went into standing in it. This one is taken by whoever comes first.
///
/// NB: unchecked, because the value is looked at under the lock alone; both stay in their places for as long as it lives.
struct BriefLock<Value: ~Copyable>: ~Copyable, @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let value = UnsafeMutablePointer<Value>.allocate(capacity: 1)

    init(_ value: consuming Value) {
        self.value.initialize(to: value)
        var kind = pthread_mutexattr_t()
        pthread_mutexattr_init(&kind)
        pthread_mutexattr_settype(&kind, Int32(PTHREAD_MUTEX_ADAPTIVE_NP))
        pthread_mutex_init(mutex, &kind)
        pthread_mutexattr_destroy(&kind)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
        value.deinitialize(count: 1)
        value.deallocate()
    }

    borrowing func withLock<Result: ~Copyable, Failure: Error>(_ body: (inout Value) throws(Failure) -> Result) throws(Failure) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(&value.pointee)
    }
}
