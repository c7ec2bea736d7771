import CCrash
import PluginAPI

#if canImport(Glibc)
import Glibc
#endif

/// Keeps a worker running: holds the sockets and the right to write in the data directory, starts the worker that serves, and
/// another one when it ends. Loads no plugin and never opens the database, so that nothing of a plugin can reach it.
///
/// One thread, one loop: it waits for signals, for the worker's line and, while a crashed worker is being replaced, for
/// connections, which it answers itself.
struct Supervisor {
    /// How patient it is, in milliseconds. Tests are less so.
    struct Limits: Sendable {
        /// A worker that says nothing for so long is ended.
        var silence = 20_000
        /// A worker that was told to end and does not is ended.
        var ending = 60_000
        /// A worker that ends within so long of its start counts as one that cannot run.
        var early = 1000
        /// The longest wait before another start.
        var longestPause = 10_000

        init(_ environment: [String: String] = [:]) {
            if let text = environment["TENON_SILENCE_LIMIT"], let number = Int(text), number > 0 { silence = number }
        }
    }

    private enum Aim { case serve, swap, stop }

    private let inheritance: WorkerProcess.Inheritance
    private let network: ListeningSocket
    private let local: ListeningSocket
    private let limits: Limits
    /// Told once, when the first worker answers.
    private let announce: () -> Void
    /// Says something to whoever watches the server.
    private let note: (String) -> Void

    private var worker: WorkerProcess?
    private var aim = Aim.serve
    private var gap = GapAnswers()
    /// Whether connections are answered here: a worker has crashed and the next one is not ready.
    private var isGap = false
    private var wasReady = false
    /// Workers in a row that ended within a second of their start, and that ended before they were ready, with no plugin to blame
    /// or at all.
    private var early = 0
    private var blameless = 0
    private var neverReady = 0
    private var startAt: Int?
    private var endBy: Int?
    private var safeMode: String?
    private var exitStatus: Int32?

    init(
        _ inheritance: WorkerProcess.Inheritance, network: ListeningSocket, local: ListeningSocket, limits: Limits, safeMode: String?,
        announce: @escaping () -> Void, note: @escaping (String) -> Void
    ) {
        self.inheritance = inheritance
        self.network = network
        self.local = local
        self.limits = limits
        self.safeMode = safeMode
        self.announce = announce
        self.note = note
    }

    /// Runs until it is told to end, or until there is no way to run a worker. The status for the shell.
    mutating func run() throws -> Int32 {
        let signals: Int32 = tenon_signals_pipe()
        guard signals >= 0 else { throw CRMError(.unavailable, "could not wait for signals") }
        startAt = Self.now
        while exitStatus == nil {
            try turn(signals)
        }
        gap.endAll()
        return exitStatus ?? 0
    }

    /// The monotonic clock in milliseconds.
    static var now: Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
    }

    // MARK: One turn

    private mutating func turn(_ signals: Int32) throws {
        if let at = startAt, at <= Self.now, worker == nil { try start() }
        var waiting: [pollfd] = [pollfd(fd: signals, events: Int16(POLLIN), revents: 0)]
        if let worker, !worker.isSilent { waiting.append(pollfd(fd: worker.control, events: Int16(POLLIN), revents: 0)) }
        if isGap, gap.hasRoom {
            waiting.append(pollfd(fd: network.descriptor, events: Int16(POLLIN), revents: 0))
            waiting.append(pollfd(fd: local.descriptor, events: Int16(POLLIN), revents: 0))
        }
        for descriptor in gap.descriptors { waiting.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)) }
        _ = poll(&waiting, nfds_t(waiting.count), pause())
        let now: Int = Self.now
        for entry in waiting where entry.revents != 0 {
            switch entry.fd {
            case signals: hearSignals(signals, now)
            case worker?.control: hearWorker(now)
            case network.descriptor, local.descriptor: if isGap { gap.take(from: entry.fd, now: now) }
            default: gap.read(entry.fd, now)
            }
        }
        gap.expire(now)
        watch(now)
    }

    /// How long to wait at most.
    private func pause() -> Int32 {
        let now: Int = Self.now
        var until: [Int] = []
        if worker == nil, let startAt { until.append(startAt) }
        if let worker { until.append(worker.beatAt + limits.silence) }
        if let endBy { until.append(endBy) }
        if let deadline = gap.deadline { until.append(deadline) }
        guard let next = until.min() else { return -1 }
        return Int32(max(0, min(next - now, 60_000)))
    }

    private mutating func hearSignals(_ signals: Int32, _ now: Int) {
        var bytes = [UInt8](repeating: 0, count: 64)
        while true {
            let count: Int = read(signals, &bytes, bytes.count)
            guard count > 0 else { break }
            for byte in bytes[..<count] {
                switch Int32(byte) {
                case SIGTERM, SIGINT: stop(now)
                case SIGHUP: swap(now)
                default: break
                }
            }
        }
        reap(now)
    }

    private mutating func hearWorker(_ now: Int) {
        while let current = worker {
            let (word, isGone) = current.hear()
            guard let word else {
                // Its end of the line is closed as the process ends: that is told at once by another signal.
                if isGone { worker?.isSilent = true }
                return
            }
            worker?.beatAt = now
            switch word {
            case .beat: break
            case .swap: swap(now)
            case .go: break
            case .closed:
                // It will not be replaced: whoever comes now is told so and need not wait.
                if aim == .stop { isGap = true }
            case .prepared:
                isGap = false
                current.say(.go)
            case .ready:
                worker?.isReady = true
                (blameless, neverReady) = (0, 0)
                if !wasReady { announce() }
                wasReady = true
            }
        }
    }

    /// Ends what does not move any more.
    private mutating func watch(_ now: Int) {
        guard let current = worker else { return }
        if let endBy, now >= endBy {
            note("the worker does not end; it is ended")
            kill(current.id, SIGKILL)
            self.endBy = now + 1000
        } else if now >= current.beatAt + limits.silence {
            note("the worker does not answer; it is ended")
            if !current.report.isWritten { current.report.write(kind: "silence", what: "no sign of life for \(limits.silence) ms", process: current.id) }
            kill(current.id, SIGKILL)
            worker?.beatAt = now
        }
    }

    // MARK: What is asked for

    private mutating func stop(_ now: Int) {
        guard let current = worker else {
            exitStatus = 0
            return
        }
        // Whoever asks twice does not want to wait.
        if aim == .stop { kill(current.id, SIGKILL) } else { kill(current.id, SIGTERM) }
        aim = .stop
        gap.reason = .stopping
        endBy = endBy ?? now + limits.ending
    }

    private mutating func swap(_ now: Int) {
        guard aim == .serve, let current = worker else { return }
        aim = .swap
        endBy = now + limits.ending
        kill(current.id, SIGTERM)
    }

    // MARK: Starts and ends

    private mutating func start() throws {
        startAt = nil
        endBy = nil
        aim = .serve
        var more: [String] = ["--worker"]
        if wasReady { more.append("--patient") }
        if let safeMode { more += ["--safe-mode-reason", safeMode] }
        worker = try WorkerProcess.start(inheritance, more: more, now: Self.now)
    }

    private mutating func reap(_ now: Int) {
        guard let current = worker else { return }
        var status: Int32 = 0
        var result: pid_t
        repeat { result = waitpid(current.id, &status, WNOHANG) } while result < 0 && errno == EINTR
        guard result == current.id else { return }
        worker = nil
        close(current.control)
        let end = Ending(status: status)
        defer { current.report.close() }
        if aim == .stop {
            exitStatus = 0
            return
        }
        if aim == .swap, current.report.isWritten == false, end.isClean {
            startAt = now
            return
        }
        ended(current, end, now)
    }

    /// A worker has ended of which that was not asked.
    private mutating func ended(_ worker: WorkerProcess, _ end: Ending, _ now: Int) {
        if !wasReady, let code = end.code, code != 0, code != WorkerExit.hang {
            // It has said why on standard error, and the next one would say the same.
            exitStatus = code
            return
        }
        if !worker.report.isWritten { worker.report.write(kind: "ended", what: end.words, process: worker.id) }
        let plugin: String? = worker.report.line("plugin")
        note("the worker ended: \(end.words)\(plugin.map { " in the plugin \($0)" } ?? ""); another one is started")
        early = now - worker.startedAt < limits.early ? early + 1 : 0
        if !worker.isReady {
            neverReady += 1
            blameless = plugin == nil ? blameless + 1 : 0
        }
        isGap = true
        if blameless >= 3 || neverReady >= 6 {
            guard safeMode == nil else {
                note("no worker can be started, not even in safe mode")
                exitStatus = 1
                return
            }
            safeMode = "the server ended \(neverReady) times in a row before it could answer, the last time by \(end.words)"
            note("safe mode: no plugin is loaded")
            (early, blameless, neverReady) = (0, 0, 0)
        }
        startAt = now + (early < 3 ? 0 : min(limits.longestPause, 100 << min(early - 3, 10)))
    }

    /// How a process ended.
    private struct Ending {
        let status: Int32
        var signal: Int32? { status & 0x7f == 0 ? nil : status & 0x7f }
        var code: Int32? { signal == nil ? (status >> 8) & 0xff : nil }
        /// As asked for; a worker that was still starting knows no gentler way.
        var isClean: Bool { code == 0 || signal == SIGTERM }

        var words: String {
            if let signal { return Signals.name(signal) }
            if code == WorkerExit.hang { return "it hung" }
            return "status \(code ?? 0)"
        }
    }
}

/// The statuses by which a worker says something to its supervisor.
enum WorkerExit {
    /// It has found itself hanging, and has left a report.
    static let hang: Int32 = 86
}

enum Signals {
    static func name(_ number: Int32) -> String {
        switch number {
        case SIGSEGV: "SIGSEGV"
        case SIGBUS: "SIGBUS"
        case SIGILL: "SIGILL"
        case SIGTRAP: "SIGTRAP"
        case SIGABRT: "SIGABRT"
        case SIGFPE: "SIGFPE"
        case SIGKILL: "SIGKILL"
        case SIGTERM: "SIGTERM"
        default: "signal \(number)"
        }
    }
}
