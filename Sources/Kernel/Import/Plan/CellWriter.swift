import PluginAPI

/// Turns a value into the text of a cell, such that `CellReader` reads the same value from it.
struct CellWriter: Sendable {
    /// Amounts in it are written without its code, so that spreadsheets can add them up.
    let currency: Currency

    /// `labels`: the names of referenced records, where they are to stand for the ids.
    func text(of value: Value, label: (RecordID) -> String? = { _ in nil }) -> String {
        switch value {
        case .null: ""
        case .text(let text): text
        case .integer(let number): label(RecordID(number)) ?? String(number)
        case .boolean(let flag): flag ? "true" : "false"
        case .decimal(let number): number.description
        case .money(let money): money.currency == currency ? money.amount : money.description
        case .day(let day): day.description
        case .moment(let moment): moment.description
        case .list(let ids): ids.map { label($0) ?? $0.description }.joined(separator: "; ")
        }
    }
}
