/// Everything the kernel knows about a field, without its Swift type.
public struct FieldDescription: Sendable {
    /// The name in storage, JSON, URLs and files: snake_case.
    public var name: String
    /// The type.
    public var kind: FieldKind
    /// Whether every record must have a value.
    public var isRequired: Bool
    /// The words that people see.
    public var label: String
    /// A sentence of help, or empty.
    public var help: String = ""
    /// The most characters a text may have.
    public var maxLength: Int?
    /// The least and the most that a number may be, both included.
    public var range: ClosedRange<Int64>?
    /// The written form of a text.
    public var format: TextFormat = .plain
    /// The value of a new record when none is given.
    public var defaultValue: Value = .null
    /// Found by search.
    public var isSearchable = false
    /// No two records share it.
    public var isUnique = false
    /// Has an index.
    public var isIndexed = false
    /// Names the user to whom the record belongs.
    public var isOwner = false
    /// Filled in by the plugin when it is left out.
    public var isFilledIn = false
    /// Set by plugins only.
    public var isReadOnly = false
    /// Left out of forms and record pages.
    public var isHidden = false
    /// Turned over in the list with one click or key.
    public var isToggle = false
    /// Opens something: stored, but never shown.
    public var isSecret = false
    /// Other names in files to import.
    public var aliases: [String] = []
    /// What happens when the record pointed at is deleted.
    public var whenTargetIsDeleted: DeletionRule = .refuse
    /// Asked for only while another field of the form has one of these values.
    public var shownWhen: (field: String, values: [Value])?
    /// The entity whose fields the text names, separated by commas; nil for any other text.
    public var namesFieldsOf: String?
    /// The fields of that entity that it cannot name.
    public var namesNot: [String] = []
    /// The entities at which fields that it names may point; nil for any.
    public var namesPointingAt: [String]?
    /// Made at run time by an administrator.
    public var isCustom = false
    /// Text that is a formula over the records of an entity, and what it has to come to.
    public var formulaOn: (entity: String, result: FormulaType)?
    /// Follows from other things; set by the plugin only, outside the audit trail.
    public var isDerived = false

    /// Makes a description from a name, a type and rules. Used for fields made at run time, too.
    public init(name: String, kind: FieldKind, isRequired: Bool, rules: [FieldRule] = []) {
        self.name = name
        self.kind = kind
        self.isRequired = isRequired
        label = name.readable
        for rule in rules { apply(rule) }
    }

    /// Whether whoever makes a record has to give it: required, and nobody else fills it in.
    public var mustBeGiven: Bool { isRequired && !isFilledIn }

    private mutating func apply(_ rule: FieldRule) {
        switch rule.kind {
        case .maxLength(let count): maxLength = count
        case .range(let low, let high): range = low...high
        case .scale(let places): kind = .decimal(scale: places)
        case .defaultValue(let value): defaultValue = value
        case .format(let format): self.format = format
        case .searchable: isSearchable = true
        case .unique: isUnique = true
        case .indexed: isIndexed = true
        case .owner: isOwner = true
        case .filledIn: isFilledIn = true
        case .readOnly: isReadOnly = true
        case .hidden: isHidden = true
        case .internalOnly: isHidden = true
        case .toggle: isToggle = true
        case .label(let text): label = text
        case .help(let text): help = text
        case .aliases(let names): aliases = names
        case .whenDeleted(let rule): whenTargetIsDeleted = rule
        case .shown(let field, let values): shownWhen = (field, values)
        case .fieldNames(let entity): namesFieldsOf = entity()
        case .fieldNamesExcept(let entity, let besides, let targets):
            namesFieldsOf = entity()
            namesNot = besides
            namesPointingAt = targets
        case .secret: (isSecret, isHidden) = (true, true)
        case .formula(let entity, let result):
            formulaOn = (entity(), result)
            format = .multiline
            if maxLength == nil { maxLength = 4000 }
        case .derived:
            isDerived = true
            isReadOnly = true
        }
    }
}
