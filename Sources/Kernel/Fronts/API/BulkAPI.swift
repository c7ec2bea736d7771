import PluginAPI

/// One change for many records: `POST /api/v1/<plural>/bulk` with `ids` and `update` (fields), `delete: true`, or `action`
/// and `input`. Each record succeeds or fails by itself; the answer says which and why, and under which number the change can
/// be taken back.
struct BulkAPI: Sendable {
    let kernel: Kernel
    let entity: EntityModel

    func respond(_ request: FrontRequest, _ caller: Caller) async throws -> FrontResponse {
        let body = try APIFront.body(request)
        guard let ids = body["ids"]?.array?.map(\.int), !ids.isEmpty, !ids.contains(nil) else {
            throw CRMError(.invalid, "no records are named", problems: [Problem(field: "ids", "must be a list of ids")])
        }
        let outcome = try await change(body).run(ids.compactMap { $0 }, in: kernel.store, as: caller.actor)
        return .json(JSONWriter.object { write(outcome, &$0) })
    }

    private func change(_ body: JSONValue) throws -> BulkChange {
        if let fields = body["update"] { return .update(fields, of: entity) }
        if body["delete"]?.bool == true { return .delete(entity) }
        guard let name = body["action"]?.text else {
            throw CRMError(.invalid, "nothing is to be changed", hint: "Send update, delete or action.")
        }
        guard let action = entity.action(name) else {
            throw CRMError(.invalid, "there is no such action", problems: [Problem(field: "action", "is not an action of \(entity.pluralTitle.lowercased())")])
        }
        let input: JSONValue = body["input"] ?? .object([])
        return .action(action, of: entity) { try ActionInput.read(action, json: input, $0) }
    }

    private func write(_ outcome: BulkChange.Outcome, _ json: inout JSONWriter) {
        json.field("done", outcome.done.count)
        json.key("change")
        if let change = outcome.change { json.integer(change) } else { json.null() }
        json.key("failed")
        json.beginArray()
        for failure in outcome.failed {
            json.beginObject()
            json.field("id", failure.id)
            json.field("message", failure.error.message)
            if !failure.error.hint.isEmpty { json.field("hint", failure.error.hint) }
            json.errors(failure.error.problems)
            json.links(failure.error)
            json.endObject()
        }
        json.endArray()
        guard !outcome.told.isEmpty else { return }
        json.key("outcomes")
        json.beginArray()
        for (id, told) in outcome.told {
            json.beginObject()
            json.field("id", id)
            json.field("message", told.message)
            json.key("results")
            json.beginObject()
            for (name, value) in told.results.sorted(by: { $0.key < $1.key }) {
                json.key(name)
                json.value(value)
            }
            json.endObject()
            json.key("opens")
            if let opens = told.opens, let model = kernel.store.registry.entity(opens.entity) {
                json.beginObject()
                json.field("entity", opens.entity)
                json.field("path", model.path)
                json.field("id", opens.id.raw)
                json.endObject()
            } else {
                json.null()
            }
            json.endObject()
        }
        json.endArray()
    }
}
