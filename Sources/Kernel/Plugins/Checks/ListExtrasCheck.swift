import PluginAPI

/// Cards name metrics, counts and related lists name references that point at the entity on whose list or page they stand.
enum ListExtrasCheck: CompositionCheck {
    static func problems(in composition: Composition) -> [PluginProblem] {
        let metrics: Set<String> = Set(composition.parts.flatMap { $0.contributions.metrics.map(\.key) })
        var counts: [String: Set<String>] = [:]
        var problems: [PluginProblem] = []
        for part in composition.parts {
            func report(_ message: String) { problems.append(PluginProblem(part.id, message)) }
            for cards in part.contributions.listCards where composition.has(cards.entity) {
                for key in cards.metrics where !metrics.contains(key) && !composition.excuses(part) {
                    report("the cards of \(cards.entity) name the metric \(key), which is not there")
                }
            }
            for count in part.contributions.countColumns where composition.has(count.entity) && composition.has(count.child) {
                let name: String = "the count \(count.entity).\(count.name)"
                if !NameForm.isSnakeCase(count.name) { report("\(name) is not lower_case_with_underscores") }
                if composition.field(count.name, of: count.entity) != nil { report("\(name) is called like a field") }
                if !counts[count.entity, default: []].insert(count.name).inserted { report("\(name) is there twice") }
                if let fault = fault(count.field, count.child, count.entity, composition) { report("\(name) \(fault)") }
            }
            for list in part.contributions.relatedLists where composition.has(list.entity) && composition.has(list.child) {
                let name: String = "the related list of \(list.child) on \(list.entity)"
                if let fault = fault(list.field, list.child, list.entity, composition) { report("\(name) \(fault)") }
                for column in list.columns + (list.sort.map { [$0.field] } ?? []) where !composition.knows(column, of: list.child) {
                    report("\(name) names the field \(column), which it does not have")
                }
            }
        }
        return problems
    }

    private static func fault(_ field: String, _ child: String, _ entity: String, _ composition: Composition) -> String? {
        guard let found = composition.field(field, of: child) else { return "names the field \(child).\(field), which is not there" }
        return FieldType(found.kind) == .reference(entity) ? nil : "counts by \(child).\(field), which does not point at it"
    }
}
