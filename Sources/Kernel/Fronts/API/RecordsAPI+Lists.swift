import PluginAPI

extension RecordsAPI {
    /// `GET …/cards`: the figures above the list, as many of them as the caller may read.
    func cards(_ caller: Caller) async throws -> FrontResponse {
        try caller.actor.require("view", on: entity)
        let entity = entity
        let bytes = try await kernel.store.read(as: caller.actor, mayLag: true) { tx in
            let readings = try ListCardReader.readings(entity, tx)
            return JSONWriter.object { json in
                json.key("data")
                json.beginArray()
                for reading in readings { json.raw(MetricsAPI.document(reading, tx.registry)) }
                json.endArray()
            }
        }
        return .json(bytes)
    }

    /// `POST …/order {"ids": […]}`: puts records in this order.
    func order(_ request: FrontRequest, _ caller: Caller) async throws -> FrontResponse {
        try caller.actor.require("edit", on: entity)
        let given = try APIFront.body(request)["ids"]?.array?.map(\.int)
        guard let given, !given.isEmpty, !given.contains(nil) else {
            throw CRMError(.invalid, "no records are named", problems: [Problem(field: "ids", "must be a list of ids")])
        }
        let entity = entity
        let placed = try await kernel.store.write(as: caller.actor) { tx in
            try tx.order(entity, given.compactMap { $0.map { RecordID($0) } }).map { (id: $0.id.raw, position: $0.position) }
        }
        return .json(
            JSONWriter.object { json in
                json.key("data")
                json.beginArray()
                for record in placed {
                    json.beginObject()
                    json.field("id", record.id)
                    json.field("position", record.position)
                    json.endObject()
                }
                json.endArray()
            })
    }
}

/// The figures above a list.
enum ListCardReader {
    static func readings(_ entity: EntityModel, _ transaction: StoreTransaction) throws -> [MetricReading] {
        guard !entity.extras.cards.isEmpty else { return [] }
        let reader = MetricReader(transaction: transaction)
        let readable: [String: Metric] = Dictionary(reader.readable().map { ($0.body.key, $0.body) }) { first, _ in first }
        return try entity.extras.cards.compactMap { key in try readable[key].map { try reader.read($0, .month) } }
    }
}
