/// What a form sent: its fields in order, a field as often as it was sent.
public struct FormFields: Sendable {
    /// The fields in order.
    public var fields: [(name: String, value: String)] = []

    /// Makes fields.
    public init(_ fields: [(name: String, value: String)] = []) { self.fields = fields }

    /// The last value of a field, or nil when it was not sent.
    public subscript(name: String) -> String? { fields.last { $0.name == name }?.value }

    /// All values of a field.
    public func values(_ name: String) -> [String] { fields.compactMap { $0.name == name ? $0.value : nil } }

    /// Reads `a=1&b=2`. Throws `malformed` for a broken escape or text that is not UTF-8.
    public init(urlEncoded body: [UInt8]) throws {
        for pair in body.split(separator: UInt8(ascii: "&")) {
            let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            fields.append((try FormFields.decoded(parts[0]), parts.count > 1 ? try FormFields.decoded(parts[1]) : ""))
        }
    }

    /// Undoes the encoding of forms: `+` is a space, `%C3%A9` a byte each.
    private static func decoded(_ bytes: ArraySlice<UInt8>) throws -> String {
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count)
        var place = bytes.startIndex
        while place < bytes.endIndex {
            switch bytes[place] {
            case UInt8(ascii: "+"): out.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard place + 2 < bytes.endIndex, let high = hex(bytes[place + 1]), let low = hex(bytes[place + 2]) else {
                    throw CRMError(.malformed, "the form holds a broken % sequence")
                }
                out.append(high << 4 | low)
                place += 2
            case let byte: out.append(byte)
            }
            place += 1
        }
        return try text(out[...])
    }

    private static func hex(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 48...57: byte - 48
        case 65...70: byte - 55
        case 97...102: byte - 87
        default: nil
        }
    }

    fileprivate static func text(_ bytes: ArraySlice<UInt8>) throws -> String {
        guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else {
            throw CRMError(.malformed, "the form holds text that is not UTF-8")
        }
        return text
    }
}

extension FormFields {
    /// Reads the parts of `multipart/form-data` (RFC 7578); files are left out.
    init(parts body: [UInt8], boundary: [UInt8]) throws {
        let mark = [UInt8(ascii: "-"), UInt8(ascii: "-")] + boundary
        guard var place = FormFields.find(mark, in: body, from: 0) else { throw CRMError(.malformed, "the form has no parts") }
        while true {
            place += mark.count
            guard place + 1 < body.count else { throw CRMError(.malformed, "the form was cut off") }
            if body[place] == UInt8(ascii: "-"), body[place + 1] == UInt8(ascii: "-") { return }
            guard let headEnd = FormFields.find([13, 10, 13, 10], in: body, from: place),
                let end = FormFields.find([13, 10] + mark, in: body, from: headEnd + 2)
            else { throw CRMError(.malformed, "the form was cut off") }
            let head = String(decoding: body[place..<headEnd], as: UTF8.self)
            if let name = FormFields.parameter("name", in: head), FormFields.parameter("filename", in: head) == nil {
                fields.append((name, try FormFields.text(body[min(headEnd + 4, end)..<end])))
            }
            place = end + 2
        }
    }

    private static func parameter(_ name: String, in head: String) -> String? {
        for part in head.split(whereSeparator: { $0 == ";" || $0.isNewline }) {
            let pair = part.split(separator: "=", maxSplits: 1)
            guard pair.count == 2, pair[0].drop(while: { $0 == " " }) == name else { continue }
            return String(pair[1].drop { $0 == "\"" }.prefix { $0 != "\"" })
        }
        return nil
    }

    private static func find(_ needle: [UInt8], in body: [UInt8], from start: Int) -> Int? {
        guard body.count >= needle.count else { return nil }
        var place = start
        while place <= body.count - needle.count {
            guard let hit = body[place...].firstIndex(of: needle[0]), hit <= body.count - needle.count else { return nil }
            if body[hit..<(hit + needle.count)].elementsEqual(needle) { return hit }
            place = hit + 1
        }
        return nil
    }
}

extension RouteRequest {
    /// The media type of the body in small letters, without its parameters: `application/json`.
    public var mediaType: String {
        let type = headers["content-type"]?.lowercased().prefix { $0 != ";" } ?? ""
        return type.split(separator: " ").joined()
    }

    /// What a form sent, whichever of the two ways browsers use. Throws `malformed` when the body is neither.
    public func form() throws -> FormFields {
        switch mediaType {
        case "application/x-www-form-urlencoded": return try FormFields(urlEncoded: body)
        case "multipart/form-data":
            let parameters = (headers["content-type"] ?? "").split(separator: ";").dropFirst()
            for parameter in parameters {
                let pair = parameter.split(separator: "=", maxSplits: 1)
                guard pair.count == 2, pair[0].drop(while: { $0 == " " }).lowercased() == "boundary" else { continue }
                let boundary = pair[1].filter { $0 != "\"" && $0 != " " }
                guard !boundary.isEmpty, boundary.utf8.count <= 200 else { break }
                return try FormFields(parts: body, boundary: Array(boundary.utf8))
            }
            throw CRMError(.malformed, "the form names no boundary between its parts")
        default:
            throw CRMError(
                .malformed, "the body is not a form", hint: "Send application/x-www-form-urlencoded or multipart/form-data.")
        }
    }
}
