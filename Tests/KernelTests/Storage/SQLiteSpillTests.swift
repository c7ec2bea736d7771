import FoundationEssentials
import GRDBSQLite
import PluginAPI
import Testing

@testable import Kernel

/// Steps of a transaction that is larger than the memory it may use.
@Suite struct SQLiteSpillTests {
    private struct Refused: Error {}

    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tenon-spill-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder.path)
    }

    private func open(_ path: String, cache: Int) throws -> OpaquePointer {
        _ = SQLiteEngine.prepareLibrary
        var handle: OpaquePointer?
        #expect(sqlite3_open(path, &handle) == SQLITE_OK)
        for setting in ["journal_mode = WAL", "synchronous = FULL", "cache_size = \(cache)", "wal_autocheckpoint = 0"] {
            #expect(sqlite3_exec(handle, "PRAGMA " + setting, nil, nil, nil) == SQLITE_OK)
        }
        return try #require(handle)
    }

    /// What is in a copy of the files, as after a death of the process.
    private func afterDeath(_ folder: String) throws -> [Int64] {
        for end in ["", "-wal"] {
            try? FileManager.default.removeItem(atPath: folder + "/c.sqlite" + end)
            try FileManager.default.copyItem(atPath: folder + "/a.sqlite" + end, toPath: folder + "/c.sqlite" + end)
        }
        let handle = try open(folder + "/c.sqlite", cache: 100)
        defer { sqlite3_close_v2(handle) }
        return try sums(SQLiteConnection(handle, SQLiteStatements()))
    }

    private func sums(_ connection: SQLiteConnection) throws -> [Int64] {
        try connection.all("SELECT count(*), coalesce(sum(id * length(content)), 0) FROM t") { [$0.integer(0), $0.integer(1)] }.flatMap { $0 }
    }

    @Test func `a large transaction whose steps are taken back is there after a crash, with all that comes after it`() throws {
        try withFolder { folder in
            // As large as the writer's, so that a transaction has more than fits.
            let handle = try open(folder + "/a.sqlite", cache: -65_536)
            defer { sqlite3_close_v2(handle) }
            let statements = SQLiteStatements()
            defer { statements.clear() }
            let connection = SQLiteConnection(handle, statements)
            _ = try connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, content BLOB)")
            var dice = SeededGenerator(state: 11)
            var spilled: Int32 = 0
            for _ in 0..<2 {
                try connection.begin()
                for step in 0..<40 {
                    try? connection.savepoint {
                        for _ in 0..<100 { _ = try connection.execute("INSERT INTO t (content) VALUES (randomblob(?))", [.integer(.random(in: 20_000...40_000, using: &dice))]) }
                        _ = try connection.execute("UPDATE t SET content = randomblob(2000) WHERE id % 499 = ?", [.integer(Int64(step))])
                        if step % 3 == 1 { throw Refused() }
                    }
                }
                var high: Int32 = 0
                sqlite3_db_status(handle, SQLITE_DBSTATUS_CACHE_SPILL, &spilled, &high, 0)
                #expect(spilled > 0, "the transaction fits into memory and shows nothing")
                try connection.commit()
                #expect(try afterDeath(folder) == sums(connection))
                try connection.begin()
                _ = try connection.execute("INSERT INTO t (content) VALUES ('small')")
                try connection.commit()
                #expect(try afterDeath(folder) == sums(connection))
            }
        }
    }

    @Test func `a step in whose middle pages went to the log takes the whole transaction back, and the next begins anew`() throws {
        try withFolder { folder in
            let handle = try open(folder + "/a.sqlite", cache: 10)
            defer { sqlite3_close_v2(handle) }
            let statements = SQLiteStatements()
            defer { statements.clear() }
            let connection = SQLiteConnection(handle, statements)
            _ = try connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, content BLOB)")
            try connection.begin()
            _ = try connection.execute("INSERT INTO t (content) VALUES ('first')")
            #expect(throws: Refused.self) {
                try connection.savepoint {
                    for _ in 0..<50 { _ = try connection.execute("INSERT INTO t (content) VALUES (randomblob(9000))") }
                    throw Refused()
                }
            }
            #expect(throws: CRMError.self) { try connection.execute("INSERT INTO t (content) VALUES ('more')") }
            #expect(throws: CRMError.self) { try connection.commit() }
            connection.rollback()
            #expect(try sums(connection) == [0, 0])
            try connection.begin()
            _ = try connection.execute("INSERT INTO t (content) VALUES ('again')")
            try connection.commit()
            #expect(try afterDeath(folder) == sums(connection))
        }
    }
}
