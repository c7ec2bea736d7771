import PluginAPI

/// How a process ended that should not have, as it was written down at the end: which signal, where, and whose code that was.
struct CrashReport: Sendable, Equatable {
    enum Kind: String, Sendable {
        /// A signal of the processor, or `abort`.
        case crash
        /// It stopped answering and has noticed so itself.
        case hang
        /// It stopped answering without a word.
        case silence
        /// It was ended from outside, or ended itself.
        case ended
    }

    enum Owner: String, Sendable { case plugin, kernel, other }

    /// Where an address lies: in which file, and where in that file.
    struct Frame: Sendable, Equatable {
        let owner: Owner
        let address: UInt64
        /// Empty for the executable.
        let file: String
    }

    /// A call of a plugin that was under way.
    struct Call: Sendable, Equatable {
        let thread: Int64
        let milliseconds: Int64
        let words: String
    }

    var at = Moment(milliseconds: 0)
    var kind = Kind.ended
    /// The signal's name, or what else is known.
    var what = ""
    var thread: Int64 = 0
    /// Whose code it was, as seen by the one who wrote it; nil for the kernel's or nobody's.
    var plugin: String?
    var version = ""
    var frames: [Frame] = []
    var calls: [Call] = []

    /// Reads a report; nil when it is none. One that was cut off counts as far as it goes.
    init?(_ text: String) {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: true)[...]
        guard lines.popFirst() == "tenon-report 1" else { return nil }
        for line in lines {
            let parts = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
            let rest: Substring = parts.count > 1 ? parts[1] : ""
            switch parts[0] {
            case "time": at = Moment(milliseconds: Int64(rest) ?? 0)
            case "kind": kind = Kind(rawValue: String(rest)) ?? .ended
            case "what": what = String(rest)
            case "thread": thread = Int64(rest) ?? 0
            case "plugin": plugin = String(rest)
            case "version": version = String(rest)
            case "frame": if let frame = Frame(rest) { frames.append(frame) }
            case "call": if let call = Call(rest) { calls.append(call) }
            default: break
            }
        }
    }
}

extension CrashReport.Frame {
    /// `plugin 0x1234 /path/of/library.so`
    init?(_ text: Substring) {
        let parts = text.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let owner = CrashReport.Owner(rawValue: String(parts[0])), parts[1].hasPrefix("0x"),
            let address = UInt64(parts[1].dropFirst(2), radix: 16)
        else { return nil }
        self.init(owner: owner, address: address, file: String(parts[2]))
    }
}

extension CrashReport.Call {
    /// `4711 250 acme after thing_made/notify`: the thread, for how long, and what.
    init?(_ text: Substring) {
        let parts = text.split(separator: " ", maxSplits: 2)
        guard parts.count == 3, let thread = Int64(parts[0]), let milliseconds = Int64(parts[1]) else { return nil }
        self.init(thread: thread, milliseconds: milliseconds, words: String(parts[2]))
    }
}
