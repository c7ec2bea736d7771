import CThread
import FoundationEssentials

/// Threads that compute all the time within one plugin's code, although no call of it is under way: tasks that it began and
/// nobody waits for. Threads that wait are left alone, since looking at them would disturb them.
struct HotThreads {
    private struct Streak {
        var plugin: Int32
        var since: UInt64
        var count: Int
        var frames: [UInt]
    }

    private var streaks: [Int32: Streak] = [:]
    private var looked: UInt64 = 0

    /// A look, at most eight times within the limit. The thread that has been at it for so long, if there is one.
    mutating func look(limit: Int) -> Watchdog.Hang? {
        let now: UInt64 = tenon_monotonic_time()
        guard now - looked >= UInt64(limit) * 1_000_000 / 8 else { return nil }
        looked = now
        let own: Int32 = tenon_thread_id()
        var going: [Int32: Streak] = [:]
        for thread in ThreadSample.threads where thread != own && Self.isRunning(thread) {
            guard let frames = ThreadSample.once(thread), let plugin = ThreadSample.plugin(on: frames) else { continue }
            var streak: Streak = streaks[thread].flatMap { $0.plugin == plugin ? $0 : nil } ?? Streak(plugin: plugin, since: now, count: 0, frames: [])
            streak.count += 1
            streak.frames = frames
            going[thread] = streak
        }
        streaks = going
        let longest: Streak? = going.values.max { $0.count < $1.count }
        guard let longest, longest.count >= 5, now - longest.since >= UInt64(limit) * 1_000_000 else { return nil }
        return Watchdog.Hang(why: "a task of its own for \(limit) ms without a pause", plugin: longest.plugin, frames: longest.frames)
    }

    /// Whether a thread runs or could run now.
    private static func isRunning(_ thread: Int32) -> Bool {
        guard let data = FileManager.default.contents(atPath: "/proc/self/task/\(thread)/stat") else { return false }
        // The name, in brackets, may hold anything.
        let text = String(decoding: data, as: UTF8.self)
        return text.lastIndex(of: ")").map { text[$0...].hasPrefix(") R") } ?? false
    }
}
