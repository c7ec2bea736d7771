import CThread

/// Measures how long something takes: a clock that only goes forward, also when the machine's time is set. Tests set their own.
struct MonotonicClock: Sendable {
    /// Nanoseconds since some moment.
    let now: @Sendable () -> UInt64

    static let machine = MonotonicClock { tenon_monotonic_time() }
}
