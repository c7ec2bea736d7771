import PluginAPI

/// The fields that are worked out from others: stored with the record, brought up to date when what they read changes.
extension StoreTransaction {
    /// Why a field came to nothing for a record.
    struct FormulaFailure {
        let field: String
        let reason: String
    }

    /// As many records follow a change within its transaction; more follow in the background.
    static let readersAtOnce = 50

    /// Works out the formula fields of a record. They are the same for everyone, so every right is given; who may see a
    /// result is decided when it is read.
    func calculate(_ entity: EntityModel, _ record: inout RecordData) throws -> [FormulaFailure] {
        guard let fields = registry.fieldFormulas.fields[entity.name] else { return [] }
        let whole: StoreTransaction = withRights(for: "formula fields")
        var failures: [FormulaFailure] = []
        for item in fields {
            // What cannot be worked out now keeps its last value.
            guard let formula = item.formula else { continue }
            var frame = whole.frame(of: record)
            do {
                record.values[item.field.place] = try item.field.normalized(formula.value(&frame))
            } catch let fault as FormulaFault {
                record.values[item.field.place] = item.field.normalized(.null)
                failures.append(FormulaFailure(field: item.field.name, reason: fault.message))
            }
        }
        return failures
    }

    /// A new record brings no results of its own.
    func clearFormulas(_ entity: EntityModel, _ record: inout RecordData) {
        for item in registry.fieldFormulas.fields[entity.name] ?? [] { record.values[item.field.place] = .null }
    }

    /// Keeps on record why fields came to nothing. `old` is nil for a new record.
    func note(_ failures: [FormulaFailure], _ entity: EntityModel, _ id: RecordID, old: RecordData?) throws {
        for item in registry.fieldFormulas.fields[entity.name] ?? [] where item.formula != nil {
            let key: [SQLValue] = [.text(entity.name), .text(item.field.name), .integer(id.raw)]
            if let failure = failures.first(where: { $0.field == item.field.name }) {
                try connection.execute(
                    """
                    INSERT INTO "tenon_formula_failure" ("entity", "field", "record", "reason") VALUES (?, ?, ?, ?)
                    ON CONFLICT ("entity", "field", "record") DO UPDATE SET "reason" = excluded."reason"
                    """, key + [.text(failure.reason)])
            } else if let old, old.values[item.field.place].isEmpty {
                // Only a field without a value can have failed before.
                try connection.execute(
                    "DELETE FROM \"tenon_formula_failure\" WHERE \"entity\" = ? AND \"field\" = ? AND \"record\" = ?", key)
            }
        }
    }

    func forgetFailures(_ entity: EntityModel, _ id: RecordID) throws {
        guard registry.fieldFormulas.fields[entity.name] != nil else { return }
        try connection.execute(
            "DELETE FROM \"tenon_formula_failure\" WHERE \"entity\" = ? AND \"record\" = ?", [.text(entity.name), .integer(id.raw)])
    }

    /// Works out the formula fields of stored records anew. That is no change by anybody: no version, no audit entry, no hook.
    func recalculate(_ entity: EntityModel, _ ids: [RecordID]) throws {
        guard registry.fieldFormulas.fields[entity.name] != nil, !ids.isEmpty else { return }
        let whole: StoreTransaction = withRights(for: "formula fields")
        try core.changing("formula fields of \(entity.pluralTitle.lowercased())") {
            for id in ids {
                guard let old = try whole.find(entity, id) else { continue }
                var new: RecordData = old
                let failures: [FormulaFailure] = try whole.calculate(entity, &new)
                try note(failures, entity, id, old: old)
                let changed: [FieldModel] = entity.fields.filter { $0.formula != nil && new.values[$0.place] != old.values[$0.place] }
                guard !changed.isEmpty else { continue }
                let sets: String = changed.flatMap(\.columns).map { $0 + " = ?" }.joined(separator: ", ")
                let arguments: [SQLValue] = changed.flatMap { $0.arguments(for: new.values[$0.place]) } + [.integer(id.raw)]
                try connection.execute("UPDATE \(quoted(entity.name)) SET \(sets) WHERE \"id\" = ?", arguments)
                core.touch(entity.name, id.raw)
                try updateReaders(of: entity, id, changed: Set(changed.map(\.name)))
            }
        }
    }

    /// Brings up to date what reads fields of a record by way of links: at once, or in the background where there is much.
    func updateReaders(of entity: EntityModel, _ id: RecordID, changed: Set<String>) throws {
        guard let readers = registry.fieldFormulas.readers[entity.name] else { return }
        var seen: Set<[FormulaUses.Read.Step]> = []
        for reader in readers.sorted(by: { ($0.entity, $0.field) < ($1.entity, $1.field) }) where changed.contains(reader.field) {
            guard seen.insert(reader.links).inserted, let model = registry.entity(reader.entity) else { continue }
            let ids: [RecordID] = try FormulaWork.ids(
                reader.links, id.raw, after: 0, limit: Self.readersAtOnce + 1, connection)
            if ids.count <= Self.readersAtOnce {
                try recalculate(model, ids)
            } else {
                try FormulaWork.add(entity: reader.entity, field: "", links: reader.links.map(\.field), target: id.raw, connection)
                core.effects.hasFormulaWork = true
            }
        }
    }

    /// What follows a stored change of a record.
    func updateReaders(_ entity: EntityModel, _ change: ChangeData) throws {
        guard let old = change.old, registry.fieldFormulas.readers[entity.name] != nil else { return }
        let changed: [FieldModel] = entity.fields.filter { old.values[$0.place] != change.new.values[$0.place] }
        try updateReaders(of: entity, change.new.id, changed: Set(changed.map(\.name)))
    }
}
