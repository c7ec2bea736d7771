import PluginAPI

/// A grant names a right that the entity has, with a scope that makes sense for it.
enum GrantsCheck: CompositionCheck {
    static func problems(in composition: Composition) -> [PluginProblem] {
        composition.parts.flatMap { part -> [PluginProblem] in
            part.contributions.grants.filter { composition.has($0.entity) }.compactMap { entry in
                let right: String = entry.grant.right
                let what = "the grant of \(right) on \(entry.entity) to \(entry.role.rawValue)"
                guard ActionFormsCheck.rights.contains(right) || composition.hasAction(right, on: entry.entity) else {
                    return composition.excuses(part) ? nil : PluginProblem(part.id, "\(what) names a right that is not there")
                }
                if right == "create" || right == "import", entry.grant.scope != .all {
                    return PluginProblem(part.id, "\(what) has the scope \(entry.grant.scope.rawValue), but a record to be made belongs to nobody yet")
                }
                return nil
            }
        }
    }
}
