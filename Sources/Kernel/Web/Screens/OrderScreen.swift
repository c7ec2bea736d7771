import PluginAPI

/// Puts rows of a list in another order: all rows that are shown, as script sends them after a drag; or one by one step, as the
/// buttons do by themselves.
struct OrderScreen {
    let visit: Visit
    let entity: EntityModel

    private var base: String { "/admin/\(entity.path)" }

    func respond() async throws -> FrontResponse {
        try visit.actor.require("edit", on: entity)
        let back = visit.form.text("back")
        let list = back == base || back.hasPrefix(base + "?") ? back : base
        try await visit.store.write(as: visit.actor) { transaction in
            let ids: [RecordID] = try wanted(transaction, list)
            if !ids.isEmpty { try transaction.order(entity, ids) }
        }
        return visit.fragment == "json" ? .noContent : visit.done(list, "Order saved.")
    }

    private func wanted(_ transaction: StoreTransaction, _ list: String) throws -> [RecordID] {
        guard let text = visit.query["id"] else { return visit.form.values("id").compactMap { Int64($0).map { RecordID($0) } } }
        guard let id = Int64(text), let by = visit.query["by"].flatMap({ Int($0) }), abs(by) == 1 else {
            throw CRMError(.invalid, "this is no step")
        }
        let query = QueryState(parsing: String(list.drop { $0 != "?" }.dropFirst()))
        var request = try ListState(entity: entity, query: query.without("cursor")).query(transaction).request(entity)
        request.limit = 500
        let ids: [Int64] = try transaction.ids(page: request)
        guard let place = ids.firstIndex(of: id), ids.indices.contains(place + by) else { return [] }
        return [ids[min(place, place + by)], ids[max(place, place + by)]].reversed().map { RecordID($0) }
    }
}
