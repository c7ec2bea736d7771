import PluginAPI

/// A figure over records: for money one for each currency.
struct Aggregate: Sendable, Equatable {
    var currency: Currency?
    var count: Int
    /// In minor units, or units of the field's scale; 0 for counts. What does not fit in 64 bits is the greatest number that does.
    var sum: Int64

    init(currency: Currency?, count: Int, sum: Int64) {
        self.currency = currency
        self.count = count
        self.sum = sum
    }

    /// Four columns: currency, count and the sum in two parts, which fit where the whole does not: engines fail when a sum
    /// leaves 64 bits.
    static func columns(_ field: FieldModel?, _ compiler: QueryCompiler) -> String {
        guard let field else { return "NULL, count(*), 0, 0" }
        let column = compiler.column(field)
        let currency = field.type == .money ? compiler.column(field, suffix: "_currency") : "NULL"
        return "\(currency), count(*), coalesce(sum(\(column) >> \(part)), 0), coalesce(sum(\(column) & \(1 << part - 1)), 0)"
    }

    /// Where the two parts of a sum meet.
    static let part: Int64 = 20

    /// Both together.
    mutating func add(_ other: Aggregate) {
        count += other.count
        let (whole, tooFar) = sum.addingReportingOverflow(other.sum)
        sum = tooFar ? (sum < 0 ? .min : .max) : whole
    }

    init(_ row: any Row, at column: Int) {
        currency = row.optionalText(column).flatMap { Currency($0) }
        count = Int(row.integer(column + 1))
        sum = Aggregate.whole(high: row.integer(column + 2), low: row.integer(column + 3))
    }

    /// A sum from its two parts; the greatest number that fits where it does not.
    static func whole(high: Int64, low: Int64) -> Int64 {
        let (shifted, tooFar) = high.multipliedReportingOverflow(by: 1 << part)
        let (whole, stillTooFar) = shifted.addingReportingOverflow(low)
        return tooFar || stillTooFar ? (high < 0 ? .min : .max) : whole
    }
}
