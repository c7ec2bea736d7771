/// One property of a vCard: `item1.TEL;TYPE=work;PREF=1:+43 1 234`.
///
/// Read from bytes: which characters the value stands for is said by the property itself, or by nobody.
struct VCardLine: Sendable {
    /// In upper case, without the group before the point.
    var name: String
    /// Names in upper case. A parameter without a name, as version 2.1 writes them, is a type.
    var parameters: [(name: String, value: String)] = []
    private var raw: [UInt8] = []
    private let fallback: CSVEncoding

    /// Nil for what is no property.
    init?(_ bytes: [UInt8], fallback: CSVEncoding) {
        self.fallback = fallback
        var isQuoted = false
        var colon: Int?
        var cuts: [Int] = []
        for (place, byte) in bytes.enumerated() {
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            if isQuoted { continue }
            if byte == UInt8(ascii: ";") { cuts.append(place) }
            if byte == UInt8(ascii: ":") { colon = place; break }
        }
        guard let colon else { return nil }
        raw = Array(bytes[(colon + 1)...])
        let parts: [String] = zip([-1] + cuts, cuts + [colon]).map { VCardLine.text(Array(bytes[($0 + 1)..<$1]), fallback) }
        name = String(parts[0].split(separator: ".").last ?? "").trimmed.uppercased()
        guard !name.isEmpty, name.utf8.allSatisfy({ VCardLine.isNameByte($0) }) else { return nil }
        for part in parts.dropFirst() {
            let pair: [Substring] = part.split(separator: "=", maxSplits: 1)
            guard let first = pair.first else { continue }
            let value: String = String(pair.count == 2 ? pair[1] : first).filter { $0 != "\"" }
            parameters.append((pair.count == 2 ? String(first).trimmed.uppercased() : "TYPE", value.trimmed))
        }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        byte >= 65 && byte <= 90 || byte >= 48 && byte <= 57 || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
    }

    func parameter(_ name: String) -> String? { parameters.first { $0.name == name }?.value }

    /// `work`, `cell`, `pref`…, in lower case.
    var types: Set<String> {
        let texts: [String] = parameters.filter { $0.name == "TYPE" }.map { $0.value.lowercased() }
        return Set(texts.flatMap { $0.split(separator: ",").map { String($0).trimmed } })
    }

    var isPreferred: Bool { types.contains("pref") || parameter("PREF") == "1" }

    /// Whether its value is quoted-printable, where a line that ends with an equals sign goes on with the next one.
    var isQuotedPrintable: Bool {
        parameters.contains { ($0.name == "ENCODING" || $0.name == "TYPE") && $0.value.uppercased() == "QUOTED-PRINTABLE" }
    }

    /// Whether it holds a picture, a sound or a key.
    var isBinary: Bool {
        parameters.contains { ($0.name == "ENCODING" || $0.name == "TYPE") && ["BASE64", "B"].contains($0.value.uppercased()) }
    }

    /// The value as text.
    var text: String { VCardLine.unescaped(decoded[...]) }

    /// The parts of a value such as a name or an address, as text.
    var parts: [String] { VCardLine.split(decoded, at: ";").map { VCardLine.unescaped($0) } }

    private var decoded: String {
        let bytes: [UInt8] = isQuotedPrintable ? VCardLine.fromQuotedPrintable(raw) : raw
        return VCardLine.text(bytes, VCardLine.encoding(parameter("CHARSET")) ?? fallback)
    }

    private static func encoding(_ name: String?) -> CSVEncoding? {
        switch name?.uppercased() {
        case nil, "": nil
        case "UTF-8", "UTF8", "US-ASCII", "ASCII": .utf8
        // Programs on Windows say Latin-1 and mean this; where they differ, Latin-1 has control characters.
        default: .windows1252
        }
    }

    /// Bytes as text: those that are no UTF-8, whatever they say, are taken for Windows-1252.
    static func text(_ bytes: [UInt8], _ encoding: CSVEncoding) -> String {
        if encoding == .utf8, let text = String(validating: bytes, as: UTF8.self) { return text }
        var transcoder = CSVTranscoder(.windows1252)
        return String(decoding: transcoder.utf8(bytes, from: 0, isLast: true).filter { $0 != 0xFF }, as: UTF8.self)
    }

    private static func fromQuotedPrintable(_ bytes: [UInt8]) -> [UInt8] {
        func digit(_ byte: UInt8) -> UInt8? {
            switch byte {
            case 48...57: byte - 48
            case 65...70: byte - 55
            case 97...102: byte - 87
            default: nil
            }
        }
        var result: [UInt8] = []
        var place = 0
        while place < bytes.count {
            if bytes[place] == UInt8(ascii: "="), place + 2 < bytes.count, let high = digit(bytes[place + 1]), let low = digit(bytes[place + 2]) {
                result.append(high << 4 | low)
                place += 3
            } else {
                result.append(bytes[place])
                place += 1
            }
        }
        return result
    }

    private static func split(_ text: String, at sign: Character) -> [Substring] {
        var parts: [Substring] = []
        var start = text.startIndex
        var isEscaped = false
        for place in text.indices {
            if isEscaped { isEscaped = false; continue }
            if text[place] == "\\" { isEscaped = true }
            if text[place] == sign {
                parts.append(text[start..<place])
                start = text.index(after: place)
            }
        }
        return parts + [text[start...]]
    }

    private static func unescaped(_ text: Substring) -> String {
        var result = ""
        var isEscaped = false
        for character in text {
            if isEscaped {
                result.append(character == "n" || character == "N" ? "\n" : character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else {
                result.append(character == "\r\n" || character == "\r" ? "\n" : character)
            }
        }
        return result.replacing("\u{0}", with: "").trimmed
    }
}
