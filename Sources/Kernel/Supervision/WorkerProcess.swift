import FoundationEssentials
import PluginAPI

#if canImport(Glibc)
import Glibc
#endif

/// A worker as the supervisor sees it: a process, the line to it, and the report that it may leave.
struct WorkerProcess {
    let id: pid_t
    let control: Int32
    let report: ReportFolder.Open
    let startedAt: Int
    var isReady = false
    /// Whether its end of the line is closed.
    var isSilent = false
    var beatAt: Int

    /// What each worker inherits.
    struct Inheritance {
        let executable: String
        let arguments: [String]
        let network: Int32
        let local: Int32
        let lock: Int32
        let reports: ReportFolder
    }

    static func start(_ inheritance: Inheritance, more: [String], now: Int) throws -> WorkerProcess {
        var pair: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, SocketKind.messages | SocketKind.closedOnExec, 0, &pair) == 0 else { throw failure("a line to it") }
        let report: ReportFolder.Open
        do { report = try inheritance.reports.open() } catch {
            for descriptor in pair { close(descriptor) }
            throw error
        }
        let line: Int32 = pair[0]
        defer { close(pair[1]) }
        let start = ProgramStart(
            program: inheritance.executable, words: ["tenon"] + inheritance.arguments + more, environment: environment(),
            descriptors: [
                (pair[1], WorkerDescriptor.control), (report.descriptor, WorkerDescriptor.report),
                (inheritance.network, WorkerDescriptor.network), (inheritance.local, WorkerDescriptor.local),
                (inheritance.lock, WorkerDescriptor.lock),
            ])
        do {
            return WorkerProcess(id: try start.run(), control: line, report: report, startedAt: now, beatAt: now)
        } catch {
            close(line)
            report.close()
            throw failure(inheritance.executable, error.code)
        }
    }

    private static func failure(_ what: String, _ code: Int32 = errno) -> CRMError {
        CRMError(.unavailable, "could not start a worker: \(what): \(String(cString: strerror(code)).lowercased())")
    }

    /// The runtime's own account of a crash takes seconds, in which nobody is served; ours names the plugin and is done.
    private static func environment() -> [String: String] {
        var all: [String: String] = ProcessInfo.processInfo.environment
        all["SWIFT_BACKTRACE"] = "enable=no"
        // Answers of some tens of kilobytes come and go all the time: memory that is given back to the system after each
        // has to be mapped and cleared again for the next. But each of the allocator's heaps keeps that much, so there are as many
        // heaps as cores, not eight times as many.
        let settings: [(name: String, value: Int)] = [
            ("MALLOC_TRIM_THRESHOLD_", 4 << 20), ("MALLOC_MMAP_THRESHOLD_", 4 << 20), ("MALLOC_ARENA_MAX", max(2, sysconf(Int32(_SC_NPROCESSORS_ONLN)))),
        ]
        for (name, value) in settings where all[name] == nil { all[name] = String(value) }
        return all
    }

    func say(_ word: WorkerWord) {
        let text: String = word.rawValue
        _ = text.withCString { send(control, $0, strlen($0), Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)) }
    }

    /// The next thing that the worker says; nil when it says nothing now. `isGone` when its end of the line is closed.
    func hear() -> (word: WorkerWord?, isGone: Bool) {
        var bytes = [UInt8](repeating: 0, count: 64)
        let count: Int = recv(control, &bytes, bytes.count, Int32(MSG_DONTWAIT))
        if count > 0 { return (WorkerWord(rawValue: String(decoding: bytes[..<count], as: UTF8.self)), false) }
        return (nil, count == 0 || (errno != EAGAIN && errno != EINTR))
    }
}
