import PluginAPI

/// Records as the API shows them: snake_case fields, references as ids with an `…_label` beside them, money as an object.
extension JSONWriter {
    /// A row of a list, straight from the engine's page to bytes.
    mutating func record(_ row: any Row, _ projection: Projection, _ transaction: StoreTransaction) throws {
        beginObject()
        key(prepared: JSONWriter.id)
        integer(row.integer(0))
        key(prepared: JSONWriter.version)
        integer(row.integer(1))
        for item in projection.items {
            key(prepared: item.key)
            if row.isNull(item.column) {
                null()
            } else {
                switch item.field.type {
                case .text, .choice, .day: row.withText(item.column) { string(utf8: $0) }
                case .json: row.withText(item.column) { raw($0) }
                case .integer, .reference: integer(row.integer(item.column))
                case .boolean: boolean(row.integer(item.column) != 0)
                default: value(item.field.read(row, at: item.column))
                }
            }
            if let label = item.labelColumn {
                key(prepared: item.labelKey)
                if row.isNull(label) { null() } else { row.withText(label) { string(utf8: $0) } }
            } else if case .references(let target) = item.field.type {
                let ids = row.isNull(item.column) ? [] : row.withText(item.column, FieldModel.ids)
                let labels = try transaction.labels(target, ids.map(\.raw))
                key(prepared: item.labelKey)
                beginArray()
                for id in ids { if let label = labels[id.raw] { string(label) } else { null() } }
                endArray()
            }
        }
        endObject()
    }

    private static let id = JSONWriter.prepared("id")
    private static let version = JSONWriter.prepared("version")
}

extension StoreTransaction {
    /// One record as the API shows it; throws `notFound` when there is none that the user may see.
    func json(_ entity: EntityModel, _ id: RecordID) throws -> (bytes: [UInt8], version: Int64) {
        let projection = Projection(entity, fields: nil, actor: actor, registry: registry, withLabels: true)
        let condition = try compiler(entity).condition(.compare("id", .equal, .value(.integer(id.raw))))
        let sql = "SELECT \(projection.columns) FROM \(quoted(entity.name)) t\(projection.joins) WHERE \(condition.sql)"
        var writer = JSONWriter(capacity: 1024)
        var version: Int64?
        try connection.query(sql, condition.arguments) { row in
            version = row.integer(1)
            try writer.record(row, projection, self)
            return false
        }
        guard let version else { throw StoreTransaction.missing(entity, id) }
        return (writer.bytes, version)
    }
}
