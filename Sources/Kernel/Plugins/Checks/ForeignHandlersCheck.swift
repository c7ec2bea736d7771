import PluginAPI

/// What the handlers of foreign plugins take and set is there, with a type that the C function's fits: the members of the
/// payload, the fields of records.
enum ForeignHandlersCheck: CompositionCheck {
    static func problems(in composition: Composition) -> [PluginProblem] {
        composition.parts.flatMap { part -> [PluginProblem] in
            guard let foreign = part.foreign else { return [] }
            return foreign.handlers.flatMap { handler -> [PluginProblem] in
                // That nobody sends the hook is told by the check of hooks.
                guard let sender = composition.sender(of: handler.hook) else { return [] }
                let check = HandlerCheck(part: part, handler: handler, shape: sender.shape, composition: composition)
                return check.messages.map { PluginProblem(part.id, "handler \(handler.signature.symbol) of \(handler.hook) \($0)") }
            }
        }
    }
}

private struct HandlerCheck {
    let part: Composition.Part
    let handler: ForeignInterface.Handler
    let shape: PayloadShape
    let composition: Composition

    var messages: [String] {
        let signature: ForeignSignature = handler.signature
        var messages: [String] = zip(signature.parameters, handler.sources).flatMap { type, source in
            switch source {
            case .payload(let member): ofMember(member, type)
            case .field(let place): ofPlace(place) ?? ofTaken(place, type)
            }
        }
        if let sets = handler.sets, let result = signature.result { messages += ofPlace(sets) ?? ofSet(sets, result) }
        return messages
    }

    private func ofMember(_ name: String, _ type: ForeignType) -> [String] {
        guard let member = shape.members.first(where: { $0.name == name }) else {
            return ["takes \(name), which the hook does not carry: there are \(shape.members.map(\.name).joined(separator: ", "))"]
        }
        guard Self.kinds[member.type] == type.kind else { return ["takes \(name) as \(type), but the hook carries it as \(member.type)"] }
        guard member.isOptional, !type.isOptional else { return [] }
        return ["takes \(name) as \(type), but it may be missing: take it as \(type)?"]
    }

    /// What keeps a record from being found, or a field in it; nil when nothing does, and none when its plugin may be missing.
    private func ofPlace(_ place: ForeignInterface.Place) -> [String]? {
        let name: String = place.entity + "." + place.field
        if handler.hook == place.entity + "_deleted", place.member == "record" {
            return ["names \(name), but the record is gone when the hook is sent"]
        }
        let member: PayloadShape.Member? = shape.members.first { $0.name == place.member }
        guard let member, member.type == "RecordID", !member.isOptional else {
            return ["names \(name) of the record that the hook carries as \(place.member), but it carries no id of that name"]
        }
        guard composition.has(place.entity) else {
            return composition.excuses(part) ? [] : ["names \(name), but no enabled plugin has the entity \(place.entity)"]
        }
        return composition.field(place.field, of: place.entity) == nil ? ["names \(name), but there is no such field"] : nil
    }

    private func ofTaken(_ place: ForeignInterface.Place, _ type: ForeignType) -> [String] {
        guard let field = composition.field(place.field, of: place.entity) else { return [] }
        let name: String = place.entity + "." + place.field
        let real = FieldType(field.kind)
        guard Self.takes(type.kind, real) else { return ["takes \(name) as \(type), but it is \(real.word)"] }
        guard !field.isRequired, !type.isOptional else { return [] }
        return ["takes \(name) as \(type), but it may be empty: take it as \(type)?"]
    }

    private func ofSet(_ place: ForeignInterface.Place, _ type: ForeignType) -> [String] {
        guard let field = composition.field(place.field, of: place.entity) else { return [] }
        let name: String = place.entity + "." + place.field
        let real = FieldType(field.kind)
        if SystemSlots.descriptions.contains(where: { $0.name == place.field }) { return ["sets \(name), which only the kernel sets"] }
        if field.isCustom, field.isReadOnly { return ["sets \(name), which a formula computes"] }
        if field.isDerived { return ["sets \(name), which its own plugin works out"] }
        guard Self.gives(type.kind, real) else { return ["sets \(name) to \(type), but it is \(real.word)"] }
        return field.isRequired && type.isOptional ? ["sets \(name) to \(type), but it must not be empty"] : []
    }

    /// Types of payloads as they are recorded.
    private static let kinds: [String: ForeignType.Kind] = [
        "String": .text, "Bool": .boolean, "RecordID": .id, "Moment": .moment, "Int": .integer, "Int8": .integer, "Int16": .integer,
        "Int32": .integer, "Int64": .integer, "UInt8": .integer, "UInt16": .integer, "UInt32": .integer,
    ]

    private static func takes(_ kind: ForeignType.Kind, _ field: FieldType) -> Bool {
        switch (kind, field) {
        case (.text, .text), (.text, .choice), (.integer, .integer), (.boolean, .boolean), (.id, .reference), (.date, .day),
            (.moment, .moment), (.number, .decimal), (.number, .integer), (.money, .money): true
        default: false
        }
    }

    private static func gives(_ kind: ForeignType.Kind, _ field: FieldType) -> Bool {
        switch (kind, field) {
        case (.number, .decimal): true
        case (.number, _): false
        default: takes(kind, field)
        }
    }
}
