import GRDBSQLite

/// Bare SQLite, which waits for the disk at every commit.
final class SQLiteFloor: Floor {
    private let database: OpaquePointer
    private var begin, commit, row, search, audit, change, changed, find: OpaquePointer?

    init(_ path: String) throws {
        var handle: OpaquePointer?
        guard sqlite3_open(path, &handle) == SQLITE_OK, let handle else { throw FloorFailure(text: "cannot open \(path)") }
        database = handle
        try execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
        try execute(
            """
            CREATE TABLE IF NOT EXISTS lead (id INTEGER PRIMARY KEY AUTOINCREMENT, version INTEGER, created_at INTEGER, created_by INTEGER,
              updated_at INTEGER, updated_by INTEGER, title TEXT, contact_name TEXT, contact_email TEXT, company_name TEXT, description TEXT,
              value INTEGER, value_currency TEXT, status INTEGER, outcome TEXT);
            CREATE INDEX IF NOT EXISTS lead_created ON lead (created_at, id);
            CREATE INDEX IF NOT EXISTS lead_status ON lead (status, created_at, id);
            CREATE VIRTUAL TABLE IF NOT EXISTS search USING fts5(title, contact_name, contact_email, company_name, tokenize = 'trigram');
            CREATE TABLE IF NOT EXISTS audit (id INTEGER PRIMARY KEY AUTOINCREMENT, entity TEXT, record INTEGER, version INTEGER, at INTEGER,
              user_id INTEGER, via TEXT, action TEXT, changes TEXT);
            CREATE INDEX IF NOT EXISTS audit_record ON audit (entity, record, id);
            """)
        begin = try prepare("BEGIN IMMEDIATE")
        commit = try prepare("COMMIT")
        row = try prepare("INSERT INTO lead VALUES (NULL, 1, ?1, 1, ?1, 1, ?2, ?3, ?4, ?5, ?6, ?7, 'EUR', ?8, 'open')")
        search = try prepare("INSERT INTO search (rowid, title, contact_name, contact_email, company_name) VALUES (?1, ?2, ?3, ?4, ?5)")
        audit = try prepare("INSERT INTO audit VALUES (NULL, 'lead', ?1, 1, ?2, 1, 'api', 'created', ?3)")
        change = try prepare("UPDATE lead SET status = ?2, updated_at = ?3, updated_by = 1, version = version + 1 WHERE id = ?1")
        changed = try prepare("INSERT INTO audit VALUES (NULL, 'lead', ?1, 2, ?3, 1, 'api', 'updated', '{\"status\":[1,' || ?2 || ']}')")
        find = try prepare(
            "SELECT l.* FROM search s JOIN lead l ON l.id = s.rowid WHERE search MATCH ?1 ORDER BY s.rowid DESC LIMIT 50")
    }

    deinit {
        for statement in [begin, commit, row, search, audit, change, changed, find] { sqlite3_finalize(statement) }
        sqlite3_close(database)
    }

    func fill(_ samples: [Sample]) throws {
        try step(begin)
        for sample in samples { try store(sample) }
        try step(commit)
    }

    func insert(_ sample: Sample) throws {
        try step(begin)
        try store(sample)
        try step(commit)
    }

    func update(_ id: Int, status: Int) throws {
        try step(begin)
        for statement in [change, changed] {
            bind(statement, 1, Int64(id))
            bind(statement, 2, Int64(status))
            bind(statement, 3, milliseconds())
            try step(statement)
        }
        try step(commit)
    }

    func search(_ text: String) throws -> Int {
        bind(find, 1, "\"" + text + "\"")
        defer { sqlite3_reset(find) }
        var count = 0
        while sqlite3_step(find) == SQLITE_ROW {
            count += sqlite3_column_bytes(find, 6) > 0 ? 1 : 0
        }
        return count
    }

    private func store(_ sample: Sample) throws {
        let now: Int64 = milliseconds()
        let texts: [String] = [sample.title, sample.name, sample.email, sample.company]
        bind(row, 1, now)
        for (place, text) in (texts + [Sample.description]).enumerated() { bind(row, Int32(place + 2), text) }
        bind(row, 7, Int64(sample.value * 100))
        bind(row, 8, Int64(sample.number % 3 + 1))
        try step(row)
        let id: Int64 = sqlite3_last_insert_rowid(database)
        bind(search, 1, id)
        for (place, text) in texts.enumerated() { bind(search, Int32(place + 2), text) }
        try step(search)
        bind(audit, 1, id)
        bind(audit, 2, now)
        bind(audit, 3, sample.trail)
        try step(audit)
    }

    private func execute(_ sql: String) throws {
        guard sqlite3_exec(database, sql, nil, nil, nil) == SQLITE_OK else { throw failure() }
    }

    private func prepare(_ sql: String) throws -> OpaquePointer? {
        var statement: OpaquePointer?
        guard sqlite3_prepare_v2(database, sql, -1, &statement, nil) == SQLITE_OK else { throw failure() }
        return statement
    }

    private func bind(_ statement: OpaquePointer?, _ place: Int32, _ number: Int64) { sqlite3_bind_int64(statement, place, number) }
    private func bind(_ statement: OpaquePointer?, _ place: Int32, _ text: String) {
        sqlite3_bind_text(statement, place, text, -1, unsafeBitCast(-1, to: sqlite3_destructor_type.self))
    }

    private func step(_ statement: OpaquePointer?) throws {
        guard sqlite3_step(statement) == SQLITE_DONE else { throw failure() }
        sqlite3_reset(statement)
    }

    private func failure() -> FloorFailure { FloorFailure(text: String(cString: sqlite3_errmsg(database))) }
}
