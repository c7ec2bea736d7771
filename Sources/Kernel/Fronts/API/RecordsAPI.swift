import PluginAPI

/// The records of one entity: lists, single records, actions, boards, bulk changes.
struct RecordsAPI: Sendable {
    let kernel: Kernel
    let entity: EntityModel

    func respond(_ request: FrontRequest, _ caller: Caller, _ rest: ArraySlice<String>) async throws -> FrontResponse {
        let parts = Array(rest)
        switch (parts.count, request.method) {
        case (0, "GET"), (0, "HEAD"): return try await list(request, caller)
        case (0, "POST"): return try await create(request, caller)
        case (0, _): return APIFront.wrongMethod(request, "GET, POST")
        case (1, _) where parts[0] == "export": return try await ExportAPI(store: kernel.store).respond(request, caller, path: entity.path)
        case (1, "GET") where parts[0] == "board": return try await board(request, caller)
        case (1, "POST") where parts[0] == "bulk": return try await BulkAPI(kernel: kernel, entity: entity).respond(request, caller)
        case (1, "GET"), (1, "HEAD"): return try await show(request, caller, try APIFront.id(parts[0]))
        case (1, "PATCH"), (1, "PUT"): return try await update(request, caller, try APIFront.id(parts[0]))
        case (1, "DELETE"): return try await remove(request, caller, try APIFront.id(parts[0]))
        case (1, _): return APIFront.wrongMethod(request, "GET, PATCH, DELETE")
        case (2, "GET") where parts[1] == "timeline": return try await timeline(request, caller, try APIFront.id(parts[0]))
        case (2, "POST") where parts[1] == "move": return try await move(request, caller, try APIFront.id(parts[0]))
        case (3, "POST") where parts[1] == "actions": return try await act(request, caller, try APIFront.id(parts[0]), parts[2])
        case (3, "GET") where parts[1] == "actions": return try await form(caller, try APIFront.id(parts[0]), parts[2])
        default: throw APIFront.unknown(request)
        }
    }

    // MARK: Reading

    private func list(_ request: FrontRequest, _ caller: Caller) async throws -> FrontResponse {
        try caller.actor.require("view", on: entity)
        let entity = entity
        let bytes = try await kernel.store.read(as: caller.actor) { tx in
            let query = try ListQuery(request.query, entity: entity, transaction: tx)
            var writer = JSONWriter(capacity: 32 * 1024)
            writer.beginObject()
            writer.key("data")
            writer.beginArray()
            let next = try tx.page(query.request(entity)) { row, projection in try writer.record(row, projection, tx) }
            writer.endArray()
            writer.field("next", next)
            if query.wantsCount { writer.field("total", try tx.count(entity, where: query.filter)) }
            writer.endObject()
            return writer.bytes
        }
        return .json(bytes)
    }

    private func show(_ request: FrontRequest, _ caller: Caller, _ id: RecordID) async throws -> FrontResponse {
        try caller.actor.require("view", on: entity)
        let entity = entity
        let (bytes, version) = try await kernel.store.read(as: caller.actor) { tx in try tx.json(entity, id) }
        let tag = RecordsAPI.tag(version)
        if request.headers["if-none-match"] == tag {
            return FrontResponse(304, headers: [("etag", tag)], body: .bytes([]))
        }
        return .json(bytes, headers: [("etag", tag)])
    }

    static func tag(_ version: Int64) -> String { "\"\(version)\"" }

    private func timeline(_ request: FrontRequest, _ caller: Caller, _ id: RecordID) async throws -> FrontResponse {
        let entity = entity
        let limit = min(max(request.parameter("limit").flatMap { Int($0) } ?? 50, 1), 200)
        let before = request.parameter("cursor").flatMap { Int64($0) }
        let bytes = try await kernel.store.read(as: caller.actor) { tx in
            let entries = try tx.timeline(entity, id, before: before, limit: limit + 1)
            let shown = entries.prefix(limit)
            let labels = try TimelineLabels(Array(shown), entity, tx)
            return JSONWriter.object { json in
                json.key("data")
                json.beginArray()
                for entry in shown { json.entry(entry, entity, labels) }
                json.endArray()
                json.field("next", entries.count > limit ? shown.last.map { String($0.id) } : nil)
            }
        }
        return .json(bytes)
    }

    private func board(_ request: FrontRequest, _ caller: Caller) async throws -> FrontResponse {
        try caller.actor.require("view", on: entity)
        let entity = entity
        let bytes = try await kernel.store.read(as: caller.actor) { tx in
            let query = try ListQuery(request.query.filter { $0.name != "limit" }, entity: entity, transaction: tx)
            let limit = min(max(request.parameter("limit").flatMap { Int($0) } ?? 20, 1), 100)
            let within = try request.parameter("within").map { text -> Int64 in
                guard let target = entity.board?.within.flatMap(entity.field)?.target, let id = try tx.resolve(target, text) else {
                    throw CRMError(.invalid, "there is no such board", problems: [Problem(field: "within", "names no board")])
                }
                return id
            }
            let columns = try tx.boardColumns(entity, filter: query.filter, within: within, limit: limit)
            let sum = entity.board?.sum.flatMap(entity.field)
            return try JSONWriter.object { json in
                json.key("data")
                json.beginArray()
                for column in columns {
                    json.beginObject()
                    json.key("key")
                    json.value(column.key)
                    json.field("title", column.title)
                    json.field("color", column.color)
                    json.field("count", column.count)
                    json.key("sums")
                    json.beginArray()
                    for figure in column.sums { json.figure(figure, sum) }
                    json.endArray()
                    json.key("cards")
                    json.beginArray()
                    for card in column.cards { json.raw(try tx.json(entity, card.id).bytes) }
                    json.endArray()
                    json.field("has_more", column.hasMore)
                    json.endObject()
                }
                json.endArray()
            }
        }
        return .json(bytes)
    }

    // MARK: Writing

    private func create(_ request: FrontRequest, _ caller: Caller) async throws -> FrontResponse {
        try caller.actor.require("create", on: entity)
        let body = try APIFront.body(request)
        let entity = entity
        let password = entity.name == "user" ? body["password"]?.text : nil
        if let password {
            // Before anything is made: a user without the password that was asked for would be half done.
            try caller.actor.require(.manageUsers)
            try PasswordRules.check(password, email: body["email"]?.text ?? "")
        }
        let answer = try await Idempotency.run(request, caller, kernel) { tx in
            var record = tx.blank(entity)
            try RecordInput(transaction: tx).apply(RecordsAPI.without("password", body, entity), to: &record, of: entity)
            let saved = try tx.save(entity.name, record)
            let shown = try? tx.json(entity, saved.id)
            return Idempotency.Answer(
                status: 201, body: shown?.bytes ?? JSONWriter.object { $0.field("id", saved.id.raw) }, version: saved.version,
                location: "/api/v1/\(entity.path)/\(saved.id)", id: saved.id.raw)
        }
        if let password, let id = answer.id { try await kernel.setPassword(password, of: id, by: caller) }
        return answer.response
    }

    /// The body without a member that is no field: a new user's password goes its own way.
    private static func without(_ name: String, _ body: JSONValue, _ entity: EntityModel) -> JSONValue {
        guard entity.name == "user", let members = body.members else { return body }
        return .object(members.filter { $0.name != name })
    }

    private func update(_ request: FrontRequest, _ caller: Caller, _ id: RecordID) async throws -> FrontResponse {
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

    private func remove(_ request: FrontRequest, _ caller: Caller, _ id: RecordID) async throws -> FrontResponse {
        let version = try RecordsAPI.version(request)
        let entity = entity
        try await kernel.store.write(as: caller.actor) { tx in
            if let version, try tx.require(entity, id).version != version {
                throw CRMError(.conflict, "\(entity.title.lowercased()) \(id) was changed by someone else", hint: "Reload it and try again.")
            }
            try tx.delete(entity.name, id)
        }
        return .noContent
    }

    private func move(_ request: FrontRequest, _ caller: Caller, _ id: RecordID) async throws -> FrontResponse {
        let body = try APIFront.body(request)
        let entity = entity
        let bytes = try await kernel.store.write(as: caller.actor) { tx in
            guard let field = entity.board.flatMap({ entity.field($0.by) }) else {
                throw CRMError(.notFound, "\(entity.pluralTitle.lowercased()) have no board")
            }
            let key = try RecordInput(transaction: tx).value(field, json: body["column"] ?? .null)
            let below = body["below"]?.int.map { RecordID($0) }
            _ = try tx.moveCard(entity, id, to: key, below: below)
            return try tx.json(entity, id).bytes
        }
        return .json(bytes)
    }

    // MARK: Actions

    private func action(_ name: String) throws -> ActionModel {
        guard let action = entity.action(name) else {
            throw CRMError(
                .notFound, "\(entity.pluralTitle.lowercased()) have no action \(name)",
                hint: entity.actions.isEmpty ? "" : "There are: " + entity.actions.map(\.name).joined(separator: ", ") + ".")
        }
        return action
    }

    private func form(_ caller: Caller, _ id: RecordID, _ name: String) async throws -> FrontResponse {
        let action = try action(name)
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

    private func act(_ request: FrontRequest, _ caller: Caller, _ id: RecordID, _ name: String) async throws -> FrontResponse {
        let action = try action(name)
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
            return Idempotency.Answer(status: 200, body: body, version: record?.version, location: nil, id: id.raw)
        }
        return answer.response
    }
}

/// What a caller fills in for an action.
enum ActionInput {
    static func read(_ action: ActionModel, json: JSONValue, _ tx: StoreTransaction) throws -> [String: Value] {
        guard let members = json.members else { throw CRMError(.malformed, "the body is not a JSON object") }
        return try read(action, members.map { ($0.name, $0.value) }) { field, value in
            try RecordInput(transaction: tx).value(field, json: value)
        }
    }

    static func read(_ action: ActionModel, texts: [FrontRequest.QueryItem], _ tx: StoreTransaction) throws -> [String: Value] {
        try read(action, texts.map { ($0.name, $0.value) }) { field, text in
            try RecordInput(transaction: tx).value(field, text: text)
        }
    }

    private static func read<Raw>(
        _ action: ActionModel, _ given: [(name: String, value: Raw)], _ parse: (FieldModel, Raw) throws -> Value
    ) throws -> [String: Value] {
        var values: [String: Value] = [:]
        var problems: [Problem] = []
        let fields = action.fields
        for (name, raw) in given {
            guard let place = fields.firstIndex(where: { $0.name == name }) else {
                problems.append(Problem(field: name, "is not asked for by \(action.name)"))
                continue
            }
            do { values[name] = try parse(FieldModel(fields[place], place: place, plugin: action.plugin), raw) } catch let error as CRMError
                where !error.problems.isEmpty
            { problems += error.problems }
        }
        guard problems.isEmpty else {
            throw CRMError(.invalid, "\(action.title.lowercased()) needs something else", problems: problems)
        }
        return values
    }
}
