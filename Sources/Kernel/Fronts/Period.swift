import PluginAPI

/// The spans over which figures are told.
enum Period: String, Sendable, CaseIterable {
    case day, week, month, quarter, year, all

    /// The span that holds a day, or one so many spans later (negative: earlier); nil for all time.
    func span(holding day: Day, shifted steps: Int = 0) -> DaySpan? {
        switch self {
        case .day: return DaySpan(first: day.adding(days: steps), end: day.adding(days: steps + 1))
        case .week:
            let monday = day.adding(days: 1 - day.weekday + 7 * steps)
            return DaySpan(first: monday, end: monday.adding(days: 7))
        case .month: return months(1, day, steps)
        case .quarter: return months(3, day, steps)
        case .year: return months(12, day, steps)
        case .all: return nil
        }
    }

    private func months(_ length: Int, _ day: Day, _ steps: Int) -> DaySpan? {
        let (year, month, _) = day.parts
        guard let first = Day(year: year, month: (month - 1) / length * length + 1, day: 1)?.adding(months: steps * length) else { return nil }
        return DaySpan(first: first, end: first.adding(months: length))
    }
}

/// Days from the first up to, not including, the end.
struct DaySpan: Sendable, Hashable {
    let first: Day
    let end: Day

    var last: Day { end.adding(days: -1) }

    /// The records whose date falls into the span.
    func filter(on field: String) -> Filter {
        .all([.compare(field, .greaterOrEqual, .value(.day(first))), .compare(field, .less, .value(.day(end)))])
    }
}
