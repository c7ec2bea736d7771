import PluginAPI

extension StoreTransaction {
    /// The labels of records, by id; those that the user may not see are left out.
    func labels(_ entityName: String, _ ids: some Collection<Int64>) throws -> [Int64: String] {
        guard !ids.isEmpty, let entity = registry.entity(entityName) else { return [:] }
        var query = "SELECT t.\"id\", \(Projection.label(of: entity, alias: "t", actor: actor)) FROM \(quoted(entityName)) t WHERE "
            + dialect.among("t.\"id\"", Array(Set(ids)))
        if let scope = scope(of: entity) { query = query + " AND " + scope }
        var labels: [Int64: String] = [:]
        try connection.query(query.sql, query.arguments) { row in
            labels[row.integer(0)] = row.text(1)
            return true
        }
        return labels
    }

    /// The label of one record, or nil.
    func label(_ entity: String, _ id: Int64) throws -> String? { try labels(entity, [id])[id] }

    /// Keeps a label in memory that was read here, unless another may have been stored since.
    func keepLabel(_ text: [UInt8], of id: Int64, _ entity: EntityModel) {
        if let age = core.labelAge { registry.labels.keep(text, of: id, entity.name, age: age) }
    }

    /// The ones of these records that the user may see.
    func seen(_ entity: EntityModel, among ids: [Int64]) throws -> Set<Int64> {
        guard !ids.isEmpty else { return [] }
        // What each row of a file points at is asked once.
        if entity.schema.isKeptInMemory, core.isWriting, ids.count == 1 { return try find(entity, RecordID(ids[0])) == nil ? [] : Set(ids) }
        var query = "SELECT t.\"id\" FROM \(quoted(entity.name)) t WHERE " + dialect.among("t.\"id\"", ids)
        if let scope = scope(of: entity) { query = query + " AND " + scope }
        return Set(try connection.all(query.sql, query.arguments) { $0.integer(0) })
    }

    /// The record that a text names: an id, or the value of the label or of a unique field, without regard to case.
    /// Throws `invalid` when several bear the name.
    func resolve(_ entityName: String, _ text: String) throws -> Int64? {
        let entity = try registry.require(entityName)
        let name = text.trimmed
        if let id = Int64(name), try reaches(entity, RecordID(id)) { return id }
        let fields = entity.fields.filter {
            $0.isStored && $0.type == .text && ($0.description.isUnique || $0.name == entity.labelField)
                && actor.mask($0.name, of: entityName) != .hidden
        }
        guard !fields.isEmpty else { return nil }
        let match = fields.map { "lower(t.\(quoted($0.name))) = lower(?)" }.joined(separator: " OR ")
        var query = SQLFragment(
            "SELECT t.\"id\" FROM \(quoted(entityName)) t WHERE (\(match))", fields.map { _ in .text(name) })
        if let scope = scope(of: entity) { query = query + " AND " + scope }
        let ids = try connection.all(query.sql + " ORDER BY t.\"id\" LIMIT 2", query.arguments) { $0.integer(0) }
        if ids.count > 1 {
            throw CRMError(.invalid, "several \(entity.pluralTitle.lowercased()) are called \(name)", hint: "Give the id.")
        }
        return ids.first
    }

    /// The condition under which the user may see records of an entity; nil when all are seen.
    private func scope(of entity: EntityModel) -> SQLFragment? {
        QueryCompiler.visibility(of: entity, alias: "t", actor: actor, dialect: dialect)
    }
}
