import PluginAPI

/// One entry of a record's timeline.
struct AuditEntry: Sendable {
    struct FieldChange: Sendable {
        var field: String
        var old: Value
        var new: Value
    }
    var id: Int64
    /// Whose it is: of the record that was asked for, or of one that goes along with it.
    var entity: EntityModel
    var record: Int64
    var version: Int64
    var at: Moment
    var user: Int64?
    var via: String
    /// `created`, `updated`, `deleted`, or the name of an action.
    var action: String
    var changes: [FieldChange]
    /// Whether it is of a record that was merged into the one that was asked for.
    var isMerged = false
    /// Which records the record was made of, where that is what happened.
    var merged: [Int64] = []
    /// The number of the note that was written.
    var noteID: Int64?
    /// That note, as long as it is there.
    var note: Note?

    /// What is noted of notes; their texts stay in the trail.
    enum NoteDeed: String {
        case noteAdded = "note_added"
        case noteChanged = "note_changed"
        case noteDeleted = "note_deleted"
    }
}

extension StoreTransaction {
    /// Writes who changed what, when: within the transaction of the change, and outliving the record.
    func audit(_ entity: EntityModel, old: RecordData?, new: RecordData, as action: String? = nil) throws {
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        // The entry of a log is what happened: it needs none about itself.
        if old == nil, entity.schema.isLog { return }
        // What is worked out follows from the rest, and may read what not everyone sees.
        for field in entity.fields[SystemSlots.count...] where field.isStored && !field.isWorkedOut && !field.description.isSecret {
            let before = old?.values[field.place] ?? .null
            let after = new.values[field.place]
            guard before != after, old != nil || !after.isEmpty else { continue }
            AuditJSON.write(&writer, field, before, after)
        }
        if let old, core.changeSet != nil { DerivedFacts(entity, old, new).write(&writer) }
        writer.endObject()
        try record(entity, new.id, new.version, action ?? (old == nil ? "created" : "updated"), writer.bytes)
    }

    func auditDeletion(_ entity: EntityModel, _ old: RecordData, rank: Int64?) throws {
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        for field in entity.fields[SystemSlots.count...]
        where field.isStored && !field.isWorkedOut && !field.description.isSecret && !old.values[field.place].isEmpty {
            AuditJSON.write(&writer, field, old.values[field.place], .null)
        }
        DeletionFacts(of: old, entity, rank: rank).write(&writer)
        writer.endObject()
        try record(entity, old.id, old.version + 1, "deleted", writer.bytes)
    }

    /// Notes that an action was used on a record.
    func auditAction(_ entity: EntityModel, _ id: RecordID, _ version: Int64, _ action: String) throws {
        try record(entity, id, version, action, Array("{}".utf8))
    }

    /// Notes which records a record was made of.
    func auditMerge(_ entity: EntityModel, _ id: RecordID, _ version: Int64, _ others: [RecordID]) throws {
        let json: [UInt8] = JSONWriter.object { json in
            json.key(TrailFacts.key)
            json.beginObject()
            json.key("merged")
            json.beginArray()
            for other in others { json.integer(other.raw) }
            json.endArray()
            json.endObject()
        }
        try record(entity, id, version, "merged", json)
    }

    /// Notes that a link of a record whose plugin is switched off was moved.
    func auditDormant(_ link: PluginOutline.Link, _ id: RecordID, _ version: Int64, from old: RecordID, to new: RecordID) throws {
        let json: [UInt8] = JSONWriter.object { json in
            json.key(link.field)
            json.beginArray()
            json.integer(old.raw)
            json.integer(new.raw)
            json.endArray()
        }
        try record(link.entity, id, version, "updated", json)
    }

    /// Notes what became of a note, with the texts before and after.
    func auditNote(
        _ entity: EntityModel, _ id: RecordID, _ deed: AuditEntry.NoteDeed, _ note: Int64, _ old: String? = nil, _ new: String? = nil
    ) throws {
        let version = try connection.integer("SELECT \"version\" FROM \(quoted(entity.name)) WHERE \"id\" = ?", [.integer(id.raw)])
        let json = JSONWriter.object { json in
            json.field("note", note)
            if let old { json.field("old", old) }
            if let new { json.field("new", new) }
        }
        try record(entity, id, version ?? 0, deed.rawValue, json)
    }

    private func record(_ entity: EntityModel, _ id: RecordID, _ version: Int64, _ action: String, _ json: [UInt8]) throws {
        try record(entity.name, id, version, action, json)
    }

    private func record(_ entity: String, _ id: RecordID, _ version: Int64, _ action: String, _ json: [UInt8]) throws {
        try connection.post(
            """
            INSERT INTO tenon_audit (entity, record, version, at, user_id, via, action, changes, change_set) \
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .text(entity), .integer(id.raw), .integer(version), .integer(now.milliseconds),
                actor.userID.map(SQLValue.integer) ?? .null, .text(actor.via), .text(action),
                .text(String(decoding: json, as: UTF8.self)), core.changeSet.map(SQLValue.integer) ?? .null,
            ])
    }

    /// What each field that changed since a version was at that version: how a conflict is told per field.
    func originals(_ entity: EntityModel, _ id: RecordID, since version: Int64) throws -> [String: Value] {
        var originals: [String: Value] = [:]
        for entry in try entries(entity, id, "AND version > ? ORDER BY id", [.integer(version)]) {
            for change in entry.changes where originals[change.field] == nil { originals[change.field] = change.old }
        }
        return originals
    }

    /// A record as it was at a version: the stored one with the later changes taken back. For forms that were opened then.
    func record(_ entity: EntityModel, _ id: RecordID, asOf version: Int64) throws -> RecordData {
        var record = try require(entity, id)
        guard version != record.version else { return record }
        guard version > 0, version < record.version else {
            throw CRMError(
                .conflict, "there is no version \(version) of \(entity.title.lowercased()) \(id)", hint: "Reload it and try again.",
                problems: [Problem(field: "version", "is not a version of this record")])
        }
        for (name, value) in try originals(entity, id, since: version) where actor.mask(name, of: entity.name) != .hidden {
            record[name] = value
        }
        record.version = version
        return record
    }

    /// The newest entries of a record's timeline that are older than `before`, without the fields hidden from the user, and
    /// among them those of records that go along with it, as far as the user may see these.
    /// A record that the user cannot see has none; one that was deleted shows its trail to those who see all records.
    func timeline(_ entity: EntityModel, _ id: RecordID, before: Int64? = nil, limit: Int = 50) throws -> [AuditEntry] {
        let isThere = try reaches(entity, id)
        guard isThere || actor.scope("view", on: entity.name) == .all else { throw StoreTransaction.missing(entity, id) }
        let tail = (before == nil ? "" : "AND id < ? ") + "ORDER BY id DESC LIMIT ?"
        let arguments: [SQLValue] = (before.map { [.integer($0)] } ?? []) + [.integer(Int64(limit))]
        var found = try entries(entity, id, tail, arguments)
        if found.isEmpty, !isThere { throw StoreTransaction.missing(entity, id) }
        let others = try places(behind: entity, id)
        if !others.isEmpty { found = try merged([TimelinePlace(entity: entity, id: id.raw)] + others, before: before, limit: limit) }
        let notes = try self.notes(found.compactMap(\.noteID))
        return found.map { entry in
            var entry = entry
            entry.note = entry.noteID.flatMap { notes[$0] }
            entry.changes.removeAll { change in
                entry.entity.field(change.field) == nil || actor.mask(change.field, of: entry.entity.name) == .hidden
            }
            return entry
        }
    }

    /// The newest entries of several records by their moments: the newest of all are among the newest of each. Numbers rise
    /// with the moments within a record, but not from one to another: an archive that came back has new ones.
    private func merged(_ places: [TimelinePlace], before: Int64?, limit: Int) throws -> [AuditEntry] {
        var tail = "ORDER BY id DESC LIMIT ?"
        var arguments: [SQLValue] = []
        if let before {
            let at: Int64 = try connection.integer("SELECT at FROM tenon_audit WHERE id = ?", [.integer(before)]) ?? .max
            tail = "AND (at < ? OR (at = ? AND id < ?)) " + tail
            arguments = [.integer(at), .integer(at), .integer(before)]
        }
        arguments.append(.integer(Int64(limit)))
        var found: [AuditEntry] = []
        for place in places {
            found += try entries(place.entity, RecordID(place.id), tail, arguments).map { entry in
                var entry = entry
                entry.isMerged = place.isMerged
                return entry
            }
        }
        return Array(found.sorted { ($0.at, $0.id) > ($1.at, $1.id) }.prefix(limit))
    }

    /// What records were called that are gone: for those who see what they became.
    func lastLabels(_ entity: EntityModel, _ ids: [Int64]) throws -> [Int64: String] {
        guard !ids.isEmpty, actor.mask(entity.labelField, of: entity.name) != .hidden else { return [:] }
        var labels: [Int64: String] = [:]
        let among: SQLFragment = dialect.among("record", ids)
        try connection.query(
            "SELECT record, changes FROM tenon_audit WHERE entity = ? AND action = 'deleted' AND \(among.sql) ORDER BY id",
            [.text(entity.name)] + among.arguments
        ) { row in
            let change = try AuditJSON.read(row.text(1), entity).first { $0.field == entity.labelField }
            if case .text(let text)? = change?.old { labels[row.integer(0)] = text }
            return true
        }
        return labels
    }

    private func entries(_ entity: EntityModel, _ id: RecordID, _ tail: String, _ more: [SQLValue]) throws -> [AuditEntry] {
        let sql = "SELECT id, version, at, user_id, via, action, changes FROM tenon_audit WHERE entity = ? AND record = ? \(tail)"
        return try connection.all(sql, [.text(entity.name), .integer(id.raw)] + more) { row in
            var entry = AuditEntry(
                id: row.integer(0), entity: entity, record: id.raw, version: row.integer(1), at: Moment(milliseconds: row.integer(2)),
                user: row.optionalInteger(3), via: row.text(4), action: row.text(5), changes: [])
            if let deed = AuditEntry.NoteDeed(rawValue: entry.action) {
                if deed == .noteAdded { entry.noteID = try JSONValue(parsing: Array(row.text(6).utf8))["note"]?.int }
            } else {
                entry.changes = try AuditJSON.read(row.text(6), entity)
                if entry.action == "merged" {
                    let facts: JSONValue? = try JSONValue(parsing: Array(row.text(6).utf8))[TrailFacts.key]
                    entry.merged = facts?["merged"]?.array?.compactMap(\.int) ?? []
                }
            }
            return entry
        }
    }
}

/// How changes stand in the trail: `{"field": [old, new]}`, values as the API shows them.
enum AuditJSON {
    static func write(_ writer: inout JSONWriter, _ field: FieldModel, _ old: Value, _ new: Value) {
        writer.key(field.name)
        writer.beginArray()
        writer.value(old)
        writer.value(new)
        writer.endArray()
    }

    static func read(_ json: String, _ entity: EntityModel) throws -> [AuditEntry.FieldChange] {
        guard let members = try JSONValue(parsing: Array(json.utf8)).members else { return [] }
        return members.compactMap { member in
            guard let field = entity.field(member.name), let pair = member.value.array, pair.count == 2 else { return nil }
            return .init(field: member.name, old: value(pair[0], field), new: value(pair[1], field))
        }
    }

    /// A value that ``JSONWriter/value(_:)`` wrote, read back by its field's type.
    static func value(_ json: JSONValue, _ field: FieldModel) -> Value {
        switch (field.type, json) {
        case (_, .null): .null
        case (.boolean, .boolean(let flag)): .boolean(flag)
        case (.integer, .number(let text)), (.reference, .number(let text)): Int64(text).map(Value.integer) ?? .null
        case (.decimal(let scale), .string(let text)): FixedDecimal(text, scale: scale).map(Value.decimal) ?? .null
        case (.day, .string(let text)): Day(text).map(Value.day) ?? .null
        case (.moment, .string(let text)): Moment(text).map(Value.moment) ?? .null
        case (.money, .object):
            json["currency"]?.text.flatMap { Currency($0) }.flatMap { currency in
                json["amount"]?.text.flatMap { Money($0, currency) }
            }.map(Value.money) ?? .null
        case (.references, .array(let items)): .list(items.compactMap { $0.int.map { RecordID($0) } })
        case (_, .string(let text)): .text(text)
        default: .null
        }
    }
}
