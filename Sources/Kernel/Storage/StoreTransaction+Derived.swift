import PluginAPI

/// Fields that plugins work out from other things, and logs: what is stored beside people's changes.
extension StoreTransaction {
    /// Stores the derived fields of a record. That is no change by anybody: no version, no audit entry, no hook.
    func derive(_ entity: String, _ record: RecordData) throws {
        let model: EntityModel = try registry.require(entity)
        try core.changing("derived fields of \(model.pluralTitle.lowercased())") {
            guard let old = try withRights(for: "derived fields").find(model, record.id) else {
                throw StoreTransaction.missing(model, record.id)
            }
            var changed: [FieldModel] = []
            var arguments: [SQLValue] = []
            var problems: [Problem] = []
            for field in model.fields where field.description.isDerived && field.isStored {
                let value: Value = field.normalized(record.values[field.place])
                if value == old.values[field.place] { continue }
                if let problem = field.problem(with: value) { problems.append(Problem(field: field.name, problem)) }
                changed.append(field)
                field.append(value, to: &arguments)
            }
            guard problems.isEmpty else { throw StoreTransaction.invalid(model, problems) }
            guard !changed.isEmpty else { return }
            let sets: String = changed.flatMap(\.columns).map { $0 + " = ?" }.joined(separator: ", ")
            try connection.post(
                "UPDATE \(quoted(entity)) SET \(sets) WHERE \"id\" = ?", arguments + [.integer(record.id.raw)])
            core.touch(entity, record.id.raw)
            try recalculate(model, [record.id])
            try updateReaders(of: model, record.id, changed: Set(changed.map(\.name)))
        }
    }

    /// A log is written by plugins that act with every right, in the transaction of what they note: never by hand.
    func requireWriter(_ entity: EntityModel) throws {
        guard entity.schema.isLog, !actor.isElevated else { return }
        throw CRMError(
            .forbidden, "\(entity.pluralTitle.lowercased()) are a log and are not written by hand",
            hint: "They come about by what happens to other records.")
    }

    func count(_ entity: String, where filter: Filter, atMost limit: Int) throws -> Int {
        let model: EntityModel = try registry.require(entity)
        let rows = "SELECT 1 FROM \(quoted(model.name)) t WHERE " + (try compiler(model).condition(filter)) + " LIMIT ?"
        return Int(
            try connection.integer("SELECT count(*) FROM (\(rows.sql)) x", rows.arguments + [.integer(Int64(max(0, limit)))]) ?? 0)
    }
}
