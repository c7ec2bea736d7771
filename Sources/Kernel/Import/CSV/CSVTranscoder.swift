/// Turns chunks of another encoding into UTF-8.
///
/// What cannot be turned becomes the byte 0xFF, which no UTF-8 contains: the reader, which knows line and
/// column, then refuses it there.
struct CSVTranscoder {
    private let encoding: CSVEncoding
    private var oddByte: UInt8?
    private var highSurrogate: UInt32?

    init(_ encoding: CSVEncoding) {
        self.encoding = encoding
    }

    mutating func utf8(_ chunk: [UInt8], from start: Int, isLast: Bool) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(chunk.count + chunk.count / 8)
        switch encoding {
        case .utf8:
            output.append(contentsOf: chunk[start...])
        case .windows1252:
            for byte in chunk[start...] {
                Self.append(Self.windows1252(byte), to: &output)
            }
        case .utf16LittleEndian, .utf16BigEndian:
            for byte in chunk[start...] {
                guard let first = oddByte else { oddByte = byte; continue }
                oddByte = nil
                let little: Bool = encoding == .utf16LittleEndian
                let unit: UInt32 = little
                    ? UInt32(byte) << 8 | UInt32(first)
                    : UInt32(first) << 8 | UInt32(byte)
                append(unit: unit, to: &output)
            }
            if isLast && (oddByte != nil || highSurrogate != nil) {
                oddByte = nil
                highSurrogate = nil
                output.append(0xFF)
            }
        }
        return output
    }

    private mutating func append(unit: UInt32, to output: inout [UInt8]) {
        if let high = highSurrogate {
            highSurrogate = nil
            if (0xDC00...0xDFFF).contains(unit) {
                Self.append(0x10000 + (high - 0xD800) << 10 + (unit - 0xDC00), to: &output)
                return
            }
            output.append(0xFF)
        }
        switch unit {
        case 0xD800...0xDBFF: highSurrogate = unit
        case 0xDC00...0xDFFF: output.append(0xFF)
        default: Self.append(unit, to: &output)
        }
    }

    private static func append(_ scalar: UInt32, to output: inout [UInt8]) {
        switch scalar {
        case ..<0x80:
            output.append(UInt8(scalar))
        case ..<0x800:
            output.append(UInt8(0xC0 | scalar >> 6))
            output.append(UInt8(0x80 | scalar & 0x3F))
        case ..<0x10000:
            output.append(UInt8(0xE0 | scalar >> 12))
            output.append(UInt8(0x80 | scalar >> 6 & 0x3F))
            output.append(UInt8(0x80 | scalar & 0x3F))
        default:
            output.append(UInt8(0xF0 | scalar >> 18))
            output.append(UInt8(0x80 | scalar >> 12 & 0x3F))
            output.append(UInt8(0x80 | scalar >> 6 & 0x3F))
            output.append(UInt8(0x80 | scalar & 0x3F))
        }
    }

    /// The 32 characters in which Windows-1252 differs from Latin-1; its five holes stay controls, as on the web.
    private static let windows1252High: [UInt32] = [
        0x20AC, 0x81, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
        0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D, 0x017D, 0x8F,
        0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
        0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D, 0x017E, 0x0178,
    ]

    private static func windows1252(_ byte: UInt8) -> UInt32 {
        (0x80...0x9F).contains(byte) ? windows1252High[Int(byte) - 0x80] : UInt32(byte)
    }
}

/// Where bytes stop being UTF-8 (Unicode table 3-7).
enum UTF8Check {
    /// The offset of the first byte of the first sequence that is none, or nil.
    static func firstFault(in bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        var i: Int = 0
        let count: Int = bytes.count
        while i < count {
            let byte: UInt8 = bytes[i]
            if byte < 0x80 { i += 1; continue }
            let length: Int
            var low: UInt8 = 0x80
            var high: UInt8 = 0xBF
            switch byte {
            case 0xC2...0xDF: length = 2
            case 0xE0: length = 3; low = 0xA0
            case 0xED: length = 3; high = 0x9F
            case 0xE1...0xEF: length = 3
            case 0xF0: length = 4; low = 0x90
            case 0xF4: length = 4; high = 0x8F
            case 0xF1...0xF3: length = 4
            default: return i
            }
            guard i + length <= count, bytes[i + 1] >= low, bytes[i + 1] <= high else { return i }
            for k in 2..<max(length, 2) where bytes[i + k] & 0xC0 != 0x80 { return i }
            i += length
        }
        return nil
    }
}
