import FoundationEssentials
import PluginAPI

#if canImport(Glibc)
import Glibc
#endif

/// Where processes leave reports of how they ended: `crashes` in the data directory. A report is a small file that is opened
/// before anything can go wrong, and read by the next start.
struct ReportFolder: Sendable {
    let path: String

    init(dataDirectory: String) { path = dataDirectory + "/crashes" }

    /// A report that is open for a process which is about to start.
    struct Open: Sendable {
        let path: String
        let descriptor: Int32

        /// Whether the process left one.
        var isWritten: Bool {
            var facts = stat()
            return fstat(descriptor, &facts) == 0 && facts.st_size > 0
        }

        /// The value of a line, such as the plugin's.
        func line(_ word: String) -> String? {
            var bytes = [UInt8](repeating: 0, count: 4096)
            let count: Int = pread(descriptor, &bytes, bytes.count, 0)
            guard count > 0 else { return nil }
            let lines = String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n")
            return lines.first { $0.hasPrefix(word + " ") }.map { String($0.dropFirst(word.count + 1)) }
        }

        /// Writes a report in the place of a process that could not.
        func write(kind: String, what: String, process: pid_t) {
            var now = timespec()
            clock_gettime(CLOCK_REALTIME, &now)
            let milliseconds: Int = now.tv_sec * 1000 + now.tv_nsec / 1_000_000
            let text = "tenon-report 1\ntime \(milliseconds)\nkind \(kind)\nwhat \(what)\nprocess \(process)\nend\n"
            _ = text.withCString { pwrite(descriptor, $0, strlen($0), 0) }
        }

        /// Lets go of it; one that nobody wrote is gone.
        func close() {
            if !isWritten { unlink(path) }
            Glibc.close(descriptor)
        }
    }

    func open() throws -> Open {
        if mkdir(path, 0o700) != 0, errno != EEXIST { throw refusal() }
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let stamp: Int = now.tv_sec * 1000 + now.tv_nsec / 1_000_000
        for number in 0..<100 {
            let file: String = path + "/\(stamp)-\(getpid())-\(number).report"
            let descriptor: Int32 = Glibc.open(file, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o600)
            if descriptor >= 0 { return Open(path: file, descriptor: descriptor) }
            if errno != EEXIST { break }
        }
        throw refusal()
    }

    private func refusal() -> CRMError {
        CRMError(
            .unavailable, "could not write in \(path): \(String(cString: strerror(errno)).lowercased())",
            hint: "Check who owns the data directory and whether the disk is full.")
    }

    /// The reports that were left, the oldest first, by path.
    func left() -> [(path: String, text: String)] {
        let names: [String] = ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).filter { $0.hasSuffix(".report") }.sorted()
        return names.compactMap { name in
            let file: String = path + "/" + name
            guard let data = FileManager.default.contents(atPath: file), !data.isEmpty else {
                forgetOld(file)
                return nil
            }
            return (file, String(decoding: data, as: UTF8.self))
        }
    }

    /// Removes a file that a process left empty which was killed together with its supervisor. A fresh one may be in use.
    private func forgetOld(_ file: String) {
        var facts = stat()
        guard stat(file, &facts) == 0, facts.st_size == 0, time(nil) - facts.st_mtim.tv_sec > 24 * 3600 else { return }
        unlink(file)
    }
}
