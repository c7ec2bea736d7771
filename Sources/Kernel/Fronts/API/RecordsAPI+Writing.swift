import PluginAPI

extension RecordsAPI {
    func create(_ request: FrontRequest, _ caller: Caller) async throws -> FrontResponse {
        try caller.actor.require("create", on: entity)
        let body = try APIFront.body(request)
        let entity = entity
        let password = try RecordsAPI.password(body, entity, caller)
        let answer = try await Idempotency.run(request, caller, kernel) { tx in
            var record = tx.blank(entity)
            try RecordInput(transaction: tx).apply(RecordsAPI.without("password", body, entity), to: &record, of: entity)
            let saved = try tx.save(entity.name, record)
            let shown = try? tx.json(entity, saved.id)
            // Here, where the pages with its keys are at hand; of each key the newest few, and all of them when somebody asks.
            let alike = try? tx.likenesses(entity, of: saved, limit: 10, among: 6)
            return Idempotency.Answer(
                status: 201, body: shown?.bytes ?? JSONWriter.object { $0.field("id", saved.id.raw) }, version: shown?.version ?? saved.version,
                location: "/api/v1/\(entity.path)/\(saved.id)", made: saved, duplicates: alike?.map(\.id) ?? [])
        }
        if let password, let id = answer.made?.id.raw { try await kernel.setPassword(password, of: id, by: caller) }
        return answer.response
    }

    /// The password of a new user, checked before the user is made.
    private static func password(_ body: JSONValue, _ entity: EntityModel, _ caller: Caller) throws -> String? {
        guard entity.name == "user", let given = body["password"] else { return nil }
        try caller.actor.require(.manageUsers)
        guard case .string(let password) = given else {
            throw CRMError(.invalid, "the password will not do", problems: [Problem(field: "password", "must be text")])
        }
        try PasswordRules.check(password, email: body["email"]?.text ?? "")
        return password
    }

    /// The body without a member that is no field: a new user's password goes its own way.
    private static func without(_ name: String, _ body: JSONValue, _ entity: EntityModel) -> JSONValue {
        guard entity.name == "user", let members = body.members else { return body }
        return .object(members.filter { $0.name != name })
    }

    func update(_ request: FrontRequest, _ caller: Caller, _ id: RecordID) async throws -> FrontResponse {
        let body = try APIFront.body(request)
        let version = try RecordsAPI.version(request)
        let entity = entity
        let (bytes, stored) = try await kernel.store.write(as: caller.actor) { tx in
            var record = try version.map { try tx.record(entity, id, asOf: $0) } ?? tx.require(entity, id)
            try RecordInput(transaction: tx).apply(body, to: &record, of: entity)
            _ = try tx.save(entity.name, record)
            return try tx.json(entity, id)
        }
        return .json(bytes, headers: [("etag", RecordsAPI.tag(stored))])
    }

    /// The version in `If-Match`, or nil without one.
    static func version(_ request: FrontRequest) throws -> Int64? {
        guard let header = request.headers["if-match"], header != "*" else { return nil }
        guard let version = Int64(header.filter { $0 != "\"" && $0 != "W" && $0 != "/" }) else {
            throw CRMError(.malformed, "If-Match is not a version of this record", problems: [Problem(field: "If-Match", "is not a version")])
        }
        return version
    }

    func remove(_ request: FrontRequest, _ caller: Caller, _ id: RecordID) async throws -> FrontResponse {
        let version = try RecordsAPI.version(request)
        let entity = entity
        let change = try await kernel.store.write(as: caller.actor) { tx in
            if let version, try tx.require(entity, id).version != version {
                throw CRMError(.conflict, "\(entity.title.lowercased()) \(id) was changed by someone else", hint: "Reload it and try again.")
            }
            let change = try tx.openChangeSet(.delete, entity)
            try tx.delete(entity.name, id)
            try ChangeSetLedger.setCount(1, of: change, tx.connection)
            return change
        }
        return FrontResponse.noContent.with(ChangesAPI.header, String(change))
    }
}
