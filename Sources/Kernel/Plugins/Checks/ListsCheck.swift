import PluginAPI

/// Lists, views and record pages name fields that the entity has.
enum ListsCheck: CompositionCheck {
    static func problems(in composition: Composition) -> [PluginProblem] {
        composition.parts.flatMap { part -> [PluginProblem] in
            var problems: [PluginProblem] = []
            func check(_ what: String, _ entity: String, _ names: [String]) {
                guard composition.has(entity) else { return }
                for name in names where !composition.knows(name, of: entity) {
                    problems.append(PluginProblem(part.id, "\(what) of \(entity) names the field \(name), which it does not have"))
                }
            }
            for list in part.contributions.lists {
                check("the list", list.entity, list.columns + list.filters + [list.sort.field])
            }
            for preset in part.contributions.presets {
                check("view \(preset.title)", preset.entity, preset.filter.namedFields + (preset.sort.map { [$0.field] } ?? []))
            }
            for aside in part.contributions.asides { check("what is set aside", aside.entity, aside.filter.namedFields) }
            for detail in part.contributions.details {
                check("the record page", detail.entity, detail.sections.flatMap(\.fields))
            }
            return problems
        }
    }
}
