import Glibc

/// Where the parts of an ELF file are read from: an open file, or bytes in memory.
/// Only the parts that are asked for are read, since a library with debug information can be large.
struct ELFFile {
    enum Source {
        case descriptor(Int32)
        case memory([UInt8])
    }

    /// Larger libraries are refused, which also bounds what a hostile header can make us allocate.
    static let largest: UInt64 = 1 << 30

    let source: Source
    let size: UInt64

    init(memory: [UInt8]) {
        self.source = .memory(memory)
        self.size = UInt64(memory.count)
    }

    /// The caller keeps the descriptor open for as long as parts are read.
    init(descriptor: Int32) throws(ELFProblem) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .unreadable(errno: errno) }
        guard status.st_mode & S_IFMT == S_IFREG, status.st_size >= 0 else { throw .notELF }
        guard status.st_size <= Self.largest else { throw .unsupported("the file has more than 1 GiB") }
        self.source = .descriptor(descriptor)
        self.size = UInt64(status.st_size)
    }

    func part(_ name: String, at offset: UInt64, count: UInt64) throws(ELFProblem) -> ELFBytes {
        let (end, overflow): (UInt64, Bool) = offset.addingReportingOverflow(count)
        guard !overflow, end <= size else { throw .truncated(name) }
        switch source {
        case .memory(let bytes):
            return ELFBytes(bytes: Array(bytes[Int(offset)..<Int(end)]), name: name)
        case .descriptor(let descriptor):
            return ELFBytes(bytes: try Self.read(descriptor, at: Int(offset), count: Int(count), name: name), name: name)
        }
    }

    private static func read(_ descriptor: Int32, at offset: Int, count: Int, name: String) throws(ELFProblem) -> [UInt8] {
        var failure: ELFProblem?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count, let base = buffer.baseAddress {
                let got: Int = pread(descriptor, base + filled, count - filled, offset + filled)
                if got < 0, errno == EINTR { continue }
                if got < 0 { failure = .unreadable(errno: errno) }
                if got == 0 { failure = .truncated(name) }
                if got <= 0 { return }
                filled += got
            }
        }
        if let failure { throw failure }
        return bytes
    }
}
