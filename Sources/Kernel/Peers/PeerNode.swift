import FoundationEssentials
import PluginAPI

#if canImport(Glibc)
import Glibc
#endif

/// Where a server runs: this machine, or container, and the data directory. One process at a time works there, which its lock
/// sees to; so whoever comes next in the same place knows that the one before is gone.
struct PeerNode: Sendable {
    let name: String
    let host: String
    let process = Int64(getpid())

    init(dataDirectory: String) {
        var bytes = [CChar](repeating: 0, count: 256)
        _ = gethostname(&bytes, bytes.count - 1)
        host = String(decoding: bytes.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        let boot: String = (try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8))?.trimmed ?? ""
        var status = stat()
        _ = stat(dataDirectory, &status)
        name = Secrets.fingerprint("\(host) \(boot) \(status.st_dev) \(status.st_ino)")
    }
}
