import PluginAPI
import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// A file that takes its name only once it is complete.
final class PartFile: Sendable {
    private let path: String
    /// Where it is written meanwhile: the path itself for what is no plain file, such as a device or a pipe.
    private let part: String
    private let file: Int32
    private let state = Mutex((size: 0, isFinished: false))

    init(_ path: String) throws {
        self.path = path
        var info = stat()
        let isSpecial = stat(path, &info) == 0 && info.st_mode & S_IFMT != S_IFREG
        part = isSpecial ? path : path + ".part"
        file = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        if file < 0 { throw failure() }
    }

    deinit {
        close(file)
        if part != path, !state.withLock({ $0.isFinished }) { unlink(part) }
    }

    private func failure() -> CRMError {
        CRMError(.forbidden, "could not write the file \(path): \(String(cString: strerror(errno)).lowercased())")
    }

    func write(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count > 0 { rest = rest.dropFirst(count) } else if errno != EINTR { throw failure() }
        }
        state.withLock { $0.size += bytes.count }
    }

    /// Gives the file its name; returns its size.
    func finish() throws -> Int {
        if part != path {
            guard fsync(file) == 0, rename(part, path) == 0 else { throw failure() }
        }
        return state.withLock {
            $0.isFinished = true
            return $0.size
        }
    }
}
