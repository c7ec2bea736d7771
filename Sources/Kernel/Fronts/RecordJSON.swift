import PluginAPI

/// Records as the API shows them: snake_case fields, references as ids with an `…_label` beside them, money as an object.
extension JSONWriter {
    /// A row of a list, straight from the engine's page to bytes.
    mutating func record(_ row: any Row, _ projection: Projection, _ labels: LinkLabels) throws {
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
                switch item.form {
                case .text: row.withText(item.column) { string(utf8: $0) }
                case .raw: row.withText(item.column) { raw($0) }
                case .integer: integer(row.integer(item.column))
                case .boolean: boolean(row.integer(item.column) != 0)
                case .moment: moment(row.integer(item.column))
                case .decimal(let scale): decimal(units: row.integer(item.column), scale: scale)
                case .value, .list: value(item.field.read(row, at: item.column))
                }
            }
            if let label = item.labelColumn {
                key(prepared: item.labelKey)
                if row.isNull(label) { null() } else { row.withText(label) { string(utf8: $0) } }
            } else if item.form == .list, let target = item.field.target {
                let ids = row.isNull(item.column) ? [] : row.withText(item.column, FieldModel.ids)
                let texts = try labels.of(target, ids)
                key(prepared: item.labelKey)
                beginArray()
                for id in ids { if let label = texts[id.raw] { string(label) } else { null() } }
                endArray()
            }
        }
        endObject()
    }

    private static let id = JSONWriter.prepared("id")
    private static let version = JSONWriter.prepared("version")
}

/// How a field of a row becomes JSON: the type without what only people need.
enum JSONForm: Equatable {
    case text, raw, integer, boolean, moment, value, list
    case decimal(scale: Int)

    init(_ type: FieldType) {
        switch type {
        case .text, .choice, .day: self = .text
        case .json: self = .raw
        case .integer, .reference: self = .integer
        case .boolean: self = .boolean
        case .moment: self = .moment
        case .decimal(let scale): self = .decimal(scale: scale)
        case .money: self = .value
        case .references: self = .list
        }
    }
}

/// The labels of what lists of links point at, looked up once for all rows of an answer.
final class LinkLabels {
    private let transaction: StoreTransaction
    private var known: [String: [Int64: String]] = [:]
    private var asked: [String: Set<Int64>] = [:]

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
}

extension StoreTransaction {
    /// One record as the API shows it; throws `notFound` when there is none that the user may see.
    func json(_ entity: EntityModel, _ id: RecordID) throws -> (bytes: [UInt8], version: Int64) {
        let projection = try projection(entity, withLabels: true)
        let query = projection.select + " WHERE " + (try compiler(entity).condition(.id(id)))
        var writer = JSONWriter(capacity: 1024)
        var version: Int64?
        try connection.query(query.sql, projection.arguments + query.arguments) { row in
            version = row.integer(1)
            try writer.record(row, projection, LinkLabels(self))
            return false
        }
        guard let version else { throw StoreTransaction.missing(entity, id) }
        return (writer.bytes, version)
    }
}
