import PluginAPI

extension RecordsAPI {
    func action(_ name: String) throws -> ActionModel {
        guard let action = entity.action(name) else {
            throw CRMError(
                .notFound, "\(entity.pluralTitle.lowercased()) have no action \(name)",
                hint: entity.actions.isEmpty ? "" : "There are: " + entity.actions.map(\.name).joined(separator: ", ") + ".")
        }
        return action
    }

    /// What the form of an action begins with.
    func form(_ caller: Caller, _ id: RecordID, _ action: ActionModel) async throws -> FrontResponse {
        try caller.actor.require(action.name, on: entity)
        let entity = entity
        let bytes = try await kernel.store.read(as: caller.actor) { tx in
            let parts = try tx.prefill(entity, action, id)
            return JSONWriter.object { json in
                for (part, values) in zip(action.parts, parts) {
                    for (place, field) in part.entry.fields.enumerated() {
                        json.key(field.name)
                        json.value(values.values[place])
                    }
                }
            }
        }
        return .json(bytes)
    }

    func act(_ request: FrontRequest, _ caller: Caller, _ id: RecordID, _ action: ActionModel) async throws -> FrontResponse {
        let body = try APIFront.body(request)
        let entity = entity
        let answer = try await Idempotency.run(request, caller, kernel) { tx in
            let input = try ActionInput.read(action, json: body, tx)
            let outcome = try tx.run(entity, action, id, input: input)
            let record = outcome.record == nil ? nil : try tx.json(entity, id)
            let body = JSONWriter.object { json in
                json.field("message", outcome.message.isEmpty ? action.title + ": done." : outcome.message)
                json.key("results")
                json.beginObject()
                for (name, value) in outcome.results.sorted(by: { $0.key < $1.key }) {
                    json.key(name)
                    json.value(value)
                }
                json.endObject()
                json.key("opens")
                if let opens = outcome.opens, let model = tx.registry.entity(opens.entity) {
                    json.beginObject()
                    json.field("entity", opens.entity)
                    json.field("path", model.path)
                    json.field("id", opens.id.raw)
                    json.endObject()
                } else {
                    json.null()
                }
                json.key("record")
                if let record { json.raw(record.bytes) } else { json.null() }
            }
            return Idempotency.Answer(status: 200, body: body, version: record?.version, location: nil)
        }
        return answer.response
    }
}
