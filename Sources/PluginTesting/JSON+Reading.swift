extension JSON {
    /// What is wrong with a text that should be JSON.
    public struct Malformed: Error, CustomStringConvertible {
        /// The fact, with its place.
        public let description: String
    }

    /// Reads a document.
    public init(parsing bytes: some Sequence<UInt8>) throws {
        var reader = Reader(Array(bytes))
        self = try reader.document()
    }

    /// Reads a document.
    public init(parsing text: String) throws { try self.init(parsing: text.utf8) }

    private struct Reader {
        private let bytes: [UInt8]
        private var place = 0

        init(_ bytes: [UInt8]) { self.bytes = bytes }

        private func fail(_ fact: String) -> Malformed { Malformed(description: "\(fact) at byte \(place) of the JSON") }

        private var next: UInt8? { place < bytes.count ? bytes[place] : nil }

        private mutating func skip() {
            while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { place += 1 }
        }

        private mutating func take(_ text: StaticString) -> Bool {
            let count = text.utf8CodeUnitCount
            guard place + count <= bytes.count else { return false }
            let wanted = UnsafeBufferPointer(start: text.utf8Start, count: count)
            guard bytes[place..<(place + count)].elementsEqual(wanted) else { return false }
            place += count
            return true
        }

        mutating func document() throws -> JSON {
            let value = try value(depth: 0)
            skip()
            guard place == bytes.count else { throw fail("something follows the document") }
            return value
        }

        private mutating func value(depth: Int) throws -> JSON {
            guard depth < 200 else { throw fail("it nests too deeply") }
            skip()
            switch next {
            case UInt8(ascii: "{"): return try object(depth)
            case UInt8(ascii: "["): return try array(depth)
            case UInt8(ascii: "\""): return .string(try string())
            case UInt8(ascii: "t") where take("true"): return .boolean(true)
            case UInt8(ascii: "f") where take("false"): return .boolean(false)
            case UInt8(ascii: "n") where take("null"): return .null
            default: return try number()
            }
        }

        private mutating func object(_ depth: Int) throws -> JSON {
            var members: [Member] = []
            place += 1
            skip()
            if take("}") { return .object([]) }
            while true {
                skip()
                guard next == UInt8(ascii: "\"") else { throw fail("a name is missing") }
                let name = try string()
                skip()
                guard take(":") else { throw fail("a colon is missing") }
                members.append(Member(name, try value(depth: depth + 1)))
                skip()
                if take("}") { return .object(members) }
                guard take(",") else { throw fail("a comma is missing") }
            }
        }

        private mutating func array(_ depth: Int) throws -> JSON {
            var items: [JSON] = []
            place += 1
            skip()
            if take("]") { return .array([]) }
            while true {
                items.append(try value(depth: depth + 1))
                skip()
                if take("]") { return .array(items) }
                guard take(",") else { throw fail("a comma is missing") }
            }
        }

        private mutating func number() throws -> JSON {
            let start = place
            while let byte = next, (byte >= 48 && byte <= 57) || "+-.eE".utf8.contains(byte) { place += 1 }
            guard place > start else { throw fail("there is no value") }
            return .number(String(decoding: bytes[start..<place], as: UTF8.self))
        }

        private mutating func string() throws -> String {
            place += 1
            var out: [UInt8] = []
            while let byte = next {
                place += 1
                if byte == UInt8(ascii: "\"") { return String(decoding: out, as: UTF8.self) }
                guard byte == UInt8(ascii: "\\") else {
                    out.append(byte)
                    continue
                }
                guard let escape = next else { break }
                place += 1
                switch escape {
                case UInt8(ascii: "n"): out.append(0x0A)
                case UInt8(ascii: "t"): out.append(0x09)
                case UInt8(ascii: "r"): out.append(0x0D)
                case UInt8(ascii: "b"): out.append(0x08)
                case UInt8(ascii: "f"): out.append(0x0C)
                case UInt8(ascii: "u"): out += String(try scalar()).utf8
                default: out.append(escape)
                }
            }
            throw fail("a text does not end")
        }

        private mutating func unit() throws -> UInt32 {
            guard place + 4 <= bytes.count, let unit = UInt32(String(decoding: bytes[place..<(place + 4)], as: UTF8.self), radix: 16) else {
                throw fail("an escape is cut off")
            }
            place += 4
            return unit
        }

        private mutating func scalar() throws -> Unicode.Scalar {
            let first = try unit()
            if let scalar = Unicode.Scalar(first) { return scalar }
            guard take("\\u") else { throw fail("half a character") }
            let second = try unit()
            guard first < 0xDC00, second >= 0xDC00, second < 0xE000,
                let scalar = Unicode.Scalar(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
            else { throw fail("half a character") }
            return scalar
        }
    }
}
