/// What a server knows of damage: it looks after its own bytes, and is asked what it found. With the extension `amcheck` in the
/// database it also looks through every index.
enum PostgreSQLIntegrity {
    static func problems(_ connection: any Connection) throws -> [String] {
        var problems: [String] = try connection.all(
            """
            SELECT c.relname::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
            WHERE c.relnamespace = to_regnamespace(current_schema()::text) AND NOT (i.indisvalid AND i.indisready) \
            AND c.relname NOT LIKE 'tenon_search_%' ORDER BY 1
            """) { "the index \($0.text(0)) is not whole" }
        let failures: Int64 =
            try connection.integer("SELECT coalesce(checksum_failures, 0) FROM pg_stat_database WHERE datname = current_database()") ?? 0
        if failures > 0 { problems.append("the server has met \(failures) damaged pages") }
        guard problems.isEmpty, try connection.integer("SELECT 1 FROM pg_extension WHERE extname = 'amcheck'") != nil else { return problems }
        let indexes: [(Int64, String)] = try connection.all(
            """
            SELECT c.oid::bigint, c.relname::text FROM pg_class c JOIN pg_am a ON a.oid = c.relam \
            WHERE c.relnamespace = to_regnamespace(current_schema()::text) AND c.relkind = 'i' AND a.amname = 'btree' ORDER BY 2
            """) { ($0.integer(0), $0.text(1)) }
        for (id, name) in indexes {
            do { _ = try connection.integer("SELECT 1 FROM (SELECT bt_index_check(CAST(CAST(? AS bigint) AS regclass))) c", [.integer(id)]) } catch {
                // The transaction is over with it: one is enough to know.
                return ["the index \(name) is damaged: \(error)"]
            }
        }
        return []
    }
}
