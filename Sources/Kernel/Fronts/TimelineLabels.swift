import PluginAPI

/// The names behind the ids of some timeline entries, looked up together: users and the records that links point at, as far
/// as the reader may see them.
struct TimelineLabels {
    private var users: [Int64: String]
    private var records: [String: [Int64: String]] = [:]
    /// What those were called that are one with another record now.
    private var gone: [String: [Int64: String]] = [:]

    init(_ entries: [AuditEntry], _ transaction: StoreTransaction) throws {
        users = transaction.actor.rights.people.mapValues(\.name)
        var wanted: [String: Set<Int64>] = [:]
        for entry in entries {
            wanted[entry.entity.name, default: []].insert(entry.record)
            for change in entry.changes {
                guard let target = entry.entity.field(change.field)?.target else { continue }
                for value in [change.old, change.new] {
                    switch value {
                    case .integer(let id): wanted[target, default: []].insert(id)
                    case .list(let ids): wanted[target, default: []].formUnion(ids.map(\.raw))
                    default: break
                    }
                }
            }
        }
        for (target, ids) in wanted { records[target] = try transaction.labels(target, ids) }
        try nameMerged(entries, transaction)
    }

    private mutating func nameMerged(_ entries: [AuditEntry], _ transaction: StoreTransaction) throws {
        var wanted: [String: (entity: EntityModel, ids: Set<Int64>)] = [:]
        for entry in entries {
            let ids: [Int64] = entry.isMerged ? entry.merged + [entry.record] : entry.merged
            wanted[entry.entity.name, default: (entry.entity, [])].ids.formUnion(ids)
        }
        for (name, (entity, ids)) in wanted where !ids.isEmpty {
            let there: [Int64: String] = try transaction.labels(name, ids)
            records[name, default: [:]].merge(there) { first, _ in first }
            // One that came back and is somebody else's by now is no longer the reader's to know.
            let hidden: Set<Int64> = try transaction.withRights(for: "naming what was merged").seen(entity, among: Array(ids))
            gone[name] = try transaction.lastLabels(entity, ids.filter { there[$0] == nil && !hidden.contains($0) }.sorted())
        }
    }

    /// Who did it: a user's name, or the product.
    func user(_ entry: AuditEntry) -> String { entry.user.map { users[$0] ?? "User \($0)" } ?? "Tenon" }

    /// What the record of an entry is called, or nil when it is not there any more.
    func record(_ entry: AuditEntry) -> String? { records[entry.entity.name]?[entry.record] ?? gone[entry.entity.name]?[entry.record] }

    /// Whether the record of an entry can be opened.
    func isThere(_ entry: AuditEntry) -> Bool { records[entry.entity.name]?[entry.record] != nil }

    /// The records that an entry says others were merged from.
    func merged(_ entry: AuditEntry) -> [(id: Int64, label: String?)] {
        entry.merged.map { id in (id, records[entry.entity.name]?[id] ?? gone[entry.entity.name]?[id]) }
    }

    /// What a link points at, or nil when the value is no link.
    func label(_ value: Value, _ field: FieldModel) -> String? {
        guard let target = field.target else { return nil }
        switch value {
        case .integer(let id): return records[target]?[id] ?? "#\(id)"
        case .list(let ids): return ids.map { records[target]?[$0.raw] ?? "#\($0)" }.joined(separator: ", ")
        default: return nil
        }
    }
}

extension JSONWriter {
    /// An entry of the timeline of a record.
    mutating func entry(_ entry: AuditEntry, of record: (entity: EntityModel, id: RecordID), _ labels: TimelineLabels) {
        let entity = entry.entity
        beginObject()
        field("id", entry.id)
        field("at", entry.at)
        key("user")
        if let user = entry.user { integer(user) } else { null() }
        field("user_label", labels.user(entry))
        field("via", entry.via)
        field("action", entry.action)
        field("version", entry.version)
        key("changes")
        beginArray()
        for change in entry.changes {
            guard let model = entity.field(change.field) else { continue }
            beginObject()
            field("field", change.field)
            field("label", model.label)
            key("old")
            value(change.old)
            key("new")
            value(change.new)
            if model.target != nil {
                field("old_label", labels.label(change.old, model))
                field("new_label", labels.label(change.new, model))
            }
            endObject()
        }
        endArray()
        if !entry.merged.isEmpty {
            key("merged")
            beginArray()
            for other in labels.merged(entry) {
                beginObject()
                field("id", other.id)
                field("label", other.label)
                endObject()
            }
            endArray()
        }
        if entry.action == AuditEntry.NoteDeed.noteAdded.rawValue {
            key("note")
            if let note = entry.note {
                beginObject()
                field("id", note.id)
                field("text", note.text)
                field("edited_at", note.editedAt)
                endObject()
            } else {
                null()
            }
        }
        if entity.name != record.entity.name || entry.record != record.id.raw {
            key("of")
            beginObject()
            field("entity", entity.name)
            field("path", entity.path)
            field("id", entry.record)
            field("label", labels.record(entry))
            if entry.isMerged, !labels.isThere(entry) { field("gone", true) }
            endObject()
        }
        endObject()
    }

    /// A figure: money with its currency, or a number.
    mutating func figure(_ aggregate: Aggregate, _ field: FieldModel?) {
        if let currency = aggregate.currency {
            money(minor: aggregate.sum, currency)
        } else if case .decimal(let scale) = field?.type {
            string(FixedDecimal(units: aggregate.sum, scale: scale).description)
        } else {
            integer(aggregate.sum)
        }
    }
}
