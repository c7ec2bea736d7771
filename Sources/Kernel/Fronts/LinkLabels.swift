import PluginAPI

/// What the records are called that the rows of one answer point at: looked up once for all rows, or known from before.
final class LinkLabels {
    /// What is known of one entity, and the label that was asked for last: neighbours in a list often point at the same.
    private struct Table {
        let entity: EntityModel
        var texts: KnownLabels.Texts
        var last: (id: Int64, text: [UInt8])?
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
        guard let text = try bytes(target, id) else { return json.null() }
        text.withUnsafeBufferPointer { json.string(utf8: $0) }
    }

    private func bytes(_ target: EntityModel, _ id: Int64) throws -> [UInt8]? {
        let place: Int = place(of: target)
        if let last = tables[place].last, last.id == id { return last.text }
        if let text = tables[place].texts[id] {
            tables[place].last = (id, text)
            return text
        }
        guard let text = try transaction.label(target.name, id).map({ Array($0.utf8) }) else { return nil }
        tables[place].texts[id] = text
        transaction.keepLabel(text, of: id, target)
        return text
    }

    private func place(of entity: EntityModel) -> Int {
        if let place = tables.firstIndex(where: { $0.entity === entity }) { return place }
        tables.append(Table(entity: entity, texts: transaction.registry.labels.texts(entity.name)))
        return tables.count - 1
    }
}
