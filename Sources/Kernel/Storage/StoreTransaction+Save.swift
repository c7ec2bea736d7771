import PluginAPI

extension StoreTransaction {
    func save(_ entity: String, _ record: RecordData) throws -> RecordData {
        let model = try registry.require(entity)
        core.depth += 1
        defer { core.depth -= 1 }
        guard core.depth <= 16 else {
            throw CRMError.refused("hooks of \(model.pluralTitle.lowercased()) set each other off without end")
        }
        return record.id == .none ? try insert(model, record) : try update(model, record)
    }

    // MARK: Making

    private func insert(_ entity: EntityModel, _ given: RecordData) throws -> RecordData {
        try actor.require("create", on: entity)
        var record = given
        // Whoever sees only own or team records would lose sight of a new one that belongs to nobody.
        if let owner = entity.ownerField, record.values[owner.place].isEmpty, let user = actor.userID,
            actor.scope("view", on: entity.name) != .all
        {
            record.values[owner.place] = .integer(user)
        }
        normalize(entity, &record)
        try checkMasks(entity, old: blank(entity), new: record)
        try checkLinks(entity, old: nil, new: record)
        var change = ChangeData(old: nil, new: record)
        for rule in entity.rules.prepares { try rule.body(&change, transaction) }
        record = change.new
        normalize(entity, &record)
        try check(entity, ChangeData(old: nil, new: record))

        stamp(&record, isNew: true)
        record.version = 1
        var columns = "\"version\", \"created_at\", \"created_by\", \"updated_at\", \"updated_by\""
        var marks = "?, ?, ?, ?, ?"
        var arguments: [SQLValue] = [.integer(1)] + record.values[0..<SystemSlots.count].map(\.column)
        if entity.board != nil {
            columns += ", \"rank\""
            marks += ", ?"
            arguments.append(.integer(BoardRank.top(at: now)))
        }
        for field in entity.fields[SystemSlots.count...] where field.isStored {
            let value = record.values[field.place]
            if case .null = value { continue }
            for name in field.columns {
                columns += ", " + name
                marks += ", ?"
            }
            arguments += field.arguments(for: value)
        }
        let sql = "INSERT INTO \(quoted(entity.name)) (\(columns)) VALUES (\(marks)) RETURNING \"id\""
        guard let id = try guardingUnique(entity, { try connection.integer(sql, arguments) }) else {
            throw CRMError(.internalError, "the engine gave no id for a new record")
        }
        record.id = RecordID(id)
        try index(entity, record, isNew: true)
        try audit(entity, old: nil, new: record)
        try finish(entity, ChangeData(old: nil, new: record))
        return record
    }

    // MARK: Changing

    private func update(_ entity: EntityModel, _ given: RecordData) throws -> RecordData {
        let current = try editable(entity, given.id)
        var record = current
        let changesSince = given.version == current.version ? [:] : try originals(entity, given.id, since: given.version)
        var conflicts: [FieldConflict] = []
        for field in entity.fields[SystemSlots.count...] where field.isStored {
            // What the user cannot see came without its value: it stays as it is.
            if actor.mask(field.name, of: entity.name) == .hidden { continue }
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
        for rule in entity.rules.prepares { try rule.body(&change, transaction) }
        record = change.new
        normalize(entity, &record)
        guard record.values != current.values else { return current }
        try check(entity, ChangeData(old: current, new: record))

        stamp(&record, isNew: false)
        record.version = current.version + 1
        var sets = "\"version\" = ?, \"updated_at\" = ?, \"updated_by\" = ?"
        var arguments: [SQLValue] = [.integer(record.version), record.values[2].column, record.values[3].column]
        for field in entity.fields[SystemSlots.count...] where field.isStored {
            guard record.values[field.place] != current.values[field.place] else { continue }
            for name in field.columns { sets += ", \(name) = ?" }
            arguments += field.arguments(for: record.values[field.place])
        }
        arguments.append(.integer(record.id.raw))
        let sql = "UPDATE \(quoted(entity.name)) SET \(sets) WHERE \"id\" = ?"
        _ = try guardingUnique(entity) { try connection.execute(sql, arguments) }
        if entity.searchFields.contains(where: { record.values[$0.place] != current.values[$0.place] }) {
            try index(entity, record, isNew: false)
        }
        try audit(entity, old: current, new: record)
        try finish(entity, ChangeData(old: current, new: record))
        return record
    }

    /// A record that the user may change: `notFound` when it is out of sight, `forbidden` when it is only to be seen. The
    /// record comes whole, with the fields that are hidden from the user.
    func editable(_ entity: EntityModel, _ id: RecordID, right: String = "edit") throws -> RecordData {
        guard try count(entity, where: .compare("id", .equal, .value(.integer(id.raw)))) == 1 else {
            throw StoreTransaction.missing(entity, id)
        }
        let whole = withRights(for: "reading what is to be changed")
        guard try count(entity, where: .compare("id", .equal, .value(.integer(id.raw))), right: right) == 1,
            let record = try whole.find(entity, id)
        else {
            throw CRMError(
                .forbidden, "you may not \(right.replacing("-", with: " ")) this \(entity.title.lowercased())",
                hint: "An administrator can give a role this right.")
        }
        return record
    }

    // MARK: Steps of both

    private func normalize(_ entity: EntityModel, _ record: inout RecordData) {
        for field in entity.fields[SystemSlots.count...] { record.values[field.place] = field.normalized(record.values[field.place]) }
    }

    /// Sets who and when. Demo data and imports may bring an older moment of creation.
    private func stamp(_ record: inout RecordData, isNew: Bool) {
        let user = actor.userID.map(Value.integer) ?? .null
        if isNew {
            var created = now
            if actor.isElevated, case .moment(let given) = record.values[0], given < now { created = given }
            record.values[0] = .moment(created)
            record.values[1] = user
        }
        record.values[2] = .moment(now)
        record.values[3] = user
    }

    private func checkMasks(_ entity: EntityModel, old: RecordData, new: RecordData) throws {
        if actor.isElevated { return }
        var problems: [Problem] = []
        for field in entity.fields[SystemSlots.count...] where old.values[field.place] != new.values[field.place] {
            if actor.mask(field.name, of: entity.name) != .none {
                problems.append(Problem(field: field.name, "may not be changed by you"))
            }
        }
        guard problems.isEmpty else {
            throw CRMError(.forbidden, "you may not change some of these fields", problems: problems)
        }
    }

    /// A link that the user sets must point to a record that the user can see.
    private func checkLinks(_ entity: EntityModel, old: RecordData?, new: RecordData) throws {
        var problems: [Problem] = []
        for field in entity.fields[SystemSlots.count...] where field.isStored {
            guard let target = field.target, let model = registry.entity(target) else { continue }
            let value = new.values[field.place]
            if let old, old.values[field.place] == value { continue }
            let ids: [Int64]
            switch value {
            case .integer(let id): ids = [id]
            case .list(let list): ids = list.map(\.raw)
            default: continue
            }
            for id in ids where try count(model, where: .compare("id", .equal, .value(.integer(id)))) == 0 {
                problems.append(Problem(field: field.name, "there is no \(model.title.lowercased()) \(id)"))
            }
        }
        guard problems.isEmpty else { throw StoreTransaction.invalid(entity, problems) }
    }

    private func check(_ entity: EntityModel, _ change: ChangeData) throws {
        var problems: [Problem] = []
        for field in entity.fields[SystemSlots.count...] where field.isStored {
            // Fields that an old record lacks do not stand in the way of changing others.
            if let old = change.old, old.values[field.place] == change.new.values[field.place] { continue }
            if let problem = field.problem(with: change.new.values[field.place]) {
                problems.append(Problem(field: field.name, problem))
            }
        }
        for rule in entity.rules.validations { problems += rule.body(change) }
        guard problems.isEmpty else { throw StoreTransaction.invalid(entity, problems) }
    }

    static func invalid(_ entity: EntityModel, _ problems: [Problem]) -> CRMError {
        CRMError(.invalid, "the \(entity.title.lowercased()) cannot be saved as it is", problems: problems)
    }

    /// Turns the engine's word about a unique index into a problem with its field.
    private func guardingUnique<T>(_ entity: EntityModel, _ body: () throws -> T) throws -> T {
        do { return try body() } catch {
            guard let names = dialect.uniqueViolation(error) else { throw error }
            let fields = entity.fields.filter { names == [$0.name] }
            let sets = entity.schema.uniqueSets.filter { $0 == names }
            let problems = fields.map { Problem(field: $0.name, "is already taken by another \(entity.title.lowercased())") }
                + sets.map { Problem(field: $0.last ?? "", "is already taken by another \(entity.title.lowercased()) with the same \($0.dropLast().map(\.readable).joined(separator: ", ").lowercased())") }
            throw CRMError(
                .invalid, "the \(entity.title.lowercased()) cannot be saved as it is",
                problems: problems.isEmpty ? [Problem(field: "", "another \(entity.title.lowercased()) has the same value")] : problems,
                cause: error)
        }
    }

    private func index(_ entity: EntityModel, _ record: RecordData, isNew: Bool) throws {
        guard !entity.searchFields.isEmpty else { return }
        let texts = entity.searchFields.map { field -> String? in
            if case .text(let text) = record.values[field.place] { text } else { nil }
        }
        try dialect.index(
            connection, table: entity.name, columns: entity.searchFields.map(\.name), id: record.id.raw, texts: texts, isNew: isNew)
    }

    /// What follows a stored change: reactions, the entity's own hooks, the notice to a new owner.
    private func finish(_ entity: EntityModel, _ change: ChangeData) throws {
        core.effects.touched.append(.init(entity: entity.name, id: change.new.id.raw))
        for rule in entity.rules.saves { try rule.body(change, transaction) }
        let hook = entity.name + (change.old == nil ? "_created" : "_updated")
        if registry.listeners[hook] != nil || registry.afters[hook] != nil {
            let changed = entity.fields[SystemSlots.count...].filter { field in
                change.old.map { $0.values[field.place] != change.new.values[field.place] } ?? !change.new.values[field.place].isEmpty
            }
            try emit(hook, RecordChanged(record: change.new.id, fields: changed.map(\.name)))
        }
        try tellOwner(entity, change)
    }

    /// A user to whom somebody else assigns a record is told.
    private func tellOwner(_ entity: EntityModel, _ change: ChangeData) throws {
        guard let field = entity.ownerField, !core.isDemo else { return }
        let before = change.old?.values[field.place] ?? .null
        let after = change.new.values[field.place]
        if core.bulkAssignments != nil {
            if case .integer(let owner) = after, before != after, owner != actor.userID { core.bulkAssignments?[owner, default: 0] += 1 }
            return
        }
        var label = ""
        if case .text(let text) = change.new[entity.labelField] { label = text }
        let notice = try Notices.assigned(
            connection, entity, record: change.new.id.raw, label: label, from: before, to: after, by: actor, now: now)
        if let notice { core.effects.notices.append(notice) }
    }

    // MARK: Hooks

    func emit(_ hook: String, _ payload: any HookPayload) throws {
        let listeners = registry.listeners[hook]
        guard listeners != nil || registry.afters[hook] != nil else { return }
        let event = HookEvent(hook: hook, payload: payload)
        for listener in listeners ?? [] { try listener.body.body(event, transaction) }
        let count = try Outbox.add(connection, registry, hook: hook, payload: payload, user: actor.userID, now: now)
        if count > 0 { core.effects.hasDeliveries = true }
    }
}

/// Where a card stands in its column: a smaller rank is higher. New cards come on top.
enum BoardRank {
    /// The room between two neighbours that were ranked apart.
    static let gap: Int64 = 1 << 20

    /// The rank of a record made at a moment: above all that were made before.
    static func top(at moment: Moment) -> Int64 { -moment.milliseconds * 1024 }
}
