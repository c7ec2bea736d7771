import PluginAPI

/// A month, as a column of a board.
struct BoardMonth: Hashable, Comparable, Sendable {
    /// The first day.
    let first: Day

    /// How many months a board shows from this one on, whether they hold cards or not.
    static let ahead = 6
    /// The most months that a board shows.
    static let most = 60

    init(of day: Day) {
        let (year, month, _) = day.parts
        first = Day(year: year, month: month, day: 1) ?? day
    }

    /// Reads `2026-11`; nil when it is no month.
    init?(_ text: String) {
        guard text.utf8.count == 7, let first = Day(text + "-01") else { return nil }
        self.first = first
    }

    /// The first day of the month after it.
    var end: Day { first.adding(months: 1) }
    /// `2026-11`: the column's key.
    var key: String { String(first.description.prefix(7)) }

    private static let names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    var title: String {
        let (year, month, _) = first.parts
        return "\(Self.names[month - 1]) \(year)"
    }

    func adding(months: Int) -> BoardMonth { BoardMonth(of: first.adding(months: months)) }

    static func < (left: BoardMonth, right: BoardMonth) -> Bool { left.first < right.first }

    /// The cards of this month.
    func filter(on field: String) -> Filter { DaySpan(first: first, end: end).filter(on: field) }

    /// The day that a card gets here: the same day of the month as far as there is one, the last for a card without a day; and in
    /// the month that is running none that is over.
    func day(from old: Day?, today: Day) -> Day {
        let last: Day = end.adding(days: -1)
        var day: Day = last
        if let old {
            let (year, month, _) = first.parts
            day = Day(year: year, month: month, day: old.parts.day) ?? last
        }
        return BoardMonth(of: today) == self ? max(day, today) : day
    }

    /// The months that a board shows: this one and those after it, and all that hold cards; those nearest to today where there are
    /// very many.
    static func shown(holding cards: [BoardMonth], today: Day) -> [BoardMonth] {
        let now = BoardMonth(of: today)
        let months: Set<BoardMonth> = Set(cards).union((0..<ahead).map(now.adding(months:)))
        func distance(_ month: BoardMonth) -> Int32 { abs(month.first.number - now.first.number) }
        return months.sorted { distance($0) < distance($1) }.prefix(most).sorted()
    }
}
