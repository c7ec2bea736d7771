import PluginAPI

/// Calculations with days and moments, within the years 1 to 9999.
enum FormulaDates {
    private static let first: Int64 = Day(year: 1, month: 1, day: 1).map { Int64($0.number) } ?? 0
    private static let last: Int64 = Day(year: 9999, month: 12, day: 31).map { Int64($0.number) } ?? 0
    static let dayLength: Int64 = 86_400_000

    static func add(days: Int64, to day: Day) throws -> Day {
        let (sum, overflow) = Int64(day.number).addingReportingOverflow(days)
        guard !overflow, (first...last).contains(sum) else { throw FormulaFault.outsideCalendar }
        return Day(number: Int32(sum))
    }

    /// The same day of a later or earlier month; its last day where there is no such day.
    static func add(months: Int64, to day: Day) throws -> Day {
        guard months.magnitude < 200_000 else { throw FormulaFault.outsideCalendar }
        let (year, month, _) = day.parts
        let total: Int = year * 12 + month - 1 + Int(months)
        guard (12..<120_000).contains(total) else { throw FormulaFault.outsideCalendar }
        return day.adding(months: Int(months))
    }

    static func add(milliseconds: Int64, to moment: Moment) throws -> Moment {
        let (sum, overflow) = moment.milliseconds.addingReportingOverflow(milliseconds)
        guard !overflow, (first * dayLength..<(last + 1) * dayLength).contains(sum) else { throw FormulaFault.outsideCalendar }
        return Moment(milliseconds: sum)
    }

    /// So many times a unit of time.
    static func times(_ count: Int64, _ unit: Int64) throws -> Int64 {
        let (product, overflow) = count.multipliedReportingOverflow(by: unit)
        guard !overflow else { throw FormulaFault.outsideCalendar }
        return product
    }

    static func negative(_ number: Int64) -> Int64 { number == .min ? .max : -number }

    /// The day on which a moment falls, in the deployment's time zone.
    static func day(of moment: @escaping FormulaStep<Moment>) -> FormulaStep<Day> {
        { frame in try moment(&frame).map { frame.calendar.day(of: $0) } }
    }

    /// The same time of day on another day, in the deployment's time zone.
    static func moved(_ moment: Moment, _ calendar: DeploymentCalendar, _ change: (Day) throws -> Day) throws -> Moment {
        let day: Day = calendar.day(of: moment)
        let onTheClock: Int64 = moment.milliseconds + calendar.offset(at: moment) - Moment(day).milliseconds
        let other: Day = try change(day)
        // The clocks may be put forward or back between the beginning of that day and the time of day.
        let near: Moment = try add(milliseconds: onTheClock, to: calendar.start(of: other))
        return try add(milliseconds: onTheClock - calendar.offset(at: near), to: Moment(other))
    }
}

/// What formulas do with texts.
enum FormulaTexts {
    /// A text that was made: within its limits.
    static func checked(_ text: String, _ frame: inout FormulaFrame) throws -> String? {
        try frame.spend(1 + text.utf8.count / 16)
        if text.utf8.count > FormulaLimits.resultLength, text.count > FormulaLimits.resultLength { throw FormulaFault.tooLong }
        return text.isEmpty ? nil : text
    }
}
