import PluginAPI

/// Who may do what, and why.
struct AccessAPI: Sendable {
    let kernel: Kernel

    /// `GET access/explain?user=…&entity=…&right=…`: which role grants a right, which mask applies, or that nothing does.
    func respond(_ request: FrontRequest, _ caller: Caller, _ rest: ArraySlice<String>) async throws -> FrontResponse {
        guard request.method == "GET", rest.first == "explain" else { throw APIFront.unknown(request) }
        let registry = kernel.store.registry
        let name = request.parameter("user") ?? "me"
        let user = try await kernel.store.read(as: caller.actor) { tx in
            name == "me" ? tx.actor.userID : try tx.resolve("user", name)
        }
        guard let user else { throw CRMError(.notFound, "there is no user \(name)") }
        if user != caller.actor.userID { try caller.actor.require(.manageUsers) }
        guard let text = request.parameter("entity"), let entity = registry.entity(text) ?? registry.entity(path: text) else {
            throw CRMError(.invalid, "no entity is named", problems: [Problem(field: "entity", "is not an entity")])
        }
        let rights = caller.actor.rights
        let wanted = request.parameter("right").map { [$0] } ?? entity.rights
        let answers = try wanted.map { right in
            (right, try rights.explain(user: user, entity: entity.name, right: right, registry: registry))
        }
        var reaches: [String: Bool] = [:]
        if let record = request.parameter("record") {
            let id = try APIFront.id(record)
            let subject = Actor.user(user, via: caller.actor.via, rights: rights)
            for right in wanted {
                reaches[right] = try await kernel.store.read(as: subject) { tx in
                    try tx.count(entity, where: .compare("id", .equal, .value(.integer(id.raw))), right: right) == 1
                }
            }
        }
        return .json(
            JSONWriter.object { json in
                json.field("user", user)
                json.field("user_label", rights.people[user]?.name)
                json.key("data")
                json.beginArray()
                for (right, answer) in answers {
                    json.beginObject()
                    json.field("entity", entity.name)
                    json.field("right", right)
                    json.field("scope", answer.scope?.rawValue)
                    json.field("allowed", reaches[right] ?? (answer.scope != nil))
                    json.field("because", answer.lines)
                    json.endObject()
                }
                json.endArray()
            })
    }

    /// `GET roles/matrix`: role × entity × right × scope.
    func matrix(_ request: FrontRequest, _ caller: Caller) async throws -> FrontResponse {
        let registry = kernel.store.registry
        guard let roles = registry.entity("role") else { throw APIFront.unknown(request) }
        try caller.actor.require("view", on: roles)
        let rights = caller.actor.rights
        return .json(
            JSONWriter.object { json in
                json.field("rights", EntityModel.generalRights)
                json.key("roles")
                json.beginArray()
                for (id, role) in rights.roles.sorted(by: { $0.key < $1.key }) {
                    json.beginObject()
                    json.field("id", id)
                    json.field("key", role.key)
                    json.field("name", role.name)
                    json.field("everything", role.grants.isEverything)
                    json.field("specials", role.grants.specials.map(\.rawValue).sorted())
                    json.key("entities")
                    json.beginObject()
                    for row in role.grants.rights(registry: registry).rows {
                        json.key(row.entity)
                        json.beginObject()
                        for cell in row.rights { json.field(cell.right, cell.scope?.rawValue) }
                        json.endObject()
                    }
                    json.endObject()
                    json.key("masks")
                    json.beginObject()
                    for (entity, masks) in role.grants.masks.sorted(by: { $0.key < $1.key }) {
                        json.key(entity)
                        json.beginObject()
                        for (field, mask) in masks.sorted(by: { $0.key < $1.key }) { json.field(field, mask.rawValue) }
                        json.endObject()
                    }
                    json.endObject()
                    json.endObject()
                }
                json.endArray()
            })
    }
}
