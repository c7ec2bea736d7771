import PluginAPI
import Synchronization

/// How many requests came under a key within a period, for plugins that are open to the whole world. A count for the present
/// period and one for the period before it, of which as much counts as still lies within reach: close to exact, two numbers a
/// key. In memory, for this process alone.
final class RateLimits: Sendable {
    private struct Count {
        /// In periods since 1970.
        var period: Int64
        var length: Int64
        var before = 0
        var now = 0
    }
    private let counts = Mutex<[String: Count]>([:])
    private let mostKeys: Int

    init(mostKeys: Int = 20_000) { self.mostKeys = mostKeys }

    /// How many keys are counted.
    var size: Int { counts.withLock { $0.count } }

    /// Counts a request, or several at once, unless there were too many.
    func ask(_ key: String, _ several: Int = 1, atMost limit: Int, per length: Int64, at moment: Moment) -> Allowance {
        let several = max(1, several)
        // So many fit as one would under a limit that is so much lower.
        let most = limit - (several - 1)
        let (length, now): (Int64, Int64) = (max(1, length), moment.milliseconds)
        return counts.withLock { counts in
            let period = now / length
            var count = counts[key] ?? Count(period: period, length: length)
            if count.period != period || count.length != length {
                let follows = count.period + 1 == period && count.length == length
                count = Count(period: period, length: length, before: follows ? count.now : 0)
            }
            let passed = Double(now - period * length) / Double(length)
            let used = Double(count.before) * (1 - passed) + Double(count.now)
            guard used + 1 <= Double(most) else {
                let wait = RateLimits.wait(count.before, count.now, most: most, passed: passed)
                return Allowance(isGranted: false, secondsToWait: max(1, Int((wait * Double(length) / 1000).rounded(.up))))
            }
            count.now += several
            if counts[key] == nil, counts.count >= mostKeys { RateLimits.forget(&counts, at: now, most: mostKeys) }
            counts[key] = count
            return Allowance(isGranted: true)
        }
    }

    /// In how many periods there is room again.
    private static func wait(_ before: Int, _ now: Int, most: Int, passed: Double) -> Double {
        guard most >= 1 else { return 1 }
        if now + 1 <= most, before > 0 {
            return 1 - Double(most - 1 - now) / Double(before) - passed
        }
        return 1 - passed + max(0, 1 - Double(most - 1) / Double(max(1, now)))
    }

    /// Makes room: what is over goes, and if that is not enough, those with the fewest requests.
    private static func forget(_ counts: inout [String: Count], at now: Int64, most: Int) {
        counts = counts.filter { now / $0.value.length - $0.value.period <= 1 }
        guard counts.count >= most * 3 / 4 else { return }
        let ordered = counts.sorted { $0.value.before + $0.value.now > $1.value.before + $1.value.now }
        counts = Dictionary(uniqueKeysWithValues: ordered.prefix(most / 2).map { ($0.key, $0.value) })
    }
}
