import PluginAPI

/// The type of a part of a formula, known before anything is evaluated.
enum FormulaKind: Hashable, Sendable {
    /// Null itself: fits everywhere.
    case empty
    case boolean
    /// An exact number with so many decimals; without any it is an integer.
    case number(scale: Int)
    /// A quotient, or a product with more decimals than are kept: exact, and to be rounded before it is a number.
    case fraction
    case money
    /// An amount that is not whole in its currency's smallest unit yet.
    case share
    /// The key of an option counts as text; the keys are known, so that a misspelt one is told.
    case text(options: [String]?)
    case date
    case moment
    /// A link to a record of an entity; of any when nil.
    case id(String?)
    /// Links to several records.
    case list(String)

    static let text = FormulaKind.text(options: nil)
    static let integer = FormulaKind.number(scale: 0)

    /// With its article, for messages.
    var word: String {
        switch self {
        case .empty: "null"
        case .boolean: "a yes or no"
        case .number(0): "a whole number"
        case .number: "a number"
        case .fraction: "a number that is not rounded yet"
        case .money: "an amount of money"
        case .share: "an amount that is not rounded yet"
        case .text: "a text"
        case .date: "a date"
        case .moment: "a moment"
        case .id: "a link"
        case .list: "a list of links"
        }
    }

    /// As plugins know it; nil for what is a step on the way only.
    var type: FormulaType? {
        switch self {
        case .boolean: .boolean
        case .number(let scale): scale == 0 ? .integer : .number
        case .money: .money
        case .text: .text
        case .date: .date
        case .moment: .moment
        case .id: .id
        case .empty, .fraction, .share, .list: nil
        }
    }

    var isText: Bool { if case .text = self { true } else { false } }

    /// The decimals of a number; nil for anything else.
    var scale: Int? { if case .number(let scale) = self { scale } else { nil } }

    init?(_ type: FieldType) {
        switch type {
        case .text: self = .text
        case .choice(let options): self = .text(options: options.map(\.key))
        case .integer: self = .integer
        case .decimal(let scale): self = .number(scale: scale)
        case .boolean: self = .boolean
        case .money: self = .money
        case .day: self = .date
        case .moment: self = .moment
        case .reference(let entity): self = .id(entity)
        case .references(let entity): self = .list(entity)
        case .json: return nil
        }
    }

    /// The kind of what is one of two kinds; nil when they have nothing in common.
    func joined(_ other: FormulaKind) -> FormulaKind? {
        switch (self, other) {
        case (.empty, let kind), (let kind, .empty): kind
        case (.number(let left), .number(let right)): .number(scale: max(left, right))
        case (.fraction, .number), (.number, .fraction): .fraction
        case (.share, .money), (.money, .share): .share
        case (.text, .text): self == other ? self : .text
        case (.id(let left), .id(let right)): left == nil ? other : right == nil || left == right ? self : nil
        default: self == other ? self : nil
        }
    }
}
