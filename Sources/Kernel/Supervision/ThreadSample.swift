import CCrash
import CThread
import FoundationEssentials

#if canImport(Glibc)
import Glibc
#endif

/// What threads are doing, seen several times in a row: once says little.
enum ThreadSample {
    private static let times = 4
    /// Until a thread must have answered, in milliseconds: on a busy machine it may have to wait for its turn.
    private static let patience: Int32 = 300

    /// The threads of this process.
    static var threads: [Int32] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []).compactMap { Int32($0) }.sorted()
    }

    /// Looks at a thread a few times; empty when it does not answer.
    static func take(_ thread: Int32) -> [[UInt]] {
        var samples: [[UInt]] = []
        for turn in 0..<times {
            if turn > 0 { usleep(10_000) }
            guard let frames = once(thread) else { break }
            samples.append(frames)
        }
        return samples
    }

    /// The frames of a thread, the innermost first; nil when it does not answer.
    static func once(_ thread: Int32) -> [UInt]? {
        var frames = [UInt](repeating: 0, count: Int(TENON_FRAMES))
        let count: Int32 = tenon_sample_thread(thread, &frames, Int32(frames.count), patience)
        return count > 0 ? Array(frames[..<Int(count)]) : nil
    }

    /// The plugin that a thread is in every time, itself or in something that it called; nil when it is not the same every time.
    static func plugin(within samples: [[UInt]]) -> Int32? { same(samples) { plugin(within: $0) } }

    /// The innermost plugin of a stack.
    private static func plugin(within frames: [UInt]) -> Int32? {
        for frame in frames {
            let owner: tenon_owner = tenon_crash_owner(frame)
            if owner.owner == Int32(TENON_OWNER_PLUGIN) { return owner.plugin }
        }
        return nil
    }

    /// The plugin whose own code a stack is in: the kernel does not come first.
    static func plugin(on frames: [UInt]) -> Int32? {
        for frame in frames {
            let owner: tenon_owner = tenon_crash_owner(frame)
            if owner.owner == Int32(TENON_OWNER_KERNEL) { return nil }
            if owner.owner == Int32(TENON_OWNER_PLUGIN) { return owner.plugin }
        }
        return nil
    }

    private static func same(_ samples: [[UInt]], _ look: ([UInt]) -> Int32?) -> Int32? {
        guard let first = samples.first, let plugin = look(first) else { return nil }
        return samples.allSatisfy { look($0) == plugin } ? plugin : nil
    }

    /// The plugin that occupies most threads of this process, with what one of them is doing.
    static func culprit() -> (plugin: Int32, frames: [UInt])? {
        let own: Int32 = tenon_thread_id()
        var found: [Int32: (count: Int, frames: [UInt])] = [:]
        for thread in threads where thread != own {
            let samples: [[UInt]] = take(thread)
            guard samples.count > 1, let plugin = same(samples, { plugin(on: $0) }) else { continue }
            found[plugin] = ((found[plugin]?.count ?? 0) + 1, samples[samples.count - 1])
        }
        return found.max { ($0.value.count, $1.key) < ($1.value.count, $0.key) }.map { ($0.key, $0.value.frames) }
    }
}
