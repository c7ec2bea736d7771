/// What backups and checks ask of the server.
extension PostgreSQLDialect {
    func columnKinds(_ connection: any Connection, of table: String) throws -> [String: ColumnKind] {
        let pairs: [(String, ColumnKind)] = try connection.all(
            """
            SELECT attname::text, atttypid::regtype::text FROM pg_attribute \
            WHERE attrelid = to_regclass(?) AND attnum > 0 AND NOT attisdropped
            """, [.text(quoted(table))]
        ) { row in
            switch row.text(1) {
            case "bigint", "integer", "smallint": (row.text(0), .integer)
            case "bytea": (row.text(0), .blob)
            default: (row.text(0), .text)
            }
        }
        return Dictionary(pairs) { first, _ in first }
    }

    func lastNumber(_ connection: any Connection, of table: String) throws -> Int64 {
        try connection.integer(
            "SELECT pg_sequence_last_value(CAST(pg_get_serial_sequence(?, 'id') AS regclass))", [.text(quoted(table))]) ?? 0
    }

    func setLastNumber(_ connection: any Connection, of table: String, to number: Int64) throws {
        guard number > 0 else { return }
        _ = try connection.integer("SELECT setval(pg_get_serial_sequence(?, 'id'), ?)", [.text(quoted(table)), .integer(number)])
    }

    func tables(_ connection: any Connection) throws -> Set<String> {
        Set(
            try connection.all(
                "SELECT relname::text FROM pg_class WHERE relnamespace = to_regnamespace(current_schema()::text) AND relkind = 'r'") { $0.text(0) })
    }

    /// The server keeps the index, which is over the rows themselves; what can be wrong is that it is not there or not whole.
    func searchFaults(_ connection: any Connection, table: String, columns: [String]) throws -> SearchFaults {
        var faults = SearchFaults()
        let state: (covers: String, isWhole: Bool)? = try connection.first(
            """
            SELECT coalesce(obj_description(i.indexrelid, 'pg_class'), ''), CASE WHEN i.indisvalid AND i.indisready THEN 1 ELSE 0 END \
            FROM pg_index i WHERE i.indexrelid = to_regclass(?)
            """, [.text(quoted("tenon_search_" + table))]) { ($0.text(0), $0.integer(1) == 1) }
        switch state {
        case nil: faults.other = "there is no index"
        case let state?:
            if !state.isWhole { faults.other = "the index is not whole" }
            if state.covers != PostgreSQLDialect.cover(columns) { faults.other = "the index covers other fields" }
        }
        return faults
    }
}
