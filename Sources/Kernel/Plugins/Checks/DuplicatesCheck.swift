import PluginAPI

/// Rules about duplicates name fields that can be compared: texts, and for the second field of similar names links as well.
enum DuplicatesCheck: CompositionCheck {
    static func problems(in composition: Composition) -> [PluginProblem] {
        composition.parts.flatMap { part -> [PluginProblem] in
            part.contributions.duplicates.filter { composition.has($0.entity) }.flatMap { entry in
                entry.rules.flatMap { rule in
                    rule.fields.enumerated().compactMap { place, name -> PluginProblem? in
                        guard let field = composition.field(name, of: entry.entity) else {
                            return PluginProblem(part.id, "duplicates of \(entry.entity) are told by the field \(name), which it does not have")
                        }
                        let isLink: Bool = if case .reference = FieldType(field.kind) { true } else { false }
                        guard FieldType(field.kind) != .text, !(isLink && rule.kind == .similar && place > 0) else { return nil }
                        return PluginProblem(
                            part.id, "duplicates of \(entry.entity) are told by the field \(name), which is no text", hint: "Name another field.")
                    }
                }
            }
        }
    }
}
