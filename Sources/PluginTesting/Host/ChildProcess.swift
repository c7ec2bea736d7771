import Dispatch
import FoundationEssentials
import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// A process that was started here and is ended with the tests, whatever becomes of them.
final class ChildProcess: Sendable {
    /// Processes that still run when the tests end without ending them.
    private static let running = Mutex<Set<pid_t>>([])
    private static let endsThemAll: Void = {
        atexit { ChildProcess.running.withLock { for id in $0 { kill(id, SIGKILL) } } }
    }()

    let id: pid_t
    private let status = Mutex<Int32?>(nil)

    /// Starts a program with its input and output in files.
    init(
        _ program: String, _ arguments: [String], environment: [String: String], input: String = "/dev/null",
        output: String, errors: String
    ) throws {
        _ = ChildProcess.endsThemAll
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // A group of its own: Ctrl-C reaches the tests first, and they end it in order.
        // And deaf to nothing, whatever the thread that starts it holds off.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK))
        let words = ([program] + arguments).map { strdup($0) } + [nil]
        let settings = environment.map { strdup($0.key + "=" + $0.value) } + [nil]
        defer { (words + settings).forEach { free($0) } }
        var child: pid_t = 0
        let problem = posix_spawn(&child, program, &actions, &attributes, words, settings)
        guard problem == 0 else { throw HostProblem("\(program) could not be started: \(String(cString: strerror(problem)).lowercased())") }
        id = child
        ChildProcess.running.withLock { _ = $0.insert(child) }
    }

    /// How it ended; nil while it runs.
    var ended: Int32? { collect(WNOHANG) }

    /// Waits for its end, on a thread of its own.
    @discardableResult
    func wait() async -> Int32 {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(returning: self.collect(0) ?? -1) }
        }
    }

    /// Collects it when it has ended, and waits for nothing.
    func reap() {
        DispatchQueue.global().async { _ = self.collect(0) }
    }

    func signal(_ number: Int32) {
        status.withLock { if $0 == nil { kill(id, number) } }
    }

    /// The exit status, or 128 and the signal's number.
    private func collect(_ options: Int32) -> Int32? {
        if let known = status.withLock({ $0 }) { return known }
        var word: Int32 = 0
        while true {
            let found = waitpid(id, &word, options)
            if found == 0 { return nil }
            if found < 0, errno == EINTR { continue }
            // Somebody else on another thread may have collected it.
            if found < 0 { return status.withLock { $0 } ?? -1 }
            break
        }
        let signal = word & 0x7F
        let code = signal == 0 ? (word >> 8) & 0xFF : 128 + signal
        ChildProcess.running.withLock { _ = $0.remove(id) }
        status.withLock { $0 = code }
        return code
    }
}
