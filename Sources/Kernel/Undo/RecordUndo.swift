import PluginAPI

/// What one set did to one record, all steps together: the way back goes from what is to what was, whatever lay between.
struct RecordUndo: Sendable {
    let entity: EntityModel
    let id: RecordID
    /// Whether the record was made in the set, or came back in it.
    private(set) var wasMade = false
    /// What the record was when it was deleted in the set.
    private(set) var deletion: Deletion?
    /// The fields that were changed, in the order of the first change.
    private(set) var fields: [String] = []
    private(set) var old: [String: Value] = [:]
    private(set) var new: [String: Value] = [:]
    /// Fields that plugins work out, as they were first and became last.
    private(set) var derived: [String: (old: Value, new: Value)] = [:]
    /// The set's last entry about the record.
    private(set) var last: Int64 = 0
    /// Whether all of it was done with every right, not with those of the user.
    private(set) var isElevated = true

    struct Deletion: Sendable {
        let facts: DeletionFacts
        let version: Int64
    }

    /// Reads a set, the record that was changed last first: in that order all can go back.
    ///
    /// Throws `refused` where something belongs to an entity that is not there now.
    static func all(of change: Int64, _ registry: Registry, _ connection: any Connection) throws -> [RecordUndo] {
        struct Key: Hashable {
            let entity: String
            let id: Int64
        }
        var found: [Key: RecordUndo] = [:]
        var absent: Set<String> = []
        try connection.query(
            "SELECT id, entity, record, version, via, action, changes FROM tenon_audit WHERE change_set = ? ORDER BY id", [.integer(change)]
        ) { row in
            let key = Key(entity: row.text(1), id: row.integer(2))
            guard let entity = registry.entity(key.entity) else {
                absent.insert(key.entity)
                return true
            }
            try found[key, default: RecordUndo(entity: entity, id: RecordID(key.id))].add(row)
            return true
        }
        if let name = absent.min() {
            throw CRMError.refused(
                "change \(change) is also about records of \(name.readable.lowercased()), whose plugin is switched off",
                hint: "Switch the plugin on first.")
        }
        return found.values.sorted { $0.last > $1.last }
    }

    private init(entity: EntityModel, id: RecordID) {
        self.entity = entity
        self.id = id
    }

    private mutating func add(_ row: any Row) throws {
        let json: String = row.text(6)
        let action: String = row.text(5)
        last = row.integer(0)
        let changes: [AuditEntry.FieldChange] = try AuditJSON.read(json, entity)
        switch action {
        case "created", "restored": wasMade = true
        case "deleted": deletion = Deletion(facts: try DeletionFacts(json, entity), version: row.integer(3))
        default: break
        }
        // A mere note that an action was used changes nothing.
        if changes.isEmpty, action != "deleted", action != "created", action != "restored" { return }
        if !row.text(4).contains("(elevated: ") { isElevated = false }
        for (name, value) in try DerivedFacts(json, entity).values { derived[name] = (derived[name]?.old ?? value.old, value.new) }
        for change in changes {
            if old[change.field] == nil {
                old[change.field] = change.old
                fields.append(change.field)
            }
            new[change.field] = change.new
        }
    }

    /// Whether there is nothing to take back: what was made went again, or nothing was changed.
    var isNothing: Bool { wasMade ? deletion != nil : deletion == nil && fields.isEmpty }

    /// The right by which it was done, as a part of that kind of change.
    func right(in kind: ChangeSet.Kind) -> String {
        if deletion == nil { return "edit" }
        return kind == .merge ? StoreTransaction.mergeRight : "delete"
    }
}
