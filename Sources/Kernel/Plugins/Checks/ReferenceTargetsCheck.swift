import PluginAPI

/// What a reference points at is there, or belongs to a plugin that the pointing one can do without.
enum ReferenceTargetsCheck: CompositionCheck {
    static func problems(in composition: Composition) -> [PluginProblem] {
        composition.parts.filter { !composition.excuses($0) }.flatMap { part -> [PluginProblem] in
            var fields: [(String, FieldDescription)] = []
            for entry in part.contributions.entities where !entry.isForeign {
                fields += entry.schema.fields.map { ("field \(entry.schema.name).\($0.name)", $0.description) }
            }
            for action in part.contributions.actions {
                fields += action.fields.map { ("field \($0.name) of action \(action.name)", $0) }
            }
            return fields.compactMap { what, field in
                guard !composition.isPresent(field), let target = FieldModel(field, place: 0, plugin: part.id).target else { return nil }
                return PluginProblem(
                    part.id, "\(what) points at the entity \(target), which no enabled plugin has",
                    hint: "Name the plugin that has it under requires or optional in plugin.json.")
            }
        }
    }
}
