import Logging
import PluginAPI
import Synchronization

/// The calls of plugins' code that took longer than their budget, by name: logged, and kept until they are stored.
final class SlowCalls: Sendable {
    /// What is known of one piece of code since it was stored last.
    struct Tally: Sendable, Equatable {
        var count = 0
        /// Nanoseconds.
        var worst: Int64 = 0
        var last: Int64 = 0
        var limit: Int64 = 0
    }

    private let tallies = Mutex<[UInt32: Tally]>([:])
    private let logger = Logger(label: "tenon.calls")
    /// Says that there is something to store.
    let signals: AsyncStream<Void>
    private let signal: AsyncStream<Void>.Continuation

    init() { (signals, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1)) }

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
        guard isFirst else { return }
        logger.warning("\(site) took \(took / 1_000_000) ms; its budget is \(limit / 1_000_000) ms")
        signal.yield()
    }

    /// Takes what is to be stored.
    func take() -> [(site: CallSite, tally: Tally)] {
        let taken = tallies.withLock { tallies in
            defer { tallies = [:] }
            return tallies
        }
        return taken.compactMap { number, tally in CallSite.numbered(number).map { ($0, tally) } }.sorted { $0.0.number < $1.0.number }
    }

    /// Puts back what could not be stored.
    func putBack(_ taken: [(site: CallSite, tally: Tally)]) {
        tallies.withLock { tallies in
            for (site, earlier) in taken {
                guard var tally = tallies[site.number] else {
                    tallies[site.number] = earlier
                    continue
                }
                tally.count += earlier.count
                tally.worst = max(tally.worst, earlier.worst)
                tallies[site.number] = tally
            }
        }
    }
}
