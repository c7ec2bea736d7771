#if canImport(Glibc)
import Glibc
#endif

/// Where the bytes come from, a chunk at a time; an empty chunk is the end.
struct CSVSource {
    static let chunkBytes: Int = 256 << 10

    let read: () throws(CSVError) -> [UInt8]

    init(_ read: @escaping () throws(CSVError) -> [UInt8]) {
        self.read = read
    }

    /// A file held in memory.
    static func bytes(_ bytes: [UInt8]) -> CSVSource {
        var rest: [UInt8]? = bytes
        return CSVSource { () throws(CSVError) -> [UInt8] in
            defer { rest = nil }
            return rest ?? []
        }
    }

    /// A file in memory, handed out in chunks of a chosen size.
    static func chunks(of bytes: [UInt8], size: Int) -> CSVSource {
        var position: Int = 0
        return CSVSource { () throws(CSVError) -> [UInt8] in
            let end: Int = min(position + max(size, 1), bytes.count)
            defer { position = end }
            return Array(bytes[position..<end])
        }
    }

    /// A file on disk; closed when the last copy of the source is gone.
    static func file(_ path: String) throws(CSVError) -> CSVSource {
        let file: OpenFile = try OpenFile(path)
        return CSVSource { () throws(CSVError) -> [UInt8] in try file.read() }
    }
}

private final class OpenFile {
    private let descriptor: Int32

    init(_ path: String) throws(CSVError) {
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        if descriptor < 0 { throw Self.failure("could not open the file") }
    }

    deinit { close(descriptor) }

    func read() throws(CSVError) -> [UInt8] {
        var got: Int = 0
        let chunk: [UInt8] = [UInt8](unsafeUninitializedCapacity: CSVSource.chunkBytes) { buffer, count in
            repeat {
                got = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            } while got < 0 && errno == EINTR
            count = max(got, 0)
        }
        if got < 0 { throw Self.failure("could not read the file") }
        return chunk
    }

    private static func failure(_ fact: String) -> CSVError {
        let reason: String = String(cString: strerror(errno)).lowercased()
        return CSVError(.unreadable, line: 1, "\(fact): \(reason)", hint: "Check the file's name and rights.")
    }
}
