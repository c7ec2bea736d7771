import CSodium
import PluginAPI

/// Random texts that open something, and the form in which they are stored.
enum Secrets {
    /// libsodium made ready, once.
    static let isReady: Bool = sodium_init() >= 0

    static func randomBytes(_ count: Int) -> [UInt8] {
        precondition(isReady, "libsodium could not find a source of randomness")
        var bytes = [UInt8](repeating: 0, count: count)
        randombytes_buf(&bytes, count)
        return bytes
    }

    /// So many random bytes as a plugin may ask for at once. Throws `invalid` for more.
    static func bytes(_ count: Int) throws -> [UInt8] {
        guard (1...1024).contains(count) else { throw CRMError(.invalid, "1 to 1024 random bytes can be had at once") }
        return randomBytes(count)
    }

    /// A random text of so many bytes, in the alphabet of URLs.
    static func random(bytes: Int = 32) -> String { base64(randomBytes(bytes)) }

    /// The SHA-256 of a secret: what is stored of it. A secret of 256 random bits needs no salt and no slow hash.
    static func fingerprint(_ secret: String) -> String {
        var digest = [UInt8](repeating: 0, count: crypto_hash_sha256_bytes())
        var secret = secret
        secret.withUTF8 { bytes in
            _ = crypto_hash_sha256(&digest, bytes.baseAddress, UInt64(bytes.count))
        }
        return base64(digest)
    }

    /// Whether two texts are the same, in a time that does not tell where they differ.
    static func same(_ left: String, _ right: String) -> Bool {
        let left = Array(left.utf8)
        let right = Array(right.utf8)
        return left.count == right.count && sodium_memcmp(left, right, left.count) == 0
    }

    /// Bytes in the alphabet of URLs, without padding.
    static func base64(_ bytes: [UInt8]) -> String { base64(bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING) }
    static func plainBase64(_ bytes: [UInt8]) -> String { base64(bytes, sodium_base64_VARIANT_ORIGINAL_NO_PADDING) }

    static func paddedBase64(_ bytes: [UInt8]) -> String { base64(bytes, sodium_base64_VARIANT_ORIGINAL) }

    /// Reads base64 without padding; nil when it is none.
    static func bytes(base64 text: String) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: text.utf8.count)
        var count = 0
        let variant = sodium_base64_VARIANT_ORIGINAL_NO_PADDING
        guard sodium_base642bin(&bytes, bytes.count, text, text.utf8.count, nil, &count, nil, variant) == 0 else { return nil }
        return Array(bytes.prefix(count))
    }

    private static func base64(_ bytes: [UInt8], _ variant: Int32) -> String {
        let size = sodium_base64_encoded_len(bytes.count, variant)
        return String(unsafeUninitializedCapacity: size) { out in
            out.withMemoryRebound(to: CChar.self) { out in
                if let start = out.baseAddress { sodium_bin2base64(start, size, bytes, bytes.count, variant) }
            }
            // Without the zero at the end.
            return size - 1
        }
    }
}
