import GRDBSQLite
import Testing

@testable import Kernel

@Suite struct SQLiteStatementsTests {
    @Test func `statements are kept, but not without end`() throws {
        var connection: OpaquePointer?
        #expect(sqlite3_open(":memory:", &connection) == SQLITE_OK)
        let database = try #require(connection)
        defer { sqlite3_close_v2(database) }
        let statements = SQLiteStatements()
        let first = try statements.statement("SELECT 1", database)
        #expect(try statements.statement("SELECT 1", database).statement == first.statement)
        for number in 0..<5000 { _ = try statements.statement("SELECT \(number)", database) }
        #expect(statements.count <= SQLiteStatements.most)
        statements.clear()
        #expect(statements.count == 0)
    }

    @Test func `a query may run within a query of the same text`() async throws {
        let database = try TemporaryDatabase()
        let pairs = try await database.engine.read { connection in
            let sql = "SELECT value FROM json_each('[1,2]') ORDER BY value"
            return try connection.all(sql) { outer in
                let left = outer.integer(0)
                return try connection.all(sql) { left * 10 + $0.integer(0) }
            }
        }
        #expect(pairs == [[11, 12], [21, 22]])
    }

    @Test func `letters of all alphabets have their small form`() async throws {
        let database = try TemporaryDatabase()
        let texts = try await database.engine.read { connection in
            try connection.all("SELECT lower(value) FROM json_each(?)", [.text(#"["ABCxyz","ÄÖÜ","ΣΟΦΙΑ","ЖУК","", "İ"]"#)]) { $0.text(0) }
        }
        #expect(texts == ["abcxyz", "äöü", "σοφια", "жук", "", "i̇"])
        let nothing = try await database.engine.read { try $0.first("SELECT lower(NULL)") { $0.isNull(0) } }
        #expect(nothing == true)
    }

    @Test func `a step that fails is undone alone`() async throws {
        let database = try TemporaryDatabase()
        struct Stop: Error {}
        let count = try await database.engine.write { connection in
            try connection.execute("CREATE TABLE x (a)")
            try connection.execute("INSERT INTO x VALUES (1)")
            do {
                try connection.savepoint {
                    try connection.execute("INSERT INTO x VALUES (2)")
                    try connection.savepoint { try connection.execute("INSERT INTO x VALUES (3)") }
                    throw Stop()
                }
            } catch is Stop {}
            return try connection.integer("SELECT count(*) FROM x")
        }
        #expect(count == 1)
    }
}
