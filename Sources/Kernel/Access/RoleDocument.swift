import PluginAPI

/// The grants of a role as they are stored: one JSON document.
///
/// ```json
/// {"everything": false, "specials": ["see_operations"],
///  "entities": {"project": {"view": "all", "edit": "own"}}, "masks": {"project": {"budget": "hidden"}}}
/// ```
///
/// Entities, rights and specials that nobody knows at the moment are kept: their plugin may be switched off.
struct RoleDocument: Sendable, Equatable {
    var isEverything = false
    var specials: Set<String> = []
    /// Entity → right → scope.
    var entities: [String: [String: Scope]] = [:]
    /// Entity → field → mask.
    var masks: [String: [String: FieldMask]] = [:]

    init() {}

    /// Reads a stored document. What cannot be read grants nothing.
    init(tolerating text: String) {
        guard let json = try? JSONValue(parsing: Array(text.utf8)) else { return }
        isEverything = json["everything"]?.bool ?? false
        specials = Set((json["specials"]?.array ?? []).compactMap(\.text))
        for entity in json["entities"]?.members ?? [] {
            for right in entity.value.members ?? [] {
                guard let scope = right.value.text.flatMap(Scope.init(rawValue:)) else { continue }
                entities[entity.name, default: [:]][right.name] = scope
            }
        }
        for entity in json["masks"]?.members ?? [] {
            for field in entity.value.members ?? [] {
                guard let mask = field.value.text.flatMap(FieldMask.init(rawValue:)), mask != .none else { continue }
                masks[entity.name, default: [:]][field.name] = mask
            }
        }
    }

    /// What is granted, as decisions are made from it.
    var grants: RoleGrants {
        RoleGrants(
            entities: entities, masks: masks, specials: Set(specials.compactMap(SpecialRight.init(rawValue:))),
            isEverything: isEverything)
    }

    /// The document as JSON, every name in alphabetical order, so that equal grants are equal text.
    var text: String {
        var json = JSONWriter(capacity: 256)
        json.beginObject()
        json.key("everything")
        json.boolean(isEverything)
        json.key("specials")
        json.beginArray()
        for special in specials.sorted() { json.string(special) }
        json.endArray()
        json.key("entities")
        RoleDocument.write(entities.mapValues { $0.mapValues(\.rawValue) }, to: &json)
        json.key("masks")
        RoleDocument.write(masks.mapValues { $0.mapValues(\.rawValue) }, to: &json)
        json.endObject()
        return String(decoding: json.bytes, as: UTF8.self)
    }

    private static func write(_ table: [String: [String: String]], to json: inout JSONWriter) {
        json.beginObject()
        for (entity, row) in table.sorted(by: { $0.key < $1.key }) where !row.isEmpty {
            json.key(entity)
            json.beginObject()
            for (name, value) in row.sorted(by: { $0.key < $1.key }) {
                json.key(name)
                json.string(value)
            }
            json.endObject()
        }
        json.endObject()
    }

    /// Adds a grant unless the document says something about that right already.
    mutating func offer(_ grant: Grant, on entity: String) {
        if entities[entity]?[grant.right] == nil { entities[entity, default: [:]][grant.right] = grant.scope }
    }
}

extension RoleDocument {
    /// What is wrong with a document that somebody wants to store.
    static func problems(in text: String) -> [String] {
        let json: JSONValue
        do {
            json = try JSONValue(parsing: Array(text.utf8))
        } catch {
            return [(error as? CRMError)?.message ?? "is not JSON"]
        }
        guard let members = json.members else { return ["must be a JSON object"] }
        return members.flatMap { member -> [String] in
            switch member.name {
            case "everything": return member.value.bool == nil ? ["everything must be true or false"] : []
            case "specials":
                guard let items = member.value.array else { return ["specials must be a list of texts"] }
                return items.contains { if case .string = $0 { false } else { true } } ? ["specials must be a list of texts"] : []
            case "entities": return tableProblems(member, allowed: Scope.allCases.map(\.rawValue), check: creation)
            case "masks": return tableProblems(member, allowed: FieldMask.allCases.map(\.rawValue)) { _, _ in nil }
            default: return ["has no part \(member.name)"]
            }
        }
    }

    /// Nobody owns a record before it is made, so that creating knows no scope.
    private static func creation(_ right: String, _ scope: String) -> String? {
        (right == "create" || right == "import") && scope != Scope.all.rawValue ? "\(right) knows the scope all only" : nil
    }

    private static func tableProblems(
        _ part: JSONValue.Member, allowed: [String], check: (String, String) -> String?
    ) -> [String] {
        guard let rows = part.value.members else { return ["\(part.name) must be an object"] }
        return rows.flatMap { row -> [String] in
            guard let cells = row.value.members else { return ["\(part.name).\(row.name) must be an object"] }
            return cells.compactMap { cell -> String? in
                let place = "\(part.name).\(row.name).\(cell.name)"
                guard case .string(let word) = cell.value, allowed.contains(word) else {
                    return "\(place) must be one of " + allowed.joined(separator: ", ")
                }
                return check(cell.name, word).map { "\(place): \($0)" }
            }
        }
    }
}
