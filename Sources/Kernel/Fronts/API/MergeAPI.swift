import PluginAPI

/// `/api/v1/<plural>/{id}/merge`: other records become one with this one.
///
/// `GET …?records=5,6` sets them side by side, and without `records` those that are probably the same; `POST {"records": [5, 6], "take": {"field": 5}, "values": {"field": …}}` merges
/// them. Fields that are not named keep the value that this record has, or get the newest one where it has none.
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
            let input = RecordInput(transaction: tx)
            for member in values {
                guard let field = entity.field(member.name), tx.actor.mask(member.name, of: entity.name) != .hidden else {
                    throw CRMError(
                        .invalid, "the \(entity.pluralTitle.lowercased()) cannot be merged like this",
                        problems: [Problem(field: member.name, "is not a field of \(entity.pluralTitle.lowercased())")])
                }
                wanted.values[member.name] = field.normalized(try input.value(field, json: member.value))
            }
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
}
