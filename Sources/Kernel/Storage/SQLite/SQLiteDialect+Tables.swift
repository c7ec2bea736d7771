/// What backups and checks ask of the embedded engine.
extension SQLiteDialect {
    func columnKinds(_ connection: any Connection, of table: String) throws -> [String: ColumnKind] {
        let pairs: [(String, ColumnKind)] = try connection.all("SELECT name, type FROM pragma_table_info(?)", [.text(table)]) { row in
            switch row.text(1).uppercased() {
            case let type where type.contains("INT"): (row.text(0), .integer)
            case "BLOB": (row.text(0), .blob)
            default: (row.text(0), .text)
            }
        }
        return Dictionary(pairs) { first, _ in first }
    }

    func lastNumber(_ connection: any Connection, of table: String) throws -> Int64 {
        try connection.integer("SELECT seq FROM sqlite_sequence WHERE name = ?", [.text(table)]) ?? 0
    }

    func setLastNumber(_ connection: any Connection, of table: String, to number: Int64) throws {
        guard number > 0 else { return }
        try connection.execute("DELETE FROM sqlite_sequence WHERE name = ?", [.text(table)])
        try connection.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", [.text(table), .integer(number)])
    }

    func tables(_ connection: any Connection) throws -> Set<String> {
        Set(try connection.all("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'") { $0.text(0) })
    }

    func searchFaults(_ connection: any Connection, table: String, columns: [String]) throws -> SearchFaults {
        var faults = SearchFaults()
        let name: String = "tenon_search_" + table
        let existing: Set<String> = try connection.columns(of: name)
        guard existing == Set(columns) else {
            faults.other = existing.isEmpty ? "there is no index" : "the index covers other fields"
            return faults
        }
        let (index, rows, limit): (String, String, SQLValue) = (quoted(name), quoted(table), .integer(Int64(SearchFaults.most)))
        let begin: Int64 = try tail(connection, table).begin()
        let newest: Int64? = try connection.integer("SELECT count(*) FROM \(rows) WHERE id > ?", [.integer(begin)])
        if let newest, newest > SQLiteSearchTail.most { faults.other = "\(newest) records are not in it" }
        faults.missing = try connection.all(
            "SELECT t.id FROM \(rows) t WHERE t.id <= ? AND NOT EXISTS (SELECT 1 FROM \(index) s WHERE s.rowid = t.id) ORDER BY t.id LIMIT ?",
            [.integer(begin), limit]
        ) { $0.integer(0) }
        faults.orphans = try connection.all(
            "SELECT s.rowid FROM \(index) s WHERE NOT EXISTS (SELECT 1 FROM \(rows) t WHERE t.id = s.rowid) ORDER BY s.rowid LIMIT ?", [limit]
        ) { $0.integer(0) }
        let unlike: String = columns.map { "s.\(quoted($0)) IS NOT " + SQLiteDialect.indexed("t." + quoted($0)) }.joined(separator: " OR ")
        faults.different = try connection.all(
            "SELECT t.id FROM \(rows) t JOIN \(index) s ON s.rowid = t.id WHERE \(unlike) ORDER BY t.id LIMIT ?", [limit]
        ) { $0.integer(0) }
        return faults
    }
}
