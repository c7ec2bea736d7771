import PluginAPI

extension Filter {
    /// The name that stands for a mark where filters name a field.
    static let markName = "mark"
}

extension StoreTransaction {
    /// The marks of an entity that the user may see: not those whose conditions name something hidden.
    func visibleMarks(_ entity: EntityModel) -> [MarkModel] {
        entity.marks.filter { (try? compiler(entity).condition($0.filter)) != nil }
    }

    /// The marks that some records carry now, as far as the user may see them, by the record's id, in the order in which they
    /// were declared.
    func marks(_ entity: EntityModel, _ ids: [Int64]) throws -> [Int64: [MarkModel]] {
        guard !entity.marks.isEmpty, !ids.isEmpty else { return [:] }
        var found: [Int64: [MarkModel]] = [:]
        for mark in entity.marks {
            guard let condition = try? compiler(entity).condition(mark.filter) else { continue }
            let query = "SELECT t.\"id\" FROM \(quoted(entity.name)) t WHERE " + dialect.among("t.\"id\"", ids) + " AND " + condition
            try connection.query(query.sql, query.arguments) { row in
                found[row.integer(0), default: []].append(mark)
                return true
            }
        }
        return found
    }
}

/// Records as they are written one after the other, with their marks, which are looked up for all of them at once.
struct MarkedRecords {
    private let entity: EntityModel
    private let transaction: StoreTransaction
    private var rows: [(id: Int64, bytes: [UInt8])] = []

    init(_ entity: EntityModel, _ transaction: StoreTransaction) {
        self.entity = entity
        self.transaction = transaction
    }

    /// Writes a record, with the counts of what points at it, at once where the entity has no marks, and keeps it otherwise.
    mutating func write(
        _ id: Int64, _ counts: RecordCounts? = nil, to json: inout JSONWriter, _ row: (inout JSONWriter) throws -> Void
    ) rethrows {
        guard !entity.marks.isEmpty else {
            try row(&json)
            counts?.write(id, to: &json)
            return
        }
        var own = JSONWriter(capacity: 1024)
        try row(&own)
        counts?.write(id, to: &own)
        rows.append((id, own.bytes))
    }

    /// Writes the rows that were kept.
    mutating func finish(_ json: inout JSONWriter) throws {
        let marks: [Int64: [MarkModel]] = try transaction.marks(entity, rows.map(\.id))
        for row in rows { json.raw(MarkedRecords.with(marks[row.id] ?? [], row.bytes)) }
        rows = []
    }

    /// A record's object with its marks as one more member.
    static func with(_ marks: [MarkModel], _ object: [UInt8]) -> [UInt8] {
        guard object.last == UInt8(ascii: "}") else { return object }
        let names: String = marks.map { "\"\($0.name)\"" }.joined(separator: ",")
        return Array(object.dropLast()) + Array(",\"marks\":[\(names)]}".utf8)
    }
}
