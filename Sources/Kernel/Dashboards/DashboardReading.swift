import PluginAPI

/// All that stands on a dashboard, for one reader and one period.
struct DashboardReading: Sendable {
    let view: DashboardView
    /// The period of the figures that have a date.
    let period: Period
    let span: DaySpan?
    /// A day of the period, and of the last month of charts.
    let day: Day
    let widgets: [WidgetReading]
}

/// One part of it.
struct WidgetReading: Sendable {
    enum Body: Sendable {
        case figure(FigureReading)
        case chart(ChartReading)
        case records(RecordsReading)
    }
    let plugin: String
    let title: String
    let section: String
    let whenEmpty: String
    let body: Body
}

/// A figure, with another beside it.
struct FigureReading: Sendable {
    let reading: MetricReading
    let beside: (title: String, reading: MetricReading)?
    /// The path of the entity whose records make the figures up.
    let path: String
    let besidePath: String
}

/// Rows and columns of figures, and how to draw them.
struct ChartReading: Sendable {
    struct Column: Sendable {
        var title: String
        var metric: Metric
        /// The path of the entity whose records make its figures up.
        var path: String
    }
    struct Row: Sendable {
        /// The heading under which it stands; empty for none.
        var section = ""
        var label: String
        var color = ""
        var span: DaySpan?
        var cells: [MetricCell]
    }
    let shape: ChartShape
    /// What a row is: the name of a field, or `Month`.
    let rowTitle: String
    let isOverTime: Bool
    let columns: [Column]
    let rows: [Row]
    /// The whole of each column.
    let totals: [MetricCell]

    var isEmpty: Bool { !rows.contains { $0.cells.contains { $0.figure.count > 0 } } }
}

/// The first records of a list.
struct RecordsReading: Sendable {
    let entity: EntityModel
    /// The columns that the reader may see.
    let columns: [FieldModel]
    let request: ListRequest
    /// The query of the whole list.
    let query: [FrontRequest.QueryItem]
}
