/// How a field is compared.
@frozen
public enum Comparison: String, Sendable, Hashable, CaseIterable {
    /// Equal. Text without regard to case where the field is unique or an e-mail address, exact otherwise.
    case equal = "eq"
    /// Not equal, or empty.
    case notEqual = "ne"
    /// Less than.
    case less = "lt"
    /// At most.
    case lessOrEqual = "lte"
    /// Greater than.
    case greater = "gt"
    /// At least.
    case greaterOrEqual = "gte"
    /// Contains the text, without regard to case.
    case contains
    /// Begins with the text, without regard to case.
    case startsWith = "starts"
}

/// What a field is compared with.
@frozen
public enum Operand: Sendable, Hashable {
    /// A value.
    case value(Value)
    /// The user who asks.
    case currentUser
    /// The day so many days from today (negative: in the past); compared with moments it stands for the whole day.
    case today(plusDays: Int)
    /// The moment so many seconds from now (negative: in the past).
    case now(plusSeconds: Int)
}

/// A condition on records without its Swift type: the form shared by lists, URLs, saved views and plugins.
@frozen
public indirect enum Filter: Sendable, Hashable {
    /// All of them. None at all holds always.
    case all([Filter])
    /// At least one of them. None at all holds never.
    case any([Filter])
    /// Not this one.
    case not(Filter)
    /// A field compared with something.
    case compare(String, Comparison, Operand)
    /// A field has one of these values.
    case oneOf(String, [Operand])
    /// A field is empty.
    case empty(String)
    /// Any searchable field contains the text.
    case search(String)

    /// Holds always.
    public static var everything: Filter { .all([]) }

    /// A formula that comes to yes or no, read when the condition is asked: `.formula("phase.is_over and not urgent")`. What it
    /// reads by way of links is empty for whoever may not see the records there.
    public static func formula(_ text: String) -> Filter { .compare("=", .equal, .value(.text(text))) }
}

/// A condition on the records of one entity: `Lead.status == new && Lead.value != nil`.
public struct Condition<E: Entity>: Sendable {
    /// The condition without its type.
    public let filter: Filter
    /// Gives a condition its type.
    public init(_ filter: Filter) { self.filter = filter }
    /// Both hold.
    public static func && (left: Condition, right: Condition) -> Condition { Condition(.all([left.filter, right.filter])) }
    /// At least one holds.
    public static func || (left: Condition, right: Condition) -> Condition { Condition(.any([left.filter, right.filter])) }
    /// Does not hold.
    public static prefix func ! (condition: Condition) -> Condition { Condition(.not(condition.filter)) }
}

extension EntityField where Owner: Entity {
    private func compare(_ comparison: Comparison, _ value: V) -> Condition<Owner> {
        if case .null = value.value {
            return Condition(comparison == .notEqual ? .not(.empty(name)) : .empty(name))
        }
        return Condition(.compare(name, comparison, .value(value.value)))
    }
    /// Equal; with nil: empty.
    public static func == (field: EntityField, value: V) -> Condition<Owner> { field.compare(.equal, value) }
    /// Not equal; with nil: not empty.
    public static func != (field: EntityField, value: V) -> Condition<Owner> { field.compare(.notEqual, value) }
    /// Less than.
    public static func < (field: EntityField, value: V) -> Condition<Owner> { field.compare(.less, value) }
    /// At most.
    public static func <= (field: EntityField, value: V) -> Condition<Owner> { field.compare(.lessOrEqual, value) }
    /// Greater than.
    public static func > (field: EntityField, value: V) -> Condition<Owner> { field.compare(.greater, value) }
    /// At least.
    public static func >= (field: EntityField, value: V) -> Condition<Owner> { field.compare(.greaterOrEqual, value) }
    /// Has one of these values.
    public func isOne(of values: [V]) -> Condition<Owner> { Condition(.oneOf(name, values.map { .value($0.value) })) }
    /// Compared with something that depends on the moment or the user: `Lead.owner.is(.equal, .currentUser)`.
    public func `is`(_ comparison: Comparison, _ operand: Operand) -> Condition<Owner> {
        Condition(.compare(name, comparison, operand))
    }
    /// Holds nothing.
    public var isEmpty: Condition<Owner> { Condition(.empty(name)) }
}

/// One step of an order.
public struct Sort: Sendable, Hashable {
    /// The field's name.
    public var field: String
    /// Whether the greatest comes first. Empty values come last either way.
    public var descending: Bool

    /// Makes a step from a name.
    public init(field: String, descending: Bool) {
        self.field = field
        self.descending = descending
    }
    /// The smallest first.
    public static func ascending(_ field: any AnyField) -> Sort { Sort(field: field.name, descending: false) }
    /// The greatest first.
    public static func descending(_ field: any AnyField) -> Sort { Sort(field: field.name, descending: true) }
}
