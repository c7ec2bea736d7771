import PluginAPI

/// An action asks for each thing once, whoever adds to its form, and an extension has an action to extend.
enum ActionFormsCheck: CompositionCheck {
    static func problems(in composition: Composition) -> [PluginProblem] {
        var asked: [String: [String: String]] = [:]
        var problems: [PluginProblem] = []
        // The actions themselves first: an extension may stand in an earlier plugin.
        for isExtension in [false, true] {
            for part in composition.parts {
                for action in part.contributions.actions where action.isExtension == isExtension {
                    problems += check(action, part, composition, &asked)
                }
            }
        }
        return problems
    }

    private static func check(
        _ action: Contributions.ActionEntry, _ part: Composition.Part, _ composition: Composition,
        _ asked: inout [String: [String: String]]
    ) -> [PluginProblem] {
        let key: String = "\(action.entity).\(action.name)"
        if action.isExtension, !composition.hasAction(action.name, on: action.entity) {
            if composition.excuses(part) { return [] }
            return [PluginProblem(part.id, "extends the action \(key), which no enabled plugin has")]
        }
        var problems: [PluginProblem] = []
        if !action.isExtension, rights.contains(action.name) {
            problems.append(PluginProblem(part.id, "action \(key) has the name of a right that every entity has"))
        }
        var known: [String: String] = asked[key] ?? [:]
        for field in action.fields {
            if let holder = known.updateValue(part.id, forKey: field.name) {
                let who: String = holder == part.id ? "twice" : "by the plugins \(holder) and \(part.id)"
                problems.append(PluginProblem(part.id, "action \(key) asks for \(field.name) \(who)"))
            }
        }
        for field in action.fields {
            if let other = field.shownWhen?.field, known[other] == nil {
                problems.append(PluginProblem(part.id, "action \(key) shows \(field.name) by \(other), which it does not ask for"))
            }
        }
        asked[key] = known
        return problems
    }

    /// The rights that every entity has.
    static let rights: Set<String> = ["view", "create", "edit", "delete", "import", "export"]
}
