import PluginAPI
import Testing

@testable import Kernel

/// What every engine has in common.
@Suite struct EngineTests {
    @Test func `a query may run within a query of the same text`() async throws {
        let database = try TemporaryDatabase()
        let pairs = try await database.engine.read { connection in
            let sql = "SELECT 1 AS value UNION ALL SELECT 2 ORDER BY 1"
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
            try ["ABCxyz", "ÄÖÜ", "ΣΟΦΙΑ", "ЖУК", "", "İ"].map { text in try connection.first("SELECT lower(?)", [.text(text)]) { $0.text(0) } }
        }
        #expect(texts == ["abcxyz", "äöü", "σοφια", "жук", "", "i̇"])
        let nothing = try await database.engine.read { try $0.first("SELECT lower(CAST(NULL AS TEXT))") { $0.isNull(0) } }
        #expect(nothing == true)
    }

    @Test func `a step that fails is undone alone`() async throws {
        let database = try TemporaryDatabase()
        struct Stop: Error {}
        let count = try await database.engine.write { connection in
            try connection.execute("CREATE TABLE x (a BIGINT)")
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
    private static func step(_ tx: StoreTransaction, _ name: String) throws -> RecordID {
        var record = try tx.blank("step")
        record["name"] = .text(name)
        return try tx.save("step", record).id
    }

    @Test func `whoever catches that a value is taken goes on, and all the rest is stored`() async throws {
        let household = try await Household()
        let sweep = try await household.chore("Sweep", ["code": .text("A")])
        let wash = try await household.chore("Wash", ["code": .text("B")])
        let caught = try await household.write { tx in
            var caught: [[String]] = []
            func catching(_ body: () throws -> Void) throws {
                do { try body() } catch let error as CRMError where error.code == .invalid { caught.append(error.problems.map(\.field)) }
            }
            _ = try Self.step(tx, "red")
            try catching { _ = try Self.step(tx, "Red") }
            _ = try Self.step(tx, "green")
            var chore = try tx.require(tx.registry.require("chore"), wash)
            chore["code"] = .text("a")
            try catching { _ = try tx.save("chore", chore) }
            // A step that is undone as a whole has room for it, too.
            struct Stop: Error {}
            do {
                try tx.wholly {
                    try catching { _ = try Self.step(tx, "GREEN") }
                    _ = try Self.step(tx, "blue")
                    throw Stop()
                }
            } catch is Stop {}
            _ = try Self.step(tx, "yellow")
            chore["code"] = .text("C")
            _ = try tx.save("chore", chore)
            return caught
        }
        #expect(caught == [["name"], ["code"], ["name"]])
        #expect(try await household.engine.read { try $0.all("SELECT name FROM step ORDER BY id") { $0.text(0) } } == ["red", "green", "yellow"])
        #expect(try await household.find(wash)?["code"] == .text("C"))
        #expect(try await household.find(sweep)?["code"] == .text("A"))
        #expect(try await household.rows("tenon_audit", where: "entity = 'step'") == 3)
        #expect(try await household.rows("tenon_audit", where: "entity = 'chore'") == 3)
        // Nobody is left in anybody's way.
        try await household.add("step", ["name": .text("blue")])
    }

    @Test func `what people are told of a failure names no statement`() async throws {
        let database = try TemporaryDatabase()
        do {
            try await database.engine.read { _ = try $0.integer("SELECT * FROM cellar_of_secrets") }
            Issue.record("there is no such table")
        } catch {
            let told: CRMError = Problems.told(error, dialect: database.engine.dialect)
            #expect(told.code == .internalError)
            #expect(!"\(told.message) \(told.hint)".contains("cellar"))
            #expect(Problems.inLog(error).contains("cellar_of_secrets"))
            if TemporaryServerDatabase.serverURL != nil { #expect(!"\(error)".contains("SELECT")) }
        }
    }
}
