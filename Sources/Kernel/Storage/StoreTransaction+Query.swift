import PluginAPI

extension StoreTransaction {
    func blank(_ entity: String) throws -> RecordData { blank(try registry.require(entity)) }

    /// An empty record with its defaults.
    func blank(_ entity: EntityModel) -> RecordData {
        var data = RecordData(layout: entity.layout)
        for field in entity.fields where field.description.defaultValue != .null {
            data.values[field.place] = field.description.defaultValue
        }
        return data
    }

    func find(_ entity: String, _ id: RecordID) throws -> RecordData? {
        try find(try registry.require(entity), id)
    }

    /// One record that the user may see, or nil.
    func find(_ entity: EntityModel, _ id: RecordID) throws -> RecordData? {
        let projection = try projection(entity)
        let query = projection.query(" WHERE " + (try compiler(entity).condition(.id(id))))
        return try keeping(entity, KeptRecords.Query(sql: query.sql, arguments: query.arguments), lasts: false) {
            try connection.first(query.sql, query.arguments) { projection.record($0) }.map { [$0] } ?? []
        }.first
    }

    /// One record; throws `notFound` when there is none that the user may see.
    func require(_ entity: EntityModel, _ id: RecordID) throws -> RecordData {
        guard let record = try find(entity, id) else { throw StoreTransaction.missing(entity, id) }
        return record
    }

    static func missing(_ entity: EntityModel, _ id: RecordID) -> CRMError {
        CRMError(.notFound, "there is no \(entity.title.lowercased()) \(id)", hint: "It may have been deleted, or you may not see it.")
    }

    func all(_ entity: String, where filter: Filter, sort: [Sort], limit: Int) throws -> [RecordData] {
        let model = try registry.require(entity)
        let projection = try projection(model)
        let compiler = compiler(model)
        var order = try sort.map { step -> String in
            let (expression, mayBeNull) = try compiler.order(step, label: nil)
            let direction = step.descending ? " DESC" : ""
            return (mayBeNull ? "\(expression) IS NULL, " : "") + expression + direction
        }
        order.append("t.\"id\"")
        let condition = " WHERE " + (try compiler.condition(filter))
        let query = projection.query(condition + " ORDER BY \(order.joined(separator: ", "))" + .limit(limit, isSearch: filter.isSearch))
        return try keeping(model, KeptRecords.Query(sql: query.sql, arguments: query.arguments)) {
            try connection.all(query.sql, query.arguments) { projection.record($0) }
        }
    }

    /// The answer to a query from memory where the entity changes seldom, and from the database otherwise.
    /// - Parameter lasts: whether the next transactions take it from memory, too. One record that others point at is looked for once in
    ///   each: another server may have deleted it a moment ago.
    private func keeping(
        _ entity: EntityModel, _ query: KeptRecords.Query, lasts: Bool = true, _ read: () throws -> [RecordData]
    ) throws -> [RecordData] {
        // A transaction that only reads may see less than what was stored since.
        guard entity.schema.isKeptInMemory, core.isWriting else { return try read() }
        if lasts, let records = registry.kept.records(entity.name, query) { return records }
        let touches: Int = registry.kept.touches(entity.name)
        if let records = core.gathered.records(query, touches: touches) { return records }
        let records: [RecordData] = try read()
        if records.count <= KeptRecords.mostRecords {
            core.gathered.keep(KeptRecords.Answer(entity: entity.name, query: query, records: records, touches: touches), lasts: lasts)
        }
        return records
    }

    func count(_ entity: String, where filter: Filter) throws -> Int {
        try count(try registry.require(entity), where: filter)
    }

    func count(_ entity: EntityModel, where filter: Filter, right: String = "view") throws -> Int {
        let query = "SELECT count(*) FROM \(quoted(entity.name)) t WHERE " + (try compiler(entity).condition(filter, right: right))
        return Int(try connection.integer(query.sql, query.arguments) ?? 0)
    }

    /// Whether the user may reach a record with a right.
    func reaches(_ entity: EntityModel, _ id: RecordID, right: String = "view") throws -> Bool {
        try count(entity, where: .id(id), right: right) == 1
    }

    /// The ids of all records that meet a condition.
    func ids(_ entity: EntityModel, _ filter: Filter) throws -> [RecordID] {
        let query = "SELECT t.\"id\" FROM \(quoted(entity.name)) t WHERE " + (try compiler(entity).condition(filter)) + " ORDER BY t.\"id\""
        return try connection.all(query.sql, query.arguments) { RecordID($0.integer(0)) }
    }

    /// What is read of records of an entity.
    func projection(
        _ entity: EntityModel, fields: Set<String>? = nil, withLabels: Bool = false, sort: Sort? = nil
    ) throws -> Projection {
        // Who changes records sees them as they are here, not as they are stored.
        let labels: Projection.Labels = withLabels ? (core.isWriting ? .joined : .known) : .none
        let key = ProjectionCache.Key(
            entity: entity.name, user: actor.isElevated ? nil : actor.userID ?? 0, fields: fields, labels: labels, sort: sort)
        return try registry.projections.projection(key, actor.rights) {
            try Projection(compiler(entity), fields: fields, registry: registry, labels: labels, sort: sort)
        }
    }
}

extension Filter {
    /// One record.
    static func id(_ id: RecordID) -> Filter { .compare("id", .equal, .value(.integer(id.raw))) }
}
