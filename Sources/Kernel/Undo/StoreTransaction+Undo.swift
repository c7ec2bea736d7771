import PluginAPI

/// Taking a set of changes back.
extension StoreTransaction {
    /// Takes a set back, record by record: changed fields get their old values where nobody changed them since, deleted
    /// records come back, new ones go. What cannot be taken back is named in the report; the rest is done.
    ///
    /// Throws `refused` when the set was taken back already, is too old, or is about records that are switched off.
    func takeBack(_ change: Int64) throws -> UndoReport {
        let set: ChangeSet = try changeSet(change)
        guard mayTakeBack(set) else {
            throw CRMError(
                .forbidden, "you may not take back what somebody else did", hint: "An administrator, or whoever did it, can take it back.")
        }
        if let obstacle = set.obstacle(now: now, settings) { throw StoreTransaction.cannotUndo(set, obstacle) }
        guard set.kind != .importing else {
            throw CRMError.refused("change \(change) is an import", hint: "Take the import \(set.record ?? 0) back.")
        }
        guard let entity = registry.entity(set.entity) else {
            throw CRMError.refused(
                "change \(change) is about records of \(set.entity.readable.lowercased()), whose plugin is switched off",
                hint: "Switch the plugin on first.")
        }
        let records: [RecordUndo] = try RecordUndo.all(of: change, registry, connection).filter { !$0.isNothing }
        // Where writers take turns, so that two clicks at the same moment do it once.
        let isFirst: Bool = try core.changing("changes") { try ChangeSetLedger.claim(change, by: actor.userID, at: now, connection) }
        guard isFirst else { throw StoreTransaction.cannotUndo(set, "it was taken back already") }
        let opened: Int64 = try openChangeSet(.undo, entity, record: change)
        let assignedBefore: [Int64: Int]? = core.bulkAssignments
        core.bulkAssignments = [:]
        defer {
            core.changeSet = nil
            core.bulkAssignments = assignedBefore
        }
        var undoing = Undoing(set: set, opened: opened)
        undoing.returning = Set(records.filter { $0.deletion != nil }.map { .init(entity: $0.entity.name, id: $0.id.raw) })
        // One that needs another to be back first gets another turn, as long as that gets any further.
        var waiting: [RecordUndo] = records
        var before = Int.max
        while !waiting.isEmpty, waiting.count < before {
            before = waiting.count
            waiting = try waiting.filter { try !takeBack($0, &undoing, isLastTurn: false) }
        }
        for record in waiting { _ = try takeBack(record, &undoing, isLastTurn: true) }
        if let assigned = core.bulkAssignments { try tellOwners(assigned, of: entity) }
        var report = UndoReport(change: opened)
        report.kept = undoing.kept
        report.done = undoing.done.count
        try ChangeSetLedger.setCount(report.done, of: opened, connection)
        try ChangeSetLedger.note(report, of: change, connection)
        return report
    }

    /// Whether the user may take a set back: the own ones, and administrators everybody's.
    func mayTakeBack(_ set: ChangeSet) -> Bool {
        if actor.isElevated { return true }
        guard let user = actor.userID else { return false }
        return set.userID == user || actor.rights.hasEverything(user)
    }

    private static func cannotUndo(_ set: ChangeSet, _ obstacle: String) -> CRMError {
        CRMError.refused("change \(set.id) cannot be taken back: \(obstacle)", hint: "The timeline of each record tells what became of it.")
    }

    /// How far the way back has come.
    private struct Undoing {
        let set: ChangeSet
        let opened: Int64
        /// The records that are to come back and are not back yet.
        var returning: Set<CommitEffects.Touch> = []
        var done: Set<CommitEffects.Touch> = []
        var kept: [UndoReport.Kept] = []

        mutating func keep(_ record: RecordUndo, _ message: String, field: String = "") {
            let item = UndoReport.Kept(entity: record.entity.name, record: record.id.raw, field: field, message: message)
            if !kept.contains(item) { kept.append(item) }
        }
    }

    /// False when it is to be tried again after the others.
    private func takeBack(_ record: RecordUndo, _ undoing: inout Undoing, isLastTurn: Bool) throws -> Bool {
        let touch = CommitEffects.Touch(entity: record.entity.name, id: record.id.raw)
        WriterWatch.shared.goOn()
        let before: Undoing = undoing
        do {
            // The user had the right to do it, maybe on records that it took out of sight; what counts is to have it still.
            let right: String = record.right(in: undoing.set.kind)
            guard record.isElevated || record.wasMade || actor.can(right, on: record.entity.name) else {
                undoing.keep(record, "you may not \(right) \(record.entity.pluralTitle.lowercased()) any more")
                return true
            }
            let isComplete: Bool = try wholly {
                if record.wasMade { return try unmake(record, &undoing) }
                if record.deletion != nil { return try bringBack(record, &undoing, isLastTurn: isLastTurn) }
                return try setBack(record, &undoing, isLastTurn: isLastTurn)
            }
            if undoing.kept.allSatisfy({ $0.entity != touch.entity || $0.record != touch.id || !$0.field.isEmpty }) { undoing.done.insert(touch) }
            if isComplete { undoing.returning.remove(touch) }
            return isComplete
        } catch let error as CRMError where error.code != .internalError && error.code != .unavailable {
            undoing = before
            if !isLastTurn { return false }
            undoing.keep(record, told(error, record.entity))
            return true
        }
    }

    /// Why something was refused, as far as this user may be told: a rule that looked further than the user sees may name
    /// what is hidden.
    private func told(_ error: CRMError, _ entity: EntityModel) -> String {
        guard actor.isElevated || actor.scope("view", on: entity.name) == .all else { return "a rule stands against it" }
        let problems: [String] = error.problems.filter { actor.mask($0.field, of: entity.name) != .hidden }.map { problem in
            "\(entity.field(problem.field)?.label ?? problem.field.readable) \(problem.message)"
        }
        return problems.isEmpty ? error.message : problems.joined(separator: "; ")
    }

    /// The fields that others changed after the set did. That it was away and came back in between, as it was, is no change.
    private func changedSince(_ record: RecordUndo, _ undoing: Undoing) throws -> (any: Bool, fields: Set<String>) {
        var fields: Set<String> = []
        var isChanged = false
        try connection.query(
            """
            SELECT changes FROM tenon_audit WHERE entity = ? AND record = ? AND id > ? AND (change_set IS NULL OR change_set <> ?) \
            AND action NOT IN ('deleted', 'restored')
            """,
            [.text(record.entity.name), .integer(record.id.raw), .integer(record.last), .integer(undoing.opened)]
        ) { row in
            isChanged = true
            fields.formUnion(try AuditJSON.read(row.text(0), record.entity).map(\.field))
            return true
        }
        return (isChanged, fields)
    }

    // MARK: The three ways back

    /// What was made goes, unless somebody has worked on it since.
    private func unmake(_ record: RecordUndo, _ undoing: inout Undoing) throws -> Bool {
        let whole: StoreTransaction = withRights(for: "taking back change \(undoing.set.id)")
        guard try whole.find(record.entity, record.id) != nil else { return true }
        guard try !changedSince(record, undoing).any else {
            undoing.keep(record, "has been changed since, and stays")
            return true
        }
        // Whoever made it may take it back, even without the right to delete others.
        let acting: StoreTransaction = try reaches(record.entity, record.id, right: "delete") ? self : whole
        try acting.delete(record.entity.name, record.id)
        return true
    }

    /// What was changed gets its old values. False while a link waits for its target to come back.
    private func setBack(_ record: RecordUndo, _ undoing: inout Undoing, isLastTurn: Bool) throws -> Bool {
        let entity: EntityModel = record.entity
        let whole: StoreTransaction = withRights(for: "taking back change \(undoing.set.id)")
        guard var target = try whole.find(entity, record.id) else {
            undoing.keep(record, "is not there any more")
            return true
        }
        let since: Set<String> = try changedSince(record, undoing).fields
        // Whoever gave records away takes them back; what others gave away since is out of reach.
        if try !reaches(entity, record.id, right: "edit"), since.contains(entity.ownerField?.name ?? "created_by") {
            undoing.keep(record, "belongs to somebody else by now")
            return true
        }
        var isComplete = true
        var touched: [FieldModel] = []
        for name in record.fields {
            guard let field = entity.field(name), field.isStored, !field.isWorkedOut, let old = record.old[name] else { continue }
            let stored: Value = target.values[field.place]
            let wanted: Value = old.isEmpty && field.isList ? .list([]) : old
            if stored == wanted { continue }
            guard !since.contains(name), stored == record.new[name] || (stored.isEmpty && record.new[name]?.isEmpty ?? true) else {
                // What a plugin keeps by itself follows by itself; its states are worth a word.
                let follows: Bool = if case .choice = field.type { false } else { field.description.isReadOnly }
                if !follows, actor.mask(name, of: entity.name) != .hidden { undoing.keep(record, "was changed again since", field: name) }
                continue
            }
            if let value = try remaining(wanted, of: field, record, &undoing, isLastTurn: isLastTurn) {
                target.values[field.place] = value
                touched.append(field)
            } else {
                isComplete = false
            }
        }
        guard !touched.isEmpty else { return isComplete }
        let isPlain: Bool = try !record.isElevated && reaches(entity, record.id, right: "edit")
            && touched.allSatisfy { actor.mask($0.name, of: entity.name) == .none }
        var values: [(place: Int, value: Value)] = touched.map { ($0.place, target.values[$0.place]) }
        for (name, value) in record.derived {
            if let field = entity.field(name), target.values[field.place] == value.new { values.append((field.place, value.old)) }
        }
        core.imposed = Imposed(record: .init(entity: entity.name, id: record.id.raw), values: values)
        defer { core.imposed = nil }
        _ = try (isPlain ? self : whole).save(entity.name, target)
        return isComplete
    }

    /// An old value without links to what is gone; nil while a record that it points at is still to come back.
    private func remaining(
        _ value: Value, of field: FieldModel, _ record: RecordUndo, _ undoing: inout Undoing, isLastTurn: Bool
    ) throws -> Value? {
        guard let name = field.target, let model = registry.entity(name) else { return value }
        let ids: [Int64]
        switch value {
        case .integer(let id): ids = [id]
        case .list(let list): ids = list.map(\.raw)
        default: return value
        }
        let there: Set<Int64> = try withRights(for: "looking for what links point at").seen(model, among: ids)
        let gone: [Int64] = ids.filter { !there.contains($0) }
        if gone.isEmpty { return value }
        if !isLastTurn, gone.contains(where: { undoing.returning.contains(.init(entity: name, id: $0)) }) { return nil }
        for id in gone where actor.mask(field.name, of: record.entity.name) != .hidden {
            undoing.keep(record, "the \(model.title.lowercased()) \(id) is gone", field: field.name)
        }
        if case .list(let list) = value { return .list(list.filter { there.contains($0.raw) }) }
        guard !field.description.isRequired else {
            throw CRMError.refused("the \(model.title.lowercased()) that it needs is gone")
        }
        return .null
    }

    /// What was deleted comes back with its number. False while something that it points at is still to come back.
    private func bringBack(_ record: RecordUndo, _ undoing: inout Undoing, isLastTurn: Bool) throws -> Bool {
        guard let deletion = record.deletion else { return true }
        let entity: EntityModel = record.entity
        let whole: StoreTransaction = withRights(for: "taking back change \(undoing.set.id)")
        guard try whole.find(entity, record.id) == nil else {
            undoing.keep(record, "is there already")
            return true
        }
        var data = RecordData(layout: entity.layout)
        data.id = record.id
        for name in record.fields {
            guard let field = entity.field(name), field.isStored, !field.isWorkedOut, let old = record.old[name] else { continue }
            guard let value = try remaining(old, of: field, record, &undoing, isLastTurn: isLastTurn) else { return false }
            data.values[field.place] = value
        }
        data.version = deletion.version
        for field in entity.fields where field.isStored && field.description.isSecret && actor.mask(field.name, of: entity.name) != .hidden {
            undoing.keep(record, "is secret, so it is not kept, and has to be entered again", field: field.name)
        }
        if entity.name == SystemUser.schema.name {
            undoing.keep(record, "is not kept, nor are tokens: a new one is to be set", field: "password")
        }
        try whole.restore(entity, data, deletion.facts)
        try separate(entity, record.id)
        return true
    }
}
