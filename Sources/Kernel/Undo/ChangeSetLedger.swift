import PluginAPI

/// The table of change sets.
enum ChangeSetLedger {
    /// The job that forgets what is too old to be taken back.
    static let forgetting = "kernel.forget_changes"

    private static let columns: String =
        "id, at, user_id, via, kind, entity, record, what, count, undone_at, undone_by, undone_in, kept"

    static func add(_ set: ChangeSet, _ connection: any Connection) throws -> Int64 {
        try connection.insert(
            """
            INSERT INTO tenon_change_set (at, user_id, via, kind, entity, record, what, count) \
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .integer(set.at.milliseconds), set.userID.map(SQLValue.integer) ?? .null, .text(set.via), .text(set.kind.rawValue),
                .text(set.entity), set.record.map(SQLValue.integer) ?? .null, .text(set.what), .integer(Int64(set.count)),
            ])
    }

    static func setCount(_ count: Int, of id: Int64, _ connection: any Connection) throws {
        try connection.execute("UPDATE tenon_change_set SET count = ? WHERE id = ?", [.integer(Int64(count)), .integer(id)])
    }

    static func remove(_ id: Int64, _ connection: any Connection) throws {
        try connection.execute("DELETE FROM tenon_change_set WHERE id = ?", [.integer(id)])
    }

    static func find(_ id: Int64, _ connection: any Connection) throws -> ChangeSet? {
        try connection.first("SELECT \(columns) FROM tenon_change_set WHERE id = ?", [.integer(id)], read)
    }

    /// The latest first; those of one user unless it is nil.
    static func list(user: Int64?, before: Int64?, limit: Int, _ connection: any Connection) throws -> [ChangeSet] {
        var arguments: [SQLValue] = [.integer(before ?? .max)]
        if let user { arguments.append(.integer(user)) }
        return try connection.all(
            "SELECT \(columns) FROM tenon_change_set WHERE id < ?\(user == nil ? "" : " AND user_id = ?") ORDER BY id DESC LIMIT ?",
            arguments + [.integer(Int64(limit))], read)
    }

    /// Marks a set as taken back. False when it was marked before: of two at the same moment one wins.
    static func claim(_ id: Int64, by user: Int64?, at now: Moment, _ connection: any Connection) throws -> Bool {
        try connection.execute(
            "UPDATE tenon_change_set SET undone_at = ?, undone_by = ? WHERE id = ? AND undone_at IS NULL",
            [.integer(now.milliseconds), user.map(SQLValue.integer) ?? .null, .integer(id)]) == 1
    }

    /// Keeps what came of taking a set back.
    static func note(_ report: UndoReport, of id: Int64, _ connection: any Connection) throws {
        let kept: [UInt8] = JSONWriter.document { json in
            json.beginArray()
            for item in report.kept {
                json.beginObject()
                json.field("entity", item.entity)
                json.field("record", item.record)
                json.field("field", item.field)
                json.field("message", item.message)
                json.endObject()
            }
            json.endArray()
        }
        try connection.execute(
            "UPDATE tenon_change_set SET undone_in = ?, kept = ? WHERE id = ?",
            [.integer(report.change), .text(String(decoding: kept, as: UTF8.self)), .integer(id)])
    }

    /// The set of an import that was taken back, on its own page or here.
    static func markImport(_ id: Int64, revertedBy user: Int64?, at now: Moment, _ connection: any Connection) throws {
        try connection.execute(
            "UPDATE tenon_change_set SET undone_at = ?, undone_by = ? WHERE kind = 'import' AND record = ?",
            [.integer(now.milliseconds), user.map(SQLValue.integer) ?? .null, .integer(id)])
    }

    static func countImport(_ id: Int64, _ count: Int, _ connection: any Connection) throws {
        try connection.execute(
            "UPDATE tenon_change_set SET count = ? WHERE kind = 'import' AND record = ?", [.integer(Int64(count)), .integer(id)])
    }

    static func removeImport(_ id: Int64, _ connection: any Connection) throws {
        try connection.execute("DELETE FROM tenon_change_set WHERE kind = 'import' AND record = ?", [.integer(id)])
    }

    /// Forgets the sets from before a moment, some at a time. What they changed stays in the trail. Gives how many went.
    static func forget(before: Moment, limit: Int, _ connection: any Connection) throws -> Int {
        let ids: [Int64] = try connection.all(
            "SELECT id FROM tenon_change_set WHERE at < ? ORDER BY id LIMIT ?", [.integer(before.milliseconds), .integer(Int64(limit))]
        ) { $0.integer(0) }
        for id in ids { try remove(id, connection) }
        return ids.count
    }

    private static func read(_ row: any Row) throws -> ChangeSet {
        var set = ChangeSet(
            id: row.integer(0), at: Moment(milliseconds: row.integer(1)), userID: row.optionalInteger(2), via: row.text(3),
            kind: ChangeSet.Kind(rawValue: row.text(4)) ?? .update, entity: row.text(5), record: row.optionalInteger(6),
            what: row.text(7), count: Int(row.integer(8)))
        set.undoneAt = row.optionalInteger(9).map { Moment(milliseconds: $0) }
        set.undoneBy = row.optionalInteger(10)
        set.undoneIn = row.optionalInteger(11)
        if let text = row.optionalText(12) {
            set.kept = (try JSONValue(parsing: Array(text.utf8)).array ?? []).map { item in
                UndoReport.Kept(
                    entity: item["entity"]?.text ?? "", record: item["record"]?.int ?? 0, field: item["field"]?.text ?? "",
                    message: item["message"]?.text ?? "")
            }
        }
        return set
    }
}

extension StoreTransaction {
    /// Begins a set: what this transaction changes from now on belongs to it.
    @discardableResult
    func openChangeSet(_ kind: ChangeSet.Kind, _ entity: EntityModel, record: Int64? = nil, what: String = "") throws -> Int64 {
        let set = ChangeSet(
            at: now, userID: actor.userID, via: actor.via, kind: kind, entity: entity.name, record: record,
            what: String(what.prefix(200)))
        let id: Int64 = try core.changing("changes") { try ChangeSetLedger.add(set, connection) }
        core.changeSet = id
        return id
    }

    /// The sets that the user may look at: the own ones, everybody's for those who may see operations.
    func changeSets(before: Int64? = nil, limit: Int) throws -> [ChangeSet] {
        let seesAll: Bool = actor.can(.seeOperations)
        if !seesAll, actor.userID == nil { return [] }
        return try ChangeSetLedger.list(user: seesAll ? nil : actor.userID, before: before, limit: limit, connection)
    }

    /// One set that the user may look at.
    func changeSet(_ id: Int64) throws -> ChangeSet {
        guard let set = try ChangeSetLedger.find(id, connection),
            actor.can(.seeOperations) || (set.userID != nil && set.userID == actor.userID)
        else { throw CRMError(.notFound, "there is no change \(id)", hint: "It may be too old, or somebody else's.") }
        return set
    }
}

extension ChangeSetLedger {
    /// The work of the job: sets that can no longer be taken back are forgotten, a thousand at a time so that nobody waits long.
    @Sendable static func forget(_ context: Context) async throws {
        guard let backend = context.backend(as: StoreContext.self) else { return }
        let store: Store = backend.store
        let before: Moment = context.now.adding(days: -store.settings.value(KernelSettings.undoDays))
        while try await store.engine.write({ try forget(before: before, limit: 1000, $0) }) == 1000 {}
        // They were kept once for the way back, and come with backups from then.
        try await store.engine.write { connection in
            _ = try connection.execute(#"DELETE FROM "tenon_credential" WHERE "user_id" NOT IN (SELECT "id" FROM "user")"#)
        }
    }
}
