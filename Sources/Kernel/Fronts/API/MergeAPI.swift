import PluginAPI

/// `/api/v1/<plural>/{id}/merge`: other records become one with this one.
///
/// `GET …?records=5,6` sets them side by side, and without `records` those that are probably the same; `POST {"records": [5, 6], "take": {"field": 5}, "values": {"field": …}}` merges
/// them. Fields that are not named keep the value that this record has, or get the newest one where it has none.
///
/// `POST {"values": {…}}` without `records` adds what was to be a record of its own: each field that this record has nothing in yet gets
/// its value, others keep theirs and are named under `kept`.
struct MergeAPI: Sendable {
    let kernel: Kernel
    let entity: EntityModel
    let id: RecordID

    func respond(_ request: FrontRequest, _ caller: Caller) async throws -> FrontResponse {
        switch request.method {
        case _ where !entity.isMergeable: throw StoreTransaction.unmergeable(entity)
        case "GET": return try await compare(request, caller)
        case "POST": return try await merge(request, caller)
        default: return APIFront.wrongMethod(request, "GET, POST")
        }
    }

    private static let unnamed = CRMError(
        .invalid, "no other records are named", problems: [Problem(field: "records", "must be a list of ids")])

    private func compare(_ request: FrontRequest, _ caller: Caller) async throws -> FrontResponse {
        try caller.actor.require("view", on: entity)
        let texts = request.parameter("records")?.split(separator: ",") ?? []
        let named = texts.compactMap { Int64(String($0).trimmed) }.map { RecordID($0) }
        guard named.count == texts.count else { throw MergeAPI.unnamed }
        let (entity, id) = (entity, id)
        return .json(try await kernel.store.read(as: caller.actor) { tx in
            let others = try named.isEmpty
                ? tx.duplicates(entity, of: tx.require(entity, id), limit: MergeRequest.most - 1).map(\.record.id) : named
            let comparison = try tx.comparison(entity, [id] + others)
            return JSONWriter.object { json in
                json.key("records")
                json.beginArray()
                for record in comparison.records {
                    json.beginObject()
                    json.field("id", record.id.raw)
                    json.field("label", RecordChoices.label(record, entity))
                    json.field("version", record.version)
                    json.endObject()
                }
                json.endArray()
                json.key("fields")
                json.beginArray()
                for difference in comparison.differences { write(difference, comparison, tx, &json) }
                json.endArray()
            }
        })
    }

    private func write(_ difference: MergeComparison.Difference, _ comparison: MergeComparison, _ tx: StoreTransaction, _ json: inout JSONWriter) {
        json.beginObject()
        json.field("field", difference.field.name)
        json.field("label", difference.field.label)
        json.key("values")
        json.beginArray()
        for value in difference.values { json.value(value) }
        json.endArray()
        if let target = difference.field.target {
            json.key("value_labels")
            json.beginArray()
            for value in difference.values {
                if case .integer(let id) = value, let label = try? tx.label(target, id) { json.string(label) } else { json.null() }
            }
            json.endArray()
        }
        json.key("suggested")
        if let place = difference.suggested { json.integer(comparison.records[place].id.raw) } else { json.null() }
        json.endObject()
    }

    private func merge(_ request: FrontRequest, _ caller: Caller) async throws -> FrontResponse {
        let body = try APIFront.body(request)
        if body["records"] == nil, let values = body["values"]?.members, !values.isEmpty { return try await add(values, request, caller) }
        let given = body["records"]?.array?.map(\.int) ?? []
        let others = given.compactMap { $0 }.map { RecordID($0) }
        guard !others.isEmpty, others.count == given.count else { throw MergeAPI.unnamed }
        let entity = entity
        var asked = MergeRequest(survivor: id, others: others)
        for member in body["take"]?.members ?? [] {
            guard let giver = member.value.int else {
                throw CRMError(.invalid, "it is not said whose value to take", problems: [Problem(field: member.name, "must be an id")])
            }
            asked.take[member.name] = RecordID(giver)
        }
        if let version = try RecordsAPI.version(request) { asked.versions[id] = version }
        for member in body["versions"]?.members ?? [] {
            if let record = Int64(member.name), let version = member.value.int { asked.versions[RecordID(record)] = version }
        }
        let wanted = asked
        let values = body["values"]?.members ?? []
        let answer = try await Idempotency.run(request, caller, kernel) { tx in
            var wanted = wanted
            for (field, value) in try MergeAPI.read(values, of: entity, tx) { wanted.values[field.name] = value }
            let outcome = try tx.merge(entity, wanted)
            let shown = try tx.json(entity, outcome.record.id)
            let body = JSONWriter.object { json in
                json.field("change", outcome.change)
                json.key("record")
                json.raw(shown.bytes)
            }
            return Idempotency.Answer(status: 200, body: body, version: shown.version, location: nil)
        }
        return answer.response
    }

    private static func read(
        _ values: [JSONValue.Member], of entity: EntityModel, _ tx: StoreTransaction
    ) throws -> [(field: FieldModel, value: Value)] {
        let input = RecordInput(transaction: tx)
        return try values.map { member in
            guard let field = entity.field(member.name), !field.isSystem, tx.actor.mask(member.name, of: entity.name) != .hidden else {
                throw CRMError(
                    .invalid, "the \(entity.pluralTitle.lowercased()) cannot be merged like this",
                    problems: [Problem(field: member.name, "is not a field of \(entity.pluralTitle.lowercased())")])
            }
            return (field, field.normalized(try input.value(field, json: member.value)))
        }
    }

    /// What was refused as a record of its own goes into this one, as far as there is room for it.
    private func add(_ values: [JSONValue.Member], _ request: FrontRequest, _ caller: Caller) async throws -> FrontResponse {
        let (entity, id) = (entity, id)
        let version = try RecordsAPI.version(request)
        let answer = try await Idempotency.run(request, caller, kernel) { tx in
            try tx.actor.require(StoreTransaction.mergeRight, on: entity)
            var record = try version.map { try tx.record(entity, id, asOf: $0) } ?? tx.require(entity, id)
            let theirs: Set<String> = Set(entity.editableFields(for: tx.actor).map(\.name))
            let problems = values.map(\.name).filter { entity.field($0) != nil && !theirs.contains($0) }.map { Problem(field: $0, "cannot be set") }
            guard problems.isEmpty else { throw CRMError(.invalid, "the \(entity.title.lowercased()) cannot be added to like this", problems: problems) }
            var kept: [String] = []
            for (field, value) in try MergeAPI.read(values, of: entity, tx) where !value.isEmpty && record.values[field.place] != value {
                if record.values[field.place].isEmpty { record.values[field.place] = value } else { kept.append(field.name) }
            }
            _ = try tx.save(entity.name, record)
            let shown = try tx.json(entity, id)
            let body = JSONWriter.object { json in
                json.field("kept", kept)
                json.key("record")
                json.raw(shown.bytes)
            }
            return Idempotency.Answer(status: 200, body: body, version: shown.version, location: nil)
        }
        return answer.response
    }
}
