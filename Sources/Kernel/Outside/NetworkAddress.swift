#if canImport(Glibc)
    import Glibc
#endif

/// An address of the internet protocol, four bytes or sixteen.
struct NetworkAddress: Sendable, Hashable, CustomStringConvertible {
    let bytes: [UInt8]

    init(bytes: [UInt8]) { self.bytes = bytes }

    /// Reads `192.0.2.1` or `2001:db8::1`; nil for anything else.
    init?(_ text: String) {
        var four = in_addr()
        var sixteen = in6_addr()
        if inet_pton(AF_INET, text, &four) == 1 {
            bytes = withUnsafeBytes(of: &four) { Array($0) }
        } else if inet_pton(AF_INET6, text, &sixteen) == 1 {
            bytes = withUnsafeBytes(of: &sixteen) { Array($0) }
        } else {
            return nil
        }
    }

    /// What a socket is about to be connected to; nil for what is not of the internet.
    init?(_ address: UnsafePointer<sockaddr>) {
        let raw = UnsafeRawPointer(address)
        switch Int32(address.pointee.sa_family) {
        case AF_INET: bytes = withUnsafeBytes(of: raw.loadUnaligned(as: sockaddr_in.self).sin_addr) { Array($0) }
        case AF_INET6: bytes = withUnsafeBytes(of: raw.loadUnaligned(as: sockaddr_in6.self).sin6_addr) { Array($0) }
        default: return nil
        }
    }

    /// What stands for one household or machine: the address itself, or the first half of one of sixteen bytes.
    var network: String {
        guard bytes.count == 16 else { return description }
        if bytes[0] == 0, let inner = carried { return inner.description }
        return NetworkAddress(bytes: Array(bytes[0..<8]) + [UInt8](repeating: 0, count: 8)).description + "/64"
    }

    var description: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        _ = inet_ntop(bytes.count == 4 ? AF_INET : AF_INET6, bytes, &text, socklen_t(text.count))
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Whether it is one of the whole internet's: not this machine, not its network, not set aside for anything else
    /// (IANA's registries of special addresses). An address that carries another one within it is as public as that one.
    var isPublic: Bool { bytes.count == 4 ? isPublicFour : isPublicSixteen }

    private var isPublicFour: Bool {
        !NetworkAddress.setAside.contains { block in block.holds(bytes) }
    }

    private var isPublicSixteen: Bool {
        if let inner = carried { return inner.isPublic }
        // Only 2000::/3 is given out for the whole internet.
        guard bytes[0] & 0xE0 == 0x20 else { return false }
        return !NetworkAddress.setAsideOfSixteen.contains { block in block.holds(bytes) }
    }

    /// The address of four bytes that one of sixteen stands for: ::ffff:a.b.c.d, 64:ff9b::a.b.c.d, 2002:abcd::.
    private var carried: NetworkAddress? {
        let zeros = [UInt8](repeating: 0, count: 10)
        if Array(bytes[0..<10]) == zeros, bytes[10] == 0xFF, bytes[11] == 0xFF { return NetworkAddress(bytes: Array(bytes[12...])) }
        if Array(bytes[0..<12]) == [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0] { return NetworkAddress(bytes: Array(bytes[12...])) }
        if bytes[0] == 0x20, bytes[1] == 0x02 { return NetworkAddress(bytes: Array(bytes[2..<6])) }
        return nil
    }

    /// All addresses that begin with the same bits.
    private struct Block {
        let start: [UInt8]
        let bits: Int

        init(_ start: [UInt8], _ bits: Int) {
            self.start = start
            self.bits = bits
        }

        func holds(_ bytes: [UInt8]) -> Bool {
            var left = bits
            for (place, byte) in start.enumerated() where left > 0 {
                let mask: UInt8 = left >= 8 ? 0xFF : ~(0xFF >> left)
                if bytes[place] & mask != byte & mask { return false }
                left -= 8
            }
            return true
        }
    }

    private static let setAside: [Block] = [
        Block([0], 8), Block([10], 8), Block([100, 64], 10), Block([127], 8), Block([169, 254], 16), Block([172, 16], 12),
        Block([192, 0, 0], 24), Block([192, 0, 2], 24), Block([192, 88, 99], 24), Block([192, 168], 16), Block([198, 18], 15),
        Block([198, 51, 100], 24), Block([203, 0, 113], 24), Block([224], 4), Block([240], 4),
    ]

    private static let setAsideOfSixteen: [Block] = [
        Block([0x20, 0x01, 0x00], 23), Block([0x20, 0x01, 0x0D, 0xB8], 32), Block([0x3F, 0xFF, 0x00], 20),
    ]
}
