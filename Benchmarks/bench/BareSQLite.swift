import Foundation
import GRDBSQLite

/// The least that storing such a record takes: its row with two indexes, its search entry and its line in the trail, in one
/// durable transaction of prepared statements.
enum BareSQLite {
    struct Failure: Error { let text: String }

    static func run(path: String, count: Int) throws {
        var handle: OpaquePointer?
        guard sqlite3_open(path, &handle) == SQLITE_OK, let database = handle else { throw Failure(text: "cannot open \(path)") }
        defer { sqlite3_close(database) }
        func execute(_ sql: String) throws {
            guard sqlite3_exec(database, sql, nil, nil, nil) == SQLITE_OK else { throw Failure(text: String(cString: sqlite3_errmsg(database))) }
        }
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
        func prepare(_ sql: String) throws -> OpaquePointer {
            var statement: OpaquePointer?
            guard sqlite3_prepare_v2(database, sql, -1, &statement, nil) == SQLITE_OK, let statement else {
                throw Failure(text: String(cString: sqlite3_errmsg(database)))
            }
            return statement
        }
        let begin = try prepare("BEGIN IMMEDIATE"), commit = try prepare("COMMIT")
        let row = try prepare("INSERT INTO lead VALUES (NULL, 1, ?, 1, ?, 1, ?, ?, ?, ?, ?, 1250000, 'EUR', 1, 'open')")
        let search = try prepare("INSERT INTO search (rowid, title, contact_name, contact_email, company_name) VALUES (?, ?, ?, ?, ?)")
        let audit = try prepare("INSERT INTO audit VALUES (NULL, 'lead', ?, 1, ?, 1, 'api', 'created', ?)")
        let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        func text(_ statement: OpaquePointer, _ position: Int32, _ text: String) { sqlite3_bind_text(statement, position, text, -1, transient) }
        func step(_ statement: OpaquePointer) throws {
            guard sqlite3_step(statement) == SQLITE_DONE else { throw Failure(text: String(cString: sqlite3_errmsg(database))) }
            sqlite3_reset(statement)
        }
        for number in 0..<count {
            let (title, name) = (Sample.title(number, "b"), Sample.name(number))
            let (email, company) = (Sample.email(number, "b"), Sample.company(number))
            let trail = "{\"title\":[null,\"\(title)\"],\"contact_name\":[null,\"\(name)\"],\"contact_email\":[null,\"\(email)\"],"
                + "\"company_name\":[null,\"\(company)\"],\"description\":[null,\"\(Sample.description)\"],"
                + "\"value\":[null,{\"amount\":\"12500.00\",\"currency\":\"EUR\"}]}"
            let now = Int64(Date().timeIntervalSince1970 * 1000)
            let start = nanoseconds()
            try step(begin)
            sqlite3_bind_int64(row, 1, now)
            sqlite3_bind_int64(row, 2, now)
            for (place, value) in [title, name, email, company, Sample.description].enumerated() { text(row, Int32(place + 3), value) }
            try step(row)
            let id = sqlite3_last_insert_rowid(database)
            sqlite3_bind_int64(search, 1, id)
            for (place, value) in [title, name, email, company].enumerated() { text(search, Int32(place + 2), value) }
            try step(search)
            sqlite3_bind_int64(audit, 1, id)
            sqlite3_bind_int64(audit, 2, now)
            text(audit, 3, trail)
            try step(audit)
            try step(commit)
            print((nanoseconds() - start) / 1000)
        }
        for statement in [begin, commit, row, search, audit] { sqlite3_finalize(statement) }
    }
}
