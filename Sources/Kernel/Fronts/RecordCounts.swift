import PluginAPI

/// How many records point at each of some others, worked out with one grouped query for each count.
struct RecordCounts {
    let columns: [CountColumn]
    private var figures: [String: [Int64: Int]] = [:]

    /// The counts of an entity that a user may see: those of records, and by a field, that the user may see.
    static func columns(_ entity: EntityModel, _ registry: Registry, _ actor: Actor) -> [CountColumn] {
        entity.extras.counts.filter { column in
            registry.entity(column.child) != nil && actor.can("view", on: column.child)
                && actor.mask(column.field, of: column.child) != .hidden
        }
    }

    /// Nil when there is nothing to count.
    init?(_ entity: EntityModel, of ids: @autoclosure () throws -> [Int64], in transaction: StoreTransaction) throws {
        columns = RecordCounts.columns(entity, transaction.registry, transaction.actor)
        if columns.isEmpty { return nil }
        let ids: [Int64] = try ids()
        for column in columns { figures[column.name] = try transaction.counts(column, of: ids) }
    }

    /// The counts of the records on one page of a list.
    init?(page request: ListRequest, in transaction: StoreTransaction) throws {
        try self.init(request.entity, of: try transaction.ids(page: request), in: transaction)
    }

    func of(_ id: Int64, _ column: CountColumn) -> Int { figures[column.name]?[id] ?? 0 }

    /// Adds `"counts": {…}` to the record that was just written.
    func write(_ id: Int64, to json: inout JSONWriter) {
        json.reopenObject()
        json.key("counts")
        json.beginObject()
        for column in columns { json.field(column.name, of(id, column)) }
        json.endObject()
        json.endObject()
    }
}

extension StoreTransaction {
    /// How many records that the user may see point at each of some others by a reference.
    func counts(_ column: CountColumn, of ids: [Int64]) throws -> [Int64: Int] {
        guard !ids.isEmpty else { return [:] }
        let child = try registry.require(column.child)
        let compiler = compiler(child)
        let field: String = compiler.column(try compiler.visible(column.field))
        var query = "SELECT \(field), count(*) FROM \(quoted(child.name)) t WHERE " + dialect.among(field, ids) + " AND "
        query = query + (try compiler.condition(.everything)) + " GROUP BY 1"
        var counts: [Int64: Int] = [:]
        try connection.query(query.sql, query.arguments) { row in
            counts[row.integer(0)] = Int(row.integer(1))
            return true
        }
        return counts
    }

    /// The ids of the records on one page of a list.
    func ids(page request: ListRequest) throws -> [Int64] {
        var request = request
        request.fields = []
        request.withLabels = false
        var ids: [Int64] = []
        _ = try page(request) { row, _ in ids.append(row.integer(0)) }
        return ids
    }
}
