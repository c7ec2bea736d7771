import Glibc
import PluginAPI

/// Reads an archive from its first byte to its last, an entry at a time. Whatever is not as ``TarWriter`` writes it is damage, and
/// the error says where.
///
/// NB: not Sendable: one reader, one thread.
final class TarReader {
    struct Entry {
        var name: String
        var size: Int
    }

    private let file: UnsafeMutablePointer<FILE>
    private let path: String
    private var current: Entry?
    private var left = 0
    private var before = "the beginning"

    init(_ path: String) throws {
        guard let file = fopen(path, "re") else {
            let code: Int32 = errno
            throw CRMError(
                code == ENOENT ? .notFound : .forbidden, "could not read the backup \(path): \(String(cString: strerror(code)).lowercased())")
        }
        self.file = file
        self.path = path
    }

    deinit { fclose(file) }

    private func damage(_ what: String) -> CRMError {
        CRMError(.malformed, "the backup is damaged after \(before): \(what)", hint: "Take another backup of that day; this one cannot be trusted.")
    }

    private func take(_ count: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let found: Int = fread(&bytes, 1, count, file)
        guard found == count else {
            throw CRMError(
                .malformed, "the backup ends too early, after \(before)",
                hint: "It was not written to its end or not copied to its end: take another.")
        }
        return bytes
    }

    /// The next entry, once the one before was read to its end; nil at the end of the archive.
    func next() throws -> Entry? {
        if let current {
            while left > 0 { _ = try read(65_536) }
            before = current.name
        }
        current = nil
        let block: [UInt8] = try take(TarWriter.block)
        if block.allSatisfy({ $0 == 0 }) {
            try end()
            return nil
        }
        var entry: Entry = try header(block)
        if block[156] == UInt8(ascii: "x") {
            let record: [UInt8] = try whole(entry.size)
            let name: String? = String(decoding: record, as: UTF8.self).firstRange(of: " path=").map {
                String(String(decoding: record, as: UTF8.self)[$0.upperBound...].dropLast())
            }
            guard let name else { throw damage("a long name cannot be read") }
            entry = try header(try take(TarWriter.block))
            entry.name = name
        }
        current = entry
        left = entry.size
        return entry
    }

    private func header(_ block: [UInt8]) throws -> Entry {
        func text(_ range: Range<Int>) -> String { String(decoding: block[range].prefix { $0 != 0 }, as: UTF8.self) }
        var sum = 0
        for (place, byte) in block.enumerated() { sum += (148..<156).contains(place) ? 32 : Int(byte) }
        guard Int(text(148..<155), radix: 8) == sum, block[154] == 0, block[155] == 32, text(257..<263) == "ustar" else {
            throw damage("the head of the next part")
        }
        guard let size = Int(text(124..<135), radix: 8), size >= 0 else { throw damage("the size of the next part") }
        return Entry(name: text(0..<100), size: size)
    }

    /// The next bytes of the entry, at most so many; empty at its end.
    func read(_ most: Int) throws -> [UInt8] {
        guard left > 0 else { return [] }
        let bytes: [UInt8] = try take(min(most, left))
        left -= bytes.count
        if left == 0, let current { try padding(current.size, current.name) }
        return bytes
    }

    /// All bytes of the entry.
    func whole() throws -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(left)
        while left > 0 { bytes += try read(1 << 20) }
        return bytes
    }

    private func whole(_ size: Int) throws -> [UInt8] {
        guard size <= 1 << 16 else { throw damage("a name that is too long") }
        let bytes: [UInt8] = try take(size)
        try padding(size, "a long name")
        return bytes
    }

    private func padding(_ size: Int, _ name: String) throws {
        let over: Int = size % TarWriter.block
        guard over > 0 else { return }
        guard try take(TarWriter.block - over).allSatisfy({ $0 == 0 }) else {
            throw CRMError(.malformed, "the backup is damaged at the end of \(name)")
        }
    }

    private func end() throws {
        guard try take(TarWriter.block).allSatisfy({ $0 == 0 }) else { throw damage("its end") }
        var one: UInt8 = 0
        guard fread(&one, 1, 1, file) == 0 else { throw damage("there is more behind its end") }
    }
}
