import PluginAPI

/// `/api/v1/<plural>/duplicates`: groups of records that are probably the same; with `POST`, those that a record with the given
/// fields would be the same as. `/api/v1/<plural>/{id}/duplicates`: those of one record.
struct DuplicatesAPI: Sendable {
    let kernel: Kernel
    let entity: EntityModel

    /// The header that names what a new record may be the same as.
    static let header = "tenon-duplicates"

    func all(_ request: FrontRequest, _ caller: Caller) async throws -> FrontResponse {
        guard !entity.duplicates.isEmpty else {
            throw CRMError(.notFound, "no rule says when two \(entity.pluralTitle.lowercased()) are the same", hint: "Their plugin would have to give one.")
        }
        switch request.method {
        case "GET": return try await groups(caller)
        case "POST": return try await check(request, caller)
        default: return APIFront.wrongMethod(request, "GET, POST")
        }
    }

    private func groups(_ caller: Caller) async throws -> FrontResponse {
        try caller.actor.require("view", on: entity)
        let entity = entity
        try await kernel.duplicates.complete(entity)
        return .json(try await kernel.store.read(as: caller.actor) { tx in
            let (groups, hasMore) = try tx.duplicateGroups(entity)
            return JSONWriter.object { json in
                json.key("data")
                json.beginArray()
                for group in groups {
                    json.beginObject()
                    json.field("reasons", group.reasons)
                    json.key("records")
                    json.beginArray()
                    for record in group.records { json.match(record, nil, entity, tx) }
                    json.endArray()
                    json.endObject()
                }
                json.endArray()
                json.field("has_more", hasMore)
            }
        })
    }

    private func check(_ request: FrontRequest, _ caller: Caller) async throws -> FrontResponse {
        try caller.actor.require("view", on: entity)
        let body = try APIFront.body(request)
        let entity = entity
        return .json(try await kernel.store.read(as: caller.actor) { tx in
            var record = tx.blank(entity)
            try RecordInput(transaction: tx).apply(body, to: &record, of: entity)
            return DuplicatesAPI.list(try tx.duplicates(entity, of: record), entity, tx)
        })
    }

    func of(_ id: RecordID, _ caller: Caller) async throws -> FrontResponse {
        let entity = entity
        try await kernel.duplicates.complete(entity)
        return .json(try await kernel.store.read(as: caller.actor) { tx in
            DuplicatesAPI.list(try tx.duplicates(entity, of: tx.require(entity, id)), entity, tx)
        })
    }

    private static func list(_ found: [Duplicate], _ entity: EntityModel, _ tx: StoreTransaction) -> [UInt8] {
        JSONWriter.object { json in
            json.key("data")
            json.beginArray()
            for duplicate in found { json.match(duplicate.record, duplicate.reasons, entity, tx) }
            json.endArray()
        }
    }
}

extension JSONWriter {
    /// A record that may be the same as another, with the state that it is in.
    fileprivate mutating func match(_ record: RecordData, _ reasons: [String]?, _ entity: EntityModel, _ tx: StoreTransaction) {
        beginObject()
        field("id", record.id.raw)
        field("label", RecordChoices.label(record, entity))
        if let reasons { field("reasons", reasons) }
        key("marks")
        beginObject()
        for mark in tx.marks(record, entity) { field(mark.field.name, mark.text) }
        endObject()
        if case .moment(let moment) = record.values[0] { field("created_at", moment) }
        endObject()
    }
}
