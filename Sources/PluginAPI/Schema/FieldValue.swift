/// A Swift type that a field can have.
public protocol FieldValue: Sendable {
    /// How storage and the fronts see it.
    static var kind: FieldKind { get }
    /// Whether a record may lack it. True for optionals only.
    static var isOptional: Bool { get }
    /// What reading an empty field gives: nil, empty text, zero.
    static var blank: Self { get }
    /// Takes the typed value out of the closed form; nil when it holds something else.
    init?(value: Value)
    /// The closed form.
    var value: Value { get }
}

extension FieldValue {
    /// Required unless the type says otherwise.
    @inlinable public static var isOptional: Bool { false }
}

extension Optional: FieldValue where Wrapped: FieldValue {
    @inlinable public static var kind: FieldKind { Wrapped.kind }
    @inlinable public static var isOptional: Bool { true }
    @inlinable public static var blank: Wrapped? { nil }
    @inlinable public init?(value: Value) {
        if case .null = value {
            self = .none
        } else if let wrapped = Wrapped(value: value) {
            self = .some(wrapped)
        } else {
            return nil
        }
    }
    @inlinable public var value: Value {
        switch self {
        case .none: .null
        case .some(let wrapped): wrapped.value
        }
    }
}

extension String: FieldValue {
    public static var kind: FieldKind { .text }
    @inlinable public static var blank: String { "" }
    @inlinable public init?(value: Value) {
        guard case .text(let text) = value else { return nil }
        self = text
    }
    @inlinable public var value: Value { .text(self) }
}

extension Int: FieldValue {
    public static var kind: FieldKind { .integer }
    @inlinable public static var blank: Int { 0 }
    @inlinable public init?(value: Value) {
        guard case .integer(let number) = value else { return nil }
        self = Int(truncatingIfNeeded: number)
    }
    @inlinable public var value: Value { .integer(Int64(self)) }
}

extension Bool: FieldValue {
    public static var kind: FieldKind { .boolean }
    @inlinable public static var blank: Bool { false }
    @inlinable public init?(value: Value) {
        guard case .boolean(let flag) = value else { return nil }
        self = flag
    }
    @inlinable public var value: Value { .boolean(self) }
}

extension Money: FieldValue {
    public static var kind: FieldKind { .money }
    @inlinable public static var blank: Money { Money(minor: 0, .eur) }
    @inlinable public init?(value: Value) {
        guard case .money(let money) = value else { return nil }
        self = money
    }
    @inlinable public var value: Value { .money(self) }
}

extension FixedDecimal: FieldValue {
    public static var kind: FieldKind { .decimal(scale: 2) }
    @inlinable public static var blank: FixedDecimal { FixedDecimal(units: 0, scale: 0) }
    @inlinable public init?(value: Value) {
        guard case .decimal(let number) = value else { return nil }
        self = number
    }
    @inlinable public var value: Value { .decimal(self) }
}

extension Day: FieldValue {
    public static var kind: FieldKind { .day }
    @inlinable public static var blank: Day { Day(number: 0) }
    @inlinable public init?(value: Value) {
        guard case .day(let day) = value else { return nil }
        self = day
    }
    @inlinable public var value: Value { .day(self) }
}

extension Moment: FieldValue {
    public static var kind: FieldKind { .moment }
    @inlinable public static var blank: Moment { Moment(milliseconds: 0) }
    @inlinable public init?(value: Value) {
        guard case .moment(let moment) = value else { return nil }
        self = moment
    }
    @inlinable public var value: Value { .moment(self) }
}

/// A link to one record of an entity: its id, typed by what it points at.
@frozen
public struct Reference<Target: Entity>: FieldValue, Hashable {
    /// The id of the record pointed at.
    public let id: RecordID
    /// Makes a link.
    @inlinable public init(_ id: RecordID) { self.id = id }
    public static var kind: FieldKind { .reference(Target.schema.name) }
    @inlinable public static var blank: Reference { Reference(.none) }
    @inlinable public init?(value: Value) {
        guard case .integer(let raw) = value else { return nil }
        id = RecordID(raw)
    }
    @inlinable public var value: Value { .integer(id.raw) }
}

/// Links to several records of an entity, in order.
@frozen
public struct References<Target: Entity>: FieldValue, Hashable {
    /// The ids of the records pointed at.
    public var ids: [RecordID]
    /// Makes links.
    @inlinable public init(_ ids: [RecordID]) { self.ids = ids }
    public static var kind: FieldKind { .references(Target.schema.name) }
    @inlinable public static var isOptional: Bool { true }
    @inlinable public static var blank: References { References([]) }
    @inlinable public init?(value: Value) {
        switch value {
        case .list(let ids): self.ids = ids
        case .null: ids = []
        default: return nil
        }
    }
    @inlinable public var value: Value { .list(ids) }
}

/// A fixed set of options: `enum Outcome: String, Choice { case open, won }`.
public protocol Choice: FieldValue, CaseIterable, RawRepresentable where RawValue == String {
    /// The words that people see; the case's name made readable unless you say otherwise.
    var label: String { get }
    /// The colour of the badge as `#rrggbb`, or empty.
    var color: String { get }
}

extension Choice {
    public var label: String { rawValue.readable }
    public var color: String { "" }
    public static var kind: FieldKind {
        .choice(allCases.map { ChoiceOption($0.rawValue, label: $0.label, color: $0.color) })
    }
    public static var blank: Self { allCases[allCases.startIndex] }
    @inlinable public init?(value: Value) {
        guard case .text(let text) = value else { return nil }
        self.init(rawValue: text)
    }
    @inlinable public var value: Value { .text(rawValue) }
}
