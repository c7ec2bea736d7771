import PluginAPI

extension StoreTransaction {
    func delete(_ entity: String, _ id: RecordID) throws { try delete(entity, id, right: "delete") }

    /// - Parameter right: what it takes to have the record go.
    func delete(_ entity: String, _ id: RecordID, right: String) throws {
        let model = try registry.require(entity)
        try requireWriter(model)
        let touch = CommitEffects.Touch(entity: entity, id: id.raw)
        core.deleting.insert(touch)
        defer { core.deleting.remove(touch) }
        try core.changing(model.pluralTitle.lowercased()) {
            try core.tracing(.delete, entity, record: id) { try delete(model, id, right, touch) }
        }
    }

    private func delete(_ model: EntityModel, _ id: RecordID, _ right: String, _ touch: CommitEffects.Touch) throws {
        let record = try editable(model, id, right: right)
        for rule in model.rules.deletions { try calling(rule.site) { try rule.body(record, transaction(for: rule.plugin)) } }
        try release(model, record)
        let rank: Int64? = model.board == nil
            ? nil : try connection.integer("SELECT \"rank\" FROM \(quoted(model.name)) WHERE \"id\" = ?", [.integer(id.raw)])
        try connection.execute("DELETE FROM \(quoted(model.name)) WHERE \"id\" = ?", [.integer(id.raw)])
        try tally(model, old: record, new: nil)
        if !model.searchFields.isEmpty { try dialect.unindex(connection, table: model.name, id: id.raw) }
        try forgetFailures(model, id)
        try forgetMatchKeys(model, id)
        try auditDeletion(model, record, rank: rank)
        core.touch(touch.entity, touch.id)
        if registry.line(of: model.hooks.deleted) != nil || core.webhooks.covers(model.hooks.deleted) {
            try emit(model.hooks.deleted, RecordChanged(record: id, fields: []))
        }
    }

    /// Sees to the records that point at one that is to go: refuses, empties the link or deletes them too, as each
    /// field declares. Counts and changes what the user cannot see as well, so it acts with every right.
    private func release(_ entity: EntityModel, _ record: RecordData) throws {
        let whole = withRights(for: "deleting \(entity.name) \(record.id)")
        var pointing: [(link: Registry.Link, ids: [RecordID])] = []
        for link in registry.links[entity.name] ?? [] where link.field.isStored {
            let ids = try whole.ids(link.entity, .compare(link.field.name, .equal, .value(.integer(record.id.raw))))
            // Those that go as well stand in nobody's way.
            let staying = ids.filter { !core.deleting.contains(.init(entity: link.entity.name, id: $0.raw)) }
            if !staying.isEmpty { pointing.append((link, staying)) }
        }
        let blockers = pointing.filter { $0.link.field.description.whenTargetIsDeleted == .refuse }
        if !blockers.isEmpty { throw try refusal(entity, record, blockers) }
        for (link, ids) in pointing {
            for id in ids {
                if link.field.description.whenTargetIsDeleted == .clear {
                    try whole.unlink(link, id, from: record.id)
                } else if try whole.reaches(link.entity, id) {
                    try whole.delete(link.entity.name, id)
                }
            }
        }
    }

    /// Who stands in the way: how many the user may see, with a way to them, and that there are others where there are.
    private func refusal(
        _ entity: EntityModel, _ record: RecordData, _ blockers: [(link: Registry.Link, ids: [RecordID])]
    ) throws -> CRMError {
        var counts: [String] = []
        var links: [CRMError.Link] = []
        var isHidden = false
        for (link, ids) in blockers {
            let isShown: Bool = actor.mask(link.field.name, of: link.entity.name) != .hidden
            let seen: Int = isShown ? try self.seen(link.entity, among: ids.map(\.raw)).count : 0
            if seen < ids.count { isHidden = true }
            guard seen > 0 else { continue }
            counts.append("\(seen) \((seen == 1 ? link.entity.title : link.entity.pluralTitle).lowercased())")
            links.append(.init(.list(entity: link.entity.name, field: link.field.name, id: record.id)))
        }
        if isHidden { counts.append(counts.isEmpty ? "records that you may not see" : "others that you may not see") }
        return CRMError.refused(
            "the \(entity.title.lowercased()) is still used by " + counts.joined(separator: " and "), hint: "Move or delete them first.",
            links: links)
    }

    private func unlink(_ link: Registry.Link, _ id: RecordID, from gone: RecordID) throws {
        guard var other = try find(link.entity, id) else { return }
        if case .list(let ids) = other.values[link.field.place] {
            other.values[link.field.place] = .list(ids.filter { $0 != gone })
        } else {
            other.values[link.field.place] = .null
        }
        if link.field.description.isDerived { return try derive(link.entity.name, other) }
        _ = try save(link.entity.name, other)
    }
}
