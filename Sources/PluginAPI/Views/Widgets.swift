/// A page of figures, charts and short lists, to which every enabled plugin may add.
public struct DashboardView: Sendable {
    /// The name in addresses and commands, in dashed words: `/admin/dashboards/<name>`.
    public var name: String
    /// The heading and the entry in the menu.
    public var title: String
    /// Makes a dashboard. For the kernel and for tests.
    public init(name: String, title: String) {
        self.name = name
        self.title = title
    }
}

/// How a chart is drawn. Each has a table with the same numbers, and a drawing for terminals.
public enum ChartShape: String, Sendable {
    /// Upright bars, those of one row beside each other. Amounts are drawn as a line with an axis of their own where they
    /// stand beside counts.
    case bars
    /// Upright bars on top of each other.
    case stacked
    /// A line for each column.
    case lines
    /// Lying bars, for the names of things.
    case ranking
    /// A table with a bar in each row.
    case table
}

/// One part of a dashboard. Made by ``figure(_:and:as:title:)``, ``chart(_:_:months:shape:)``, ``chart(_:_:by:within:shape:)``,
/// ``chart(_:_:by:months:shape:)`` and ``records(_:_:columns:where:sort:limit:)``.
///
/// A reader who may not see what it is about does not get it; nor does anyone while the plugin of its entity is switched off.
public struct Widget: Sendable {
    /// A metric as one of the columns of a chart.
    public struct Series: Sendable {
        /// The metric's key.
        public var metric: String
        /// The words for the column; the metric's own when empty.
        public var title: String
        /// A column of a chart.
        public init(_ metric: String, _ title: String = "") {
            self.metric = metric
            self.title = title
        }
    }

    /// What stands in it.
    public enum Content: Sendable {
        /// A metric, and another beside it: companies, and how many of them are active.
        case figure(Series, beside: Series?)
        /// Metrics over the latest periods, a row each.
        case months([Series], count: Int, shape: ChartShape)
        /// Metrics by the values of one or two fields, a row each.
        case groups([Series], by: [String], shape: ChartShape)
        /// One metric over the latest months, a column for each value of a field.
        case monthsOfGroups(Series, by: String, count: Int, shape: ChartShape)
        /// The first records of a list.
        case records(ListView, filter: Filter, limit: Int)
    }

    /// The words above it; the metric's own when empty.
    public var title: String
    /// What stands in it.
    public var content: Content
    /// The heading of the part of the dashboard that it belongs to; empty for none.
    public var section = ""
    /// A sentence for when there is nothing to show.
    public var whenEmpty = ""

    /// Makes a widget.
    public init(title: String, content: Content) {
        self.title = title
        self.content = content
    }

    /// A card with a metric, over the dashboard's period where the metric has a date. `second` stands beside it, in the
    /// words `words`: `.figure("cars.all", and: "cars.electric", as: "electric")`.
    public static func figure(_ metric: String, and second: String? = nil, as words: String = "", title: String = "") -> Widget {
        Widget(title: title, content: .figure(Series(metric), beside: second.map { Series($0, words) }))
    }

    /// Metrics with a date, month by month up to the present one. `months` is from 1 to 60.
    public static func chart(_ title: String, _ series: Series..., months: Int, shape: ChartShape = .bars) -> Widget {
        Widget(title: title, content: .months(series, count: months, shape: shape))
    }

    /// Metrics over one entity by the values of a field: a reference, a choice, a yes or no, or text of few values. With
    /// `within`, a part for each value of another field: stages within their pipelines.
    public static func chart(
        _ title: String, _ series: Series..., by field: any AnyField, within outer: (any AnyField)? = nil,
        shape: ChartShape = .ranking
    ) -> Widget {
        let fields: [String] = [outer?.name, field.name].compactMap { $0 }
        return Widget(title: title, content: .groups(series, by: fields, shape: shape))
    }

    /// A metric with a date month by month, a column for each value of a field. `months` is from 1 to 60.
    public static func chart(
        _ title: String, _ series: Series, by field: any AnyField, months: Int, shape: ChartShape = .stacked
    ) -> Widget {
        Widget(title: title, content: .monthsOfGroups(series, by: field.name, count: months, shape: shape))
    }

    /// The first records of a list, 1 to 20; each opens its record, the heading the list.
    public static func records<E: Entity>(
        _ title: String, _: E.Type, columns: [any AnyField], where condition: Condition<E> = Condition(.everything),
        sort: Sort = .descending(E.createdAt), limit: Int = 5
    ) -> Widget {
        let list = ListView(entity: E.schema.name, columns: columns.map(\.name), filters: [], sort: sort)
        return Widget(title: title, content: .records(list, filter: condition.filter, limit: limit))
    }

    /// The same within a part of the dashboard that has a heading.
    public func section(_ title: String) -> Widget {
        var widget = self
        widget.section = title
        return widget
    }

    /// The same with a sentence for when there is nothing to show.
    public func whenEmpty(_ sentence: String) -> Widget {
        var widget = self
        widget.whenEmpty = sentence
        return widget
    }
}
