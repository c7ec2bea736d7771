import Foundation
import Synchronization

/// A program that is run beside this one. Foundation's `Process` waits for the end of a pipe that other children, started at
/// the same moment, may hold open for as long as they live; this one waits for the process itself.
final class ChildProcess: Sendable {
    let processIdentifier: pid_t
    private let status = Mutex<Int32?>(nil)

    /// Starts a program, given by its path, in a folder (this process's own when nil). `input`, `output` and `errors` are
    /// descriptors of this process; those left out are /dev/null.
    init(
        _ program: String, _ arguments: [String], environment: [String: String] = ProcessInfo.processInfo.environment,
        folder: String? = nil, input: Int32? = nil, output: Int32? = nil, errors: Int32? = nil
    ) throws {
        let words: [String] = (folder.map { ["/usr/bin/env", "--chdir=" + $0] } ?? []) + [program] + arguments
        let start = ProgramStart(
            program: words[0], words: words, environment: environment, descriptors: [(input, 0), (output, 1), (errors, 2)])
        do { processIdentifier = try start.run() } catch { throw POSIXError(POSIXErrorCode(rawValue: error.code) ?? .EINVAL) }
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

    /// Waits so long at most: its exit status as above, or nil when it still runs.
    func wait(seconds: Double) -> Int32? {
        var left: Int = Int(seconds * 200)
        while true {
            let ended: Int32? = status.withLock { known in
                if let known { return known }
                var raw: Int32 = 0
                guard waitpid(processIdentifier, &raw, WNOHANG) == processIdentifier else { return nil }
                known = raw & 0x7f == 0 ? (raw >> 8) & 0xff : -(raw & 0x7f)
                return known
            }
            if ended != nil || left <= 0 { return ended }
            left -= 1
            usleep(5000)
        }
    }

    /// Runs a program of the machine to its end, and gives its status and what it said on both streams.
    static func run(_ command: [String], folder: URL = FileManager.default.temporaryDirectory) throws -> (status: Int32, said: String) {
        let words: URL = folder.appendingPathComponent(UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: words) }
        try Data().write(to: words)
        let file = try FileHandle(forWritingTo: words)
        let process = try ChildProcess("/usr/bin/env", command, output: file.fileDescriptor, errors: file.fileDescriptor)
        return (process.waitUntilExit(), String(decoding: try Data(contentsOf: words), as: UTF8.self))
    }
}
