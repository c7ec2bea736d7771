import PluginAPI

/// The records of one entity: lists, single records, actions, boards, bulk changes.
struct RecordsAPI: Sendable {
    let kernel: Kernel
    let entity: EntityModel

    func respond(_ request: FrontRequest, _ caller: Caller, _ rest: ArraySlice<String>) async throws -> FrontResponse {
        let parts = Array(rest)
        switch parts.count {
        case 0:
            switch request.method {
            case "GET": return try await list(request, caller)
            case "POST": return try await create(request, caller)
            default: return APIFront.wrongMethod(request, "GET, POST")
            }
        case 1 where parts[0] == "export":
            return try await ExportAPI(store: kernel.store).respond(request, caller, path: entity.path)
        case 1 where parts[0] == "board":
            return request.method == "GET" ? try await board(request, caller) : APIFront.wrongMethod(request, "GET")
        case 1 where parts[0] == "cards":
            return request.method == "GET" ? try await cards(caller) : APIFront.wrongMethod(request, "GET")
        case 1 where parts[0] == "order" && entity.positionField != nil:
            return request.method == "POST" ? try await order(request, caller) : APIFront.wrongMethod(request, "POST")
        case 1 where parts[0] == "bulk":
            return request.method == "POST"
                ? try await BulkAPI(kernel: kernel, entity: entity).respond(request, caller) : APIFront.wrongMethod(request, "POST")
        case 1 where parts[0] == "duplicates":
            return try await DuplicatesAPI(kernel: kernel, entity: entity).all(request, caller)
        case 1:
            let id = try APIFront.id(parts[0])
            switch request.method {
            case "GET": return try await show(request, caller, id)
            case "PATCH", "PUT": return try await update(request, caller, id)
            case "DELETE": return try await remove(request, caller, id)
            default: return APIFront.wrongMethod(request, "GET, PATCH, DELETE")
            }
        case 2 where parts[1] == "timeline":
            return request.method == "GET"
                ? try await timeline(request, caller, try APIFront.id(parts[0])) : APIFront.wrongMethod(request, "GET")
        case 2 where parts[1] == "duplicates":
            return request.method == "GET"
                ? try await DuplicatesAPI(kernel: kernel, entity: entity).of(try APIFront.id(parts[0]), caller)
                : APIFront.wrongMethod(request, "GET")
        case 2 where parts[1] == "merge":
            return try await MergeAPI(kernel: kernel, entity: entity, id: try APIFront.id(parts[0])).respond(request, caller)
        case 2 where parts[1] == "notes", 3 where parts[1] == "notes":
            return try await NotesAPI(kernel: kernel, entity: entity, id: try APIFront.id(parts[0])).respond(request, caller, parts.dropFirst(2))
        case 2 where parts[1] == "panels", 3 where parts[1] == "panels":
            return request.method == "GET"
                ? try await PanelsAPI(kernel: kernel, entity: entity, id: try APIFront.id(parts[0])).respond(caller, parts.dropFirst(2).first)
                : APIFront.wrongMethod(request, "GET")
        case 2 where parts[1] == "move":
            return request.method == "POST"
                ? try await move(request, caller, try APIFront.id(parts[0])) : APIFront.wrongMethod(request, "POST")
        case 3 where parts[1] == "actions":
            let (id, action) = (try APIFront.id(parts[0]), try action(parts[2]))
            switch request.method {
            case "GET": return try await form(caller, id, action)
            case "POST": return try await act(request, caller, id, action)
            default: return APIFront.wrongMethod(request, "GET, POST")
            }
        default: throw APIFront.unknown(request)
        }
    }

    // MARK: Reading

    private func list(_ request: FrontRequest, _ caller: Caller) async throws -> FrontResponse {
        try caller.actor.require("view", on: entity)
        let entity = entity
        let pieces = try await kernel.store.read(as: caller.actor, mayLag: true) { tx in
            let query = try ListQuery(request.query, entity: entity, transaction: tx).leavingAside(entity)
            var writer = JSONWriter(capacity: 1024 * query.limit)
            writer.beginObject()
            writer.key("data")
            writer.beginArray()
            let next = try tx.write(query.request(entity), isLast: !query.wantsCount, to: &writer)
            writer.endArray()
            writer.field("next", next)
            if query.wantsCount { writer.field("total", try tx.count(entity, where: query.filter)) }
            writer.endObject()
            return writer.pieces
        }
        return FrontResponse(200, headers: [("content-type", "application/json")], body: .pieces(pieces))
    }

    private func show(_ request: FrontRequest, _ caller: Caller, _ id: RecordID) async throws -> FrontResponse {
        try caller.actor.require("view", on: entity)
        let entity = entity
        let (bytes, version) = try await kernel.store.read(as: caller.actor) { tx in try tx.json(entity, id, isLast: true) }
        let tag = RecordsAPI.tag(version)
        // A formula field may have changed with another record or at midnight, which makes no new version.
        if RecordsAPI.names(tag, request.headers["if-none-match"]), !kernel.store.registry.fieldFormulas.moving.contains(entity.name) {
            return FrontResponse(304, headers: [("etag", tag)], body: .bytes([]))
        }
        return .json(bytes, headers: [("etag", tag)])
    }

    static func tag(_ version: Int64) -> String { "\"\(version)\"" }

    /// Whether a tag is among those of an `If-None-Match` header.
    private static func names(_ tag: String, _ header: String?) -> Bool {
        header?.split(separator: ",").contains { part in
            let given = String(part).trimmed
            return given == "*" || given == tag || given == "W/" + tag
        } ?? false
    }

    private func timeline(_ request: FrontRequest, _ caller: Caller, _ id: RecordID) async throws -> FrontResponse {
        let entity = entity
        let limit = try APIFront.number("limit", request, usual: 50, 1...200)
        let before = try request.parameter("cursor").map { text in
            guard let id = Int64(text), id > 0 else { throw PageCursor.stranger }
            return id
        }
        let bytes = try await kernel.store.read(as: caller.actor) { tx in
            let entries = try tx.timeline(entity, id, before: before, limit: limit + 1)
            let shown = entries.prefix(limit)
            let labels = try TimelineLabels(Array(shown), tx)
            return JSONWriter.object { json in
                json.key("data")
                json.beginArray()
                for entry in shown { json.entry(entry, of: (entity, id), labels) }
                json.endArray()
                json.field("next", entries.count > limit ? shown.last.map { String($0.id) } : nil)
            }
        }
        return .json(bytes)
    }
}
