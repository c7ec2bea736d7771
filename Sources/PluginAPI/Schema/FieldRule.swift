/// What a field demands of its values, and how it behaves: given after its name.
public struct FieldRule: Sendable {
    enum Kind: Sendable {
        case maxLength(Int), range(Int64, Int64), scale(Int), defaultValue(Value)
        case format(TextFormat)
        case searchable, unique, indexed, owner, readOnly, hidden, internalOnly, filledIn, toggle
        case label(String), help(String), aliases([String])
        case whenDeleted(DeletionRule)
        case shown(field: String, values: [Value])
        case fieldNames(@Sendable () -> String)
        case fieldNamesExcept(@Sendable () -> String, besides: [String], pointingAt: [String])
        case secret
        case formula(entity: @Sendable () -> String, result: FormulaType)
        case derived
    }

    let kind: Kind

    /// At most so many characters. Text without this rule is limited to 10,000; a label field to 200.
    public static func maxLength(_ count: Int) -> FieldRule { FieldRule(kind: .maxLength(count)) }
    /// A whole or decimal number within bounds, both included.
    public static func range(_ bounds: ClosedRange<Int>) -> FieldRule {
        FieldRule(kind: .range(Int64(bounds.lowerBound), Int64(bounds.upperBound)))
    }
    /// So many decimal places, 0 to 9, instead of 2.
    public static func scale(_ places: Int) -> FieldRule { FieldRule(kind: .scale(places)) }
    /// The value of a new record when none is given.
    public static func byDefault(_ value: some FieldValue) -> FieldRule { FieldRule(kind: .defaultValue(value.value)) }
    /// An e-mail address (the useful part of RFC 5322: one `@`, a domain, no spaces).
    public static var email: FieldRule { FieldRule(kind: .format(.email)) }
    /// A telephone number: digits, spaces, `+ ( ) - . /` and an extension.
    public static var phone: FieldRule { FieldRule(kind: .format(.phone)) }
    /// A web address with http or https; a bare host gains `https://`.
    public static var url: FieldRule { FieldRule(kind: .format(.url)) }
    /// Text of several lines.
    public static var multiline: FieldRule { FieldRule(kind: .format(.multiline)) }
    /// A colour as `#rrggbb`.
    public static var color: FieldRule { FieldRule(kind: .format(.color)) }
    /// Found by the search over the whole product and by `q=` in lists: any substring.
    public static var searchable: FieldRule { FieldRule(kind: .searchable) }
    /// No two records share it. Empty values do not count; text is compared without regard to case.
    public static var unique: FieldRule { FieldRule(kind: .unique) }
    /// Has an index: filters and sorting by it stay fast on large tables. Records without a value cost nothing there and are not found by it.
    public static var indexed: FieldRule { FieldRule(kind: .indexed) }
    /// Names the user to whom the record belongs: decides the scopes *own* and *team*, and that user is told of an assignment.
    public static var owner: FieldRule { FieldRule(kind: .owner) }
    /// The plugin's `prepare` fills it in when it is left out: required in the record, but nobody has to give it.
    public static var filledIn: FieldRule { FieldRule(kind: .filledIn) }
    /// Shown, but set by the plugin only.
    public static var readOnly: FieldRule { FieldRule(kind: .readOnly) }
    /// Something that opens something: stored, and never shown again, exported, searched for or written to the audit trail.
    ///
    /// A setting with this rule is set by administrators; afterwards they see only whether it is set. A field with it is read
    /// and written by the plugin alone, in an elevated transaction: to everyone else it is not there.
    public static var secret: FieldRule { FieldRule(kind: .secret) }
    /// Stored, filterable and in JSON, but left out of forms and record pages.
    public static var hidden: FieldRule { FieldRule(kind: .hidden) }
    /// Text that names fields of an entity, separated by commas: those that people fill in, custom ones included. Chosen by ticks in
    /// forms; a name that the entity does not have is refused.
    public static func fieldNames<E: Entity>(of _: E.Type) -> FieldRule { FieldRule(kind: .fieldNames { E.schema.name }) }
    /// The same without some fields, and without those that point at records, but for the ones that point at a record of the entities
    /// named: for texts that say what people outside fill in.
    public static func fieldNames<E: Entity>(of _: E.Type, besides: [String], pointingAt: [String]) -> FieldRule {
        FieldRule(kind: .fieldNamesExcept({ E.schema.name }, besides: besides, pointingAt: pointingAt))
    }
    /// Yes or no that is turned over in the list with one click or key.
    public static var toggle: FieldRule { FieldRule(kind: .toggle) }
    /// The words that people see; the name made readable unless given.
    public static func label(_ text: String) -> FieldRule { FieldRule(kind: .label(text)) }
    /// A sentence of help below the field.
    public static func help(_ text: String) -> FieldRule { FieldRule(kind: .help(text)) }
    /// Other names under which files to import know the field.
    public static func aliases(_ names: String...) -> FieldRule { FieldRule(kind: .aliases(names)) }
    /// What happens to this record when the record it points at is deleted. Refused unless said otherwise.
    public static func whenTargetIsDeleted(_ rule: DeletionRule) -> FieldRule { FieldRule(kind: .whenDeleted(rule)) }
    /// Asked for in a form only while another field of the form has one of these values.
    public static func shown<Owner, V: FieldValue>(when field: EntityField<Owner, V>, is values: V...) -> FieldRule {
        FieldRule(kind: .shown(field: field.name, values: values.map(\.value)))
    }
    /// Text that is a formula over the records of an entity, as `Transaction.evaluate` and `Transaction.holds` take it. A wrong one
    /// is refused when it is saved, with its line and column.
    ///
    /// `result` is what it has to come to: `.boolean` for a condition, `.number` for any number, `.integer` for a whole one, or
    /// another type. Without a `maxLength` it may have 4,000 characters.
    public static func formula<E: Entity>(on _: E.Type, result: FormulaType = .boolean) -> FieldRule {
        FieldRule(kind: .formula(entity: { E.schema.name }, result: result))
    }
    /// Follows from other things, as a score or a count: people see it and cannot set it, and what a caller of `save` leaves in it
    /// is not looked at. The plugin sets it in `prepare`, or alone with `Transaction.derive`. Its changes are nobody's doing: they
    /// stand neither in the timeline nor in the audit trail.
    public static var derived: FieldRule { FieldRule(kind: .derived) }
}

/// The written form that a text must have.
public enum TextFormat: String, Sendable {
    /// One line.
    case plain
    /// Several lines.
    case multiline
    /// An e-mail address.
    case email
    /// A telephone number.
    case phone
    /// A web address.
    case url
    /// A colour.
    case color
}

/// What happens to a record when one that it points at is deleted.
@frozen
public enum DeletionRule: String, Sendable {
    /// The deletion is refused, with the count of records in its way.
    case refuse
    /// The link is emptied.
    case clear
    /// This record is deleted too.
    case cascade
}
