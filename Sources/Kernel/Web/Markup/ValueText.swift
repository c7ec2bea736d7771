import PluginAPI

/// Values as texts: for the controls of forms.
enum ValueText {
    /// The text that a control holds, and that means the same value when it is sent.
    static func plain(_ value: Value) -> String {
        switch value {
        case .null: ""
        case .text(let text): text
        case .integer(let number): String(number)
        case .boolean(let flag): flag ? "true" : "false"
        case .decimal(let number): number.description
        case .money(let money): money.amount
        case .day(let day): day.description
        case .moment(let moment): String(moment.description.prefix(19))
        case .list(let ids): ids.map(\.description).joined(separator: ",")
        }
    }

    /// One text a record for fields that point at several.
    static func texts(_ value: Value) -> [String] {
        if case .list(let ids) = value { return ids.map(\.description) }
        let text = plain(value)
        return text.isEmpty ? [] : [text]
    }
}
