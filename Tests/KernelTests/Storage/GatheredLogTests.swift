import CSQLite
import FoundationEssentials
import GRDBSQLite
import Testing

@testable import Kernel

/// The log whose pages go to the file when the disk is waited for: what is seen of it must be what is seen without.
@Suite struct GatheredLogTests {
    /// A connection to a file in WAL mode that waits for the disk with each commit.
    private final class Database {
        let handle: OpaquePointer
        let path: String

        init(_ path: String, gathers: Bool) throws {
            _ = SQLiteEngine.prepareLibrary
            var handle: OpaquePointer?
            #expect(sqlite3_open(path, &handle) == SQLITE_OK)
            (self.handle, self.path) = (try #require(handle), path)
            // Few pages fit into memory, so that a transaction's go to the log before its end.
            for setting in ["journal_mode = WAL", "synchronous = FULL", "cache_size = 4", "cache_spill = 4", "wal_autocheckpoint = 200"] {
                try run("PRAGMA " + setting)
            }
            _ = try number("SELECT count(*) FROM sqlite_master")
            if gathers { #expect(tenon_sqlite_gather(UnsafeMutableRawPointer(self.handle)) == 1) }
        }

        deinit { sqlite3_close_v2(handle) }

        func run(_ sql: String) throws {
            #expect(sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK, "\(String(cString: sqlite3_errmsg(handle))): \(sql)")
        }

        func text(_ sql: String) throws -> String {
            var statement: OpaquePointer?
            #expect(sqlite3_prepare_v2(handle, sql, -1, &statement, nil) == SQLITE_OK, "\(String(cString: sqlite3_errmsg(handle)))")
            defer { sqlite3_finalize(statement) }
            #expect(sqlite3_step(statement) == SQLITE_ROW)
            return sqlite3_column_text(statement, 0).map { String(cString: $0) } ?? ""
        }

        func number(_ sql: String) throws -> Int { Int(try text(sql)) ?? -1 }

        var logSize: Int { (try? FileManager.default.attributesOfItem(atPath: path + "-wal")[.size] as? Int) ?? -1 }

        /// What is in it, and whether SQLite finds it sound.
        var whole: String {
            get throws {
                try text("PRAGMA integrity_check") + " "
                    + text("SELECT count(*) || ' ' || coalesce(sum(id * length(content)), 0) || ' ' || coalesce(max(hex(substr(content, 1, 8))), '') FROM t")
            }
        }
    }

    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tenon-log-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder.path)
    }

    private static let table = "CREATE TABLE t (id INTEGER PRIMARY KEY, content BLOB); CREATE INDEX i ON t (content)"

    @Test func `pages wait in memory until the disk is waited for, or their writer reads them`() throws {
        try withFolder { directory in
            let database = try Database(directory + "/a.sqlite", gathers: true)
            try database.run("CREATE TABLE t (id INTEGER PRIMARY KEY, content BLOB)")
            let before: Int = database.logSize
            #expect(before > 0)
            try database.run("BEGIN; INSERT INTO t (content) VALUES (randomblob(90000))")
            #expect(database.logSize == before)
            let other = try Database(database.path, gathers: false)
            #expect(try other.number("SELECT count(*) FROM t") == 0)
            #expect(try database.number("SELECT length(hex(content)) FROM t") == 180_000)
            let read: Int = database.logSize
            #expect(read > before)
            try database.run("COMMIT")
            #expect(try other.number("SELECT sum(length(content)) FROM t") == 90_000)
            #expect(try other.text("PRAGMA integrity_check") == "ok")
        }
    }

    @Test func `a transaction of many megabytes goes on in pieces`() throws {
        try withFolder { directory in
            let database = try Database(directory + "/a.sqlite", gathers: true)
            try database.run(GatheredLogTests.table)
            try database.run("BEGIN")
            for _ in 0..<400 { try database.run("INSERT INTO t (content) VALUES (randomblob(9000))") }
            #expect(database.logSize > 2_000_000)
            try database.run("COMMIT")
            let other = try Database(database.path, gathers: false)
            #expect(try other.number("SELECT sum(length(content)) FROM t") == 3_600_000)
            #expect(try other.text("PRAGMA integrity_check") == "ok")
        }
    }

    /// Transactions that end either way, savepoints that are taken back, logs that begin anew: the same twice, gathered and not, looked at by
    /// others in between, and read from the files by somebody who knows nothing of them.
    @Test(arguments: 1...4) func `whatever is done, others see what they see without`(seed: UInt64) throws {
        try withFolder { directory in
            var dice = SeededGenerator(state: seed)
            let gathered = try Database(directory + "/a.sqlite", gathers: true)
            let plain = try Database(directory + "/b.sqlite", gathers: false)
            let other = try Database(gathered.path, gathers: false)
            func both(_ sql: String) throws {
                try gathered.run(sql)
                try plain.run(sql)
            }
            try both(GatheredLogTests.table)
            for turn in 0..<60 {
                try both("BEGIN IMMEDIATE")
                for _ in 0..<(1 + Int.random(in: 0..<12, using: &dice)) {
                    switch Int.random(in: 0..<6, using: &dice) {
                    case 0: try both("DELETE FROM t WHERE id % 7 = \(Int.random(in: 0..<7, using: &dice))")
                    case 1: try both("UPDATE t SET content = zeroblob(\(Int.random(in: 0..<6000, using: &dice))) WHERE id % 5 = \(Int.random(in: 0..<5, using: &dice))")
                    case 2:
                        try both("SAVEPOINT s; INSERT INTO t (content) VALUES (zeroblob(\(Int.random(in: 0..<30_000, using: &dice)))); ROLLBACK TO s; RELEASE s")
                    case 3: #expect(try gathered.whole == plain.whole)
                    default: try both("INSERT INTO t (content) VALUES (CAST('\(turn)' || hex(zeroblob(\(Int.random(in: 0..<9000, using: &dice)))) AS BLOB))")
                    }
                }
                try both(Int.random(in: 0..<4, using: &dice) == 0 ? "ROLLBACK" : "COMMIT")
                #expect(try other.whole == plain.whole)
                if Int.random(in: 0..<9, using: &dice) == 0 { try both("PRAGMA wal_checkpoint(RESTART)") }
            }
            // The files as they lie there, as after a death of the process. (What SQLite itself loses then is told by SQLiteSpill.)
            var asFound: [String] = []
            for database in [gathered, plain] {
                for end in ["", "-wal"] {
                    try? FileManager.default.removeItem(atPath: directory + "/c.sqlite" + end)
                    try FileManager.default.copyItem(atPath: database.path + end, toPath: directory + "/c.sqlite" + end)
                }
                asFound.append(try Database(directory + "/c.sqlite", gathers: false).whole)
            }
            #expect(asFound[0] == asFound[1])
        }
    }
}
