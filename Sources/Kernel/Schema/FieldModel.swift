import PluginAPI

/// The type of a field within the kernel: ``FieldKind`` without the cases that a later interface may add.
enum FieldType: Hashable, Sendable {
    case text, integer, boolean, money, day, moment, json
    case decimal(scale: Int)
    case reference(String), references(String)
    case choice([ChoiceOption])

    init(_ kind: FieldKind) {
        switch kind {
        case .text: self = .text
        case .integer: self = .integer
        case .boolean: self = .boolean
        case .decimal(let scale): self = .decimal(scale: scale)
        case .money: self = .money
        case .day: self = .day
        case .moment: self = .moment
        case .reference(let entity): self = .reference(entity)
        case .references(let entity): self = .references(entity)
        case .choice(let options): self = .choice(options)
        case .json: self = .json
        @unknown default: self = .text
        }
    }

    /// The word for it in OpenAPI descriptions, help and error messages.
    var word: String {
        switch self {
        case .text: "text"
        case .integer: "a whole number"
        case .boolean: "true or false"
        case .money: "an amount"
        case .day: "a day (YYYY-MM-DD)"
        case .moment: "a moment (RFC 3339)"
        case .json: "a JSON object"
        case .decimal: "a number"
        case .reference: "an id or a unique name"
        case .references: "a list of ids or unique names"
        case .choice(let options): "one of " + options.map(\.key).joined(separator: ", ")
        }
    }
}

/// A field of an entity in the frozen registry.
final class FieldModel: Sendable {
    let description: FieldDescription
    let name: String
    let type: FieldType
    /// Where its values stand in a record of the entity.
    let place: Int
    /// The plugin that owns the column; `kernel` for fields of every record.
    let plugin: String
    /// False while the entity that it points at is not there because its plugin is switched off: the field keeps its place
    /// in records but is neither shown nor read nor written. Its column and data stay.
    let isStored: Bool
    /// Whether it follows from other things, by a formula or by its plugin's work: no caller sets it.
    let isWorkedOut: Bool
    /// The formula that it is worked out by; nil for fields that are filled in.
    let formula: String?
    /// The functions of plugins that the formula called when it was read, each with its plugin.
    let formulaFunctions: [String: String]
    /// The columns that hold it, quoted, in the order of ``arguments(for:)``.
    let columns: [String]
    /// Its first column in a query in which the entity's table is `t`.
    let ownColumn: String

    init(
        _ description: FieldDescription, place: Int, plugin: String, isStored: Bool = true, formula: String? = nil,
        formulaFunctions: [String: String] = [:]
    ) {
        self.isStored = isStored
        self.formula = formula
        self.formulaFunctions = formulaFunctions
        self.description = description
        name = description.name
        isWorkedOut = formula != nil || description.isDerived
        type = FieldType(description.kind)
        self.place = place
        self.plugin = plugin
        columns = [quoted(name)] + (type == .money ? [quoted(FieldModel.currencyColumn(of: name))] : [])
        ownColumn = "t." + columns[0]
    }

    var label: String { description.label }
    var isSystem: Bool { place < SystemSlots.count }

    /// The entity that it points at, if it is a reference.
    var target: String? {
        switch type {
        case .reference(let entity), .references(let entity): entity
        default: nil
        }
    }

    /// The most characters that a text may have.
    var maxLength: Int { description.maxLength ?? (description.format == .multiline ? 100_000 : 10_000) }

    /// The column that holds the currency of an amount.
    var currencyColumn: String { FieldModel.currencyColumn(of: name) }
    private static func currencyColumn(of name: String) -> String { name + "_currency" }

    var isNumeric: Bool {
        switch type {
        case .integer, .decimal, .money: true
        default: false
        }
    }
}
