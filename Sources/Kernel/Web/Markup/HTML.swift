import PluginAPI

/// Markup that is safe by construction: literals are taken as they stand, whatever is interpolated is escaped, and only
/// other markup passes through.
///
/// ```swift
/// let row: HTML = "<td class=\"num\">\(record.title)</td>"
/// ```
///
/// Attributes must stand in double quotes in the literal. Kept as UTF-8 bytes, ready for the wire.
struct HTML: ExpressibleByStringInterpolation, Sendable {
    var bytes: [UInt8]

    init() { bytes = [] }
    init(stringLiteral value: String) { bytes = Array(value.utf8) }
    init(stringInterpolation: StringInterpolation) { bytes = stringInterpolation.bytes }
    /// A text, escaped.
    init(_ text: String) {
        bytes = []
        HTML.escape(text, into: &bytes)
    }

    var isEmpty: Bool { bytes.isEmpty }

    mutating func append(_ other: HTML) { bytes.append(contentsOf: other.bytes) }

    static func += (left: inout HTML, right: HTML) { left.append(right) }

    struct StringInterpolation: StringInterpolationProtocol {
        var bytes: [UInt8] = []

        init(literalCapacity: Int, interpolationCount: Int) {
            bytes.reserveCapacity(literalCapacity + interpolationCount * 24)
        }

        mutating func appendLiteral(_ literal: String) { bytes.append(contentsOf: literal.utf8) }
        mutating func appendInterpolation(_ html: HTML) { bytes.append(contentsOf: html.bytes) }
        mutating func appendInterpolation(_ html: HTML?) { if let html { bytes.append(contentsOf: html.bytes) } }
        mutating func appendInterpolation(_ parts: [HTML]) { for part in parts { bytes.append(contentsOf: part.bytes) } }
        mutating func appendInterpolation(_ text: String) { HTML.escape(text, into: &bytes) }
        mutating func appendInterpolation(_ number: Int) { bytes.append(contentsOf: String(number).utf8) }
        mutating func appendInterpolation(_ id: RecordID) { appendInterpolation(id.raw) }
        mutating func appendInterpolation(_ number: Int64) { bytes.append(contentsOf: String(number).utf8) }

        /// Markup that stands only when a condition holds: `<option\(" selected", if: chosen)>`.
        mutating func appendInterpolation(_ html: HTML, if condition: Bool) {
            if condition { bytes.append(contentsOf: html.bytes) }
        }
    }

    /// Replaces the five characters that could end a text or a quoted attribute.
    static func escape(_ text: String, into bytes: inout [UInt8]) {
        var text = text
        text.withUTF8 { utf8 in
            var start = 0
            for (place, byte) in utf8.enumerated() {
                let entity: StaticString
                switch byte {
                case UInt8(ascii: "&"): entity = "&amp;"
                case UInt8(ascii: "<"): entity = "&lt;"
                case UInt8(ascii: ">"): entity = "&gt;"
                case UInt8(ascii: "\""): entity = "&quot;"
                case UInt8(ascii: "'"): entity = "&#39;"
                default: continue
                }
                bytes.append(contentsOf: utf8[start..<place])
                entity.withUTF8Buffer { bytes.append(contentsOf: $0) }
                start = place + 1
            }
            bytes.append(contentsOf: utf8[start...])
        }
    }
}

extension Sequence {
    /// The markup of each element, one after the other.
    func html(_ markup: (Element) throws -> HTML) rethrows -> HTML {
        var result = HTML()
        for element in self { result.append(try markup(element)) }
        return result
    }
}
