/// Decides over a whole column whether the point or the comma sets off the decimals.
struct NumberFormatGuess {
    enum Decision: Hashable, Sendable {
        case empty
        case decided(NumberFormat)
        /// Everything can be read both ways and would mean different numbers, or values contradict each other.
        case ambiguous([NumberFormat])
        case none
    }

    struct Misfit: Hashable, Sendable {
        var line: Int
        var text: String
        var fault: NumberFault
    }

    static let keptMisfits: Int = 100

    private(set) var count: Int = 0
    /// Most decimals seen, by format.
    private(set) var scale: [NumberFormat: Int] = [:]
    private(set) var currencies: [String: Int] = [:]
    private(set) var percents: Int = 0
    private var fitting: [NumberFormat: Int] = [:]
    private var onlyPoint: Int = 0
    private var onlyComma: Int = 0
    private var differing: Int = 0
    private var faults: [NumberFormat: [Misfit]] = [:]

    init() {}

    mutating func add(_ text: String, line: Int) {
        let trimmed: String = text.trimmed
        if trimmed.isEmpty { return }
        count += 1
        let point: Result<ExactNumber, NumberFault> = NumberFormat.decimalPoint.read(trimmed)
        let comma: Result<ExactNumber, NumberFault> = NumberFormat.decimalComma.read(trimmed)
        note(point, .decimalPoint, trimmed, line)
        note(comma, .decimalComma, trimmed, line)
        switch (try? point.get(), try? comma.get()) {
        case (let a?, let b?):
            if a.digits != b.digits || a.scale != b.scale { differing += 1 }
            noteSigns(a)
        case (let a?, nil): onlyPoint += 1; noteSigns(a)
        case (nil, let b?): onlyComma += 1; noteSigns(b)
        case (nil, nil): break
        }
    }

    var decision: Decision {
        if count == 0 { return .empty }
        let point: Int = fitting[.decimalPoint] ?? 0
        let comma: Int = fitting[.decimalComma] ?? 0
        let numbers: Int = max(point, comma) + min(onlyPoint, onlyComma)
        guard numbers * 2 > count else { return .none }
        if onlyPoint > 0 && onlyComma > 0 {
            return .ambiguous(point >= comma ? [.decimalPoint, .decimalComma] : [.decimalComma, .decimalPoint])
        }
        if onlyComma > 0 { return .decided(.decimalComma) }
        if onlyPoint > 0 || differing == 0 { return .decided(.decimalPoint) }
        return .ambiguous([.decimalPoint, .decimalComma])
    }

    /// The first values that are no number in a format, and how many there are in all.
    func misfits(_ format: NumberFormat) -> (count: Int, examples: [Misfit]) {
        (count - (fitting[format] ?? 0), faults[format] ?? [])
    }

    private mutating func note(
        _ result: Result<ExactNumber, NumberFault>, _ format: NumberFormat, _ text: String, _ line: Int
    ) {
        switch result {
        case .success(let number):
            fitting[format, default: 0] += 1
            scale[format] = max(scale[format] ?? 0, number.scale)
        case .failure(let fault):
            if faults[format]?.count ?? 0 < Self.keptMisfits {
                faults[format, default: []].append(Misfit(line: line, text: text, fault: fault))
            }
        }
    }

    private mutating func noteSigns(_ number: ExactNumber) {
        if let currency = number.currency { currencies[currency, default: 0] += 1 }
        if number.isPercent { percents += 1 }
    }
}
