import PluginAPI

/// The rules of a field fit its type.
enum FieldRulesCheck: CompositionCheck {
    static func problems(in composition: Composition) -> [PluginProblem] {
        composition.parts.flatMap { part -> [PluginProblem] in
            part.contributions.entities.filter { !$0.isForeign }.flatMap { problems(of: $0.schema, part.id) }
        }
    }

    private static func problems(of schema: Schema, _ plugin: String) -> [PluginProblem] {
        var problems: [PluginProblem] = []
        let fields: [FieldDescription] = schema.fields.map(\.description)
        for field in fields {
            for message in messages(about: field) {
                problems.append(PluginProblem(plugin, "field \(schema.name).\(field.name) \(message)"))
            }
        }
        if fields.filter(\.isOwner).count > 1 {
            problems.append(PluginProblem(plugin, "entity \(schema.name) has more than one owner field"))
        }
        return problems
    }

    static func messages(about field: FieldDescription) -> [String] {
        var messages: [String] = []
        let type = FieldType(field.kind)
        if case .decimal(let scale) = type, !(0...9).contains(scale) { messages.append("has not 0 to 9 decimal places") }
        if field.isOwner, type != .reference("user") { messages.append("is the owner but does not point at a user") }
        if field.isSecret {
            if type != .text { messages.append("is secret but not text") }
            if field.isSearchable { messages.append("is secret and cannot be searched") }
        }
        if field.formulaOn != nil, type != .text { messages.append("is a formula but not text") }
        if field.isSearchable, type != .text { messages.append("is searchable but not text") }
        if field.namesFieldsOf != nil, type != .text { messages.append("names fields but is not text") }
        if field.isToggle, type != .boolean { messages.append("is turned over in lists but is not yes or no") }
        if field.isUnique {
            switch type {
            case .money, .references, .json: messages.append("cannot be unique")
            default: break
            }
        }
        if !matches(field.defaultValue, type) { messages.append("has a default of another type") }
        return messages
    }

    private static func matches(_ value: Value, _ type: FieldType) -> Bool {
        switch (value, type) {
        case (.null, _), (.text, .text), (.text, .json), (.integer, .integer), (.integer, .reference), (.boolean, .boolean): true
        case (.decimal, .decimal), (.money, .money), (.day, .day), (.moment, .moment), (.list, .references): true
        case (.text(let key), .choice(let options)): options.contains { $0.key == key }
        default: false
        }
    }
}
