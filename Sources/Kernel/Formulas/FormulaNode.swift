import PluginAPI

/// A part of a formula with its type, how it is worked out for a record, and how a database is asked for it.
struct FormulaNode: Sendable {
    let kind: FormulaKind
    let code: FormulaCode
    /// How a database works it out; the reason when it cannot.
    let query: FormulaQuery
    let place: Range<Int>
    /// Whether it reads nothing of a record: the same for all of them.
    let isConstant: Bool
    /// The value, where it was written down as it is.
    var literal: Value?

    init(
        _ kind: FormulaKind, _ code: FormulaCode, at place: Range<Int>, isConstant: Bool, query: FormulaQuery = .none("this part"),
        literal: Value? = nil
    ) {
        self.kind = kind
        self.code = code
        self.place = place
        self.isConstant = isConstant
        self.literal = literal
        self.query = isConstant ? .constant(kind, code) : query
    }

    // MARK: The part as another type that it fits

    /// Nothing counts as no.
    var condition: (@Sendable (inout FormulaFrame) throws -> Bool)? {
        switch code {
        case .boolean(let step): { try step(&$0) ?? false }
        case .empty: { _ in false }
        default: nil
        }
    }

    /// In units of a scale that is not smaller than its own.
    func number(scale: Int) -> FormulaStep<Int64>? {
        switch (code, kind) {
        case (.number(let step), .number(let own)): FormulaCode.scaled(step, by: scale - own)
        case (.empty, _): { _ in nil }
        default: nil
        }
    }

    var whole: FormulaStep<Int64>? {
        switch (code, kind) {
        case (.number(let step), .number(0)): step
        case (.empty, _): { _ in nil }
        default: nil
        }
    }

    var fraction: FormulaStep<Fraction>? {
        switch (code, kind) {
        case (.fraction(let step), _): step
        case (.number(let step), .number(let scale)): { try step(&$0).map { Fraction(units: $0, scale: scale) } }
        case (.empty, _): { _ in nil }
        default: nil
        }
    }

    var money: FormulaStep<Money>? {
        switch code {
        case .money(let step): step
        case .empty: { _ in nil }
        default: nil
        }
    }

    var share: FormulaStep<MoneyFraction>? {
        switch code {
        case .share(let step): step
        case .money(let step):
            { try step(&$0).map { MoneyFraction(minor: Fraction(units: $0.minor, scale: 0), currency: $0.currency) } }
        case .empty: { _ in nil }
        default: nil
        }
    }

    var text: FormulaStep<String>? {
        switch code {
        case .text(let step): step
        case .empty: { _ in nil }
        default: nil
        }
    }

    var date: FormulaStep<Day>? {
        switch code {
        case .date(let step): step
        case .empty: { _ in nil }
        default: nil
        }
    }

    var moment: FormulaStep<Moment>? {
        switch code {
        case .moment(let step): step
        case .empty: { _ in nil }
        default: nil
        }
    }

    var id: FormulaStep<Int64>? {
        switch (code, kind) {
        case (.id(let step), _), (.number(let step), .number(0)): step
        case (.empty, _): { _ in nil }
        default: nil
        }
    }

    /// Written out, for joining texts.
    var written: FormulaStep<String>? {
        switch (code, kind) {
        case (.text(let step), _): step
        case (.number(let step), .number(let scale)):
            { try step(&$0).map { FixedDecimal(units: $0, scale: scale).description } }
        case (.boolean(let step), _): { try step(&$0).map { $0 ? "yes" : "no" } }
        case (.money(let step), _): { try step(&$0)?.description }
        case (.date(let step), _): { try step(&$0)?.description }
        case (.moment(let step), _): { try step(&$0)?.description }
        case (.id(let step), _): { try step(&$0).map(String.init) }
        case (.empty, _): { _ in nil }
        default: nil
        }
    }

    /// As one of the kinds that it fits, for `if` and what is like it. Call with a kind that ``FormulaKind/joined(_:)`` gave.
    func code(as kind: FormulaKind) -> FormulaCode {
        switch kind {
        case .empty: .empty
        case .boolean: if case .boolean(let step) = code { .boolean(step) } else { .boolean { _ in nil } }
        case .number(let scale): .number(number(scale: scale) ?? { _ in nil })
        case .fraction: .fraction(fraction ?? { _ in nil })
        case .money: .money(money ?? { _ in nil })
        case .share: .share(share ?? { _ in nil })
        case .text: .text(text ?? { _ in nil })
        case .date: .date(date ?? { _ in nil })
        case .moment: .moment(moment ?? { _ in nil })
        case .id: .id(id ?? { _ in nil })
        case .list: if case .list(let step) = code { .list(step) } else { .list { _ in nil } }
        }
    }
}
