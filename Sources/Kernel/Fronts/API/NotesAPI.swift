import PluginAPI

/// `…/{id}/notes`: what people wrote down about a record.
struct NotesAPI: Sendable {
    let kernel: Kernel
    let entity: EntityModel
    let id: RecordID

    func respond(_ request: FrontRequest, _ caller: Caller, _ rest: ArraySlice<String>) async throws -> FrontResponse {
        try caller.actor.require("view", on: entity)
        guard let number = rest.first else {
            switch request.method {
            case "GET": return try await list(request, caller)
            case "POST": return try await add(request, caller)
            default: return APIFront.wrongMethod(request, "GET, POST")
            }
        }
        let (entity, id, note) = (entity, id, try APIFront.id(number).raw)
        switch request.method {
        case "GET":
            return .json(try await kernel.store.read(as: caller.actor) { tx in NotesAPI.bytes(try tx.note(entity, id, note), tx) })
        case "PATCH", "PUT":
            let text = try NotesAPI.text(request)
            return .json(try await kernel.store.write(as: caller.actor) { tx in NotesAPI.bytes(try tx.editNote(entity, id, note, text), tx) })
        case "DELETE":
            try await kernel.store.write(as: caller.actor) { try $0.deleteNote(entity, id, note) }
            return .noContent
        default: return APIFront.wrongMethod(request, "GET, PATCH, DELETE")
        }
    }

    private func list(_ request: FrontRequest, _ caller: Caller) async throws -> FrontResponse {
        let (entity, id) = (entity, id)
        let limit = try APIFront.number("limit", request, usual: 50, 1...200)
        let before = try request.parameter("cursor").map { text in
            guard let id = Int64(text), id > 0 else { throw PageCursor.stranger }
            return id
        }
        let bytes = try await kernel.store.read(as: caller.actor) { tx in
            let notes = try tx.notes(entity, id, before: before, limit: limit + 1)
            let shown = notes.prefix(limit)
            return JSONWriter.object { json in
                json.key("data")
                json.beginArray()
                for note in shown { json.note(note, tx) }
                json.endArray()
                json.field("next", notes.count > limit ? shown.last.map { String($0.id) } : nil)
            }
        }
        return .json(bytes)
    }

    private func add(_ request: FrontRequest, _ caller: Caller) async throws -> FrontResponse {
        let (entity, id) = (entity, id)
        let text = try NotesAPI.text(request)
        let answer = try await Idempotency.run(request, caller, kernel) { tx in
            let note = try tx.addNote(entity, id, text)
            return Idempotency.Answer(
                status: 201, body: NotesAPI.bytes(note, tx), version: nil, location: "/api/v1/\(entity.path)/\(id)/notes/\(note.id)")
        }
        return answer.response
    }

    private static func text(_ request: FrontRequest) throws -> String {
        let body = try APIFront.body(request)
        let unknown = (body.members ?? []).filter { $0.name != "text" }
        var problems = unknown.map { Problem(field: $0.name, "is not a part of a note") }
        guard case .string(let text)? = body["text"], problems.isEmpty else {
            if case .string? = body["text"] {} else { problems.append(Problem(field: "text", body["text"] == nil ? "is required" : "must be text")) }
            throw CRMError(.invalid, "the note cannot be kept as it is", problems: problems)
        }
        return text
    }

    private static func bytes(_ note: Note, _ tx: StoreTransaction) -> [UInt8] {
        JSONWriter.document { $0.note(note, tx) }
    }
}

extension JSONWriter {
    mutating func note(_ note: Note, _ tx: StoreTransaction) {
        beginObject()
        field("id", note.id)
        field("text", note.text)
        field("at", note.at)
        key("user")
        if let user = note.user { integer(user) } else { null() }
        field("user_label", note.user.map { tx.actor.rights.people[$0]?.name ?? "User \($0)" } ?? "Tenon")
        field("via", note.via)
        field("edited_at", note.editedAt)
        field("may_change", tx.mayChange(note))
        endObject()
    }
}
