import PluginAPI

/// Making one record of several.
extension StoreTransaction {
    /// The records side by side; throws `notFound` for one that the user cannot see.
    func comparison(_ entity: EntityModel, _ ids: [RecordID]) throws -> MergeComparison {
        // One that nothing is like stands beside itself.
        if ids.count != 1 { try checkCount(entity, ids) }
        return MergeComparison(try ids.map { try require(entity, $0) }, entity, actor)
    }

    /// Merges records into one, for whoever may change each of them: fills in its fields, has everything that points at the others point at it, and deletes the
    /// others. All in one set of changes, which can be taken back.
    ///
    /// A field that nobody decides on keeps the survivor's value; where the survivor has none, the newest of the others is
    /// taken, hidden fields included, so that nothing is lost. Lists get the entries of all.
    func merge(_ entity: EntityModel, _ request: MergeRequest) throws -> MergeOutcome {
        try checkCount(entity, request.all)
        return try core.changing(entity.pluralTitle.lowercased()) {
            try core.tracing(.act, "\(entity.name).merge", record: request.survivor) { try perform(entity, request) }
        }
    }

    /// What a merge takes, for each of the records. Not the right to delete: what goes lives on in the record that stays, whole in its
    /// timeline, and comes back when the merge is taken back.
    static let mergeRight = "edit"

    /// Whether the user may have a record become one with another, or another with it.
    func mayMerge(_ entity: EntityModel, _ id: RecordID) throws -> Bool {
        guard entity.isMergeable, actor.can(StoreTransaction.mergeRight, on: entity.name) else { return false }
        return try reaches(entity, id, right: StoreTransaction.mergeRight)
    }

    /// Throws unless the user may have all of these records become one.
    func requireMergeable(_ entity: EntityModel, _ ids: [RecordID]) throws {
        try checkCount(entity, ids)
        for id in ids { _ = try mergeable(entity, id) }
    }

    static func unmergeable(_ entity: EntityModel) -> CRMError {
        CRMError.refused("\(entity.pluralTitle.lowercased()) cannot be merged", hint: "Each of them stays what it is.")
    }

    private func checkCount(_ entity: EntityModel, _ ids: [RecordID]) throws {
        guard entity.isMergeable else { throw StoreTransaction.unmergeable(entity) }
        guard ids.count > 1, Set(ids).count == ids.count else {
            throw CRMError(.invalid, "a merge needs two \(entity.pluralTitle.lowercased()) or more, each named once")
        }
        guard ids.count <= MergeRequest.most else {
            throw CRMError(.tooLarge, "more than \(MergeRequest.most) \(entity.pluralTitle.lowercased()) at once", hint: "Merge them in parts.")
        }
    }

    private func perform(_ entity: EntityModel, _ request: MergeRequest) throws -> MergeOutcome {
        let survivor: RecordData = try mergeable(entity, request.survivor)
        let others: [RecordData] = try request.others.map { try mergeable(entity, $0) }
        try checkVersions(entity, request, [survivor] + others)
        let wanted: RecordData = try merge(entity, request, survivor, others)
        let outer: Int64? = core.changeSet
        let change: Int64 = try openChangeSet(.merge, entity, record: survivor.id.raw)
        defer { core.changeSet = outer }
        // What merely follows from the merge is told once, not record by record.
        let assigned: [Int64: Int]? = core.bulkAssignments
        core.bulkAssignments = [:]
        defer { core.bulkAssignments = assigned }

        // Its own links to the others first: nothing is deleted that something points at.
        try save(entity, survivor, wanted) { $0.target == entity.name }
        try moveLinks(to: entity, from: request.others, to: survivor.id)
        let going: [CommitEffects.Touch] = request.others.map { .init(entity: entity.name, id: $0.raw) }
        core.deleting.formUnion(going)
        defer { core.deleting.subtract(going) }
        for other in others {
            try delete(entity.name, other.id, right: StoreTransaction.mergeRight)
            try continueTimeline(entity, other.id, entity, survivor.id, asOne: true)
        }
        // The others are gone by now, so that the survivor may have what only one record can have.
        let merged: RecordData = try save(entity, survivor, wanted) { _ in true }
        try auditMerge(entity, survivor.id, merged.version, others.map(\.id))
        try ChangeSetLedger.setCount(others.count, of: change, connection)
        if registry.line(of: entity.hooks.merged) != nil || core.webhooks.covers(entity.hooks.merged) {
            try emit(entity.hooks.merged, RecordsMerged(record: survivor.id, merged: others.map(\.id)))
        }
        return MergeOutcome(record: merged, change: change)
    }

    /// One of the records, whole. One that went while others merged it is told as a conflict.
    private func mergeable(_ entity: EntityModel, _ id: RecordID) throws -> RecordData {
        try actor.require(StoreTransaction.mergeRight, on: entity)
        do {
            return try editable(entity, id, right: StoreTransaction.mergeRight)
        } catch let error as CRMError where error.code == .notFound {
            // Those who may see its trail are told what became of it.
            guard let last = try? timeline(entity, id, limit: 1).first, last.action == "deleted" else { throw error }
            throw CRMError(
                .conflict, "\(entity.title.lowercased()) \(id) was merged or deleted by someone else",
                hint: "Nothing was changed. Look for it again.")
        }
    }

    private func checkVersions(_ entity: EntityModel, _ request: MergeRequest, _ records: [RecordData]) throws {
        for record in records {
            guard let version = request.versions[record.id], version != record.version else { continue }
            throw CRMError(
                .conflict, "\(entity.title.lowercased()) \(record.id) was changed by someone else",
                hint: "Nothing was changed. Compare them again.")
        }
    }

    // MARK: Values

    private func merge(
        _ entity: EntityModel, _ request: MergeRequest, _ survivor: RecordData, _ others: [RecordData]
    ) throws -> RecordData {
        try checkChoices(entity, request)
        let group: Set<RecordID> = Set(request.all)
        let newest: [RecordData] = others.sorted(by: MergeComparison.isNewer)
        var merged: RecordData = survivor
        for field in entity.fields[SystemSlots.count...] where field.isStored && !field.isWorkedOut {
            var value: Value = survivor.values[field.place]
            if let given = request.values[field.name] {
                value = given
            } else if let giver = request.take[field.name] {
                value = ([survivor] + others).first { $0.id == giver }?.values[field.place] ?? value
            } else if field.isList, !field.description.isReadOnly {
                value = .list(StoreTransaction.union(([survivor] + newest).map { $0.values[field.place] }))
            } else {
                // What plugins keep, such as what became of a record, is not lost either: it stays, or comes along where there was none.
                let values = ([survivor] + newest).lazy.map { self.outside(group, $0.values[field.place], of: field, entity) }
                value = values.first { !$0.isEmpty } ?? value
            }
            merged.values[field.place] = outside(group, value, of: field, entity)
        }
        return without(misfits(entity, from: survivor, to: merged), merged, survivor, entity, request)
    }

    /// What rules have against a record that was put together.
    private func misfits(_ entity: EntityModel, from survivor: RecordData, to merged: RecordData) -> [Problem] {
        do {
            try check(entity, ChangeData(old: survivor, new: merged))
            return []
        } catch { return (error as? CRMError)?.problems ?? [] }
    }

    /// A value that came along by itself and does not fit what stays, such as the reason of an end that the survivor has not come to,
    /// stays behind. What somebody chose is refused by its name when the record is saved.
    private func without(
        _ problems: [Problem], _ merged: RecordData, _ survivor: RecordData, _ entity: EntityModel, _ request: MergeRequest
    ) -> RecordData {
        var merged = merged
        for problem in problems where request.take[problem.field] == nil && request.values[problem.field] == nil {
            guard let field = entity.field(problem.field) else { continue }
            merged.values[field.place] = survivor.values[field.place]
        }
        return merged
    }

    /// What whoever merges chose must be there, and theirs to choose.
    private func checkChoices(_ entity: EntityModel, _ request: MergeRequest) throws {
        var problems: [Problem] = []
        for name in Set(request.take.keys).union(request.values.keys).sorted() {
            guard let field = entity.field(name), field.isStored, !field.isSystem, actor.mask(name, of: entity.name) != .hidden else {
                problems.append(Problem(field: name, "is not a field of \(entity.pluralTitle.lowercased())"))
                continue
            }
            if field.isWorkedOut || field.description.isReadOnly || actor.mask(name, of: entity.name) != .none {
                problems.append(Problem(field: name, "cannot be set"))
            } else if let giver = request.take[name], !request.all.contains(giver) {
                problems.append(Problem(field: name, "is to come from \(giver), which is not among them"))
            }
        }
        guard problems.isEmpty else {
            throw CRMError(.invalid, "the \(entity.pluralTitle.lowercased()) cannot be merged like this", problems: problems)
        }
    }

    private static func union(_ lists: [Value]) -> [RecordID] {
        var known: Set<RecordID> = []
        return lists.flatMap { value -> [RecordID] in if case .list(let ids) = value { ids } else { [] } }.filter { known.insert($0).inserted }
    }

    /// A value that does not point at the merged records themselves.
    private func outside(_ group: Set<RecordID>, _ value: Value, of field: FieldModel, _ entity: EntityModel) -> Value {
        guard field.target == entity.name else { return value }
        switch value {
        case .integer(let id): return group.contains(RecordID(id)) ? .null : value
        case .list(let ids): return .list(ids.filter { !group.contains($0) })
        default: return value
        }
    }

    /// Stores what the survivor gets in some of its fields: with every right where hidden fields are filled in that would be
    /// lost otherwise.
    @discardableResult
    private func save(
        _ entity: EntityModel, _ survivor: RecordData, _ wanted: RecordData, where isMeant: (FieldModel) -> Bool
    ) throws -> RecordData {
        let whole: StoreTransaction = withRights(for: "merging what not everyone sees")
        // As it is by now: what points at it may have changed it on the way.
        guard var record = try whole.find(entity, survivor.id) else { throw StoreTransaction.missing(entity, survivor.id) }
        let changed: [FieldModel] = entity.fields.filter {
            $0.isStored && isMeant($0) && wanted.values[$0.place] != survivor.values[$0.place]
        }
        guard !changed.isEmpty else { return record }
        for field in changed { record.values[field.place] = wanted.values[field.place] }
        guard changed.contains(where: { actor.mask($0.name, of: entity.name) != .none }) else { return try save(entity.name, record) }
        do {
            return try whole.save(entity.name, record)
        } catch var error as CRMError {
            error.problems.removeAll { actor.mask($0.field, of: entity.name) == .hidden }
            throw error
        }
    }

    // MARK: What points at them

    /// Has everything that points at some records point at another one. It moves what the user cannot see as well, so it
    /// acts with every right.
    private func moveLinks(to entity: EntityModel, from others: [RecordID], to survivor: RecordID) throws {
        let whole: StoreTransaction = withRights(for: "merging \(entity.pluralTitle.lowercased())")
        let group: Set<RecordID> = Set(others + [survivor])
        for link in registry.links[entity.name] ?? [] where link.field.isStored {
            for other in others {
                let ids: [RecordID] = try whole.ids(link.entity, .compare(link.field.name, .equal, .value(.integer(other.raw))))
                for id in ids where link.entity.name != entity.name || !group.contains(id) {
                    try move(link, id, from: other, to: survivor, whole)
                }
            }
        }
        try DormantLinks(to: entity.name, whole).move(from: others, to: survivor)
        for other in others {
            try connection.execute(
                "UPDATE tenon_notification SET record = ? WHERE entity = ? AND record = ?",
                [.integer(survivor.raw), .text(entity.name), .integer(other.raw)])
        }
    }

    private func move(_ link: Registry.Link, _ id: RecordID, from other: RecordID, to survivor: RecordID, _ whole: StoreTransaction) throws {
        guard var record = try whole.find(link.entity, id) else { return }
        if case .list(let ids) = record.values[link.field.place] {
            record.values[link.field.place] = .list(StoreTransaction.union([.list(ids.map { $0 == other ? survivor : $0 })]))
        } else {
            record.values[link.field.place] = .integer(survivor.raw)
        }
        if link.field.description.isDerived { return try whole.derive(link.entity.name, record) }
        do {
            _ = try whole.save(link.entity.name, record)
        } catch let error as CRMError where error.code == .refused || error.code == .invalid {
            // What the user cannot see is not named either.
            guard try reaches(link.entity, id) else {
                throw CRMError.refused("a record that you do not see cannot be moved", hint: "Ask somebody who sees more to merge them.")
            }
            let problem: String = error.problems.first.map { "\($0.field.readable.lowercased()) \($0.message)" } ?? error.message
            let label: String = try label(link.entity.name, id.raw) ?? "#\(id)"
            throw CRMError.refused("\(link.entity.title.lowercased()) \(label) cannot be moved: \(problem)", hint: "Mend it first.")
        }
    }
}

extension EntityModel {
    /// Whether records of it can be merged: people, teams and roles are who did what, and stay apart.
    var isMergeable: Bool { plugin != Composition.kernel && !schema.isLog }
}
