import PluginAPI

/// `/api/v1/metrics`: which figures there are, and each over a period.
struct MetricsAPI: Sendable {
    let store: Store

    func respond(_ request: FrontRequest, _ caller: Caller, _ rest: ArraySlice<String>) async throws -> FrontResponse {
        guard rest.count <= 1 else { throw APIFront.unknown(request) }
        guard request.method == "GET" || request.method == "HEAD" else { return APIFront.wrongMethod(request, "GET") }
        return try await store.read(as: caller.actor) { transaction in
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
            let series = read("series", 0, "must be from 0 to 60") { Int($0).flatMap { (0...60).contains($0) ? $0 : nil } }
            guard problems.isEmpty else { throw CRMError(.invalid, "the query does not fit a metric", problems: problems) }
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
            json.field("key", reading.metric.key)
            json.field("title", reading.metric.title)
            json.field("entity", reading.metric.entity)
            json.field("measure", words(reading.metric.measure))
            json.field("period", reading.metric.date == nil ? nil : reading.period.rawValue)
            json.field("from", reading.span?.first.description)
            json.field("to", reading.span?.last.description)
            json.figure(reading.figure)
            json.key("previous")
            if let previous = reading.previous { json.value(previous.value) } else { json.null() }
            let path = registry.entity(reading.metric.entity)?.path ?? reading.metric.entity
            let query = reading.query.encoded
            json.field("query", query)
            json.field("list", "/admin/\(path)" + (query.isEmpty ? "" : "?" + query))
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

extension JSONWriter {
    /// `"value": …, "count": …`.
    fileprivate mutating func figure(_ figure: MetricFigure) {
        key("value")
        value(figure.value)
        field("count", figure.count)
    }

    /// Whole numbers as numbers, others as exact text, amounts as a list with one for each currency.
    fileprivate mutating func value(_ value: MetricFigure.Value) {
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
