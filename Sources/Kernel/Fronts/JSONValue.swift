import PluginAPI

/// A JSON document (RFC 8259). Numbers keep the text that was sent, so that amounts stay exact: the reason for reading
/// JSON here rather than through `JSONDecoder`, which goes by way of floating point.
indirect enum JSONValue: Sendable, Hashable {
    case null
    case boolean(Bool)
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([Member])

    struct Member: Sendable, Hashable {
        var name: String
        var value: JSONValue
    }

    /// Reads a document; throws `malformed` with line and column. At most 64 levels deep, no name twice in one
    /// object: which of two values is meant is not for us to guess.
    init(parsing bytes: [UInt8]) throws {
        var reader = JSONReader(bytes: bytes)
        self = try reader.document()
    }

    subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    var text: String? {
        switch self {
        case .string(let text): text
        case .number(let text): text
        default: nil
        }
    }
    var bool: Bool? { if case .boolean(let flag) = self { flag } else { nil } }
    var int: Int64? {
        switch self {
        case .number(let text), .string(let text): Int64(text)
        default: nil
        }
    }
    var array: [JSONValue]? { if case .array(let items) = self { items } else { nil } }
    var members: [Member]? { if case .object(let members) = self { members } else { nil } }
}

private struct JSONReader {
    let bytes: [UInt8]
    var at = 0

    mutating func document() throws -> JSONValue {
        skipSpace()
        let value = try value(depth: 0)
        skipSpace()
        guard at == bytes.count else { throw failure("more text after the end of the JSON document") }
        return value
    }

    private func failure(_ message: String) -> CRMError {
        var line = 1
        var column = 1
        for byte in bytes.prefix(at) {
            if byte == 0x0A {
                line += 1
                column = 1
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
        }
        return CRMError(.malformed, "malformed JSON at line \(line), column \(column): \(message)")
    }

    private mutating func skipSpace() {
        while at < bytes.count, bytes[at] == 0x20 || bytes[at] == 0x0A || bytes[at] == 0x0D || bytes[at] == 0x09 { at += 1 }
    }

    private mutating func value(depth: Int) throws -> JSONValue {
        guard depth < 64 else { throw failure("nested too deep") }
        guard at < bytes.count else { throw failure("the document ends too early") }
        switch bytes[at] {
        case UInt8(ascii: "{"): return try object(depth)
        case UInt8(ascii: "["): return try array(depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .boolean(true))
        case UInt8(ascii: "f"): return try word("false", .boolean(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return .number(try number())
        }
    }

    private mutating func word(_ word: String, _ value: JSONValue) throws -> JSONValue {
        guard bytes[at...].starts(with: word.utf8) else { throw failure("a value was expected") }
        at += word.utf8.count
        return value
    }

    private mutating func object(_ depth: Int) throws -> JSONValue {
        at += 1
        var members: [JSONValue.Member] = []
        var names: Set<String> = []
        skipSpace()
        if at < bytes.count, bytes[at] == UInt8(ascii: "}") {
            at += 1
            return .object([])
        }
        while true {
            skipSpace()
            guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else { throw failure("a name in quotes was expected") }
            let start = at
            let name = try string()
            guard names.insert(name).inserted else {
                at = start
                throw failure("the name \"\(name.prefix(80))\" is given twice")
            }
            skipSpace()
            guard at < bytes.count, bytes[at] == UInt8(ascii: ":") else { throw failure("a colon was expected") }
            at += 1
            skipSpace()
            members.append(.init(name: name, value: try value(depth: depth + 1)))
            if try ended(UInt8(ascii: "}")) { return .object(members) }
        }
    }

    private mutating func array(_ depth: Int) throws -> JSONValue {
        at += 1
        var items: [JSONValue] = []
        skipSpace()
        if at < bytes.count, bytes[at] == UInt8(ascii: "]") {
            at += 1
            return .array([])
        }
        while true {
            skipSpace()
            items.append(try value(depth: depth + 1))
            if try ended(UInt8(ascii: "]")) { return .array(items) }
        }
    }

    private mutating func ended(_ closing: UInt8) throws -> Bool {
        skipSpace()
        guard at < bytes.count else { throw failure("the document ends too early") }
        let byte = bytes[at]
        guard byte == closing || byte == UInt8(ascii: ",") else { throw failure("a comma was expected") }
        at += 1
        return byte == closing
    }

    private mutating func number() throws -> String {
        let start = at
        func digit() -> Bool { at < bytes.count && bytes[at] >= 48 && bytes[at] <= 57 }
        if at < bytes.count, bytes[at] == UInt8(ascii: "-") { at += 1 }
        guard digit() else { throw failure("a value was expected") }
        if bytes[at] == 48 { at += 1 } else { while digit() { at += 1 } }
        if at < bytes.count, bytes[at] == UInt8(ascii: ".") {
            at += 1
            guard digit() else { throw failure("digits were expected after the point") }
            while digit() { at += 1 }
        }
        if at < bytes.count, bytes[at] | 0x20 == UInt8(ascii: "e") {
            at += 1
            if at < bytes.count, bytes[at] == UInt8(ascii: "+") || bytes[at] == UInt8(ascii: "-") { at += 1 }
            guard digit() else { throw failure("digits were expected in the exponent") }
            while digit() { at += 1 }
        }
        return String(decoding: bytes[start..<at], as: UTF8.self)
    }

    private mutating func string() throws -> String {
        at += 1
        let plain: Range<Int> = at..<end(ofPlainFrom: at)
        at = plain.upperBound
        if at < bytes.count, bytes[at] == UInt8(ascii: "\"") {
            at += 1
            guard let string = String(validating: bytes[plain], as: UTF8.self) else { throw failure("a text that is not UTF-8") }
            return string
        }
        var text = Array(bytes[plain])
        while true {
            guard at < bytes.count else { throw failure("a text without a closing quote") }
            let byte = bytes[at]
            at += 1
            if byte == UInt8(ascii: "\"") { break }
            guard byte >= 0x20 else {
                at -= 1
                throw failure("a control character within a text")
            }
            guard byte == UInt8(ascii: "\\") else {
                text.append(byte)
                continue
            }
            guard at < bytes.count else { throw failure("a text without a closing quote") }
            let escape = bytes[at]
            at += 1
            switch escape {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(escape)
            case UInt8(ascii: "b"): text.append(8)
            case UInt8(ascii: "f"): text.append(12)
            case UInt8(ascii: "n"): text.append(10)
            case UInt8(ascii: "r"): text.append(13)
            case UInt8(ascii: "t"): text.append(9)
            case UInt8(ascii: "u"): text.append(contentsOf: String(try scalar()).utf8)
            default: throw failure("an unknown escape")
            }
        }
        guard let string = String(validating: text, as: UTF8.self) else { throw failure("a text that is not UTF-8") }
        return string
    }

    /// Where the bytes of a text end that stand for themselves.
    private func end(ofPlainFrom start: Int) -> Int {
        bytes.withUnsafeBufferPointer { bytes in
            var end: Int = start
            while end < bytes.count, bytes[end] >= 0x20, bytes[end] != UInt8(ascii: "\""), bytes[end] != UInt8(ascii: "\\") { end += 1 }
            return end
        }
    }

    private mutating func scalar() throws -> Character {
        let first = try hex()
        if first & 0xFC00 == 0xD800 {
            guard at + 1 < bytes.count, bytes[at] == UInt8(ascii: "\\"), bytes[at + 1] == UInt8(ascii: "u") else {
                throw failure("half of a surrogate pair")
            }
            at += 2
            let second = try hex()
            guard second & 0xFC00 == 0xDC00 else { throw failure("half of a surrogate pair") }
            let code = 0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)
            return Character(Unicode.Scalar(code) ?? "\u{FFFD}")
        }
        guard let scalar = Unicode.Scalar(first) else { throw failure("half of a surrogate pair") }
        return Character(scalar)
    }

    private mutating func hex() throws -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard at < bytes.count, let digit = Character(Unicode.Scalar(bytes[at])).hexDigitValue else {
                throw failure("four hexadecimal digits were expected")
            }
            code = code << 4 | UInt32(digit)
            at += 1
        }
        return code
    }
}
