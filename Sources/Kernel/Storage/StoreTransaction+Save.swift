import PluginAPI

extension StoreTransaction {
    func save(_ entity: String, _ record: RecordData) throws -> RecordData {
        let model = try registry.require(entity)
        return try core.changing(model.pluralTitle.lowercased()) {
            let isNew = record.id == .none
            try requireWriter(model)
            return try core.tracing(isNew ? .create : .update, entity, record: record.id) {
                isNew ? try insert(model, record) : try update(model, record)
            }
        }
    }

    // MARK: Making

    private func insert(_ entity: EntityModel, _ given: RecordData) throws -> RecordData {
        try actor.require("create", on: entity)
        var record = given
        clearFormulas(entity, &record)
        normalize(entity, &record)
        try checkMasks(entity, old: blank(entity), new: record)
        try checkLinks(entity, old: nil, new: record)
        // Whoever sees only own or team records would lose sight of a new one that belongs to nobody.
        if let owner = entity.ownerField, record.values[owner.place].isEmpty, let user = actor.userID,
            actor.scope("view", on: entity.name) != .all
        {
            record.values[owner.place] = .integer(user)
        }
        var change = ChangeData(old: nil, new: record)
        try prepare(entity, &change)
        record = change.new
        normalize(entity, &record)
        try check(entity, ChangeData(old: nil, new: record))

        stamp(&record, isNew: true)
        record.version = 1
        let failures: [FormulaFailure] = try calculate(entity, &record)
        let arguments: [SQLValue] = row(entity, record, rank: BoardRank.top(at: now))
        record.id = RecordID(try guardingUnique(entity) { try connection.insert(entity.insertion, arguments) })
        try tally(entity, old: nil, new: record)
        core.recorder?.stored(entity, old: nil, new: record)
        try note(failures, entity, record.id, old: nil)
        try index(entity, record, isNew: true)
        try keepMatchKeys(entity, old: nil, new: record)
        try audit(entity, old: nil, new: record)
        try finish(entity, ChangeData(old: nil, new: record))
        return record
    }

    /// What ``EntityModel/insertion`` is sent.
    func row(_ entity: EntityModel, _ record: RecordData, rank: Int64) -> [SQLValue] {
        var row: [SQLValue] = []
        row.reserveCapacity(2 * record.values.count + 2)
        row.append(.integer(record.version))
        for value in record.values[0..<SystemSlots.count] { row.append(value.column) }
        if !entity.boards.isEmpty { row.append(.integer(rank)) }
        for field in entity.storedFields where !field.isSystem { field.append(record.values[field.place], to: &row) }
        return row
    }

    // MARK: Changing

    private func update(_ entity: EntityModel, _ given: RecordData) throws -> RecordData {
        let current = try editable(entity, given.id)
        var record = current
        let changesSince = given.version == current.version ? [:] : try originals(entity, given.id, since: given.version)
        var conflicts: [FieldConflict] = []
        for field in entity.fields[SystemSlots.count...] where field.isStored {
            // What the user cannot see came without its value: it stays as it is.
            if field.isWorkedOut || actor.mask(field.name, of: entity.name) == .hidden { continue }
            let yours = field.normalized(given.values[field.place])
            let stored = current.values[field.place]
            // What the field was when the caller read the record.
            let base = changesSince[field.name] ?? stored
            if yours == base { continue }
            if changesSince[field.name] != nil, yours != stored {
                conflicts.append(FieldConflict(field: field.name, original: base, stored: stored, yours: yours))
            }
            record.values[field.place] = yours
        }
        guard conflicts.isEmpty else {
            throw CRMError(
                .conflict, "\(entity.title.lowercased()) \(given.id) was changed by someone else",
                hint: "Compare both versions and save again.", conflicts: conflicts)
        }
        guard record.values != current.values else { return current }
        try checkMasks(entity, old: current, new: record)
        try checkLinks(entity, old: current, new: record)
        var change = ChangeData(old: current, new: record)
        try prepare(entity, &change)
        record = change.new
        normalize(entity, &record)
        impose(entity, &record)
        guard record.values != current.values else { return current }
        try check(entity, ChangeData(old: current, new: record))

        stamp(&record, isNew: false)
        record.version = current.version + 1
        let failures: [FormulaFailure] = try calculate(entity, &record)
        try note(failures, entity, record.id, old: current)
        var sets = "\"version\" = ?, \"updated_at\" = ?, \"updated_by\" = ?"
        var arguments: [SQLValue] = [.integer(record.version), record.values[2].column, record.values[3].column]
        var changed: Set<String> = []
        for field in entity.fields[SystemSlots.count...] where field.isStored {
            guard record.values[field.place] != current.values[field.place] else { continue }
            changed.insert(field.name)
            for name in field.columns { sets += ", \(name) = ?" }
            field.append(record.values[field.place], to: &arguments)
        }
        arguments.append(.integer(record.id.raw))
        let sql = "UPDATE \(quoted(entity.name)) SET \(sets) WHERE \"id\" = ?"
        _ = try guardingUnique(entity, changed: changed) { try connection.execute(sql, arguments) }
        try tally(entity, old: current, new: record)
        core.recorder?.stored(entity, old: current, new: record)
        if entity.searchFields.contains(where: { record.values[$0.place] != current.values[$0.place] }) {
            try index(entity, record, isNew: false)
        }
        try keepMatchKeys(entity, old: current, new: record)
        try audit(entity, old: current, new: record)
        try updateReaders(entity, ChangeData(old: current, new: record))
        try finish(entity, ChangeData(old: current, new: record))
        return record
    }

    /// A record that the user may change: `notFound` when it is out of sight, `forbidden` when it is only to be seen. The
    /// record comes whole, with the fields that are hidden from the user.
    func editable(_ entity: EntityModel, _ id: RecordID, right: String = "edit") throws -> RecordData {
        guard try actor.scope("view", on: entity.name) == .all || reaches(entity, id),
            let record = try withRights(for: "reading what is to be changed").find(entity, id)
        else { throw StoreTransaction.missing(entity, id) }
        guard try actor.scope(right, on: entity.name) == .all || reaches(entity, id, right: right) else {
            throw CRMError(
                .forbidden, "you may not \(right.replacing("-", with: " ")) this \(entity.title.lowercased())",
                hint: "An administrator can give a role this right.")
        }
        return record
    }
}
