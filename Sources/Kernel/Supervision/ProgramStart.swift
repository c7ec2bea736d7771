#if canImport(Glibc)
import Glibc
#endif

/// How a program is started beside this one: the one place that does it.
struct ProgramStart {
    /// The path of the program.
    let program: String
    /// Its arguments, the first of which is its own name.
    let words: [String]
    let environment: [String: String]
    /// Descriptors of this process and the numbers that they have in the other; nil for /dev/null.
    let descriptors: [(from: Int32?, to: Int32)]

    /// What the system says, as a number of its own.
    struct Failure: Error {
        let code: Int32
    }

    func run() throws(Failure) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // By way of high numbers: the places of some may be the present numbers of others.
        var kept: [Int32] = []
        defer { for descriptor in kept { close(descriptor) } }
        for (from, to) in descriptors {
            guard let from else {
                posix_spawn_file_actions_addopen(&actions, to, "/dev/null", O_RDWR, 0)
                continue
            }
            let high: Int32 = fcntl(from, F_DUPFD_CLOEXEC, 64)
            guard high >= 0 else { throw Failure(code: errno) }
            kept.append(high)
            posix_spawn_file_actions_adddup2(&actions, high, to)
        }
        // Threads of the pool and of the libraries hold signals off, and a process begins with what the thread that starts it holds
        // off: one that did not mind SIGTERM could not be ended.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        let arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        let settings: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0.key + "=" + $0.value) } + [nil]
        defer { for text in arguments + settings { free(text) } }
        var process = pid_t()
        let code: Int32 = posix_spawn(&process, program, &actions, &attributes, arguments, settings)
        guard code == 0 else { throw Failure(code: code) }
        return process
    }
}
