extension Connection {
    /// Goes through the rows of a table by id, some hundred at a time; each batch is handed over with the range of ids that it
    /// covers. The first column of a row is its id.
    func batches<T>(
        of table: String, _ columns: [String], where condition: String = "1 = 1", size: Int = 500, _ make: (any Row) throws -> T,
        _ each: (_ batch: [T], _ ids: ClosedRange<Int64>) throws -> Void
    ) throws {
        let list: String = (["id"] + columns).map(quoted).joined(separator: ", ")
        let sql = "SELECT \(list) FROM \(quoted(table)) WHERE \"id\" > ? AND \(condition) ORDER BY \"id\" LIMIT \(size)"
        var last: Int64 = 0
        while true {
            var (first, batch): (Int64, [T]) = (0, [])
            try query(sql, [.integer(last)]) { row in
                last = row.integer(0)
                if batch.isEmpty { first = last }
                batch.append(try make(row))
                return true
            }
            if !batch.isEmpty { try each(batch, first...last) }
            if batch.count < size { return }
        }
    }
}
