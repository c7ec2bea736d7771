import PluginAPI

/// `/api/v1/changes`: changes of many records, merges and imports, and the way back.
struct ChangesAPI: Sendable {
    let kernel: Kernel

    /// How many records of a set are named.
    private static let named = 200

    func respond(_ request: FrontRequest, _ caller: Caller, _ rest: ArraySlice<String>) async throws -> FrontResponse {
        let parts = Array(rest)
        switch (parts.count, parts.last) {
        case (0, _):
            return request.method == "GET" ? try await list(request, caller) : APIFront.wrongMethod(request, "GET")
        case (1, _):
            return request.method == "GET" ? try await show(try id(parts[0]), caller) : APIFront.wrongMethod(request, "GET")
        case (2, "undo"):
            return request.method == "POST" ? try await undo(try id(parts[0]), caller) : APIFront.wrongMethod(request, "POST")
        default: throw APIFront.unknown(request)
        }
    }

    private func id(_ text: String) throws -> Int64 { try APIFront.id(text).raw }

    private func list(_ request: FrontRequest, _ caller: Caller) async throws -> FrontResponse {
        let limit = try APIFront.number("limit", request, usual: 50, 1...200)
        let before = try request.parameter("cursor").map { text in
            guard let id = Int64(text), id > 0 else { throw PageCursor.stranger }
            return id
        }
        return .json(try await kernel.store.read(as: caller.actor) { tx in
            let sets = try tx.changeSets(before: before, limit: limit + 1)
            let shown = sets.prefix(limit)
            return JSONWriter.object { json in
                json.key("data")
                json.beginArray()
                for set in shown {
                    json.beginObject()
                    json.fields(of: set, tx)
                    json.endObject()
                }
                json.endArray()
                json.field("next", sets.count > limit ? shown.last.map { String($0.id) } : nil)
            }
        })
    }

    private func show(_ id: Int64, _ caller: Caller) async throws -> FrontResponse {
        .json(try await kernel.store.read(as: caller.actor) { tx in
            let set = try tx.changeSet(id)
            let touched = try tx.touched(by: id, limit: ChangesAPI.named)
            let kept = try tx.named(set.kept)
            return JSONWriter.object { json in
                json.fields(of: set, tx)
                json.key("records")
                json.beginArray()
                for item in touched {
                    json.beginObject()
                    json.named(item.entity, item.id, item.label, tx)
                    json.field("deeds", item.deeds)
                    json.endObject()
                }
                json.endArray()
                json.kept(kept, tx)
            }
        })
    }

    private func undo(_ id: Int64, _ caller: Caller) async throws -> FrontResponse {
        let set = try await kernel.store.read(as: caller.actor) { try $0.changeSet(id) }
        if set.kind == .importing, let file = set.record {
            _ = try await kernel.imports.begin(.reverting, file, actor: caller.actor)
            let record = try await kernel.imports.wait(file, actor: caller.actor)
            if record.state != .reverted { throw CRMError.refused("the import could not be taken back: \(record.error ?? "")") }
            return try await show(id, caller)
        }
        return .json(try await kernel.store.write(as: caller.actor) { tx in
            let report = try tx.takeBack(id)
            let kept = try tx.named(report.kept)
            return JSONWriter.object { json in
                json.field("id", id)
                json.field("done", report.done)
                json.field("change", report.change)
                json.kept(kept, tx)
            }
        })
    }
}

/// One record that a set changed, as far as the reader may see it.
struct TouchedRecord: Sendable {
    let entity: String
    let id: Int64
    /// Nil when there is none (any more) that the reader may see.
    var label: String?
    /// `created`, `updated`, `deleted`, `restored`, and actions.
    var deeds: [String]
}

extension StoreTransaction {
    /// The records that a set changed, in the order in which it did; those of entities that the reader may not see are left out.
    func touched(by change: Int64, limit: Int) throws -> [TouchedRecord] {
        var found: [TouchedRecord] = []
        var places: [CommitEffects.Touch: Int] = [:]
        try connection.query(
            "SELECT entity, record, action FROM tenon_audit WHERE change_set = ? ORDER BY id", [.integer(change)]
        ) { row in
            let touch = CommitEffects.Touch(entity: row.text(0), id: row.integer(1))
            guard registry.entity(touch.entity) == nil || actor.can("view", on: touch.entity) else { return true }
            if let place = places[touch] {
                if !found[place].deeds.contains(row.text(2)) { found[place].deeds.append(row.text(2)) }
                return true
            }
            guard found.count < limit else { return false }
            places[touch] = found.count
            found.append(TouchedRecord(entity: touch.entity, id: touch.id, deeds: [row.text(2)]))
            return true
        }
        for (entity, items) in Dictionary(grouping: found, by: \.entity) {
            let labels: [Int64: String] = try self.labels(entity, items.map(\.id))
            for (touch, place) in places where touch.entity == entity { found[place].label = labels[touch.id] }
        }
        // A record of somebody else, which the change reached with every right, is nobody's business.
        return found.filter { item in
            item.label != nil || registry.entity(item.entity) == nil || actor.scope("view", on: item.entity) == .all
                || item.deeds.contains("deleted")
        }
    }

    /// What could not be taken back, with the names of the records that the reader may see.
    func named(_ kept: [UndoReport.Kept]) throws -> [(kept: UndoReport.Kept, label: String?)] {
        var labels: [String: [Int64: String]] = [:]
        for (entity, items) in Dictionary(grouping: kept, by: \.entity) { labels[entity] = try self.labels(entity, items.map(\.record)) }
        return kept.filter { $0.field.isEmpty || actor.mask($0.field, of: $0.entity) != .hidden }.map { ($0, labels[$0.entity]?[$0.record]) }
    }
}

extension JSONWriter {
    mutating func fields(of set: ChangeSet, _ tx: StoreTransaction) {
        let people = tx.actor.rights.people
        field("id", set.id)
        field("at", set.at)
        key("user")
        if let user = set.userID { integer(user) } else { null() }
        field("user_label", set.userID.map { people[$0]?.name ?? "User \($0)" } ?? "Tenon")
        field("via", set.via)
        field("kind", set.kind.rawValue)
        field("title", set.title(tx.registry))
        field("entity", set.entity)
        field("path", tx.registry.entity(set.entity)?.path)
        key("record")
        if let record = set.record { integer(record) } else { null() }
        field("count", set.count)
        field("undone_at", set.undoneAt)
        key("undone_by")
        if let user = set.undoneBy { integer(user) } else { null() }
        field("undone_by_label", set.undoneBy.map { people[$0]?.name ?? "User \($0)" })
        key("undone_in")
        if let change = set.undoneIn { integer(change) } else { null() }
        let obstacle = set.obstacle(now: tx.now, tx.settings) ?? (tx.mayTakeBack(set) ? nil : "it is somebody else's")
        field("can_undo", obstacle == nil)
        field("obstacle", obstacle)
        field("until", set.limit(tx.settings))
    }

    mutating func named(_ entity: String, _ id: Int64, _ label: String?, _ tx: StoreTransaction) {
        field("entity", entity)
        field("path", tx.registry.entity(entity)?.path)
        field("id", id)
        field("label", label)
    }

    /// What could not be taken back.
    mutating func kept(_ kept: [(kept: UndoReport.Kept, label: String?)], _ tx: StoreTransaction) {
        key("kept")
        beginArray()
        for (item, label) in kept {
            beginObject()
            named(item.entity, item.record, label, tx)
            field("field", item.field.isEmpty ? nil : item.field)
            field("field_label", item.field.isEmpty ? nil : tx.registry.entity(item.entity)?.field(item.field)?.label)
            field("message", item.message)
            endObject()
        }
        endArray()
    }
}
