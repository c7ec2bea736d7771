/// What kernels before sealing, and test doubles, do not have.
extension ContextBackend {
    /// Throws: there is nothing to seal with here.
    public func hmacSHA256(key: [UInt8], _ bytes: [UInt8]) throws -> [UInt8] { throw Seal.missing }
    /// Throws: there is no randomness here.
    public func randomBytes(_ count: Int) throws -> [UInt8] { throw Seal.missing }
}

extension TransactionBackend {
    /// Throws: there is nothing to seal with here.
    public func hmacSHA256(key: [UInt8], _ bytes: [UInt8]) throws -> [UInt8] { throw Seal.missing }
    /// Throws: there is no randomness here.
    public func randomBytes(_ count: Int) throws -> [UInt8] { throw Seal.missing }
}

/// What goes with signatures and random keys.
public enum Seal {
    static let missing = CRMError(.unavailable, "there is nothing to sign with here", hint: "Use a newer release of the product.")

    /// Whether two runs of bytes are the same, in a time that does not tell where they differ.
    public static func isSame(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        var difference: UInt8 = 0
        for place in left.indices { difference |= left[place] ^ right[place] }
        return difference == 0
    }

    /// Whether two texts are the same, in a time that does not tell where they differ.
    public static func isSame(_ left: String, _ right: String) -> Bool { isSame(Array(left.utf8), Array(right.utf8)) }

    /// Bytes as text of small hexadecimal digits.
    public static func hex(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count * 2)
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}

extension Context {
    /// The code by which whoever has the key knows that the bytes are from somebody who has it, too: HMAC with SHA-256
    /// (RFC 2104), 32 bytes. Compare codes with ``Seal/isSame(_:_:)-([UInt8],_)``.
    public func hmacSHA256(key: [UInt8], _ bytes: [UInt8]) throws -> [UInt8] { try backend.hmacSHA256(key: key, bytes) }
    /// Bytes that nobody can guess, for keys and tokens: 1 to 1024 of them.
    public func randomBytes(_ count: Int) throws -> [UInt8] { try backend.randomBytes(count) }
}

extension Transaction {
    /// The code by which whoever has the key knows that the bytes are from somebody who has it, too: HMAC with SHA-256
    /// (RFC 2104), 32 bytes.
    public func hmacSHA256(key: [UInt8], _ bytes: [UInt8]) throws -> [UInt8] { try backend.hmacSHA256(key: key, bytes) }
    /// Bytes that nobody can guess, for keys and tokens: 1 to 1024 of them.
    public func randomBytes(_ count: Int) throws -> [UInt8] { try backend.randomBytes(count) }
}
