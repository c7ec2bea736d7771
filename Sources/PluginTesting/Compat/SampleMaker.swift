/// No record of an entity could be made, so that what needs one cannot be looked at.
struct NoSample: Error, CustomStringConvertible {
    var entity: String
    var description: String
}

/// Makes records that fit what an entity says of its fields. What rules of the plugin's own want beyond that, the author says in
/// `samples`.
struct SampleMaker: Sendable {
    let bench: CompatBench

    /// Stores a new record with all fields that people fill in; fields that a rule does not want are left out.
    func make(_ entity: CompatEntity) async throws -> JSON {
        if entity.name == "user" { return try await bench.host.list("users")[0] }
        var body = try await fields(entity.writable, of: entity)
        var left: Refusal?
        for _ in 0..<6 {
            let response = try await bench.host.send("POST", "/api/v1/" + entity.path, body)
            if response.isSuccess { return try response.json }
            let refusal = Refusal(response)
            left = refusal
            let unwanted = refusal.fields.filter { field in
                entity.field(field)?.isRequired == false && body.members.contains { $0.name == field }
            }
            if unwanted.isEmpty { break }
            body = .object(body.members.filter { !unwanted.contains($0.name) })
        }
        throw NoSample(
            entity: entity.path,
            description: "no \(entity.title.lowercased()) could be made of what its fields say: \(left.map(String.init(describing:)) ?? ""). "
                + "Say what a valid one looks like: PluginCompatTest(samples: [\"\(entity.path)\": […]]).")
    }

    /// Values for fields; the author's own win.
    func fields(_ fields: [CompatEntity.Field], of entity: CompatEntity) async throws -> JSON {
        let given = bench.samples[entity.path] ?? bench.samples[entity.name] ?? [:]
        var members: [JSON.Member] = []
        for field in fields {
            if let own = given.members.first(where: { $0.name == field.name }) {
                members.append(.init(field.name, field.isUnique ? distinct(own.value) : own.value))
            } else if let value = try await value(of: field, path: [entity.name]) {
                members.append(.init(field.name, value))
            }
        }
        return .object(members)
    }

    private func distinct(_ value: JSON) -> JSON {
        guard case .string(let text) = value else { return value }
        return .string("\(text) \(bench.next())")
    }

    /// A value that a field accepts as far as its description says; nil where there is none.
    func value(of field: CompatEntity.Field, path: [String] = []) async throws -> JSON? {
        let number = bench.next()
        if !field.json["default"].isNull, !field.isUnique { return field.json["default"] }
        switch field.type {
        case "text": return .string(text(field, number))
        case "integer": return 1
        case "boolean": return false
        case "decimal": return "1"
        case "money": return ["amount": "100.00", "currency": .string(bench.currency)]
        case "day": return "2026-05-04"
        case "moment": return "2026-05-04T09:00:00Z"
        case "choice": return field.json["options"][0]["key"]
        case "json": return [:]
        case "reference": return try await link(field.target, path)
        case "references":
            guard let link = try await link(field.target, path) else { return [] }
            return [link]
        default: return nil
        }
    }

    private func text(_ field: CompatEntity.Field, _ number: Int) -> String {
        switch field.format {
        case "email": return "sample\(number)@example.com"
        case "phone": return "+43 1 234 \(1000 + number)"
        case "url": return "https://example.com/\(number)"
        case "color": return "#1565c0"
        default:
            let text = "Sample \(number)"
            return String((field.maxLength ?? 40) < text.count ? String(number).prefix(field.maxLength ?? 40) : Substring(text))
        }
    }

    private func link(_ target: String, _ path: [String]) async throws -> JSON? {
        if target == "user" { return "me" }
        // An entity that points at itself, by whatever way, begins with a record that does not.
        guard !path.contains(target), let entity = bench.entity(named: target) else { return nil }
        return try await bench.record(entity)["id"]
    }
}
