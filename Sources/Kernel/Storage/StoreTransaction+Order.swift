import PluginAPI

extension StoreTransaction {
    /// The most records that are put in order at once.
    static let mostOrdered = 1000

    /// Puts records in an order among themselves: together they keep the places that they had. Where several share a place, all
    /// records of the entity are numbered anew. Gives the new places of those that were named.
    @discardableResult
    func order(_ entity: EntityModel, _ ids: [RecordID]) throws -> [(id: RecordID, position: Int64)] {
        guard let field = entity.positionField, actor.mask(field.name, of: entity.name) != .hidden else {
            throw CRMError(.notFound, "\(entity.pluralTitle.lowercased()) have no order of their own")
        }
        guard !ids.isEmpty, Set(ids).count == ids.count else {
            throw CRMError(.invalid, "this is no order", problems: [Problem(field: "ids", "must name each record once")])
        }
        guard ids.count <= StoreTransaction.mostOrdered else {
            throw CRMError(.tooLarge, "more than \(StoreTransaction.mostOrdered) records at once", hint: "Take them in parts.")
        }
        let named: [RecordData] = try ids.map { try require(entity, $0) }
        let places: [Int64] = named.map { StoreTransaction.position($0, field) }.sorted()
        if Set(places).count == places.count {
            for (record, place) in zip(named, places) { try put(record, at: place, entity, field) }
            return Array(zip(ids, places)).map { (id: $0, position: $1) }
        }
        return try renumber(entity, field, ids)
    }

    private func renumber(_ entity: EntityModel, _ field: FieldModel, _ ids: [RecordID]) throws -> [(id: RecordID, position: Int64)] {
        let most = StoreTransaction.mostOrdered
        let all: [RecordData] = try self.all(entity.name, where: .everything, sort: [Sort(field: field.name, descending: false)], limit: most + 1)
        guard all.count <= most else {
            throw CRMError.refused("there are more than \(most) \(entity.pluralTitle.lowercased()) to number anew", hint: "Give each a position by hand.")
        }
        let wanted = Set(ids)
        var next = ids.makeIterator()
        var order: [RecordData] = []
        let byID: [RecordID: RecordData] = Dictionary(all.map { ($0.id, $0) }) { first, _ in first }
        for record in all {
            guard wanted.contains(record.id) else { order.append(record); continue }
            if let id = next.next(), let record = byID[id] { order.append(record) }
        }
        var placed: [(id: RecordID, position: Int64)] = []
        for (place, record) in order.enumerated() {
            try put(record, at: Int64(place + 1), entity, field)
            if wanted.contains(record.id) { placed.append((record.id, Int64(place + 1))) }
        }
        return placed
    }

    private func put(_ record: RecordData, at place: Int64, _ entity: EntityModel, _ field: FieldModel) throws {
        guard StoreTransaction.position(record, field) != place || record.values[field.place].isEmpty else { return }
        // Read anew: an earlier step's rules may have changed it.
        var record: RecordData = try require(entity, record.id)
        record.values[field.place] = .integer(place)
        _ = try save(entity.name, record)
    }

    private static func position(_ record: RecordData, _ field: FieldModel) -> Int64 {
        if case .integer(let place) = record.values[field.place] { place } else { 0 }
    }
}
