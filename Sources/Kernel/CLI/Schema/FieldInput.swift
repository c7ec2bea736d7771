import PluginAPI

/// Turns what was typed for a field into what the JSON interface takes. Only the form is decided here; whether a value is
/// allowed is the server's word, so that every front says the same.
enum FieldInput {
    static func node(_ texts: [String], for field: FieldInfo) -> JSONValue {
        guard let text = texts.last else { return .null }
        if field.kind == .references { return references(texts) }
        if text.isEmpty { return .null }
        switch field.kind {
        case .integer: return number(text, fractions: false)
        case .decimal: return number(text, fractions: true)
        case .boolean: return boolean(text).map { .boolean($0) } ?? .string(text)
        case .money: return money(text)
        case .reference: return number(text, fractions: false)
        case .json: return (try? JSONValue(parsing: Array(text.utf8))) ?? .string(text)
        case .text, .day, .moment, .choice, .references: return .string(text)
        }
    }

    static func boolean(_ text: String) -> Bool? {
        switch text.lowercased() {
        case "true", "yes", "y", "1", "on": true
        case "false", "no", "n", "0", "off": false
        default: nil
        }
    }

    /// `4,Sales agent` or several options of one value each; a JSON list is taken as it is.
    private static func references(_ texts: [String]) -> JSONValue {
        if texts.count == 1, texts[0].hasPrefix("["), let list = try? JSONValue(parsing: Array(texts[0].utf8)) { return list }
        let parts = texts.count > 1 ? texts : texts[0].split(separator: ",").map { String($0).trimmed }
        return .array(parts.filter { !$0.isEmpty }.map { number($0, fractions: false) })
    }

    private static func number(_ text: String, fractions: Bool) -> JSONValue {
        let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
        let parts = digits.split(separator: ".", omittingEmptySubsequences: false)
        let plain = parts.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy { (48...57).contains($0) } }
        let whole = parts.first ?? ""
        guard plain, parts.count == 1 || (fractions && parts.count == 2), whole == "0" || !whole.hasPrefix("0"), whole.count < 19
        else { return .string(text) }
        return .number(text)
    }

    /// `1250.00`, `1250.00 EUR` or `EUR 1250.00`.
    private static func money(_ text: String) -> JSONValue {
        let words = text.split(separator: " ")
        if words.count == 2 {
            let (amount, code) = Currency(words[1]) != nil ? (words[0], words[1]) : (words[1], words[0])
            if Currency(code) != nil { return .fields(["amount": .string(String(amount)), "currency": .string(code.uppercased())]) }
        }
        return .string(text)
    }
}
