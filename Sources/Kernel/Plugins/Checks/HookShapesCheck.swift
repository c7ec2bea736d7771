import PluginAPI

/// A hook that is listened to is sent by somebody, and carries what the listener needs.
enum HookShapesCheck: CompositionCheck {
    static func problems(in composition: Composition) -> [PluginProblem] {
        composition.parts.flatMap { part -> [PluginProblem] in
            let listeners: [(String, PayloadShape)] =
                part.contributions.listeners.map { ($0.hook, $0.shape) } + part.contributions.afters.map { ($0.hook, $0.shape) }
            return listeners.flatMap { hook, shape in problems(hook, shape, part, composition) }
        }
    }

    private static func problems(
        _ hook: String, _ shape: PayloadShape, _ part: Composition.Part, _ composition: Composition
    ) -> [PluginProblem] {
        guard let sender = composition.sender(of: hook) else {
            if composition.excuses(part) { return [] }
            return [
                PluginProblem(
                    part.id, "listens to the hook \(hook), which no enabled plugin sends",
                    hint: "Name the plugin that sends it under requires or optional in plugin.json.")
            ]
        }
        return shape.missing(in: sender.shape).map {
            PluginProblem(part.id, "cannot listen to the hook \(hook) of the plugin \(sender.plugin): \($0)")
        }
    }
}
