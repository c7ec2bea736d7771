import PluginAPI

/// Works out one part of a formula; nil when it is empty. Throws ``FormulaFault`` when it comes to nothing.
typealias FormulaStep<T> = @Sendable (inout FormulaFrame) throws -> T?

/// A part of a formula as it runs: a closure of its own type, so that no value is unpacked twice.
enum FormulaCode: Sendable {
    case empty
    case boolean(FormulaStep<Bool>)
    /// In units of the kind's scale.
    case number(FormulaStep<Int64>)
    case fraction(FormulaStep<Fraction>)
    case money(FormulaStep<Money>)
    case share(FormulaStep<MoneyFraction>)
    case text(FormulaStep<String>)
    case date(FormulaStep<Day>)
    case moment(FormulaStep<Moment>)
    case id(FormulaStep<Int64>)
    case list(FormulaStep<[RecordID]>)

    /// Both values, or nothing when one is empty.
    static func both<A, B, R>(
        _ left: @escaping FormulaStep<A>, _ right: @escaping FormulaStep<B>, _ body: @escaping @Sendable (A, B) throws -> R?
    ) -> FormulaStep<R> {
        { frame in
            guard let a = try left(&frame), let b = try right(&frame) else { return nil }
            return try body(a, b)
        }
    }

    static func one<A, R>(_ step: @escaping FormulaStep<A>, _ body: @escaping @Sendable (A) throws -> R?) -> FormulaStep<R> {
        { frame in
            guard let a = try step(&frame) else { return nil }
            return try body(a)
        }
    }

    /// The number with more decimals.
    static func scaled(_ step: @escaping FormulaStep<Int64>, by places: Int) -> FormulaStep<Int64> {
        guard places > 0 else { return step }
        let factor = Int64(Fraction.power(places))
        return { frame in
            guard let units = try step(&frame) else { return nil }
            let (product, overflow) = units.multipliedReportingOverflow(by: factor)
            if overflow { throw FormulaFault.overflow }
            return product
        }
    }

    /// A fixed value.
    init(_ value: Value) {
        switch value {
        case .null: self = .empty
        case .text(let text): self = .text { _ in text }
        case .integer(let number): self = .number { _ in number }
        case .decimal(let number):
            let units: Int64 = number.units
            self = .number { _ in units }
        case .boolean(let flag): self = .boolean { _ in flag }
        case .money(let money): self = .money { _ in money }
        case .day(let day): self = .date { _ in day }
        case .moment(let moment): self = .moment { _ in moment }
        case .list(let ids): self = .list { _ in ids }
        }
    }

    /// Values read from records, told apart by the field's type.
    init(reading read: @escaping @Sendable (inout FormulaFrame) throws -> Value, _ kind: FormulaKind) {
        switch kind {
        case .empty: self = .empty
        case .boolean: self = .boolean { if case .boolean(let flag) = try read(&$0) { flag } else { nil } }
        case .number(let scale):
            self = .number {
                switch try read(&$0) {
                case .integer(let number): number
                case .decimal(let number): number.scale == scale ? number.units : number.rescaled(to: scale)?.units
                default: nil
                }
            }
        case .money: self = .money { if case .money(let money) = try read(&$0) { money } else { nil } }
        case .text: self = .text { if case .text(let text) = try read(&$0), !text.isEmpty { text } else { nil } }
        case .date: self = .date { if case .day(let day) = try read(&$0) { day } else { nil } }
        case .moment: self = .moment { if case .moment(let moment) = try read(&$0) { moment } else { nil } }
        case .id: self = .id { if case .integer(let id) = try read(&$0) { id } else { nil } }
        case .list: self = .list { if case .list(let ids) = try read(&$0), !ids.isEmpty { ids } else { nil } }
        case .fraction, .share: self = .empty
        }
    }

    /// Evaluates to the closed form that the rest of the product knows. Fractions have none.
    func value(_ frame: inout FormulaFrame, scale: Int) throws -> Value {
        switch self {
        case .empty, .fraction, .share: .null
        case .boolean(let step): try step(&frame).map(Value.boolean) ?? .null
        case .number(let step):
            try step(&frame).map { scale == 0 ? .integer($0) : .decimal(FixedDecimal(units: $0, scale: scale)) } ?? .null
        case .money(let step): try step(&frame).map(Value.money) ?? .null
        case .text(let step): try step(&frame).map { $0.isEmpty ? .null : .text($0) } ?? .null
        case .date(let step): try step(&frame).map(Value.day) ?? .null
        case .moment(let step): try step(&frame).map(Value.moment) ?? .null
        case .id(let step): try step(&frame).map(Value.integer) ?? .null
        case .list(let step): try step(&frame).map(Value.list) ?? .null
        }
    }

    /// Whether the part is empty for a record.
    var isEmpty: @Sendable (inout FormulaFrame) throws -> Bool {
        switch self {
        case .empty: { _ in true }
        case .boolean(let step): { try step(&$0) == nil }
        case .number(let step): { try step(&$0) == nil }
        case .fraction(let step): { try step(&$0) == nil }
        case .money(let step): { try step(&$0) == nil }
        case .share(let step): { try step(&$0) == nil }
        case .text(let step): { try (step(&$0) ?? "").isEmpty }
        case .date(let step): { try step(&$0) == nil }
        case .moment(let step): { try step(&$0) == nil }
        case .id(let step): { try step(&$0) == nil }
        case .list(let step): { try (step(&$0) ?? []).isEmpty }
        }
    }
}
