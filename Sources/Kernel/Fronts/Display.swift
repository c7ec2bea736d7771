import PluginAPI

/// Values as people read them, the same on every screen.
struct Display: Sendable {
    let calendar: DeploymentCalendar

    func text(_ value: Value, _ field: FieldModel) -> String {
        switch value {
        case .null: ""
        case .text(let text):
            if case .choice(let options) = field.type { options.first { $0.key == text }?.label ?? text } else { text }
        case .integer(let number): field.target == nil ? Display.grouped(String(number)) : "#\(number)"
        case .boolean(let flag): flag ? "Yes" : "No"
        case .decimal(let number): Display.grouped(number.description)
        case .money(let money): Display.money(money)
        case .day(let day): day.description
        case .moment(let moment): self.moment(moment)
        case .list(let ids): ids.map { "#\($0)" }.joined(separator: ", ")
        }
    }

    /// `1,250.00 EUR`.
    static func money(_ money: Money) -> String { grouped(money.amount) + " " + money.currency.code }

    /// Without cents, for the heads of columns: `1,250 EUR`; from a million on `1.25 M EUR`.
    static func short(_ money: Money) -> String {
        let digits = money.currency.minorDigits
        var unit: Int64 = 1
        for _ in 0..<digits { unit *= 10 }
        return shortNumber(money.minor, of: unit) + " " + money.currency.code
    }

    static func shortNumber(_ whole: Int64) -> String { shortNumber(whole, of: 1) }

    /// A number of so many parts a whole, rounded once: half away from zero.
    private static func shortNumber(_ parts: Int64, of unit: Int64) -> String {
        let whole = rounded(parts, unit)
        // What rounds up to a million is one.
        if whole.magnitude < 1_000_000 { return grouped(String(whole)) }
        let hundredths = rounded(parts, unit * 10_000)
        if hundredths.magnitude < 1000 { return FixedDecimal(units: hundredths, scale: 2).description + " M" }
        return FixedDecimal(units: rounded(parts, unit * 100_000), scale: 1).description + " M"
    }

    private static func rounded(_ parts: Int64, _ divisor: Int64) -> Int64 {
        let (whole, rest) = parts.quotientAndRemainder(dividingBy: divisor)
        return rest.magnitude * 2 >= divisor.magnitude ? whole + parts.signum() : whole
    }

    /// A plain decimal with commas between thousands.
    static func grouped(_ number: String) -> String {
        let isNegative = number.hasPrefix("-")
        let parts = number.drop { $0 == "-" }.split(separator: ".", maxSplits: 1)
        guard let whole = parts.first else { return number }
        var grouped = ""
        for (position, digit) in whole.enumerated() {
            if position > 0, (whole.count - position) % 3 == 0 { grouped.append(",") }
            grouped.append(digit)
        }
        return (isNegative ? "-" : "") + grouped + (parts.count == 2 ? "." + parts[1] : "")
    }

    /// `2026-11-22 09:30` in the deployment's time zone.
    func moment(_ moment: Moment) -> String {
        let (hour, minute) = calendar.time(of: moment)
        func two(_ n: Int) -> String { n < 10 ? "0\(n)" : "\(n)" }
        return calendar.day(of: moment).description + " " + two(hour) + ":" + two(minute)
    }

    /// A figure of an aggregate: money with its currency, else a plain number at the field's scale.
    static func figure(_ aggregate: Aggregate, _ field: FieldModel?) -> String {
        if let currency = aggregate.currency { return short(Money(minor: aggregate.sum, currency)) }
        if case .decimal(let scale) = field?.type { return grouped(FixedDecimal(units: aggregate.sum, scale: scale).description) }
        return grouped(String(aggregate.sum))
    }
}
