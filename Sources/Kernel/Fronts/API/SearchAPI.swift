import PluginAPI

/// `GET /api/v1/search?q=…`: records of every entity; with `entity=…` the records to choose from in a form.
struct SearchAPI: Sendable {
    let kernel: Kernel

    func respond(_ request: FrontRequest, _ caller: Caller, _ rest: ArraySlice<String>) async throws -> FrontResponse {
        guard rest.isEmpty else { throw APIFront.unknown(request) }
        guard request.method == "GET" else { return APIFront.wrongMethod(request, "GET") }
        let text = request.parameter("q") ?? ""
        let limit = try APIFront.number("limit", request, usual: 5, 1...50)
        let bytes = try await kernel.store.read(as: caller.actor, mayLag: true) { tx in
            var hits: [(entity: EntityModel, id: Int64, label: String)] = []
            var notes: [NoteHit] = []
            if let name = request.parameter("entity") {
                guard let entity = tx.registry.entity(name) ?? tx.registry.entity(path: name) else {
                    throw CRMError(.notFound, "there is no entity \(name)")
                }
                hits = try tx.options(entity, text, limit: limit).map { (entity, $0.id, $0.label) }
            } else {
                hits = try tx.search(text, limit: limit).map { ($0.entity, $0.id, $0.label) }
                notes = try tx.searchNotes(text, limit: limit)
            }
            return JSONWriter.object { json in
                json.key("data")
                json.beginArray()
                for hit in hits {
                    json.beginObject()
                    json.field("entity", hit.entity.name)
                    json.field("title", hit.entity.title)
                    json.field("path", hit.entity.path)
                    json.field("id", hit.id)
                    json.field("label", hit.label)
                    json.endObject()
                }
                for hit in notes {
                    json.beginObject()
                    json.field("entity", hit.entity.name)
                    json.field("title", hit.entity.title)
                    json.field("path", hit.entity.path)
                    json.field("id", hit.record)
                    json.field("label", hit.label)
                    json.field("note", hit.excerpt(text))
                    json.endObject()
                }
                json.endArray()
            }
        }
        return .json(bytes)
    }
}
