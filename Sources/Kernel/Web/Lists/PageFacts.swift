import PluginAPI

/// What is known of all rows of a list's page before the first is written: one query a count, and one for the right to change them
/// where it does not reach all records.
struct PageFacts {
    /// Nil when nothing is counted.
    let counts: RecordCounts?
    /// Nil when all may be changed.
    private let editable: Set<Int64>?

    init(_ request: ListRequest, in transaction: StoreTransaction) throws {
        let entity = request.entity
        let isCounted: Bool = !RecordCounts.columns(entity, transaction.registry, transaction.actor).isEmpty
        let isNarrow: Bool = transaction.actor.can("edit", on: entity.name) && transaction.actor.owners("edit", on: entity.name) != nil
        let ids: [Int64] = isCounted || isNarrow ? try transaction.ids(page: request) : []
        counts = try RecordCounts(entity, of: ids, in: transaction)
        editable = isNarrow ? try transaction.reached(entity, among: ids, right: "edit") : nil
    }

    func mayEdit(_ id: Int64) -> Bool { editable?.contains(id) ?? true }
}

extension StoreTransaction {
    /// The ones of these records that a right reaches.
    func reached(_ entity: EntityModel, among ids: [Int64], right: String) throws -> Set<Int64> {
        guard !ids.isEmpty else { return [] }
        var query = "SELECT t.\"id\" FROM \(quoted(entity.name)) t WHERE " + dialect.among("t.\"id\"", ids) + " AND "
        query = query + (try compiler(entity).condition(.everything, right: right))
        return Set(try connection.all(query.sql, query.arguments) { $0.integer(0) })
    }
}
