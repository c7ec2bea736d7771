/// The type of a field as storage and the fronts see it.
public enum FieldKind: Hashable, Sendable {
    /// Text.
    case text
    /// A whole number of 64 bits.
    case integer
    /// Yes or no.
    case boolean
    /// An exact number with so many decimal places, 0 to 9.
    case decimal(scale: Int)
    /// An exact amount with its currency.
    case money
    /// A calendar day.
    case day
    /// A moment in time.
    case moment
    /// One record of the named entity.
    case reference(String)
    /// Several records of the named entity, in order.
    case references(String)
    /// One of a fixed set of keys.
    case choice([ChoiceOption])
    /// A JSON document that only the kernel reads.
    case json
}

/// One option of a choice.
public struct ChoiceOption: Hashable, Sendable {
    /// The key that is stored and sent, such as `in_progress`.
    public var key: String
    /// The words that people see.
    public var label: String
    /// A colour as `#rrggbb` for its badge, or empty.
    public var color: String

    /// Makes an option; without a label the key is made readable.
    public init(_ key: String, label: String? = nil, color: String = "") {
        self.key = key
        self.label = label ?? key.readable
        self.color = color
    }
}

extension String {
    /// A snake_case or dashed name made readable: `expected_close_date` becomes `Expected close date`.
    public var readable: String {
        let words = split(whereSeparator: { $0 == "_" || $0 == "-" }).joined(separator: " ")
        return words.prefix(1).uppercased() + words.dropFirst()
    }
}
