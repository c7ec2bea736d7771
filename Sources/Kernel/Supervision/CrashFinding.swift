import CCrash
import PluginAPI

/// A report made readable: functions by name, and whose fault it was.
struct CrashFinding: Sendable, Equatable {
    struct Frame: Sendable, Equatable {
        let owner: CrashReport.Owner
        /// The library, without its folder; `tenon` for the executable.
        let file: String
        /// The function, or empty where none is known.
        let function: String
        let offset: UInt64
    }

    let report: CrashReport
    let frames: [Frame]
    /// The plugin that is to blame; nil when it is the kernel or nobody.
    let plugin: String?
    /// What happened, for people: `SIGILL in acme.Offers.total()`.
    let summary: String

    /// Finds the function of an address in a file.
    typealias Lookup = (_ file: String, _ address: UInt64) -> (name: String, offset: UInt64)?

    init(_ report: CrashReport, lookup: Lookup = CrashFinding.symbol) {
        self.report = report
        var raw: [String] = []
        var frames: [Frame] = []
        for (place, frame) in report.frames.enumerated() {
            // A return address may be the next function's first byte.
            let found = lookup(frame.file, place == 0 ? frame.address : frame.address &- 1)
            let file: Substring = frame.file.isEmpty ? "tenon" : frame.file.split(separator: "/").last ?? ""
            raw.append(found?.name ?? "")
            frames.append(
                Frame(
                    owner: frame.owner, file: String(file), function: found.map { SymbolName.readable($0.name) } ?? "",
                    offset: (found?.offset ?? frame.address) &+ (found != nil && place > 0 ? 1 : 0)))
        }
        self.frames = frames
        let first: Int? = frames.firstIndex { $0.owner != .other }
        let isShortage: Bool = report.kind == .crash && Self.isShortage(raw[..<(first ?? raw.count)])
        plugin = isShortage ? nil : report.plugin
        summary = Self.summary(report, first.map { frames[$0] }, isShortage: isShortage)
    }

    /// Whether memory ran out or was found damaged, between the signal and the first function that is not a library's: whoever
    /// asked for memory last is not the one who used it up.
    private static func isShortage(_ functions: ArraySlice<String>) -> Bool {
        let marks: Set<String> = [
            "swift_slowAlloc", "swift_slowAllocTyped", "swift_abortAllocationFailure", "malloc", "calloc", "realloc", "free", "cfree",
            "posix_memalign", "aligned_alloc",
        ]
        return functions.contains { marks.contains($0) || $0.contains("swift_abortAllocationFailure") }
    }

    private static func summary(_ report: CrashReport, _ frame: Frame?, isShortage: Bool) -> String {
        let what: String =
            switch report.kind {
            case .crash: isShortage ? "\(report.what): memory could not be had" : report.what
            case .hang: "it hung: \(report.what)"
            case .silence: "it stopped answering: \(report.what)"
            case .ended: "it was ended: \(report.what)"
            }
        guard let frame, !isShortage, !frame.function.isEmpty else { return what }
        return what + " in " + frame.function
    }

    static func symbol(_ file: String, _ address: UInt64) -> (name: String, offset: UInt64)? {
        let path: String = file.isEmpty ? "/proc/self/exe" : file
        guard path.hasPrefix("/") else { return nil }
        var offset: UInt64 = 0
        var name = [CChar](repeating: 0, count: 4096)
        guard tenon_symbol(path, address, &name, name.count, &offset) != 0 else { return nil }
        return (String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self), offset)
    }
}
