import CSodium
import FoundationEssentials
import PluginAPI

/// SHA-256 as `sha256sum` prints it.
enum Checksum {
    static func sha256(_ bytes: [UInt8]) -> String {
        var digest = [UInt8](repeating: 0, count: crypto_hash_sha256_bytes())
        _ = crypto_hash_sha256(&digest, bytes, UInt64(bytes.count))
        let digits: [UInt8] = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in digest { text += [digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
        return String(decoding: text, as: UTF8.self)
    }

    /// A file's, or nil when it cannot be read.
    static func sha256(of path: String) -> String? { FileManager.default.contents(atPath: path).map { sha256(Array($0)) } }

    /// Enough of it for people to compare.
    static func short(_ checksum: String) -> String { String(checksum.prefix(12)) }
}

/// The checksums of files that are looked at again and again: taken anew only when the file has changed.
struct KnownChecksums {
    private struct Known {
        let size: Int
        let changed: Date
        let checksum: String?
    }

    private var files: [String: Known] = [:]

    mutating func checksum(of path: String) -> String? {
        // What a link points at changes, not the link.
        let real: String = URL(filePath: path).resolvingSymlinksInPath().path
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: real), let size = attributes[.size] as? Int,
            let changed = attributes[.modificationDate] as? Date
        else { return nil }
        if let known = files[real], known.size == size, known.changed == changed { return known.checksum }
        let checksum: String? = Checksum.sha256(of: real)
        files[real] = Known(size: size, changed: changed, checksum: checksum)
        return checksum
    }
}
