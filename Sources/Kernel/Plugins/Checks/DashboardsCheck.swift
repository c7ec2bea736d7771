import PluginAPI

/// Dashboards have names; their parts are about metrics and fields that are there, and stand on a dashboard that is.
enum DashboardsCheck: CompositionCheck {
    static func problems(in composition: Composition) -> [PluginProblem] {
        let dashboards: Set<String> = Set(composition.parts.flatMap { $0.contributions.dashboards.map(\.name) })
        let all: [Metric] = composition.parts.flatMap(\.contributions.metrics)
        let metrics: [String: Metric] = Dictionary(all.map { ($0.key, $0) }) { first, _ in first }
        return composition.parts.flatMap { part -> [PluginProblem] in
            var problems: [PluginProblem] = part.contributions.dashboards.filter { !NameForm.isDashed($0.name) }.map {
                PluginProblem(part.id, "dashboard \($0.name) is not in dashed words", hint: "Name it like my-dashboard.")
            }
            for entry in part.contributions.widgets {
                let name: String = "widget \(entry.widget.title.isEmpty ? entry.widget.series.first?.metric ?? "" : entry.widget.title)"
                var messages: [String] = messages(entry.widget, metrics, composition, isExcused: composition.excuses(part))
                if !dashboards.contains(entry.dashboard), !composition.excuses(part) {
                    messages.append("stands on the dashboard \(entry.dashboard), which no enabled plugin has")
                }
                problems += messages.map { PluginProblem(part.id, "\(name) of dashboard \(entry.dashboard) \($0)") }
            }
            return problems
        }
    }

    private static func messages(
        _ widget: Widget, _ metrics: [String: Metric], _ composition: Composition, isExcused: Bool
    ) -> [String] {
        var messages: [String] = []
        for series in widget.series where metrics[series.metric] == nil && !isExcused {
            messages.append("names the metric \(series.metric), which is not there")
        }
        let known: [Metric] = widget.series.compactMap { metrics[$0.metric] }
        switch widget.content {
        case .months(_, let count, _): messages += dated(known) + span(count)
        case .monthsOfGroups(_, let field, let count, _):
            messages += dated(known) + span(count) + groups(known, [field], composition)
        case .groups(_, let fields, _):
            if Set(known.map(\.entity)).count > 1 { messages.append("groups metrics over different entities") }
            messages += groups(known, fields, composition)
        case .records(let list, let filter, let limit):
            if !(1...20).contains(limit) { messages.append("shows \(limit) records, which is not from 1 to 20") }
            if composition.has(list.entity) {
                let names: [String] = list.columns + [list.sort.field] + filter.namedFields
                messages += names.filter { !composition.knows($0, of: list.entity) }.map { "names the field \(list.entity).\($0), which is not there" }
            } else if !isExcused {
                messages.append("names the entity \(list.entity), which no enabled plugin has")
            }
        default: break
        }
        return messages
    }

    private static func dated(_ metrics: [Metric]) -> [String] {
        metrics.filter { $0.date == nil }.map { "follows \($0.key) over time, which has no date" }
    }

    private static func span(_ months: Int) -> [String] {
        (1...MetricSplit.mostPeriods).contains(months) ? [] : ["goes over \(months) months, which is not from 1 to \(MetricSplit.mostPeriods)"]
    }

    private static func groups(_ metrics: [Metric], _ fields: [String], _ composition: Composition) -> [String] {
        guard let entity = metrics.first?.entity, composition.has(entity) else { return [] }
        return fields.filter { !composition.knows($0, of: entity) }.map { "groups by \(entity).\($0), which is not there" }
    }

    // MARK: What can be shown

    /// A widget without the metrics that are not there now; nil when nothing is left of it.
    static func usable(_ widget: Widget, _ metrics: [String: Metric], _ composition: Composition) -> Widget? {
        var widget = widget
        func present(_ fields: [String], _ series: [Widget.Series]) -> Bool {
            guard let entity = series.first.flatMap({ metrics[$0.metric] })?.entity else { return false }
            return fields.allSatisfy { composition.isPresent($0, of: entity) }
        }
        switch widget.content {
        case .figure(let first, let second):
            guard metrics[first.metric] != nil else { return nil }
            widget.content = .figure(first, beside: second.flatMap { metrics[$0.metric] == nil ? nil : $0 })
        case .months(let series, let count, let shape):
            let left: [Widget.Series] = series.filter { metrics[$0.metric] != nil }
            if left.isEmpty { return nil }
            widget.content = .months(left, count: count, shape: shape)
        case .groups(let series, let fields, let shape):
            let left: [Widget.Series] = series.filter { metrics[$0.metric] != nil }
            guard !left.isEmpty, present(fields, left) else { return nil }
            widget.content = .groups(left, by: fields, shape: shape)
        case .monthsOfGroups(let series, let field, _, _):
            guard metrics[series.metric] != nil, present([field], [series]) else { return nil }
        case .records(var list, let filter, let limit):
            let names: [String] = filter.namedFields + [list.sort.field]
            guard composition.has(list.entity), names.allSatisfy({ composition.isPresent($0, of: list.entity) }) else { return nil }
            list.columns = list.columns.filter { composition.isPresent($0, of: list.entity) }
            widget.content = .records(list, filter: filter, limit: limit)
        @unknown default: return nil
        }
        return widget
    }
}

extension Widget {
    /// The metrics that it names.
    var series: [Series] {
        switch content {
        case .figure(let first, let second): [first] + [second].compactMap { $0 }
        case .months(let series, _, _), .groups(let series, _, _): series
        case .monthsOfGroups(let series, _, _, _): [series]
        default: []
        }
    }
}
