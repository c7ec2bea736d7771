import CSodium

/// SHA-256 of what comes piece by piece, as `sha256sum` prints it.
struct RunningChecksum {
    private var state = crypto_hash_sha256_state()

    init() { _ = crypto_hash_sha256_init(&state) }

    mutating func add(_ bytes: [UInt8]) { _ = crypto_hash_sha256_update(&state, bytes, UInt64(bytes.count)) }

    mutating func finish() -> String {
        var digest = [UInt8](repeating: 0, count: crypto_hash_sha256_bytes())
        _ = crypto_hash_sha256_final(&state, &digest)
        let digits: [UInt8] = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in digest { text += [digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
        return String(decoding: text, as: UTF8.self)
    }
}
