#if canImport(Glibc)
import Glibc
#endif

/// The path of the socket in a data directory, through which the server answers those who may open that directory.
enum SocketPath {
    static func inside(_ directory: String) -> String { directory + "/tenon.sock" }

    /// The socket's path in a form that fits in an address: at most 107 bytes. A longer one is reached through the open
    /// directory, whose descriptor stays open for as long as the process runs.
    static func reachable(_ directory: String) -> String {
        let path = inside(directory)
        guard path.utf8.count > 107 else { return path }
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        return descriptor < 0 ? path : inside("/proc/self/fd/\(descriptor)")
    }

    static func exists(_ directory: String) -> Bool {
        var info = stat()
        return stat(inside(directory), &info) == 0 && info.st_mode & S_IFMT == S_IFSOCK
    }
}
