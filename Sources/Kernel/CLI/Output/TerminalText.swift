import PluginAPI

#if canImport(Glibc)
import Glibc
#endif

/// Values of the JSON interface as people read them.
enum TerminalText {
    /// A field of a record: references by their label, amounts with separated thousands, moments in local time.
    static func text(_ field: FieldInfo, of record: JSONValue) -> String {
        let value = record[field.name] ?? .null
        switch field.kind {
        case .reference, .references:
            let label = record[field.name + "_label"]
            if case .array(let labels) = label { return labels.map(\.scalar).joined(separator: ", ") }
            if let text = label.string, !text.isEmpty { return text }
            return value.isNull ? "" : plain(value)
        case .choice:
            let key = value.scalar
            return field.options.first { $0.key == key }?.label ?? key
        case .moment: return moment(value.scalar)
        case .money: return money(value)
        case .boolean: return value.bool.map { $0 ? "yes" : "no" } ?? ""
        case .integer, .decimal: return field.name == "id" ? value.scalar : grouped(value.scalar)
        case .json: return value.isNull ? "" : value.text()
        case .text, .day: return value.scalar
        }
    }

    /// A value without its field.
    static func plain(_ value: JSONValue) -> String {
        switch value {
        case .null: "–"
        case .boolean(let flag): flag ? "yes" : "no"
        case .array(let elements): elements.map(plain).joined(separator: ", ")
        case .object(let members):
            if members.contains(where: { $0.name == "amount" }) { money(value) } else { value.text() }
        case .number(let text): text
        case .string(let text): text.isEmpty ? "–" : looksLikeMoment(text) ? moment(text) : text
        }
    }

    static func money(_ value: JSONValue) -> String {
        let amount = value["amount"].scalar
        return amount.isEmpty ? value.scalar : grouped(amount) + " " + value["currency"].scalar
    }

    /// Thousands apart: `1,250.00`.
    static func grouped(_ number: String) -> String {
        let sign = number.hasPrefix("-") ? "-" : ""
        let digits = number.dropFirst(sign.count)
        let whole = digits.prefix { $0.isNumber }
        guard whole.count > 3 else { return number }
        var out = ""
        for (place, digit) in whole.enumerated() {
            if place > 0, (whole.count - place) % 3 == 0 { out += "," }
            out.append(digit)
        }
        return sign + out + digits.dropFirst(whole.count)
    }

    private static func looksLikeMoment(_ text: String) -> Bool { text.utf8.count >= 20 && text.hasSuffix("Z") && Moment(text) != nil }

    /// A moment in the time zone of this machine: `2026-11-22 09:30`.
    static func moment(_ text: String) -> String {
        guard let moment = Moment(text) else { return text }
        var seconds = time_t(moment.milliseconds / 1000)
        var parts = tm()
        guard localtime_r(&seconds, &parts) != nil else { return text }
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let day = "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
        return "\(day) \(two(parts.tm_hour)):\(two(parts.tm_min))"
    }

    /// A cell of a table for a field of a record.
    static func cell(_ field: FieldInfo, of record: JSONValue, colors: [String: String] = [:]) -> TextTable.Cell {
        let words = text(field, of: record)
        if field.kind == .choice, let color = field.options.first(where: { $0.key == record[field.name].scalar })?.color, !color.isEmpty {
            return TextTable.Cell(words, hex: color)
        }
        if field.kind == .reference, let color = colors[field.target + " " + record[field.name].scalar], !color.isEmpty {
            return TextTable.Cell(words, hex: color)
        }
        if field.name == "id" { return TextTable.Cell(words, .dim) }
        return TextTable.Cell(words)
    }
}
