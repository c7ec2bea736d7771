import PluginAPI

/// How a field's values stand in columns. One place for all engines.
extension FieldModel {
    /// What to store for a value.
    func arguments(for value: Value) -> [SQLValue] {
        var arguments: [SQLValue] = []
        append(value, to: &arguments)
        return arguments
    }

    /// Adds what to store for a value.
    func append(_ value: Value, to arguments: inout [SQLValue]) {
        arguments.append(value.column)
        guard type == .money else { return }
        if case .money(let money) = value { arguments.append(.text(money.currency.code)) } else { arguments.append(.null) }
    }

    /// Reads the field's value from a row, beginning at a column.
    func read(_ row: any Row, at column: Int) -> Value {
        if row.isNull(column) { return isList ? .list([]) : .null }
        switch type {
        case .text, .choice, .json: return .text(row.text(column))
        case .integer, .reference: return .integer(row.integer(column))
        case .boolean: return .boolean(row.integer(column) != 0)
        case .decimal(let scale): return .decimal(FixedDecimal(units: row.integer(column), scale: scale))
        case .money:
            guard let currency = row.withText(column + 1, { Currency(packedASCII: $0) }) else { return .null }
            return .money(Money(minor: row.integer(column), currency))
        case .day: return Day(row.text(column)).map(Value.day) ?? .null
        case .moment: return .moment(Moment(milliseconds: row.integer(column)))
        case .references: return .list(row.withText(column, FieldModel.ids))
        }
    }

    /// The ids of a list as stored: `[1,2]`.
    static func ids(_ text: UnsafeBufferPointer<UInt8>) -> [RecordID] {
        var ids: [RecordID] = []
        var current: Int64?
        for byte in text {
            if byte >= 48, byte <= 57 {
                current = (current ?? 0) &* 10 &+ Int64(byte - 48)
            } else if let id = current {
                ids.append(RecordID(id))
                current = nil
            }
        }
        if let id = current { ids.append(RecordID(id)) }
        return ids
    }
}

extension Value {
    /// A value that takes one column.
    var column: SQLValue {
        switch self {
        case .null: .null
        case .text(let text): .text(text)
        case .integer(let number): .integer(number)
        case .boolean(let flag): .integer(flag ? 1 : 0)
        case .decimal(let number): .integer(number.units)
        case .money(let money): .integer(money.minor)
        case .day(let day): .text(day.description)
        case .moment(let moment): .integer(moment.milliseconds)
        case .list(let ids): .text("[" + ids.map(\.description).joined(separator: ",") + "]")
        }
    }
}

extension Currency {
    /// A code as its three bytes stand in a column.
    init?(packedASCII bytes: UnsafeBufferPointer<UInt8>) {
        guard bytes.count == 3 else { return nil }
        self.init(String(decoding: bytes, as: UTF8.self))
    }
}
