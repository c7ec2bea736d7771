import PluginAPI

/// Stores one row after the other within a transaction, by the plan: cells to values, names to ids, the record found or
/// made, rules and hooks run as for any other change.
struct RowImporter {
    /// What became of a row.
    enum Outcome {
        case created(RecordData)
        case updated(old: RecordData, new: RecordData)
        case unchanged(RecordID)
    }

    /// A row could not be stored.
    struct Failure: Error {
        var faults: [RowFault]
        /// Nothing is wrong but that a record is missing which may come later in the file.
        var mayFollow: Bool = false
        /// Records that the row may be the same as, by the place of the fault that says so.
        var rivals: [Int: Rival] = [:]
    }

    /// Which record stands in the way of a row.
    enum Rival: Sendable {
        case record(RecordID)
        /// The one that has this value in a unique field.
        case holder(field: String, value: Value)
    }

    private struct Target {
        var column: ImportPlan.Column?
        var reader: CellReader
        /// The text for every row, where no column fills the field.
        var fixed: String?
    }

    let plan: ImportPlan
    let entity: EntityModel
    private let targets: [Target]
    private let matchField: FieldModel?
    private var resolver: ReferenceResolver
    /// The file's header, for fixed texts that take parts of each row.
    private let template: RowTemplate?

    /// Throws `invalid` when the plan does not fit the entity: unknown or foreign fields, open questions, no match field.
    init(plan: ImportPlan, registry: Registry, actor: Actor, currency: Currency, header: [String]? = nil) throws {
        self.plan = plan
        template = header.map { RowTemplate(header: $0) }
        entity = try registry.require(plan.entity)
        targets = try Self.targets(of: plan, entity: entity, actor: actor, currency: currency)
        resolver = ReferenceResolver(plan: plan, registry: registry, actor: actor)
        if let name = plan.matchField {
            guard let field = entity.field(name), targets.contains(where: { $0.reader.field.name == name }) else {
                throw CRMError(.invalid, "no column fills the match field \(name)", hint: "Match by a field that the file has.")
            }
            matchField = field
        } else {
            matchField = nil
            if plan.mode != .create {
                throw CRMError(
                    .invalid, "updating needs a field by which records are found again",
                    hint: "Choose a match field, such as a number or an e-mail address.")
            }
        }
    }

    private static let createdAt: String = "created_at"

    /// The fields of an entity that somebody may fill by a file.
    static func writableFields(of entity: EntityModel, for actor: Actor) -> [FieldModel] {
        entity.fields.filter { field in
            // Whoever runs the deployment may bring the past with a file.
            if field.isSystem { return field.name == createdAt && actor.can(.manageSettings) }
            return field.isStored && !field.description.isReadOnly && field.type != .json
                && actor.mask(field.name, of: entity.name) == .none
        }
    }

    /// Stores one row; throws `Failure` with everything that is wrong with it.
    /// `isLastTurn`: no row follows that could bring what this one points at.
    mutating func store(_ row: CSVRow, isLastTurn: Bool, in backend: any TransactionBackend) throws -> Outcome {
        var values: [String: Value] = [:]
        var faults: [RowFault] = []
        var references: [(target: Target, meaning: CellReader.Meaning)] = []
        for target in targets {
            switch target.reader.read(text(of: target, in: row)) {
            case .failure(let fault):
                faults.append(self.fault(fault, target, row))
            case .success(.empty):
                if target.fixed != nil || plan.emptyCellsClear || plan.mode == .create { continue }
            case .success(.value(let value)):
                values[target.reader.field.name] = value
            case .success(let meaning):
                references.append((target, meaning))
            }
        }
        // Fixed values first: a row's cells may depend on them.
        references.sort { ($0.target.fixed != nil ? 0 : 1) < ($1.target.fixed != nil ? 0 : 1) }
        let waiting: Int = resolve(references, &values, &faults, row, isLastTurn, backend)
        guard faults.isEmpty else { throw Failure(faults: faults, mayFollow: waiting == faults.count) }

        let existing: RecordData? = try existing(values, row, backend)
        var record: RecordData = try existing ?? backend.blank(entity.name)
        if existing != nil && plan.emptyCellsClear {
            for target in targets where target.fixed == nil { record[target.reader.field.name] = .null }
        }
        for (name, value) in values { record[name] = value }
        let saved: RecordData
        do {
            let isBackdated: Bool = existing == nil && values[Self.createdAt] != nil
            let writer: any TransactionBackend = isBackdated ? backend.elevated(for: "moment of creation from a file") : backend
            saved = try writer.save(entity.name, record)
        } catch let error as CRMError where error.code != .unavailable {
            throw failure(of: error, record, row)
        }
        guard let existing else { return .created(saved) }
        return saved.version == existing.version ? .unchanged(saved.id) : .updated(old: existing, new: saved)
    }

    /// What the last row did, for the ledger: the records made for unknown names first.
    mutating func touches(of outcome: Outcome, row: Int) -> [ImportLedger.Touch] {
        var touches: [ImportLedger.Touch] = resolver.takeCreated().map { record in
            ImportLedger.Touch(
                row: row, entity: record.layout.entity, record: record.id, action: .created, version: record.version, before: [])
        }
        switch outcome {
        case .created(let record):
            touches.append(ImportLedger.Touch(
                row: row, entity: entity.name, record: record.id, action: .created, version: record.version, before: []))
        case .updated(let old, let new):
            touches.append(ImportLedger.Touch(
                row: row, entity: entity.name, record: new.id, action: .updated, version: new.version,
                before: FieldChange.between(old, new, of: entity)))
        case .unchanged:
            break
        }
        return touches
    }

    /// Forgets what belongs to a row that was undone.
    mutating func undo() { resolver.undoCreated() }

    /// Forgets what rows have made: it was undone, and with it the ids that it had.
    mutating func forgetMade() { resolver.forgetFound() }

    /// Whether a field points at records of the kind that is imported.
    var pointsAtItself: Bool {
        targets.contains { target in
            switch target.reader.field.kind {
            case .reference(entity.name), .references(entity.name): true
            default: false
            }
        }
    }

    /// What a row may have in common with others of its file.
    func relations(of row: CSVRow) -> RowRelations {
        var relations = RowRelations()
        let alike: Set<String> = Set(entity.duplicates.filter { $0.kind == .same }.flatMap { $0.fields.map(\.name) })
        for target in targets {
            let field: FieldDescription = target.reader.field
            let words: String = text(of: target, in: row).trimmed.lowercased()
            if words.isEmpty { continue }
            if field.isUnique || field.name == plan.matchField || alike.contains(field.name) { relations.marks.append("\(field.name)=\(words)") }
            if field.isUnique || field.name == entity.labelField { relations.names.append(words) }
            switch field.kind {
            case .reference(entity.name): relations.wanted.append(words)
            case .references(entity.name):
                relations.wanted += words.split(whereSeparator: { $0 == "," || $0 == ";" }).map { String($0).trimmed }
            default: break
            }
        }
        return relations
    }

    private func text(of target: Target, in row: CSVRow) -> String {
        if let fixed = target.fixed { return template?.fill(fixed, from: row) ?? fixed }
        guard let column = target.column else { return "" }
        let text: String = row[column.index]
        return column.translations?[text.trimmed] ?? text
    }

    private mutating func resolve(
        _ references: [(target: Target, meaning: CellReader.Meaning)], _ values: inout [String: Value],
        _ faults: inout [RowFault], _ row: CSVRow, _ isLastTurn: Bool, _ backend: any TransactionBackend
    ) -> Int {
        var waiting = references
        var following: Int = 0
        // A name that several records share may become clear once the row's other references are known.
        for isSecondRound in [false, true] {
            var unclear: [(target: Target, meaning: CellReader.Meaning)] = []
            for (target, meaning) in waiting {
                do {
                    switch meaning {
                    case .reference(let name, let text):
                        let id: RecordID? = try resolver.resolve(
                            text, entity: name, siblings: values, mayFollow: !isLastTurn, isComplete: isSecondRound,
                            in: backend)
                        if let id { values[target.reader.field.name] = .integer(id.raw) }
                    case .references(let name, let texts):
                        var ids: [RecordID] = []
                        for text in texts {
                            let id: RecordID? = try resolver.resolve(
                                text, entity: name, siblings: values, mayFollow: !isLastTurn, isComplete: isSecondRound,
                                in: backend)
                            if let id { ids.append(id) }
                        }
                        values[target.reader.field.name] = .list(ids)
                    case .empty, .value:
                        break
                    }
                } catch {
                    if isSecondRound {
                        if error.mayFollow { following += 1 }
                        faults.append(fault(error, target, row))
                    } else {
                        unclear.append((target, meaning))
                    }
                }
            }
            waiting = unclear
        }
        return following
    }

    private func existing(
        _ values: [String: Value], _ row: CSVRow, _ backend: any TransactionBackend
    ) throws -> RecordData? {
        guard plan.mode != .create, let matchField else { return nil }
        func failure(_ message: String) -> Failure {
            Failure(faults: [RowFault(row: row.line, column: header(of: matchField.name), field: matchField.name, message: message)])
        }
        guard let value = values[matchField.name], !value.isEmpty else {
            if plan.mode == .createOrUpdate { return nil }
            throw failure("is empty, so that no record can be found by it")
        }
        let same: Filter = .compare(matchField.name, .equal, .value(value))
        let found: [RecordData] = try backend.all(entity.name, where: same, sort: [], limit: 2)
        if found.count > 1 { throw failure("names more than one \(entity.title.lowercased())") }
        if found.isEmpty && plan.mode == .update { throw failure("there is no such \(entity.title.lowercased())") }
        return found.first
    }

    private func header(of field: String) -> String? {
        targets.first { $0.reader.field.name == field }?.column?.header
    }

    private func fault(_ fault: CellReader.Fault, _ target: Target, _ row: CSVRow) -> RowFault {
        RowFault(
            row: row.line, column: target.column?.header, field: target.reader.field.name, message: fault.message, fact: fault.fact,
            hint: fault.hint.isEmpty ? nil : fault.hint, value: text(of: target, in: row).trimmed)
    }

    /// What the store, or a rule of a plugin, had against a row, told by its columns.
    private func failure(of error: CRMError, _ record: RecordData, _ row: CSVRow) -> Failure {
        guard !error.problems.isEmpty else {
            let hint: String? = error.hint.isEmpty ? nil : error.hint
            return Failure(faults: [RowFault(row: row.line, column: nil, field: nil, message: Self.message(of: error), hint: hint)])
        }
        var failure = Failure(faults: [])
        let linked: RecordID? = error.links.lazy.compactMap { link -> RecordID? in
            if case .record(entity.name, let id) = link.target { id } else { nil }
        }.first
        for problem in error.problems {
            let target: Target? = targets.first { $0.reader.field.name == problem.field }
            var fault = RowFault(
                row: row.line, column: target?.column?.header, field: problem.field.isEmpty ? nil : problem.field, message: problem.message,
                value: target.map { text(of: $0, in: row).trimmed })
            if let linked {
                // The problem names that one record; what many rows have in common is the failure itself.
                (fault.fact, fault.hint) = (error.message, Self.sameHint)
                failure.rivals[failure.faults.count] = .record(linked)
            } else if let field = entity.field(problem.field), field.description.isUnique, !record[field.name].isEmpty {
                fault.hint = Self.sameHint
                failure.rivals[failure.faults.count] = .holder(field: field.name, value: record[field.name])
            } else if problem.message == "is required" {
                fault.hint = "Choose a column that fills it, or give a value for every row."
            } else if !error.hint.isEmpty {
                fault.hint = error.hint
            }
            failure.faults.append(fault)
        }
        return failure
    }

    private static let sameHint: String = "Leave these rows out, or have the import change the records that match."

    /// An error as one fact; a defect tells nothing of itself.
    static func message(of error: any Error) -> String {
        guard let error = error as? CRMError, error.code != .internalError else { return "could not be stored" }
        if error.problems.isEmpty { return error.message }
        return error.problems.map { "\($0.field) \($0.message)" }.joined(separator: "; ")
    }

    private static func targets(
        of plan: ImportPlan, entity: EntityModel, actor: Actor, currency: Currency
    ) throws -> [Target] {
        let writable: [String: FieldModel] = Dictionary(
            uniqueKeysWithValues: writableFields(of: entity, for: actor).map { ($0.name, $0) })
        var problems: [Problem] = []
        var targets: [Target] = []
        var seen: Set<String> = []
        let planCurrency: Currency = plan.currency.flatMap { Currency($0) } ?? currency
        func reader(_ field: FieldModel, _ column: ImportPlan.Column?) -> CellReader? {
            let needsDate: Bool = field.type == .day || field.type == .moment
            let date: DateFormat? = column?.dateFormat.flatMap { DateFormat(name: $0) }
            let number: NumberFormat? = column?.numberFormat.flatMap { NumberFormat(rawValue: $0) }
            if needsDate && column != nil && date == nil {
                problems.append(Problem(field: field.name, "it is not said how the days of the column \(column?.header ?? "") are written"))
                return nil
            }
            if field.isNumeric && column != nil && number == nil {
                problems.append(Problem(field: field.name, "it is not said how the numbers of the column \(column?.header ?? "") are written"))
                return nil
            }
            return CellReader(
                field: field.description, dateFormat: date ?? .iso, numberFormat: number ?? .decimalPoint,
                multiplier: column?.multiplier ?? 1, currency: planCurrency, offsetMinutes: plan.offsetMinutes,
                emptyTexts: Set(plan.emptyTexts))
        }
        func add(_ name: String, column: ImportPlan.Column?, fixed: String?) {
            guard let field = writable[name] else {
                problems.append(Problem(field: name, entity.field(name) == nil ? "there is no such field" : "cannot be filled by an import"))
                return
            }
            guard seen.insert(name).inserted else {
                problems.append(Problem(field: name, "is filled twice"))
                return
            }
            if let reader = reader(field, column) { targets.append(Target(column: column, reader: reader, fixed: fixed)) }
        }
        for column in plan.columns { add(column.field, column: column, fixed: nil) }
        for (name, text) in plan.fixed.sorted(by: { $0.key < $1.key }) { add(name, column: nil, fixed: text) }
        if plan.currency.map({ Currency($0) == nil }) == true {
            problems.append(Problem(field: "currency", "is not a currency"))
        }
        if targets.isEmpty && problems.isEmpty { problems.append(Problem(field: "mapping", "no column fills a field")) }
        if !problems.isEmpty {
            throw CRMError(.invalid, "the import plan does not fit", hint: "Say which column fills which field.", problems: problems)
        }
        return targets
    }
}
