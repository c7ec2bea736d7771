import Logging
import PluginAPI
import Synchronization

/// The calls of plugins' code that took longer than their budget, by name: logged at once, and kept until they are stored.
final class SlowCalls: Sendable {
    /// What is known of one piece of code since it was stored last.
    struct Tally: Sendable {
        var count = 0
        /// Nanoseconds.
        var worst: Int64 = 0
        var last: Int64 = 0
        var limit: Int64 = 0
        /// When it last was too slow, by the deployment's clock.
        var at: Moment?
    }

    private let tallies = Mutex<[UInt32: Tally]>([:])
    private let logger = Logger(label: "tenon.calls")

    /// Notes a call that took too long.
    func note(_ site: CallSite, took: Int64, limit: Int64) {
        let isFirst = tallies.withLock { tallies in
            var tally = tallies[site.number] ?? Tally()
            tally.count += 1
            tally.worst = max(tally.worst, took)
            tally.last = took
            tally.limit = limit
            defer { tallies[site.number] = tally }
            return tally.count == 1
        }
        // One line until it is stored: a rule that is slow each time would fill the log.
        if isFirst {
            logger.warning("\(site) took \(took / 1_000_000) ms; its budget is \(limit / 1_000_000) ms")
        }
    }
}
