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
}
