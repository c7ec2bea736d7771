import PluginAPI

/// Whom a message is for: `ada@example.com` or `Ada Abel <ada@example.com>`.
struct MailAddress: Sendable, Hashable {
    let name: String
    /// As servers are told it. Letters of all scripts only where the server takes them.
    let address: String

    /// Nil for what is no address. A line break, which would end a header and begin another, is nowhere allowed.
    init?(_ text: String) {
        guard text.utf8.count <= 500, text.unicodeScalars.allSatisfy({ !MailHeader.isControl($0) }) else { return nil }
        let trimmed: String = text.trimmed
        if trimmed.hasSuffix(">"), let open = trimmed.lastIndex(of: "<") {
            address = String(trimmed[trimmed.index(after: open)...].dropLast())
            var name: String = String(trimmed[..<open]).trimmed
            if name.count > 1, name.hasPrefix("\""), name.hasSuffix("\"") { name = String(name.dropFirst().dropLast()) }
            self.name = name
        } else {
            address = trimmed
            name = ""
        }
        guard FieldModel.isEmail(address) else { return nil }
    }

    var domain: String { (address.split(separator: "@").last ?? "").lowercased() }

    /// As a header has it.
    var header: String {
        if name.isEmpty { return address }
        return MailHeader.phrase(name) + (name.allSatisfy(\.isASCII) ? " " : "\r\n ") + "<\(address)>"
    }
}

/// Texts as the headers of a message have them: ASCII in lines that are not too long (RFC 5322), all else encoded (RFC 2047).
enum MailHeader {
    /// What would end a header, or is not to be seen in one.
    static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator, .surrogate: true
        default: false
        }
    }

    /// A text such as a subject. At the beginning of a line there is room for this much of it.
    static func text(_ text: String) -> String {
        let isPlain: Bool = text.utf8.count <= 60 && !text.contains("=?") && text.utf8.allSatisfy { $0 >= 32 && $0 < 127 }
        return isPlain ? text : encoded(text)
    }

    /// A name before an address.
    static func phrase(_ name: String) -> String {
        let isWord: Bool = name.utf8.allSatisfy { byte in
            switch byte {
            case 48...57, 65...90, 97...122, 32, 45, 95: true
            default: false
            }
        }
        if isWord, name.utf8.count <= 60 { return name }
        guard name.utf8.count <= 60, !name.contains("=?"), name.utf8.allSatisfy({ $0 >= 32 && $0 < 127 }) else { return encoded(name) }
        return "\"" + name.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }

    /// Words that leave room for a header's name in a line of 76 bytes, a line each; no character is cut in two.
    private static func encoded(_ text: String) -> String {
        var words: [[UInt8]] = [[]]
        for scalar in text.unicodeScalars {
            let bytes: [UInt8] = Array(String(scalar).utf8)
            if words[words.count - 1].count + bytes.count > 39 { words.append([]) }
            words[words.count - 1] += bytes
        }
        return words.map { "=?utf-8?B?\(Secrets.paddedBase64($0))?=" }.joined(separator: "\r\n ")
    }

    /// The name of a file as a parameter: as it is in ASCII, else in the form of RFC 2231. Both at once confuse readers that know both.
    static func attachment(_ name: String) -> String {
        let isPlain: Bool = name.utf8.allSatisfy { $0 >= 32 && $0 < 127 && $0 != UInt8(ascii: "\"") }
        return isPlain ? "attachment; filename=\"\(name)\"" : "attachment;\r\n filename*=utf-8''" + name.percentEncoded
    }
}
