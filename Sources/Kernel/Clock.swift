import PluginAPI

#if canImport(Glibc)
import Glibc
#endif

/// Where the product takes the time from; tests set their own.
protocol Clock: Sendable {
    var now: Moment { get }
    /// Returns when the moment has come, the clock was set meanwhile, or the task is cancelled.
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
        let ahead = now.milliseconds - SystemClock.steady
        while !Task.isCancelled {
            let rest = moment.milliseconds - now.milliseconds
            if rest <= 0 { return }
            // Sleep counts the time that passes, not what the clock is set to.
            try? await Task.sleep(for: .milliseconds(min(rest, SystemClock.look)))
            if abs(now.milliseconds - SystemClock.steady - ahead) > 2000 { return }
        }
    }

    /// How often is looked whether the clock was set.
    private static let look: Int64 = 30_000

    /// A clock that nobody sets.
    private static var steady: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
