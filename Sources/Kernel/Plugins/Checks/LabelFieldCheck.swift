import PluginAPI

/// A record is known by a field that it has.
enum LabelFieldCheck: CompositionCheck {
    static func problems(in composition: Composition) -> [PluginProblem] {
        composition.parts.flatMap { part -> [PluginProblem] in
            part.contributions.entities.filter { !$0.isForeign }.flatMap { entry in
                problems(of: entry.schema, part.id)
            }
        }
    }

    private static func problems(of schema: Schema, _ plugin: String) -> [PluginProblem] {
        let names: Set<String> = Set(schema.fields.map(\.name))
        var problems: [PluginProblem] = []
        if schema.labelField != "id", !names.contains(schema.labelField) {
            problems.append(PluginProblem(plugin, "entity \(schema.name) is labelled by \(schema.labelField), which is not one of its fields"))
        }
        for set in schema.uniqueSets {
            for name in set where !names.contains(name) {
                problems.append(PluginProblem(plugin, "entity \(schema.name) is unique by \(name), which is not one of its fields"))
            }
        }
        for name in schema.indexedSets.flatMap(\.self) where !names.contains(name) {
            problems.append(PluginProblem(plugin, "entity \(schema.name) is indexed by \(name), which is not one of its fields"))
        }
        return problems
    }
}
