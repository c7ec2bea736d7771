import PluginAPI

/// The steps that making and changing a record have in common.
extension StoreTransaction {
    func normalize(_ entity: EntityModel, _ record: inout RecordData) {
        for field in entity.fields[SystemSlots.count...] { record.values[field.place] = field.normalized(record.values[field.place]) }
    }

    /// Sets who and when. Demo data and imports may bring an older moment of creation.
    func stamp(_ record: inout RecordData, isNew: Bool) {
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

    func checkMasks(_ entity: EntityModel, old: RecordData, new: RecordData) throws {
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

    /// A link that is set must point to a record that the user can see.
    func checkLinks(_ entity: EntityModel, old: RecordData?, new: RecordData) throws {
        var problems: [Problem] = []
        for field in entity.fields[SystemSlots.count...] where field.isStored {
            let value = new.values[field.place]
            if let old, old.values[field.place] == value { continue }
            problems += try deadLinks(field, value)
        }
        guard problems.isEmpty else { throw StoreTransaction.invalid(entity, problems) }
    }

    /// What is wrong with the links in a value: the records that are not there for the user.
    func deadLinks(_ field: FieldModel, _ value: Value) throws -> [Problem] {
        guard let target = field.target, let model = registry.entity(target) else { return [] }
        let ids: [Int64]
        switch value {
        case .integer(let id): ids = [id]
        case .list(let list): ids = list.map(\.raw)
        default: return []
        }
        let seen = try seen(model, among: ids)
        return ids.filter { !seen.contains($0) }.prefix(5).map { id in
            Problem(field: field.name, "there is no \(model.title.lowercased()) \(id)")
        }
    }

    func check(_ entity: EntityModel, _ change: ChangeData) throws {
        var problems: [Problem] = []
        for field in entity.fields[SystemSlots.count...] where field.isStored {
            // Fields that an old record lacks do not stand in the way of changing others.
            if let old = change.old, old.values[field.place] == change.new.values[field.place] { continue }
            if let problem = field.problem(with: change.new.values[field.place]) {
                problems.append(Problem(field: field.name, problem))
            }
            if let target = field.description.namesFieldsOf, case .text(let text) = change.new.values[field.place],
                let problem = FieldNames.problem(text, of: registry.entity(target), in: field.description)
            {
                problems.append(Problem(field: field.name, problem))
            }
        }
        problems += formulaProblems(entity, change)
        for rule in entity.rules.validations { problems += validate(rule, change) }
        guard problems.isEmpty else { throw StoreTransaction.invalid(entity, problems) }
    }

    private func validate(_ rule: Owned<@Sendable (ChangeData) -> [Problem]>, _ change: ChangeData) -> [Problem] {
        let problems = calling(rule.site) { rule.body(change) }
        core.recorder?.objected(problems)
        return problems
    }

    /// Has plugins fill in fields.
    func prepare(_ entity: EntityModel, _ change: inout ChangeData) throws {
        for rule in entity.rules.prepares {
            let before = core.recorder.map { _ in change.new }
            try calling(rule.site) { try rule.body(&change, transaction(for: rule.plugin)) }
            if let before { core.recorder?.prepared(entity, before, change.new) }
        }
    }

    static func invalid(_ entity: EntityModel, _ problems: [Problem]) -> CRMError {
        CRMError(.invalid, "the \(entity.title.lowercased()) cannot be saved as it is", problems: problems)
    }

    /// Turns the engine's word about a unique index into a problem with its field. Rules of plugins may catch that and go on.
    /// - Parameter changed: the fields that get another value; nil where all may.
    func guardingUnique<T>(_ entity: EntityModel, changed: Set<String>? = nil, _ body: () throws -> T) throws -> T {
        let mayHit: Bool = changed.map { !entity.uniqueNames.isDisjoint(with: $0) } ?? !entity.uniqueNames.isEmpty
        do { return mayHit ? try connection.attempt(body) : try body() } catch {
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

    func index(_ entity: EntityModel, _ record: RecordData, isNew: Bool) throws {
        guard !entity.searchFields.isEmpty else { return }
        let texts = entity.searchFields.map { field -> String? in
            if case .text(let text) = record.values[field.place] { text } else { nil }
        }
        try dialect.index(
            connection, table: entity.name, columns: entity.searchFields.map(\.name), id: record.id.raw, texts: texts, isNew: isNew)
    }
}
