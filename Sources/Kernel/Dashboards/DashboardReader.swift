import PluginAPI

/// Reads dashboards for whoever asks: what the reader may not see is not there. All within one transaction, so that the
/// figures of one page fit together.
struct DashboardReader {
    let transaction: StoreTransaction
    private let metrics: MetricReader
    private let known: [String: Metric]

    init(_ transaction: StoreTransaction) {
        self.transaction = transaction
        metrics = MetricReader(transaction: transaction)
        known = Dictionary(transaction.registry.metrics.map { ($0.body.key, $0.body) }) { first, _ in first }
    }

    /// The dashboards on which there is something for the reader.
    func readable() -> [Owned<DashboardView>] {
        transaction.registry.dashboards.filter { dashboard in widgets(of: dashboard.body.name).contains(where: isReadable) }
    }

    /// A dashboard by its name; throws `notFound` when there is none on which the reader may see anything.
    func find(_ name: String) throws -> DashboardView {
        guard let dashboard = readable().first(where: { $0.body.name == name })?.body else {
            throw CRMError(
                .notFound, "there is no dashboard \(name)", hint: "Its plugin may be switched off, or you may see nothing of what is on it.")
        }
        return dashboard
    }

    private func widgets(of dashboard: String) -> [Owned<Contributions.WidgetEntry>] {
        transaction.registry.widgets.filter { $0.body.dashboard == dashboard }
    }

    private func isReadable(_ owned: Owned<Contributions.WidgetEntry>) -> Bool {
        let widget = owned.body.widget
        if case .records(let list, let filter, _) = widget.content {
            guard let entity = transaction.registry.entity(list.entity), transaction.actor.can("view", on: entity.name) else { return false }
            return metrics.mayAsk(filter, entity) && (list.sort.field == "id" || isVisible(list.sort.field, entity))
        }
        guard let first = widget.series.first.flatMap({ known[$0.metric] }) else { return false }
        if case .months(let series, _, _) = widget.content { return series.contains { readable($0) != nil } }
        guard metrics.isReadable(first), let entity = transaction.registry.entity(first.entity) else { return false }
        switch widget.content {
        case .groups(_, let fields, _): return fields.allSatisfy { isVisible($0, entity) }
        case .monthsOfGroups(_, let field, _, _): return isVisible(field, entity)
        default: return true
        }
    }

    private func isVisible(_ field: String, _ entity: EntityModel) -> Bool {
        (try? transaction.compiler(entity).visible(field))?.isStored == true
    }

    private func readable(_ series: Widget.Series) -> Metric? { known[series.metric].flatMap { metrics.isReadable($0) ? $0 : nil } }

    // MARK: Reading

    /// - Parameters:
    ///   - period: what figures with a date are over.
    ///   - day: a day of the period, and of the last month of charts; today unless given.
    func read(_ view: DashboardView, _ period: Period, holding day: Day? = nil) throws -> DashboardReading {
        let day = day ?? transaction.today
        let parts = try widgets(of: view.name).filter(isReadable).compactMap { try read($0, period, day) }
        return DashboardReading(view: view, period: period, span: period.span(holding: day), day: day, widgets: parts)
    }

    private func read(_ owned: Owned<Contributions.WidgetEntry>, _ period: Period, _ day: Day) throws -> WidgetReading? {
        let widget = owned.body.widget
        let body: WidgetReading.Body?
        switch widget.content {
        case .figure(let first, let second): body = try figure(first, second, period, day).map { .figure($0) }
        case .months(let series, let count, let shape): body = try .chart(months(series, count, shape, day))
        case .groups(let series, let fields, let shape): body = try groups(series, fields, shape, period, day).map { .chart($0) }
        case .monthsOfGroups(let series, let field, let count, let shape):
            body = try monthsOfGroups(series, field, count, shape, day).map { .chart($0) }
        case .records(let list, let filter, let limit): body = try .records(records(list, filter, limit))
        @unknown default: body = nil
        }
        guard let body else { return nil }
        let title = widget.title.isEmpty ? widget.series.first.flatMap { known[$0.metric]?.title } ?? "" : widget.title
        return WidgetReading(plugin: owned.plugin, title: title, section: widget.section, whenEmpty: widget.whenEmpty, body: body)
    }

    private func figure(_ first: Widget.Series, _ second: Widget.Series?, _ period: Period, _ day: Day) throws -> FigureReading? {
        guard let metric = readable(first) else { return nil }
        let beside = try second.flatMap { series in
            try readable(series).map { metric in
                (title: series.title.isEmpty ? metric.title.lowercased() : series.title, reading: try metrics.read(metric, period, holding: day))
            }
        }
        return FigureReading(
            reading: try metrics.read(metric, period, holding: day), beside: beside, path: path(metric),
            besidePath: beside.map { path($0.reading.metric) } ?? "")
    }

    private func months(_ series: [Widget.Series], _ count: Int, _ shape: ChartShape, _ day: Day) throws -> ChartReading {
        let split = MetricSplit(by: .month, periods: count)
        let shown = series.compactMap { one in readable(one).map { (one, $0) } }
        let tables = try shown.map { try metrics.table($0.1, split, holding: day) }
        let spans = tables.first?.spans ?? []
        let rows = spans.indices.map { place in
            ChartReading.Row(label: Period.month.title(of: spans[place]), span: spans[place], cells: tables.map { $0.totals[place] })
        }
        return ChartReading(
            shape: shape, rowTitle: "Month", isOverTime: true, columns: shown.map { column($0.0, $0.1) }, rows: rows,
            totals: tables.map(\.total))
    }

    private func groups(
        _ series: [Widget.Series], _ fields: [String], _ shape: ChartShape, _ period: Period, _ day: Day
    ) throws -> ChartReading? {
        let shown = series.compactMap { one in readable(one).map { (one, $0) } }
        let split = MetricSplit(fields: fields, most: shape == .table ? 50 : 12, withEmpty: fields.count > 1)
        let tables = try metrics.tables(shown.map(\.1), split, period, holding: day)
        guard let first = tables.first else { return nil }
        let rows = first.groups.indices.map { place in
            let group = first.groups[place]
            return ChartReading.Row(
                section: group.labels.count > 1 ? group.labels[0] : "", label: group.labels.last ?? "", color: group.color,
                cells: tables.map { $0.groups[place].total })
        }
        return ChartReading(
            shape: shape, rowTitle: first.fields.last?.label ?? "", isOverTime: false, columns: shown.map { column($0.0, $0.1) }, rows: rows,
            totals: tables.map(\.total))
    }

    private func monthsOfGroups(
        _ series: Widget.Series, _ field: String, _ count: Int, _ shape: ChartShape, _ day: Day
    ) throws -> ChartReading? {
        guard let metric = readable(series) else { return nil }
        let table = try metrics.table(metric, MetricSplit(fields: [field], by: .month, periods: count, most: 6), holding: day)
        let columns = table.groups.map { ChartReading.Column(title: $0.labels.last ?? "", metric: metric, path: path(metric)) }
        let rows = table.spans.indices.map { place in
            ChartReading.Row(
                label: Period.month.title(of: table.spans[place]), span: table.spans[place], cells: table.groups.map { $0.cells[place] })
        }
        return ChartReading(
            shape: shape, rowTitle: "Month", isOverTime: true, columns: columns, rows: rows, totals: table.groups.map(\.total))
    }

    private func column(_ series: Widget.Series, _ metric: Metric) -> ChartReading.Column {
        .init(title: series.title.isEmpty ? metric.title : series.title, metric: metric, path: path(metric))
    }

    private func records(_ list: ListView, _ filter: Filter, _ limit: Int) throws -> RecordsReading {
        let entity = try transaction.registry.require(list.entity)
        let columns = list.columns.compactMap { try? transaction.compiler(entity).visible($0) }.filter(\.isStored)
        let query = (ListQuery.items(filter) ?? []) + [.init(name: "sort", value: (list.sort.descending ? "-" : "") + list.sort.field)]
        let request = ListRequest(
            entity: entity, filter: filter, sort: list.sort, limit: limit, fields: Set(columns.map(\.name) + [entity.labelField]))
        return RecordsReading(entity: entity, columns: columns, request: request, query: query)
    }

    private func path(_ metric: Metric) -> String { transaction.registry.entity(metric.entity)?.path ?? metric.entity }
}
