import PluginAPI

/// The condition of a mark names fields that are there, and its name can stand in addresses.
enum MarksCheck: CompositionCheck {
    static func problems(in composition: Composition) -> [PluginProblem] {
        composition.parts.flatMap { part -> [PluginProblem] in
            part.contributions.marks.filter { composition.has($0.entity) }.flatMap { mark in
                messages(mark, composition).map { PluginProblem(part.id, "the mark \(mark.name) of \(mark.entity) \($0)") }
            }
        }
    }

    private static func messages(_ mark: MarkView, _ composition: Composition) -> [String] {
        var messages: [String] = mark.filter.namedFields.filter { !composition.knows($0, of: mark.entity) }.map {
            "names the field \($0), which it does not have"
        }
        if composition.knows("mark", of: mark.entity) { messages.append("cannot be asked for, since the entity has a field called mark") }
        if !NameForm.isSnakeCase(mark.name) { messages.append("is not written in snake_case") }
        return messages
    }
}
