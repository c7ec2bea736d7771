import Foundation
import Synchronization

/// A program that a test runs. Foundation's `Process` waits for the end of a pipe that other children, started at the same
/// moment, may hold open for as long as they live; this one waits for the process itself.
final class ChildProcess: Sendable {
    let processIdentifier: pid_t
    private let status = Mutex<Int32?>(nil)

    /// Starts it. `input`, `output` and `errors` are descriptors of this process; those left out are /dev/null.
    init(
        _ program: String, _ arguments: [String], environment: [String: String], folder: String, input: Int32? = nil,
        output: Int32? = nil, errors: Int32? = 2
    ) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (place, given) in [(Int32(0), input), (1, output), (2, errors)] {
            if let given { posix_spawn_file_actions_adddup2(&actions, given, place) } else { posix_spawn_file_actions_addopen(&actions, place, "/dev/null", O_RDWR, 0) }
        }
        var words: [UnsafeMutablePointer<CChar>?] = (["/usr/bin/env", "--chdir=" + folder, program] + arguments).map { strdup($0) } + [nil]
        var settings: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0.key + "=" + $0.value) } + [nil]
        defer { (words + settings).forEach { free($0) } }
        var process = pid_t()
        let code = posix_spawn(&process, "/usr/bin/env", &actions, nil, &words, &settings)
        guard code == 0 else { throw POSIXError(POSIXErrorCode(rawValue: code) ?? .EINVAL) }
        processIdentifier = process
    }

    func terminate() { kill(processIdentifier, SIGTERM) }

    /// Waits for its end and gives its exit status, or the negative number of the signal that ended it.
    @discardableResult
    func waitUntilExit() -> Int32 {
        status.withLock { known in
            if let known { return known }
            var raw: Int32 = 0
            while waitpid(processIdentifier, &raw, 0) < 0, errno == EINTR {}
            let ended: Int32 = raw & 0x7f == 0 ? (raw >> 8) & 0xff : -(raw & 0x7f)
            known = ended
            return ended
        }
    }

    var terminationStatus: Int32 { waitUntilExit() }
}
