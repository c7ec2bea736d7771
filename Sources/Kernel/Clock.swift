import PluginAPI

#if canImport(Glibc)
import Glibc
#endif

/// Where the product takes the time from; tests set their own.
protocol Clock: Sendable {
    var now: Moment { get }
    /// Returns when the moment has come or the task is cancelled.
    func wait(until moment: Moment) async
}

/// The machine's clock.
struct SystemClock: Clock {
    var now: Moment {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Moment(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    func wait(until moment: Moment) async {
        let rest = moment.milliseconds - now.milliseconds
        if rest > 0 { try? await Task.sleep(for: .milliseconds(rest)) }
    }
}
