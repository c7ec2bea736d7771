import PluginAPI

/// A text cut into the three parts of a day and what follows it, before it is known which part is which.
struct DateText {
    private struct Part {
        var value: Int
        var digits: Int
    }

    private var style: DateFormat.Style
    private var first: Part
    private var second: Part
    private var third: Part
    private var time: ClockTime?
    private var offsetMinutes: Int?

    init?(_ text: String) {
        var text: String = text
        let parsed: DateText? = text.withUTF8 { bytes in
            var cursor = TextCursor(bytes)
            guard var date = Self.day(&cursor), let rest = cursor.timeToEnd() else { return nil }
            (date.time, date.offsetMinutes) = rest
            return date
        }
        guard let parsed else { return nil }
        self = parsed
    }

    private init(_ style: DateFormat.Style, _ first: Part, _ second: Part, _ third: Part) {
        self.style = style
        self.first = first
        self.second = second
        self.third = third
    }

    private static func day(_ cursor: inout TextCursor) -> DateText? {
        cursor.skipSpaces()
        if let word = cursor.word() {
            cursor.skip { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: " ") }
            if let month = MonthNames.month(word) { return monthFirst(month, &cursor) }
            guard MonthNames.isWeekday(word) else { return nil }
            if let next = cursor.word() {
                guard let month = MonthNames.month(next) else { return nil }
                cursor.skip { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: " ") }
                return monthFirst(month, &cursor)
            }
        }
        guard let one = part(&cursor) else { return nil }
        if one.digits == 8 {
            return DateText(
                .compact, Part(value: one.value / 10_000, digits: 4), Part(value: one.value / 100 % 100, digits: 2),
                Part(value: one.value % 100, digits: 2))
        }
        cursor.skipOrdinal()
        guard let mark = cursor.peek else { return nil }
        let isSeparator: Bool = mark == UInt8(ascii: "/") || mark == UInt8(ascii: "-") || mark == UInt8(ascii: ".")
        if isSeparator { cursor.advance() }
        cursor.skipSpaces()
        if let word = cursor.word() { return monthInTheMiddle(word, after: one, mark: mark, &cursor) }
        guard isSeparator, let two = part(&cursor), cursor.take(mark) else { return nil }
        cursor.skipSpaces()
        guard let three = part(&cursor) else { return nil }
        return DateText(.separated(mark), one, two, three)
    }

    /// Jan 3, 2017
    private static func monthFirst(_ month: Int, _ cursor: inout TextCursor) -> DateText? {
        guard let day = part(&cursor) else { return nil }
        cursor.skipOrdinal()
        cursor.skip { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: " ") }
        guard let year = part(&cursor) else { return nil }
        return DateText(.named, day, Part(value: month, digits: 2), year)
    }

    /// 3 Jan 2017, 03-Jan-17, 2017-Jan-03
    private static func monthInTheMiddle(
        _ word: String, after one: Part, mark: UInt8, _ cursor: inout TextCursor
    ) -> DateText? {
        guard let month = MonthNames.month(word) else { return nil }
        cursor.skip { byte in
            byte == mark || byte == UInt8(ascii: ",") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: " ")
        }
        guard let last = part(&cursor) else { return nil }
        let named = Part(value: month, digits: 2)
        return one.digits == 4 ? DateText(.named, last, named, one) : DateText(.named, one, named, last)
    }

    private static func part(_ cursor: inout TextCursor) -> Part? {
        cursor.number().map { Part(value: $0.value, digits: $0.digits) }
    }

    func moment(in format: DateFormat) -> ReadMoment? {
        if format.style == .anyForm { return momentInAnyForm(format.order) }
        guard format.style == style else { return nil }
        let year: Part
        let monthPart: Part
        let dayPart: Part
        switch format.order {
        case .yearMonthDay:
            // Two digits in front are never a year: 03-04-05 has enough readings as it is.
            guard first.digits == 4 else { return nil }
            (year, monthPart, dayPart) = (first, second, third)
        case .monthDayYear: (monthPart, dayPart, year) = (first, second, third)
        case .dayMonthYear: (dayPart, monthPart, year) = (first, second, third)
        }
        guard year.digits == 4 || year.digits == 2, monthPart.digits <= 2, dayPart.digits <= 2 else { return nil }
        // The pivot of POSIX: 69–99 are the nineteen hundreds.
        let full: Int = year.digits == 4 ? year.value : year.value + (year.value <= 68 ? 2000 : 1900)
        guard let day = Day(year: full, month: monthPart.value, day: dayPart.value) else { return nil }
        return ReadMoment(day: day, time: time, offsetMinutes: offsetMinutes)
    }

    /// The only day that it can be; of two the one in this order, or that begins with the day where points stand between the numbers.
    private func momentInAnyForm(_ order: DateFormat.Order) -> ReadMoment? {
        let first: DateFormat.Order = style == .separated(UInt8(ascii: ".")) ? .dayMonthYear : order
        let second: DateFormat.Order = first == .dayMonthYear ? .monthDayYear : .dayMonthYear
        for order in [.yearMonthDay, first, second] {
            if let moment = moment(in: DateFormat(order, style)) { return moment }
        }
        return nil
    }
}

enum MonthNames {
    private static let months: [String] = [
        "january", "february", "march", "april", "may", "june",
        "july", "august", "september", "october", "november", "december",
    ]
    private static let weekdays: [String] = [
        "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
    ]

    /// A month by its full name or by the first three letters or more of it.
    static func month(_ word: String) -> Int? {
        guard word.utf8.count >= 3 else { return nil }
        return months.firstIndex { $0.hasPrefix(word) }.map { $0 + 1 }
    }

    static func isWeekday(_ word: String) -> Bool {
        word.utf8.count >= 3 && weekdays.contains { $0.hasPrefix(word) }
    }
}
