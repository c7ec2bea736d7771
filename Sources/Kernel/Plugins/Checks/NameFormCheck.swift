import PluginAPI

/// Names are written one way, so that nobody has to guess.
enum NameFormCheck: CompositionCheck {
    static func problems(in composition: Composition) -> [PluginProblem] {
        composition.parts.flatMap { part -> [PluginProblem] in
            let own: Contributions = part.contributions
            var problems: [PluginProblem] = []
            func snake(_ kind: String, _ name: String) {
                guard !NameForm.isSnakeCase(name) else { return }
                problems.append(PluginProblem(part.id, "\(kind) \(name) is not written in snake_case", hint: snakeHint))
            }
            func dashed(_ kind: String, _ name: String) {
                guard !NameForm.isDashed(name) else { return }
                problems.append(PluginProblem(part.id, "\(kind) \(name) is not written with dashes", hint: dashHint))
            }
            for entry in own.entities where !entry.isForeign {
                snake("entity", entry.schema.name)
                dashed("path", entry.schema.path)
                for field in entry.schema.fields { snake("field of \(entry.schema.name):", field.name) }
            }
            for hook in own.hooks { snake("hook", hook.name) }
            for function in own.functions { snake("function", function.name) }
            for panel in own.panels { dashed("panel", panel.name) }
            for action in own.actions {
                dashed("action", action.name)
                for field in action.fields { snake("field of action \(action.name):", field.name) }
            }
            return problems
        }
    }

    private static let snakeHint =
        "Use small letters, digits and single underscores, beginning with a letter, 40 characters at most."
    private static let dashHint = "Use small letters, digits and single dashes, beginning with a letter, 40 characters at most."
}
