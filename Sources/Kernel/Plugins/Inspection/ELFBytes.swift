import Glibc

/// A part of an ELF file in memory. Every read is checked against its bounds.
struct ELFBytes {
    let bytes: [UInt8]
    let name: String

    /// Names of libraries and folders are shorter.
    private static let longestText = 4096

    func integer<T: FixedWidthInteger>(_ type: T.Type = T.self, at offset: Int) throws(ELFProblem) -> T {
        guard offset >= 0, offset <= bytes.count - MemoryLayout<T>.size else { throw .truncated(name) }
        return T(littleEndian: bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: T.self) })
    }

    /// The zero-terminated text at an offset.
    func text(at offset: Int) throws(ELFProblem) -> String {
        guard offset >= 0, offset < bytes.count else { throw .truncated(name) }
        // Many rows may name the same text: a long one would be kept as often.
        let reach: ArraySlice<UInt8> = bytes[offset..<min(bytes.count, offset + Self.longestText)]
        guard let end: Int = reach.firstIndex(of: 0) else { throw .malformed("a text in its \(name) does not end") }
        return String(decoding: bytes[offset..<end], as: UTF8.self)
    }

    /// Whether the zero-terminated text at an offset is this one.
    func holds(_ text: StaticString, at offset: Int) -> Bool {
        let count: Int = text.utf8CodeUnitCount
        guard offset >= 0, offset <= bytes.count - count - 1, bytes[offset + count] == 0 else { return false }
        return bytes.withUnsafeBytes { memcmp($0.baseAddress! + offset, text.utf8Start, count) == 0 }
    }

    /// All zero-terminated texts, without the empty ones.
    var texts: [String] {
        bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The zero-terminated texts that begin with a prefix.
    /// NB: hops with `memchr`, since a debug build's text tables have megabytes and this runs at every start.
    func texts(beginningWith prefix: StaticString) -> [String] {
        let wanted: Int = prefix.utf8CodeUnitCount
        var found: [String] = []
        bytes.withUnsafeBytes { (all: UnsafeRawBufferPointer) in
            guard let base: UnsafeRawPointer = all.baseAddress else { return }
            var start = 0
            while start < all.count {
                let zero: UnsafeMutableRawPointer? = memchr(base + start, 0, all.count - start)
                let end: Int = zero.map { UnsafeRawPointer($0) - base } ?? all.count
                if end - start >= wanted, memcmp(base + start, prefix.utf8Start, wanted) == 0 {
                    found.append(String(decoding: all[start..<end], as: UTF8.self))
                }
                start = end + 1
            }
        }
        return found
    }
}
