import PluginAPI

/// The fields that a plugin needs of another plugin's entity are there, with the same type.
enum ForeignFieldsCheck: CompositionCheck {
    static func problems(in composition: Composition) -> [PluginProblem] {
        composition.parts.flatMap { part -> [PluginProblem] in
            part.contributions.entities.filter(\.isForeign).flatMap { entry in
                problems(of: entry.schema, part, composition)
            }
        }
    }

    private static func problems(of schema: Schema, _ part: Composition.Part, _ composition: Composition) -> [PluginProblem] {
        guard let owner = composition.owner(of: schema.name) else {
            if composition.excuses(part) { return [] }
            return [
                PluginProblem(
                    part.id, "uses the entity \(schema.name), which no enabled plugin has",
                    hint: "Switch on the plugin that has it, and name it under requires or optional in plugin.json.")
            ]
        }
        return schema.fields.compactMap { field in
            guard let real = composition.field(field.name, of: schema.name) else {
                return PluginProblem(
                    part.id, "needs the field \(schema.name).\(field.name), which the plugin \(owner.part.id) does not have",
                    hint: "It was written for another version of \(owner.part.id): there is \(owner.part.version).")
            }
            guard !fits(FieldType(field.description.kind), FieldType(real.kind)) else { return nil }
            let expected: String = FieldType(field.description.kind).word
            return PluginProblem(
                part.id, "takes the field \(schema.name).\(field.name) for \(expected), but it is \(FieldType(real.kind).word)",
                hint: "It was written for another version of \(owner.part.id): there is \(owner.part.version).")
        }
    }

    /// A choice may be read as its key, or by a choice that knows some of its options; decimals carry their own scale.
    private static func fits(_ expected: FieldType, _ real: FieldType) -> Bool {
        switch (expected, real) {
        case (.text, .choice), (.choice, .choice), (.decimal, .decimal): true
        default: expected == real
        }
    }
}
