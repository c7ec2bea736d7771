import PluginAPI

/// The fields that administrators add to entities.
struct CustomFieldsAPI: Sendable {
    let kernel: Kernel

    func respond(_ request: FrontRequest, _ caller: Caller, _ rest: ArraySlice<String>) async throws -> FrontResponse {
        try caller.actor.require(.customizeFields)
        switch (request.method, rest.count) {
        case ("GET", 0): return try await list(request.parameter("entity"))
        case ("POST", 0): return try await add(request, caller)
        case ("GET", 1): return .json(try await json(try await find(rest.first ?? "").field))
        case ("PATCH", 1): return try await change(rest.first ?? "", request, caller)
        case ("DELETE", 1): return try await remove(rest.first ?? "", request, caller)
        case (_, 0): return APIFront.wrongMethod(request, "GET, POST")
        case (_, 1): return APIFront.wrongMethod(request, "GET, PATCH, DELETE")
        default: throw APIFront.unknown(request)
        }
    }

    // MARK: Answering

    private func list(_ entity: String?) async throws -> FrontResponse {
        let made: [CustomField] = try await kernel.plugins.customFields()
        let removed: [CustomField] = try await kernel.plugins.removedFields()
        var texts: [Int64: [UInt8]] = [:]
        for field in made + removed where entity == nil || field.entity == entity { texts[field.id] = try await json(field) }
        let known: [Int64: [UInt8]] = texts
        return .json(
            JSONWriter.object { json in
                for (name, fields) in [("data", made), ("removed", removed)] {
                    json.key(name)
                    json.beginArray()
                    for field in fields { if let text = known[field.id] { json.raw(text) } }
                    json.endArray()
                }
            })
    }

    private func find(_ text: String) async throws -> (field: CustomField, isRemoved: Bool) {
        if let field = try await kernel.plugins.customFields().first(where: { String($0.id) == text }) { return (field, false) }
        if let field = try await kernel.plugins.removedFields().first(where: { String($0.id) == text }) { return (field, true) }
        throw CRMError(.notFound, "there is no custom field \(text)")
    }

    /// A field; for a formula with how it does.
    private func json(_ field: CustomField) async throws -> [UInt8] {
        guard field.definition.kind == "formula" else { return Self.json(field, nil) }
        let status = try await kernel.store.read(as: kernel.system("api")) { try FormulaStatus(field.entity, field.name, $0) }
        return Self.json(field, status)
    }

    private static func json(_ field: CustomField, _ status: FormulaStatus?) -> [UInt8] {
        let definition: CustomFieldDefinition = field.definition
        return JSONWriter.object { json in
            json.field("id", field.id)
            json.field("entity", field.entity)
            json.field("name", field.name)
            json.field("label", definition.label ?? field.name.readable)
            json.field("type", definition.kind)
            json.field("help", definition.help ?? "")
            json.field("required", definition.required ?? false)
            json.field("searchable", definition.searchable ?? false)
            json.field("unique", definition.unique ?? false)
            json.field("indexed", definition.indexed ?? false)
            if let formula = definition.formula { json.field("formula", formula) }
            if let result = definition.result { json.field("result", result) }
            if let status {
                json.key("status")
                json.beginObject()
                json.field("state", !status.problem.isEmpty ? "broken" : status.progress != nil ? "filling" : "ready")
                json.field("problem", status.problem)
                json.field("failing", status.failing)
                json.field("reason", status.reason)
                if let record = status.failingRecord { json.field("failing_record", record) }
                if let progress = status.progress {
                    json.field("done", progress.done)
                    json.field("total", progress.total)
                }
                json.endObject()
            }
            if let scale = definition.scale { json.field("scale", scale) }
            if let length = definition.maxLength { json.field("max_length", length) }
            if let target = definition.target { json.field("target", target) }
            guard let options = definition.options else { return }
            json.key("options")
            json.beginArray()
            for option in options {
                json.beginObject()
                json.field("key", option.key)
                json.field("label", option.label ?? option.key.readable)
                json.field("color", option.color ?? "")
                json.endObject()
            }
            json.endArray()
        }
    }

    // MARK: Changing

    private func add(_ request: FrontRequest, _ caller: Caller) async throws -> FrontResponse {
        let body = try APIFront.body(request)
        try Self.refuseUnknown(body, Self.keys.union(["entity", "name", "type"]))
        let (entity, name): (String, String) = (body["entity"]?.text ?? "", body["name"]?.text ?? "")
        guard let kind = body["type"]?.text, !entity.isEmpty, !name.isEmpty else {
            let missing: [String] = ["entity", "name", "type"].filter { (body[$0]?.text ?? "").isEmpty }
            throw CRMError(.invalid, "the custom field cannot be made", problems: missing.map { Problem(field: $0, "is missing") })
        }
        let known: EntityModel = try kernel.store.registry.entity(entity) ?? kernel.store.registry.entity(path: entity) ?? kernel.store.registry.require(entity)
        var definition = CustomFieldDefinition(kind: kind)
        try Self.apply(body, to: &definition)
        try await kernel.plugins.addField(name, to: known.name, definition, by: caller.actor)
        if kind == "formula" { try await kernel.formulas.settle(batches: Self.batchesAtOnce) }
        guard let field = try await kernel.plugins.customFields().first(where: { $0.entity == known.name && $0.name == name }) else {
            throw CRMError(.notFound, "the custom field \(name) is gone again")
        }
        return .json(try await json(field), status: 201)
    }

    private func change(_ id: String, _ request: FrontRequest, _ caller: Caller) async throws -> FrontResponse {
        let field: CustomField = try await find(id).field
        let body = try APIFront.body(request)
        try Self.refuseUnknown(body, Self.keys)
        var definition: CustomFieldDefinition = field.definition
        try Self.apply(body, to: &definition)
        try await kernel.plugins.changeField(field.name, of: field.entity, definition, by: caller.actor)
        if field.definition.kind == "formula" { try await kernel.formulas.settle(batches: Self.batchesAtOnce) }
        return .json(try await json(try await find(id).field))
    }

    /// Takes the field away; once it is away, takes its data away, too, when `purge=true` says so.
    private func remove(_ id: String, _ request: FrontRequest, _ caller: Caller) async throws -> FrontResponse {
        let (field, isRemoved): (CustomField, Bool) = try await find(id)
        if !isRemoved { try await kernel.plugins.removeField(field.name, of: field.entity, by: caller.actor) }
        if request.parameter("purge") == "true" {
            try await kernel.plugins.purgeField(field.name, of: field.entity, by: caller.actor)
        }
        return .noContent
    }

    private static let keys: Set<String> = [
        "label", "help", "required", "options", "target", "scale", "max_length", "searchable", "unique", "indexed", "formula",
    ]
    /// A small table is filled in before the answer; what is more follows in the background.
    private static let batchesAtOnce = 5

    private static func refuseUnknown(_ body: JSONValue, _ known: Set<String>) throws {
        guard let members = body.members else { throw CRMError(.malformed, "the body is not a JSON object") }
        let unknown: [String] = members.map(\.name).filter { !known.contains($0) }
        guard unknown.isEmpty else {
            throw CRMError(
                .invalid, "the custom field cannot be saved as it is",
                problems: unknown.map { Problem(field: $0, "is not known here, or cannot be changed") })
        }
    }

    private static func apply(_ body: JSONValue, to definition: inout CustomFieldDefinition) throws {
        var problems: [Problem] = []
        func take<Part>(_ key: String, _ read: (JSONValue) -> Part?, _ type: String, _ set: (Part?) -> Void) {
            guard let value = body[key] else { return }
            if value == .null { return set(nil) }
            guard let part = read(value) else { return problems.append(Problem(field: key, "is not \(type)")) }
            set(part)
        }
        take("label", \.text, "a text") { definition.label = $0 }
        take("formula", \.text, "a text") { definition.formula = $0 }
        take("help", \.text, "a text") { definition.help = $0 }
        take("target", \.text, "the name of an entity") { definition.target = $0 }
        take("scale", \.int, "a whole number") { definition.scale = $0.flatMap { Int(exactly: $0) } }
        take("max_length", \.int, "a whole number") { definition.maxLength = $0.flatMap { Int(exactly: $0) } }
        take("required", \.bool, "true or false") { definition.required = $0 }
        take("searchable", \.bool, "true or false") { definition.searchable = $0 }
        take("unique", \.bool, "true or false") { definition.unique = $0 }
        take("indexed", \.bool, "true or false") { definition.indexed = $0 }
        let known: [CustomFieldDefinition.Option] = definition.options ?? []
        take("options", { Self.options($0, known) }, "a list of options") { definition.options = $0 }
        if !problems.isEmpty { throw CRMError(.invalid, "the custom field cannot be saved as it is", problems: problems) }
    }

    /// Options as texts or as objects. A text that is known as a label or a key keeps its key, since records hold that.
    private static func options(_ value: JSONValue, _ known: [CustomFieldDefinition.Option]) -> [CustomFieldDefinition.Option]? {
        var options: [CustomFieldDefinition.Option] = []
        for item in value.array ?? [.null] {
            if let key = item["key"]?.text {
                options.append(.init(key: key, label: item["label"]?.text, color: item["color"]?.text))
            } else if let text = item.text, !text.isEmpty {
                let same = known.first { $0.key == text || $0.label == text || $0.key.readable == text }
                options.append(same ?? .init(key: key(from: text), label: text))
            } else {
                return nil
            }
        }
        return options
    }

    /// `In progress` is `in_progress`; a text without a Latin letter or digit is its own key.
    private static func key(from text: String) -> String {
        let words = text.lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
        return words.isEmpty ? text : words.joined(separator: "_")
    }
}
