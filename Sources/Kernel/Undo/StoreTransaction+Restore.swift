import PluginAPI

extension StoreTransaction {
    /// Stores a deleted record again, with its number, its maker, and its place on the board. Rules may refuse it as they may
    /// refuse a new record, but what they would fill in is not: it comes back as it was. `record` bears the version at which it
    /// was deleted.
    func restore(_ entity: EntityModel, _ record: RecordData, _ facts: DeletionFacts) throws {
        try core.changing(entity.pluralTitle.lowercased()) {
            try core.tracing(.create, entity.name, record: record.id) { try bringBack(entity, record, facts) }
        }
    }

    private func bringBack(_ entity: EntityModel, _ given: RecordData, _ facts: DeletionFacts) throws {
        var record: RecordData = given
        clearFormulas(entity, &record)
        normalize(entity, &record)
        try checkLinks(entity, old: nil, new: record)
        var asNew = ChangeData(old: nil, new: record)
        asNew.new.id = .none
        asNew.isRestored = true
        try prepare(entity, &asNew)
        for field in entity.fields where field.description.isDerived && field.isStored && field.formula == nil {
            record.values[field.place] = facts.derived.values[field.name]?.old ?? asNew.new.values[field.place]
        }
        // A field that came after the record was deleted.
        for field in entity.fields where field.isStored && field.description.isRequired && record.values[field.place] == .null {
            record.values[field.place] = field.description.defaultValue
        }
        var change = ChangeData(old: nil, new: record)
        change.isRestored = true
        try check(entity, change)

        stamp(&record, isNew: true)
        if facts.createdAt != .null {
            record.values[0] = facts.createdAt
            record.values[1] = facts.createdBy
        }
        record.version = given.version + 1
        let failures: [FormulaFailure] = try calculate(entity, &record)
        let row: [SQLValue] = [.integer(record.id.raw)] + row(entity, record, rank: facts.rank ?? BoardRank.top(at: now))
        _ = try guardingUnique(entity) {
            try connection.execute(entity.insertionWithID, row)
            try connection.continueNumbers(of: entity.name)
        }
        try tally(entity, old: nil, new: record)
        core.recorder?.stored(entity, old: nil, new: record)
        try note(failures, entity, record.id, old: nil)
        try index(entity, record, isNew: true)
        try keepMatchKeys(entity, old: nil, new: record)
        try audit(entity, old: nil, new: record, as: "restored")
        change.new = record
        try finish(entity, change)
    }
}

/// What one record gets when it is stored next, whatever rules would fill in.
struct Imposed {
    let record: CommitEffects.Touch
    let values: [(place: Int, value: Value)]
}

extension StoreTransaction {
    /// Puts what the record is to be into it, after the rules had their say: it is not a new decision of somebody, from which
    /// other things would follow.
    func impose(_ entity: EntityModel, _ record: inout RecordData) {
        guard let imposed = core.imposed, imposed.record == .init(entity: entity.name, id: record.id.raw) else { return }
        // What reactions change in the record afterwards is theirs again.
        core.imposed = nil
        for (place, value) in imposed.values { record.values[place] = value }
    }
}
