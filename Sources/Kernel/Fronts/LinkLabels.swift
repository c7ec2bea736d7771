import PluginAPI

/// What the records are called that the rows of one answer point at: looked up once for all rows, or known from before.
final class LinkLabels {
    /// What is known of one entity, and the label that was asked for last: neighbours in a list often point at the same.
    private final class Table {
        let entity: EntityModel
        var texts: KnownLabels.Texts
        var lastID: Int64?
        var lastText: [UInt8] = []

        init(_ entity: EntityModel, _ texts: KnownLabels.Texts) {
            self.entity = entity
            self.texts = texts
        }
    }

    private let transaction: StoreTransaction
    private var known: [String: [Int64: String]] = [:]
    private var asked: [String: Set<Int64>] = [:]
    private var tables: [Table] = []

    init(_ transaction: StoreTransaction) { self.transaction = transaction }

    /// The labels of records, by id; those that the user may not see have none.
    func of(_ target: String, _ ids: [RecordID]) throws -> [Int64: String] {
        let missing = ids.map(\.raw).filter { asked[target]?.contains($0) != true }
        if !missing.isEmpty {
            asked[target, default: []].formUnion(missing)
            known[target, default: [:]].merge(try transaction.labels(target, missing)) { $1 }
        }
        return known[target] ?? [:]
    }

    /// The label of the record that a field of a row points at; nil where there is none within sight.
    func text(_ item: Projection.Item, of row: any Row) throws -> String? {
        switch item.label {
        case .column(let place): row.optionalText(place)
        case .known(let target):
            try row.optionalInteger(item.column).flatMap { id in try bytes(target, id) }.map { String(decoding: $0, as: UTF8.self) }
        case nil: nil
        }
    }

    /// Writes the label of a record of an entity whose labels are known.
    func write(_ target: EntityModel, _ id: Int64, to json: inout JSONWriter) throws {
        let table: Table = table(of: target)
        guard try table.lastID == id || find(id, table) else { return json.null() }
        table.lastText.withUnsafeBufferPointer { json.string(utf8: $0) }
    }

    private func bytes(_ target: EntityModel, _ id: Int64) throws -> [UInt8]? {
        let table: Table = table(of: target)
        return try table.lastID == id || find(id, table) ? table.lastText : nil
    }

    /// Whether there is such a label; it is the last one then.
    private func find(_ id: Int64, _ table: Table) throws -> Bool {
        if let text = table.texts[id] {
            (table.lastID, table.lastText) = (id, text)
            return true
        }
        guard let text = try transaction.label(table.entity.name, id).map({ Array($0.utf8) }) else { return false }
        table.texts[id] = text
        (table.lastID, table.lastText) = (id, text)
        transaction.keepLabel(text, of: id, table.entity)
        return true
    }

    private func table(of entity: EntityModel) -> Table {
        for table in tables where table.entity === entity { return table }
        let table = Table(entity, transaction.registry.labels.texts(entity.name))
        tables.append(table)
        return table
    }
}
