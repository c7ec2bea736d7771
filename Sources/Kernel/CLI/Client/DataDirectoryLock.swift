import PluginAPI

#if canImport(Glibc)
import Glibc
#endif

/// The right to write in a data directory: held by one process at a time, and given back by the system when it ends,
/// however it ends.
final class DataDirectoryLock: Sendable {
    /// The open file that carries the lock: whoever inherits it holds the lock, too.
    let file: Int32

    private init(file: Int32) { self.file = file }
    deinit { close(file) }

    private static func path(_ directory: String) -> String { directory + "/tenon.lock" }

    /// Takes the lock, and leaves a note of who holds it; nil when another process does.
    static func take(_ directory: String, for purpose: String) throws -> DataDirectoryLock? {
        let file = open(path(directory), O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else {
            throw CRMError(
                .unavailable, "could not open the data directory \(directory): \(String(cString: strerror(errno)).lowercased())",
                hint: "Check that it exists and belongs to the user who runs the command.")
        }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            close(file)
            return nil
        }
        let note = "\(getpid()) \(purpose)\n"
        ftruncate(file, 0)
        _ = note.withCString { pwrite(file, $0, strlen($0), 0) }
        return DataDirectoryLock(file: file)
    }

    /// Who holds the lock, as they noted it: the process and what it is for.
    static func holder(_ directory: String) -> (process: String, purpose: String)? {
        let file = open(path(directory), O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 200)
        let count = read(file, &bytes, bytes.count)
        guard count > 0 else { return nil }
        let words = String(decoding: bytes[0..<count], as: UTF8.self).split(whereSeparator: \.isWhitespace)
        guard let process = words.first else { return nil }
        return (String(process), words.dropFirst().joined(separator: " "))
    }
}
