import PluginAPI

/// `/api/v1/dashboards`: which there are, and all that stands on one, read at one moment.
struct DashboardsAPI: Sendable {
    let store: Store

    func respond(_ request: FrontRequest, _ caller: Caller, _ rest: ArraySlice<String>) async throws -> FrontResponse {
        guard rest.count <= 1 else { throw APIFront.unknown(request) }
        guard request.method == "GET" || request.method == "HEAD" else { return APIFront.wrongMethod(request, "GET") }
        return try await store.read(as: caller.actor, mayLag: true) { transaction in
            let reader = DashboardReader(transaction)
            guard let name = rest.first else { return .json(DashboardsAPI.list(reader)) }
            let view = try reader.find(name)
            let asked = try DashboardQuery(request)
            let reading = try reader.read(view, asked.period, holding: asked.day)
            return .json(try DashboardsAPI.document(reading, transaction))
        }
    }

    private static func list(_ reader: DashboardReader) -> [UInt8] {
        JSONWriter.object { json in
            json.key("data")
            json.beginArray()
            for owned in reader.readable() {
                json.beginObject()
                json.field("name", owned.body.name)
                json.field("title", owned.body.title)
                json.field("plugin", owned.plugin)
                json.endObject()
            }
            json.endArray()
        }
    }

    private static func document(_ reading: DashboardReading, _ transaction: StoreTransaction) throws -> [UInt8] {
        try JSONWriter.object { json in
            json.field("name", reading.view.name)
            json.field("title", reading.view.title)
            json.field("period", reading.period.rawValue)
            json.field("from", reading.span?.first.description)
            json.field("to", reading.span?.last.description)
            json.field("date", reading.day.description)
            json.key("widgets")
            json.beginArray()
            for widget in reading.widgets {
                json.beginObject()
                json.field("title", widget.title)
                json.field("section", widget.section)
                json.field("plugin", widget.plugin)
                json.field("when_empty", widget.whenEmpty)
                switch widget.body {
                case .figure(let figure): json.figure(figure)
                case .chart(let chart): json.chart(chart)
                case .records(let records): try json.records(records, transaction)
                }
                json.endObject()
            }
            json.endArray()
        }
    }
}

extension DashboardsAPI {
    init(kernel: Kernel) { self.init(store: kernel.store) }
}

/// What is asked of a dashboard: `?period=quarter&date=2026-05-01`.
struct DashboardQuery: Sendable {
    var period = Period.all
    var day: Day?

    /// Throws `invalid` with every parameter that does not fit.
    init(_ request: FrontRequest) throws {
        var problems: [Problem] = []
        if let text = request.parameter("period"), !text.isEmpty {
            if let period = Period(rawValue: text) { self.period = period } else {
                problems.append(Problem(field: "period", "must be one of " + Period.allCases.map(\.rawValue).joined(separator: ", ")))
            }
        }
        if let text = request.parameter("date"), !text.isEmpty {
            day = Day(text)
            if day == nil { problems.append(Problem(field: "date", "must be a day (YYYY-MM-DD)")) }
        }
        guard problems.isEmpty else { throw CRMError(.invalid, "the query does not fit a dashboard", problems: problems) }
    }
}

extension JSONWriter {
    fileprivate mutating func figure(_ figure: FigureReading) {
        field("kind", "figure")
        field("metric", figure.reading.metric.key)
        reading(figure.reading, path: figure.path)
        key("beside")
        guard let beside = figure.beside else { return null() }
        beginObject()
        field("title", beside.title)
        field("metric", beside.reading.metric.key)
        reading(beside.reading, path: figure.besidePath)
        endObject()
    }

    fileprivate mutating func chart(_ chart: ChartReading) {
        field("kind", "chart")
        field("shape", chart.shape.rawValue)
        field("row_title", chart.rowTitle)
        field("over_time", chart.isOverTime)
        key("columns")
        beginArray()
        for column in chart.columns {
            beginObject()
            field("title", column.title)
            field("metric", column.metric.key)
            endObject()
        }
        endArray()
        key("rows")
        beginArray()
        for row in chart.rows {
            beginObject()
            field("section", row.section)
            field("label", row.label)
            field("color", row.color)
            if let span = row.span {
                field("from", span.first.description)
                field("to", span.last.description)
            }
            cells("cells", row.cells, chart)
            endObject()
        }
        endArray()
        cells("totals", chart.totals, chart)
    }

    private mutating func cells(_ name: String, _ cells: [MetricCell], _ chart: ChartReading) {
        key(name)
        beginArray()
        for (place, one) in cells.enumerated() {
            beginObject()
            cell(one, path: chart.columns[place].path)
            endObject()
        }
        endArray()
    }

    fileprivate mutating func records(_ records: RecordsReading, _ transaction: StoreTransaction) throws {
        field("kind", "records")
        field("entity", records.entity.name)
        field("path", records.entity.path)
        field("label", records.entity.labelField)
        key("columns")
        beginArray()
        for column in records.columns {
            beginObject()
            field("name", column.name)
            field("label", column.label)
            endObject()
        }
        endArray()
        key("data")
        beginArray()
        let labels = LinkLabels(transaction)
        _ = try transaction.page(records.request) { row, projection in try row.write(projection.plan, labels, to: &self) }
        endArray()
        field("list", "/admin/\(records.entity.path)?\(records.query.encoded)")
    }
}
