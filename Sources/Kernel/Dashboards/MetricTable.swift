import PluginAPI

/// A figure with the way to exactly the records that make it up.
struct MetricCell: Sendable {
    var figure: MetricFigure
    /// The query of their list.
    var query: [FrontRequest.QueryItem]
}

/// A metric split by the values of fields, by spans of time, or both.
struct MetricTable: Sendable {
    /// One row: the records that have one value, or one pair of values.
    struct Group: Sendable {
        /// A key for each field.
        var keys: [GroupKey]
        /// The words for each key.
        var labels: [String]
        /// The colour of the last key's record or option, or empty.
        var color: String
        /// Over all spans.
        var total: MetricCell
        /// A cell for each span.
        var cells: [MetricCell]
    }

    let metric: Metric
    /// The fields by which it is split, the outer one first.
    let fields: [FieldModel]
    /// What the whole is over; nil for all time and for figures as of now.
    let span: DaySpan?
    /// What the spans are; nil when it is not split over time.
    let by: Period?
    let spans: [DaySpan]
    let groups: [Group]
    /// The whole, and the whole of each span.
    let total: MetricCell
    let totals: [MetricCell]

    /// The period of a span in words.
    var titles: [String] { spans.map { (by ?? .day).title(of: $0) } }
}

/// What to split metrics by.
struct MetricSplit: Sendable {
    /// None, one, or an outer and an inner one.
    var fields: [String] = []
    /// The length of each span, and how many of them up to the present one.
    var by: Period?
    var periods = 0
    /// More groups than these become one.
    var most = 20
    /// Whether groups that nothing falls into are told, where the order of all groups is known: the stages of a process.
    var withEmpty = false

    static let mostGroups = 100
    static let mostPeriods = 60
}

extension Period {
    /// How people call a span: `Jun 2026`, `Q2 2026`, `2026`, else its first day.
    func title(of span: DaySpan) -> String {
        let (year, month, _) = span.first.parts
        switch self {
        case .month:
            let names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
            return "\(names[month - 1]) \(year)"
        case .quarter: return "Q\((month + 2) / 3) \(year)"
        case .year: return String(year)
        case .day, .week, .all: return span.first.description
        }
    }
}
