import PluginAPI

/// Turns the text of one column's cells into values of one field.
struct CellReader: Sendable {
    /// What a cell means before names have been looked up.
    enum Meaning: Hashable, Sendable {
        case empty
        case value(Value)
        /// A record of an entity by its name or id.
        case reference(entity: String, text: String)
        case references(entity: String, texts: [String])
    }

    /// What is wrong with a cell: a lower-case fact about it.
    struct Fault: Error, Hashable, Sendable {
        var message: String
        /// The same without what only this cell says: what all cells have in common that have this fault.
        var fact: String
        /// What to do about it, as a sentence; empty when there is nothing to add.
        var hint: String
        /// It may be mended by a row that comes later in the file.
        var mayFollow: Bool = false

        init(_ message: String, fact: String? = nil, hint: String = "", mayFollow: Bool = false) {
            self.message = message
            self.fact = fact ?? message
            self.hint = hint
            self.mayFollow = mayFollow
        }
    }

    let field: FieldDescription
    private let dateFormat: DateFormat
    private let numberFormat: NumberFormat
    private let multiplier: Int64
    private let currency: Currency
    private let offsetMinutes: Int
    private let emptyTexts: Set<String>

    init(
        field: FieldDescription, dateFormat: DateFormat = .iso, numberFormat: NumberFormat = .decimalPoint,
        multiplier: Int64 = 1, currency: Currency, offsetMinutes: Int = 0, emptyTexts: Set<String> = []
    ) {
        self.field = field
        self.dateFormat = dateFormat
        self.numberFormat = numberFormat
        self.multiplier = multiplier
        self.currency = currency
        self.offsetMinutes = offsetMinutes
        self.emptyTexts = emptyTexts
    }

    func read(_ text: String) -> Result<Meaning, Fault> {
        let trimmed: String = text.trimmed
        if trimmed.isEmpty || emptyTexts.contains(trimmed) { return .success(.empty) }
        switch field.kind {
        case .text:
            return .success(.value(.text(field.format == .multiline ? text : trimmed)))
        case .json:
            return .success(.value(.text(text)))
        case .boolean:
            guard let flag = BooleanText.read(trimmed) else { return fault("is neither yes nor no", trimmed, hint: "Write yes or no.") }
            return .success(.value(.boolean(flag)))
        case .integer:
            return number(trimmed).flatMap { scaled($0, 0) }.map { .value(.integer($0)) }
        case .decimal(let scale):
            return number(trimmed).flatMap { number in
                scaled(number, scale).map { .value(.decimal(FixedDecimal(units: $0, scale: scale))) }
            }
        case .money:
            return number(trimmed).flatMap { money($0) }
        case .day:
            guard let moment = dateFormat.read(trimmed) else { return fault("is not a day\(written)", trimmed, hint: Self.howWritten("days")) }
            return .success(.value(.day(moment.day)))
        case .moment:
            guard let moment = dateFormat.read(trimmed) else { return fault("is not a time\(written)", trimmed, hint: Self.howWritten("days")) }
            return .success(.value(.moment(moment.moment(assumingOffset: offsetMinutes))))
        case .choice(let options):
            let wanted: String = HeaderWords(trimmed).joined
            let option: ChoiceOption? = options.first { $0.key == trimmed } ?? options.first {
                HeaderWords($0.key).joined == wanted || HeaderWords($0.label).joined == wanted
            }
            guard let option else {
                let labels: String = options.map(\.label).joined(separator: ", ")
                return fault("is none of \(labels)", trimmed, hint: "Write one of these.")
            }
            return .success(.value(.text(option.key)))
        case .reference(let entity):
            return .success(.reference(entity: entity, text: trimmed))
        case .references(let entity):
            let separator: Character = trimmed.contains(";") ? ";" : ","
            let texts: [String] = trimmed.split(separator: separator).map { String($0).trimmed }
            return .success(.references(entity: entity, texts: texts.filter { !$0.isEmpty }))
        @unknown default:
            return fault("cannot be read into this kind of field", trimmed)
        }
    }

    private func number(_ text: String) -> Result<ExactNumber, Fault> {
        numberFormat.read(text).mapError {
            Fault("\(Self.quoted(text)) \($0.message)", fact: $0.message, hint: Self.howWritten("numbers"))
        }
    }

    private func scaled(_ number: ExactNumber, _ scale: Int) -> Result<Int64, Fault> {
        var number: ExactNumber = number
        let (product, overflow) = number.digits.multipliedReportingOverflow(by: multiplier)
        if overflow { return .failure(Fault(NumberFault.tooLarge.message)) }
        number.digits = product
        return number.scaled(to: scale).mapError { Fault($0.message) }
    }

    private func money(_ number: ExactNumber) -> Result<Meaning, Fault> {
        var currency: Currency = currency
        if let mark = number.currency {
            if let code = Currency(mark) {
                currency = code
            } else if !Self.signs(of: currency).contains(mark) {
                return .failure(Fault("\(mark) is not the sign of \(currency.code)"))
            }
        }
        return scaled(number, currency.minorDigits).map { .value(.money(Money(minor: $0, currency))) }
    }

    /// The signs that several currencies share, where this currency is one of them.
    private static func signs(of currency: Currency) -> [String] {
        switch currency.code {
        case "USD", "AUD", "CAD", "NZD", "SGD", "HKD", "MXN", "TWD", "ARS", "CLP", "COP": ["$"]
        case "JPY", "CNY": ["¥"]
        default: []
        }
    }

    private func fault(_ fact: String, _ text: String, hint: String = "") -> Result<Meaning, Fault> {
        .failure(Fault("\(Self.quoted(text)) \(fact)", fact: fact, hint: hint))
    }

    /// How the days of the column are written, where that is one way.
    private var written: String { dateFormat.style == .anyForm ? "" : " written \(dateFormat.name)" }

    private static func howWritten(_ what: String) -> String { "Say how the \(what) of this column are written, or correct these cells." }

    /// A cell's text as part of a message, cut to a length that can be read.
    static func quoted(_ text: String) -> String {
        let short: String = text.count > 40 ? String(text.prefix(40)) + "…" : text
        return "“\(short)”"
    }
}
