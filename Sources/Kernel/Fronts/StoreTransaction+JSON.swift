import PluginAPI

/// Records as the API shows them, written anew only where they are not known from the last time (``WrittenRows``).
extension StoreTransaction {
    /// One record; throws `notFound` when there is none that the user may see.
    ///
    /// - Parameter isLast: whether nothing is asked after it.
    func json(_ entity: EntityModel, _ id: RecordID, isLast: Bool = false) throws -> (bytes: [UInt8], version: Int64) {
        let projection = try projection(entity, withLabels: true)
        let condition = try compiler(entity).condition(.id(id))
        let countsNothing: Bool = RecordCounts.columns(entity, registry, actor).isEmpty
        let isLast: Bool = isLast && countsNothing && entity.marks.isEmpty
        var writer = JSONWriter(capacity: 2048)
        var version: Int64?
        var rows = RowKeeper(projection, self)
        if let stamp = try stamp(of: id, projection, condition, isLast: isLast), let found = registry.written.rows(entity.name, projection.number, [stamp]) {
            for row in found.pieces { writer.raw(row.bytes) }
            version = stamp.version
            rows.keep(found)
        } else {
            if isLast, projection.isOneQuestion { connection.nextIsLast() }
            let query = projection.query(" WHERE " + condition)
            try connection.query(query.sql, query.arguments) { row in
                version = row.integer(1)
                try rows.write(row, to: &writer)
                return false
            }
            rows.keep()
        }
        guard let version else { throw StoreTransaction.missing(entity, id) }
        if !countsNothing, let counts = try RecordCounts(entity, of: [id.raw], in: self) { counts.write(id.raw, to: &writer) }
        guard !entity.marks.isEmpty else { return (writer.bytes, version) }
        return (MarkedRecords.with(try marks(entity, [id.raw])[id.raw] ?? [], writer.bytes), version)
    }

    /// Which version of a record there is, where the record is known from the last time and there still.
    private func stamp(of id: RecordID, _ projection: Projection, _ condition: SQLFragment, isLast: Bool) throws -> WrittenRows.Stamp? {
        guard let stamps = projection.stamps, RowKeeper.mayKeep(projection, self),
            registry.written.has(projection.entity.name, id.raw, projection.number)
        else { return nil }
        if isLast { connection.nextIsLast() }
        let query = stamps.select(from: nil) + " WHERE " + condition
        return try connection.first(query.sql, query.arguments) { WrittenRows.Stamp(row: $0) }
    }

    /// Writes the records of one page, one after the other, and gives the cursor of the next page, or nil when there is none.
    ///
    /// - Parameter isLast: whether nothing is asked after it.
    func write(_ request: ListRequest, isLast: Bool, to json: inout JSONWriter) throws -> String? {
        let entity = request.entity
        let counts = try RecordCounts(page: request, in: self)
        let isLast: Bool = isLast && counts == nil && entity.marks.isEmpty
        let query = try PageQuery(request, self)
        let projection = query.projection
        var records = MarkedRecords(entity, self)
        var rows = RowKeeper(projection, self)
        if rows.outlook == .likely, let stamps = projection.stamps {
            var found: [WrittenRows.Stamp] = []
            found.reserveCapacity(request.limit)
            let next = try query.run(stamps, connection, isLast: isLast) { found.append(WrittenRows.Stamp(row: $0)) }
            let isPlain: Bool = counts == nil && entity.marks.isEmpty
            if let known = registry.written.rows(entity.name, projection.number, found, apart: !isPlain) {
                if isPlain {
                    for rows in known.pieces { json.raw(kept: rows.bytes) }
                } else {
                    for (stamp, row) in zip(found, known.pieces) { records.write(stamp.id, counts, to: &json) { $0.raw(row.bytes) } }
                    try records.finish(&json)
                }
                rows.keep(known)
                return next
            }
        }
        let next = try query.run(projection.rows, connection, isLast: isLast && projection.isOneQuestion) { row in
            try records.write(row.integer(0), counts, to: &json) { try rows.write(row, to: &$0) }
        }
        rows.keep()
        try records.finish(&json)
        return next
    }
}

extension WrittenRows.Stamp {
    fileprivate init(row: any Row) { self.init(id: row.integer(0), version: row.integer(1)) }
}

/// Writes rows, and keeps what was written for the next time.
private struct RowKeeper {
    private let projection: Projection
    private let transaction: StoreTransaction
    private lazy var labels = LinkLabels(transaction)
    /// Whether rows are worth looking for, and keeping.
    let outlook: WrittenRows.Outlook
    private var places: [WrittenRows.Place] = []
    private var sheet: [UInt8] = []

    init(_ projection: Projection, _ transaction: StoreTransaction) {
        self.projection = projection
        self.transaction = transaction
        outlook =
            RowKeeper.mayKeep(projection, transaction)
            ? transaction.registry.written.outlook(projection.entity.name, projection.number) : .unlikely
    }

    /// Whether rows may be kept: not those of the product's own records, some of which change without anybody being told, and not by a transaction
    /// that may see them late or otherwise than they are stored.
    static func mayKeep(_ projection: Projection, _ transaction: StoreTransaction) -> Bool {
        transaction.core.rowsMoment != nil && projection.entity.plugin != Composition.kernel
    }

    mutating func write(_ row: any Row, to json: inout JSONWriter) throws {
        let place: Int = json.place
        try row.write(projection.plan, labels, to: &json)
        guard outlook != .unlikely, projection.plan.links.allSatisfy(row.isNull) else { return }
        if !sheet.isEmpty { sheet.append(UInt8(ascii: ",")) }
        let start: Int = sheet.count
        json.copy(from: place, to: &sheet)
        places.append(WrittenRows.Place(stamp: WrittenRows.Stamp(row: row), range: start..<sheet.count))
    }

    /// Keeps what was written.
    func keep() { keep(places, sheet) }

    /// Keeps what was known, where it is about to be forgotten for its age.
    func keep(_ found: WrittenRows.Found) {
        if found.isOld { keep(found.places, found.sheet) }
    }

    private func keep(_ places: [WrittenRows.Place], _ sheet: [UInt8]) {
        guard let moment = transaction.core.rowsMoment else { return }
        transaction.registry.written.keep(projection.entity.name, projection.number, places, on: sheet, since: moment)
    }
}
