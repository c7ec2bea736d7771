import PluginAPI

/// Goes through all rows of a table by its key, some hundred at a time, so that memory does not grow with the table on engines
/// that hand over whole results.
struct TableScan {
    let table: BackupManifest.Table
    private static let page = 500

    private var condition: String {
        table.name == "tenon_meta" ? "\"key\" NOT IN (" + BackupTables.ownFacts.sorted().map { "'\($0)'" }.joined(separator: ", ") + ")" : "1 = 1"
    }

    /// Hands over each row, its columns in the table's order.
    func rows(_ connection: any Connection, _ each: (any Row) throws -> Void) throws {
        let columns: String = table.columns.map { quoted($0.name) }.joined(separator: ", ")
        let key: String = table.key.map(quoted).joined(separator: ", ")
        let marks: String = table.key.map { _ in "?" }.joined(separator: ", ")
        // A row of one value is no row to PostgreSQL's planner; without the brackets it is a plain comparison.
        let after: String = table.key.count == 1 ? "\(key) > ?" : "(\(key)) > (\(marks))"
        let select = "SELECT \(columns) FROM \(quoted(table.name)) WHERE \(condition)"
        var last: [SQLValue] = []
        while true {
            let sql: String = select + (last.isEmpty ? "" : " AND " + after) + " ORDER BY \(key) LIMIT \(Self.page)"
            var count = 0
            try connection.query(sql, last) { row in
                count += 1
                // The key's columns come first.
                if count == Self.page { last = table.key.indices.map { row.value($0) } }
                try each(row)
                return true
            }
            if count < Self.page { return }
        }
    }

    /// A row as a line of a backup.
    func write(_ row: any Row, _ json: inout JSONWriter) throws {
        json.beginArray()
        for (place, column) in table.columns.enumerated() {
            if row.isNull(place) {
                json.null()
                continue
            }
            switch column.kind {
            case .text: row.withText(place) { json.string(utf8: $0) }
            case .integer:
                // A column of the embedded engine holds what was put into it, whatever it was made for.
                switch row.value(place) {
                case .integer(let number): json.integer(number)
                case .text(let text): json.string(text)
                case .null, .blob: json.null()
                }
            case .blob:
                let bytes: [UInt8] = row.blob(place)
                json.beginObject()
                json.field("hex", bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined())
                json.endObject()
            }
        }
        json.endArray()
    }
}
