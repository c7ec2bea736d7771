/// Writing documents as text: requests, and answers on a terminal.
extension JSONValue {
    /// The document on one line, or indented by two spaces.
    func text(indented: Bool = false) -> String {
        var out = ""
        write(into: &out, indent: indented ? 0 : nil)
        return out
    }

    private func write(into out: inout String, indent: Int?) {
        let inner = indent.map { $0 + 1 }
        switch self {
        case .null: out += "null"
        case .boolean(let flag): out += flag ? "true" : "false"
        case .number(let text): out += text
        case .string(let text): JSONValue.quote(text, into: &out)
        case .array(let elements):
            out += "["
            for (place, element) in elements.enumerated() {
                if place > 0 { out += "," }
                JSONValue.newLine(inner, into: &out)
                element.write(into: &out, indent: inner)
            }
            if !elements.isEmpty { JSONValue.newLine(indent, into: &out) }
            out += "]"
        case .object(let members):
            out += "{"
            for (place, member) in members.enumerated() {
                if place > 0 { out += "," }
                JSONValue.newLine(inner, into: &out)
                JSONValue.quote(member.name, into: &out)
                out += indent == nil ? ":" : ": "
                member.value.write(into: &out, indent: inner)
            }
            if !members.isEmpty { JSONValue.newLine(indent, into: &out) }
            out += "}"
        }
    }

    private static func newLine(_ indent: Int?, into out: inout String) {
        guard let indent else { return }
        out += "\n"
        out += String(repeating: "  ", count: indent)
    }

    private static func quote(_ text: String, into out: inout String) {
        out += "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\r": out += "\\r"
            case "\t": out += "\\t"
            case "\0"..<" ":
                let digits = String(scalar.value, radix: 16)
                out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: out.unicodeScalars.append(scalar)
            }
        }
        out += "\""
    }
}
