import PluginAPI

/// A column gets another name only in the plugin's own tables, and its old name is free.
enum RenamesCheck: CompositionCheck {
    static func problems(in composition: Composition) -> [PluginProblem] {
        composition.parts.flatMap { part -> [PluginProblem] in
            part.contributions.renames.compactMap { rename in
                let what = "the renaming of \(rename.entity).\(rename.from)"
                guard let owner = composition.owner(of: rename.entity) else { return nil }
                if owner.part.id != part.id { return PluginProblem(part.id, "\(what) concerns an entity of the plugin \(owner.part.id)") }
                let names: [String] = owner.schema.fields.map(\.name)
                if names.contains(rename.from) { return PluginProblem(part.id, "\(what) is of a field that still has this name") }
                return names.contains(rename.to) ? nil : PluginProblem(part.id, "\(what) goes to \(rename.to), which is not a field")
            }
        }
    }
}
