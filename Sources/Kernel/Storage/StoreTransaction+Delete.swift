import PluginAPI

extension StoreTransaction {
    func delete(_ entity: String, _ id: RecordID) throws {
        let model = try registry.require(entity)
        core.depth += 1
        defer { core.depth -= 1 }
        guard core.depth <= 16 else { throw CRMError.refused("deleting this would delete too much at once") }
        let record = try editable(model, id, right: "delete")
        for rule in model.rules.deletions { try rule.body(record, transaction) }
        try release(model, record)
        try connection.execute("DELETE FROM \(quoted(model.name)) WHERE \"id\" = ?", [.integer(id.raw)])
        if !model.searchFields.isEmpty { try dialect.unindex(connection, table: model.name, id: id.raw) }
        try auditDeletion(model, record)
        core.effects.touched.append(.init(entity: model.name, id: id.raw))
        let hook = model.name + "_deleted"
        if registry.listeners[hook] != nil || registry.afters[hook] != nil {
            try emit(hook, RecordChanged(record: id, fields: []))
        }
    }

    /// Sees to the records that point at one that is to go: refuses, empties the link or deletes them too, as each
    /// field declares. Counts and changes what the user cannot see as well, so it acts with every right.
    private func release(_ entity: EntityModel, _ record: RecordData) throws {
        let whole = withRights(for: "deleting \(entity.name) \(record.id)")
        var blockers: [String] = []
        for link in registry.links[entity.name] ?? [] where link.field.isStored {
            let filter = Filter.compare(link.field.name, .equal, .value(.integer(record.id.raw)))
            let count = try whole.count(link.entity, where: filter)
            if count == 0 { continue }
            switch link.field.description.whenTargetIsDeleted {
            case .refuse:
                let noun = count == 1 ? link.entity.title : link.entity.pluralTitle
                blockers.append("\(count) \(noun.lowercased())")
            case .clear:
                for id in try whole.ids(link.entity, filter) {
                    guard var other = try whole.find(link.entity, id) else { continue }
                    if case .list(let ids) = other.values[link.field.place] {
                        other.values[link.field.place] = .list(ids.filter { $0 != record.id })
                    } else {
                        other.values[link.field.place] = .null
                    }
                    _ = try whole.save(link.entity.name, other)
                }
            case .cascade:
                for id in try whole.ids(link.entity, filter) where link.entity.name != entity.name || id != record.id {
                    try whole.delete(link.entity.name, id)
                }
            }
        }
        guard blockers.isEmpty else {
            throw CRMError.refused(
                "the \(entity.title.lowercased()) is still used by " + blockers.joined(separator: " and "),
                hint: "Move or delete them first.")
        }
    }

    /// The ids of all records that meet a condition.
    func ids(_ entity: EntityModel, _ filter: Filter) throws -> [RecordID] {
        let condition = try compiler(entity).condition(filter)
        return try connection.all(
            "SELECT t.\"id\" FROM \(quoted(entity.name)) t WHERE \(condition.sql) ORDER BY t.\"id\"", condition.arguments
        ) { RecordID($0.integer(0)) }
    }
}
