import PluginAPI
import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// A file that takes its name only once it is complete.
final class PartFile: Sendable {
    private let path: String
    /// Where it is written meanwhile: the path itself for what is no plain file, such as a device or a pipe.
    let part: String
    private let file: Int32
    private let state = Mutex((size: 0, isFinished: false))

    /// `mode` says who may read it.
    init(_ path: String, mode: mode_t = 0o644) throws {
        self.path = path
        var info = stat()
        let isSpecial = stat(path, &info) == 0 && info.st_mode & S_IFMT != S_IFREG
        part = isSpecial ? path : path + ".part"
        file = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        if file < 0 { throw failure() }
        // One that an earlier run left may be open to others.
        if !isSpecial, mode & 0o077 == 0 { fchmod(file, mode) }
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
            // The name is on the disk with its folder.
            let end = path.lastIndex(of: "/")
            let folder: Int32 = open(end.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            if folder >= 0 {
                fsync(folder)
                close(folder)
            }
        }
        return state.withLock {
            $0.isFinished = true
            return $0.size
        }
    }
}
