import PluginAPI

/// `/api/v1/metrics`: which figures there are, and each over a period.
struct MetricsAPI: Sendable {
    let store: Store

    func respond(_ request: FrontRequest, _ caller: Caller, _ rest: ArraySlice<String>) async throws -> FrontResponse {
        guard rest.count <= 1 else { throw APIFront.unknown(request) }
        guard request.method == "GET" || request.method == "HEAD" else { return APIFront.wrongMethod(request, "GET") }
        return try await store.read(as: caller.actor, mayLag: true) { transaction in
            let reader = MetricReader(transaction: transaction)
            guard let key = rest.first else { return .json(MetricsAPI.list(reader)) }
            let metric = try reader.find(key)
            var problems: [Problem] = []
            func read<T>(_ name: String, _ fallback: T, _ hint: String, _ make: (String) -> T?) -> T {
                guard let text = request.parameter(name), !text.isEmpty else { return fallback }
                if let value = make(text) { return value }
                problems.append(Problem(field: name, hint))
                return fallback
            }
            let period = read("period", Period.month, "must be one of " + Period.allCases.map(\.rawValue).joined(separator: ", ")) { Period(rawValue: $0) }
            let scope = read("scope", Scope.all, "must be own, team or all") { Scope(rawValue: $0) }
            let day = read("date", nil as Day?, "must be a day (YYYY-MM-DD)") { Day($0).map { $0 as Day? } }
            func count(_ name: String, _ fallback: Int, _ most: Int, from least: Int = 1) -> Int {
                read(name, fallback, "must be from \(least) to \(most)") { Int($0).flatMap { (least...most).contains($0) ? $0 : nil } }
            }
            let series = count("series", 0, MetricSplit.mostPeriods, from: 0)
            let lengths: [Period] = [.day, .week, .month, .quarter, .year]
            let length = request.parameter("by") ?? ""
            let by = lengths.first { $0.rawValue == length }
            if by == nil, !length.isEmpty {
                problems.append(Problem(field: "by", "must be one of " + lengths.map(\.rawValue).joined(separator: ", ")))
            }
            let periods = count("periods", 6, MetricSplit.mostPeriods)
            let most = count("top", 20, MetricSplit.mostGroups)
            let fields = (request.parameter("group") ?? "").split(separator: ",").map { String($0).trimmed }
            if fields.count > 2 || Set(fields).count < fields.count {
                problems.append(Problem(field: "group", "must name one field, or an outer and an inner one"))
            }
            guard problems.isEmpty else { throw CRMError(.invalid, "the query does not fit a metric", problems: problems) }
            if !fields.isEmpty || by != nil {
                let split = MetricSplit(fields: fields, by: by, periods: periods, most: most)
                let table = try reader.table(metric, split, period, holding: day, scope: scope)
                return .json(MetricsAPI.document(table, period, transaction.registry))
            }
            let reading = try reader.read(metric, period, holding: day, scope: scope, series: series)
            return .json(MetricsAPI.document(reading, transaction.registry))
        }
    }

    private static func list(_ reader: MetricReader) -> [UInt8] {
        JSONWriter.object { json in
            json.key("data")
            json.beginArray()
            for owned in reader.readable() {
                json.beginObject()
                json.field("key", owned.body.key)
                json.field("title", owned.body.title)
                json.field("entity", owned.body.entity)
                json.field("plugin", owned.plugin)
                json.field("measure", words(owned.body.measure))
                json.field("dated", owned.body.date != nil)
                json.endObject()
            }
            json.endArray()
        }
    }

    private static func words(_ measure: Measure) -> String {
        switch measure {
        case .count: "count"
        case .sum(let field): "sum of \(field)"
        case .average(let field): "average of \(field)"
        @unknown default: ""
        }
    }

    static func document(_ reading: MetricReading, _ registry: Registry) -> [UInt8] {
        JSONWriter.object { json in
            head(reading.metric, &json)
            json.reading(reading, path: registry.entity(reading.metric.entity)?.path ?? reading.metric.entity)
            if !reading.series.isEmpty {
                json.key("series")
                json.beginArray()
                for step in reading.series {
                    json.beginObject()
                    json.field("from", step.span.first.description)
                    json.field("to", step.span.last.description)
                    json.figure(step.figure)
                    json.endObject()
                }
                json.endArray()
            }
        }
    }
}

extension MetricsAPI {
    private static func head(_ metric: Metric, _ json: inout JSONWriter) {
        json.field("key", metric.key)
        json.field("title", metric.title)
        json.field("entity", metric.entity)
        json.field("measure", words(metric.measure))
    }

    /// The whole, its spans, and its groups with a cell for each span.
    private static func document(_ table: MetricTable, _ period: Period, _ registry: Registry) -> [UInt8] {
        let path = registry.entity(table.metric.entity)?.path ?? table.metric.entity
        return JSONWriter.object { json in
            head(table.metric, &json)
            json.field("period", table.metric.date == nil || table.by != nil ? nil : period.rawValue)
            json.field("from", table.span?.first.description)
            json.field("to", table.span?.last.description)
            json.cell(table.total, path: path)
            if let by = table.by {
                json.field("by", by.rawValue)
                json.key("series")
                json.beginArray()
                for (place, span) in table.spans.enumerated() {
                    json.beginObject()
                    json.field("label", table.titles[place])
                    json.field("from", span.first.description)
                    json.field("to", span.last.description)
                    json.cell(table.totals[place], path: path)
                    json.endObject()
                }
                json.endArray()
            }
            if !table.fields.isEmpty {
                json.field("group", table.fields.map(\.name))
                json.key("groups")
                json.beginArray()
                for group in table.groups { json.group(group, path: path, hasSpans: table.by != nil) }
                json.endArray()
            }
        }
    }
}

extension JSONWriter {
    /// A figure over a period, the one before, and the way to its records.
    mutating func reading(_ reading: MetricReading, path: String) {
        field("period", reading.metric.date == nil ? nil : reading.period.rawValue)
        field("from", reading.span?.first.description)
        field("to", reading.span?.last.description)
        key("previous")
        if let previous = reading.previous { value(previous.value) } else { null() }
        cell(MetricCell(figure: reading.figure, query: reading.query), path: path)
    }

    /// A figure and the way to its records.
    mutating func cell(_ cell: MetricCell, path: String) {
        figure(cell.figure)
        let query = cell.query.encoded
        field("query", query)
        field("list", "/admin/\(path)" + (query.isEmpty ? "" : "?" + query))
    }

    fileprivate mutating func group(_ group: MetricTable.Group, path: String, hasSpans: Bool) {
        beginObject()
        key("keys")
        beginArray()
        for one in group.keys { if case .value(let value) = one { self.value(value) } else { null() } }
        endArray()
        field("label", group.labels.joined(separator: " / "))
        field("labels", group.labels)
        field("color", group.color)
        cell(group.total, path: path)
        if hasSpans {
            key("cells")
            beginArray()
            for one in group.cells {
                beginObject()
                cell(one, path: path)
                endObject()
            }
            endArray()
        }
        endObject()
    }

    /// `"value": …, "count": …`.
    fileprivate mutating func figure(_ figure: MetricFigure) {
        key("value")
        value(figure.value)
        field("count", figure.count)
    }

    /// Whole numbers as numbers, others as exact text, amounts as a list with one for each currency.
    mutating func value(_ value: MetricFigure.Value) {
        switch value {
        case .number(let number) where number.scale == 0: integer(number.units)
        case .number(let number): string(number.description)
        case .amounts(let amounts):
            beginArray()
            for money in amounts { self.money(minor: money.minor, money.currency) }
            endArray()
        case .nothing: null()
        }
    }
}

extension MetricsAPI {
    init(kernel: Kernel) { self.init(store: kernel.store) }
}
