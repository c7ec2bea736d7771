/// One way of writing a day as text.
struct DateFormat: Hashable, Sendable {
    enum Order: String, Hashable, Sendable, CaseIterable { case yearMonthDay, monthDayYear, dayMonthYear }

    enum Style: Hashable, Sendable {
        /// Three numbers with this between them.
        case separated(UInt8)
        /// `20170301`
        case compact
        /// A month by its English name, wherever it stands.
        case named
        /// Each value in its own way, for columns in which several have been mixed. The order decides only where day and month
        /// could be either; three numbers with points between them begin with the day everywhere.
        case anyForm
    }

    let order: Order
    let style: Style

    /// A stable name, for plans and command lines: `M/D/Y`, `D.M.Y`, `Y-M-D`, `YYYYMMDD`, `named`,
    /// `day-first`, `month-first`.
    var name: String {
        switch style {
        case .compact: return "YYYYMMDD"
        case .named: return "named"
        case .anyForm: return order == .monthDayYear ? "month-first" : "day-first"
        case .separated(let separator):
            let mark: String = String(UnicodeScalar(separator))
            return letters.joined(separator: mark)
        }
    }

    private var letters: [String] {
        switch order {
        case .yearMonthDay: ["Y", "M", "D"]
        case .monthDayYear: ["M", "D", "Y"]
        case .dayMonthYear: ["D", "M", "Y"]
        }
    }

    init(_ order: Order, _ style: Style) {
        self.order = order
        self.style = style
    }

    init?(name: String) {
        guard let known = (Self.all + [.dayFirst, .monthFirst]).first(where: { $0.name == name }) else { return nil }
        self = known
    }

    /// Columns in which ways of writing days are mixed.
    static let dayFirst = DateFormat(.dayMonthYear, .anyForm)
    static let monthFirst = DateFormat(.monthDayYear, .anyForm)

    static let iso = DateFormat(.yearMonthDay, .separated(UInt8(ascii: "-")))

    /// Every single way of writing days, the likelier first.
    static let all: [DateFormat] = {
        var all: [DateFormat] = [iso]
        let marks: [UInt8] = [UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "-")]
        for mark in marks where mark != UInt8(ascii: "-") { all.append(DateFormat(.yearMonthDay, .separated(mark))) }
        for mark in marks {
            let first: Order = mark == UInt8(ascii: "/") ? .monthDayYear : .dayMonthYear
            let second: Order = mark == UInt8(ascii: "/") ? .dayMonthYear : .monthDayYear
            all.append(DateFormat(first, .separated(mark)))
            all.append(DateFormat(second, .separated(mark)))
        }
        all.append(DateFormat(.yearMonthDay, .compact))
        all.append(DateFormat(.dayMonthYear, .named))
        return all
    }()

    /// The day and time that a text means in this format, or nil when it does not fit.
    func read(_ text: String) -> ReadMoment? {
        DateText(text)?.moment(in: self)
    }
}
