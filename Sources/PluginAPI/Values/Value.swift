/// What one field of one record holds, whatever its type: the closed form shared by storage, JSON, masks and rules.
@frozen
public enum Value: Hashable, Sendable {
    /// Nothing: the field is empty.
    case null
    /// Text, or the key of a choice.
    case text(String)
    /// A whole number, or the id of a referenced record.
    case integer(Int64)
    /// Yes or no.
    case boolean(Bool)
    /// An exact number with a declared count of decimal places.
    case decimal(FixedDecimal)
    /// An exact amount in one currency.
    case money(Money)
    /// A calendar day without a time zone.
    case day(Day)
    /// A moment in time.
    case moment(Moment)
    /// Several referenced records, in order.
    case list([RecordID])

    /// Whether the field is empty. Empty text counts as empty.
    public var isEmpty: Bool {
        switch self {
        case .null: true
        case .text(let text): text.isEmpty
        case .list(let ids): ids.isEmpty
        default: false
        }
    }
}
