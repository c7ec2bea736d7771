import PluginAPI

/// A metric adds up numbers, over records placed in time by a day or a moment.
enum MetricsCheck: CompositionCheck {
    static func problems(in composition: Composition) -> [PluginProblem] {
        composition.parts.flatMap { part -> [PluginProblem] in
            part.contributions.metrics.filter { composition.has($0.entity) }.flatMap { metric in
                messages(metric, composition).map { PluginProblem(part.id, "metric \(metric.key) \($0)") }
            }
        }
    }

    private static func messages(_ metric: Metric, _ composition: Composition) -> [String] {
        var messages: [String] = []
        var names: [String] = metric.filter.namedFields
        if let date = metric.date { names.append(date) }
        switch metric.measure {
        case .count: break
        case .sum(let name), .average(let name):
            names.append(name)
            if let field = composition.field(name, of: metric.entity), !FieldModel(field, place: 0, plugin: "").isNumeric {
                messages.append("adds up \(name), which is not a number")
            }
        }
        for name in names where !composition.knows(name, of: metric.entity) {
            messages.append("names the field \(metric.entity).\(name), which is not there")
        }
        if let date = metric.date.flatMap({ composition.field($0, of: metric.entity) }) {
            let type = FieldType(date.kind)
            if type != .day, type != .moment { messages.append("is dated by \(date.name), which is neither a day nor a moment") }
        }
        return messages
    }
}
