import PluginAPI
import Synchronization
import Testing

@testable import Kernel

/// Statements that nobody waits for go along with others: what is wrong with one is told as that one's, and undoes what it must.
@Suite(.enabled(if: TemporaryServerDatabase.serverURL != nil), .timeLimit(.minutes(2))) struct PipelineTests {
    private struct Regret: Error {}

    private static func database() async throws -> TemporaryDatabase {
        let database = try TemporaryDatabase()
        try await database.engine.write { try $0.execute("CREATE TABLE entry (id BIGINT PRIMARY KEY)") }
        return database
    }

    private static let insert = "INSERT INTO entry (id) VALUES (?)"

    private static func entries(_ database: TemporaryDatabase) async throws -> [Int64] {
        try await database.engine.read { try $0.all("SELECT id FROM entry ORDER BY id") { $0.integer(0) } }
    }

    private static func post(_ connection: any Connection, _ ids: Int64...) throws {
        for id in ids { try connection.post(insert, [.integer(id)]) }
    }

    /// Whether a closure fails as it should.
    private static func fails<E: Error>(_ type: E.Type, _ body: () throws -> Void) -> Bool {
        do { try body() } catch { return error is E }
        return false
    }

    @Test func `a failure is told as that of its own statement, and stores nothing`() async throws {
        let database = try await Self.database()
        let failure = await #expect(throws: PostgreSQLError.self) {
            try await database.engine.write { connection in
                try Self.post(connection, 1)
                try connection.post("INSERT INTO entry (id) SELECT id FROM entry", [])
                try Self.post(connection, 2)
                _ = try connection.integer("SELECT count(*) FROM entry")
                Issue.record("what goes along with a failure is not run")
            }
        }
        #expect(failure?.state == "23505")
        #expect(failure?.sql == "INSERT INTO entry (id) SELECT id FROM entry")
        #expect(try await Self.entries(database) == [])
    }

    @Test func `a failure that goes along with the commit is told, and stores nothing`() async throws {
        let database = try await Self.database()
        let failure = await #expect(throws: PostgreSQLError.self) {
            try await database.engine.write { try Self.post($0, 1, 2, 1, 3) }
        }
        #expect(failure?.state == "23505")
        #expect(failure?.sql == Self.insert)
        try await database.engine.write { try Self.post($0, 4) }
        #expect(try await Self.entries(database) == [4])
    }

    @Test func `what was wrong before a step is not told as the step's`() async throws {
        let database = try await Self.database()
        let isBegun = Mutex(false)
        await #expect(throws: PostgreSQLError.self) {
            try await database.engine.write { connection in
                try Self.post(connection, 1, 1)
                try connection.savepoint { isBegun.withLock { $0 = true } }
            }
        }
        #expect(!isBegun.withLock { $0 })
    }

    @Test func `a step that fails is undone alone, however deep it is and whether anything of it was sent`() async throws {
        let database = try await Self.database()
        try await database.engine.write { connection in
            try Self.post(connection, 1)
            let first: Bool = Self.fails(PostgreSQLError.self) { try connection.savepoint { try Self.post(connection, 2, 1) } }
            try Self.post(connection, 3)
            // Nothing of it was sent.
            let second: Bool = Self.fails(Regret.self) {
                try connection.savepoint {
                    try Self.post(connection, 4)
                    throw Regret()
                }
            }
            #expect(first && second)
            try connection.savepoint {
                try Self.post(connection, 5)
                let third: Bool = Self.fails(Regret.self) { try connection.savepoint { throw Regret() } }
                let fourth: Bool = Self.fails(PostgreSQLError.self) {
                    try connection.savepoint {
                        try Self.post(connection, 6)
                        try connection.execute(Self.insert, [.integer(1)])
                    }
                }
                let fifth: Bool = Self.fails(Regret.self) {
                    try connection.savepoint {
                        try connection.savepoint { try Self.post(connection, 7) }
                        throw Regret()
                    }
                }
                #expect(third && fourth && fifth)
                try Self.post(connection, 8)
            }
            try Self.post(connection, 9)
        }
        #expect(try await Self.entries(database) == [1, 3, 5, 8, 9])
    }

    @Test func `a statement that may fail leaves what was posted before it, and after it`() async throws {
        let database = try await Self.database()
        try await database.engine.write { connection in
            try Self.post(connection, 1, 2)
            let isRefused: Bool = Self.fails(PostgreSQLError.self) { try connection.attempt { _ = try connection.execute(Self.insert, [.integer(2)]) } }
            #expect(isRefused)
            try Self.post(connection, 3)
            try connection.attempt { try connection.execute(Self.insert, [.integer(4)]) }
            try Self.post(connection, 5)
        }
        #expect(try await Self.entries(database) == [1, 2, 3, 4, 5])
    }

    @Test func `an answer that nobody waited for comes with the next, and never where its step was undone`() async throws {
        let database = try await Self.database()
        try await database.engine.write { connection in
            let answers = Answers()
            let count = "SELECT count(*)::text, 'x' FROM entry"
            try Self.post(connection, 1)
            try connection.ask(count, [], columns: 2) { answers.all.append($0) }
            try Self.post(connection, 2)
            #expect(answers.all.isEmpty)
            #expect(try connection.integer("SELECT count(*) FROM entry") == 2)
            #expect(answers.all == [[["1", "x"]]], "asked before the second")
            let isUndone: Bool = Self.fails(Regret.self) {
                try connection.savepoint {
                    try connection.ask(count, [], columns: 2) { answers.all.append($0) }
                    throw Regret()
                }
            }
            #expect(isUndone)
            try connection.settle()
            #expect(answers.all.count == 1)
            try connection.ask("SELECT id::text FROM entry WHERE id > ?", [.integer(5)], columns: 1) { answers.all.append($0) }
            try connection.settle()
            #expect(answers.all.last == [])
        }
    }

    /// NB: within one transaction, on one thread.
    private final class Answers {
        var all: [[[String]]] = []
    }

    @Test func `of many that are stored together each has its own outcome`() async throws {
        let database = try await Self.database()
        let outcomes: [Int64: String] = try await withThrowingTaskGroup(of: (Int64, String).self) { group in
            for number in 1...60 as ClosedRange<Int64> {
                group.addTask {
                    do {
                        try await database.engine.write { connection in
                            try Self.post(connection, number)
                            // Some fail with their commit, some before it, some overlook that something failed.
                            switch number % 6 {
                            case 0: try Self.post(connection, number)
                            case 2: throw Regret()
                            case 4: _ = try? connection.execute(Self.insert, [.integer(number)])
                            default: break
                            }
                        }
                        return (number, "stored")
                    } catch let error as PostgreSQLError {
                        return (number, error.state)
                    } catch {
                        return (number, "regret")
                    }
                }
            }
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        for number in 1...60 as ClosedRange<Int64> {
            let wanted: String = switch number % 6 {
            case 0: "23505"
            case 2: "regret"
            case 4: "25P02"
            default: "stored"
            }
            #expect(outcomes[number] == wanted, "\(number)")
        }
        #expect(try await Self.entries(database) == (1...60).filter { $0 % 2 == 1 })
    }

    @Test func `a reader leaves nothing open behind it, and what fails in one harms no other`() async throws {
        let database = try await Self.database()
        try await database.engine.write { try Self.post($0, 1) }
        for _ in 0..<20 {
            await #expect(throws: PostgreSQLError.self) {
                try await database.engine.read { _ = try $0.integer("SELECT count(*) FROM nothing") }
            }
            await #expect(throws: Regret.self) { try await database.engine.read { _ in throw Regret() } }
            #expect(try await Self.entries(database) == [1])
            #expect(try await database.engine.read { _ in 7 } == 7)
        }
        let open = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'"
        let isClosed: Bool = try await eventually { try await database.engine.read { try $0.integer(open) } == 0 }
        #expect(isClosed)
    }

    @Test func `a reader sees one state of the database, from its first question to its last`() async throws {
        let server = try #require(try TemporaryServerDatabase.whereAsked())
        let counts: [Int64] = try await inThread {
            let (connection, other) = (
                try PostgreSQLConnection(PostgreSQLAddress(server.url)), try PostgreSQLConnection(PostgreSQLAddress(server.url))
            )
            try other.command("CREATE TABLE entry (id BIGINT PRIMARY KEY)")
            try connection.beginReading()
            let before: Int64? = try connection.integer("SELECT count(*) FROM entry")
            try other.command("INSERT INTO entry (id) VALUES (1)")
            let after: Int64? = try connection.integer("SELECT count(*) FROM entry")
            try connection.leaveReading()
            #expect(connection.isReady())
            try connection.beginReading()
            let later: Int64? = try connection.integer("SELECT count(*) FROM entry")
            return [before, after, later].map { $0 ?? -1 }
        }
        #expect(counts == [0, 0, 1])
    }

    @Test func `what is said to be the last question ends the transaction with it, and whoever asks on reads in another one`() async throws {
        let server = try #require(try TemporaryServerDatabase.whereAsked())
        try await inThread {
            let (connection, other) = (
                try PostgreSQLConnection(PostgreSQLAddress(server.url)), try PostgreSQLConnection(PostgreSQLAddress(server.url))
            )
            try other.command("CREATE TABLE entry (id BIGINT PRIMARY KEY)")
            func count() throws -> Int64? { try connection.integer("SELECT count(*) FROM entry") }
            for round in 0..<3 as Range<Int64> {
                try connection.beginReading()
                #expect(try count() == round)
                connection.nextIsLast()
                #expect(try count() == round)
                #expect(!connection.isInTransaction)
                try other.command("INSERT INTO entry (id) VALUES (\(round))")
                #expect(try count() == round + 1)
                #expect(connection.isInTransaction, "within a transaction again, that only reads")
                #expect(Self.fails(PostgreSQLError.self) { try connection.execute("INSERT INTO entry (id) VALUES (100)") })
                try connection.leaveReading(isSound: false)
                #expect(connection.isReady())
            }
            // What fails leaves the transaction open, as any other question does.
            try connection.beginReading()
            connection.nextIsLast()
            #expect(Self.fails(PostgreSQLError.self) { _ = try connection.integer("SELECT 1 / 0 FROM entry") })
            #expect(connection.isInTransaction && connection.isAnswered)
            try connection.leaveReading(isSound: false)
            #expect(connection.isReady())
            // A writer's transaction ends when it says so.
            try connection.command("BEGIN")
            connection.nextIsLast()
            #expect(try count() == 3)
            #expect(connection.isInTransaction)
            try connection.command("ROLLBACK")
        }
    }

    @Test func `readers that wait long on the threads that answer requests hold up nobody else`() async throws {
        let server = try #require(try TemporaryServerDatabase.whereAsked())
        let engine: PostgreSQLEngine = try await inThread { try PostgreSQLEngine(PostgreSQLAddress(server.url)) }
        let other: PostgreSQLConnection = try await inThread { try PostgreSQLConnection(PostgreSQLAddress(server.url)) }
        try await inThread { try other.command("SELECT pg_advisory_lock(7)") }
        let threads = RequestThreads(count: RequestThreads.usualCount)
        let slow: [Task<Void, any Error>] = (0..<7).map { _ in
            Task(executorPreference: threads) { try await engine.read { _ = try $0.integer("SELECT 1 FROM pg_advisory_xact_lock_shared(7)") } }
        }
        let waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        #expect(try await eventually { try await inThread { try other.value(waiting) } == "7" })
        for _ in 0..<20 {
            let quick = Task(executorPreference: threads) { try await engine.read { _ = try $0.integer("SELECT 1") } }
            try await quick.value
        }
        try await inThread { try other.command("SELECT pg_advisory_unlock(7)") }
        for slow in slow { try await slow.value }
        try await engine.close()
    }

    @Test func `a word is looked for in the index, in all fields at once, also by whoever may not see some of them`() async throws {
        let household = try await Household()
        try await household.chore("Paint the fence", ["notes": .text("with a brush\nof badger"), "secret": .text("password")])
        let entity: EntityModel = try household.registry.require("chore")
        let fields: [String] = entity.searchFields.map(\.name)
        let dialect: any Dialect = household.engine.dialect
        for (columns, word) in [(fields, "badger"), (fields, "ba"), (Array(fields.dropLast()), "fence"), ([fields[0]], "brush")] {
            let condition: SQLFragment = dialect.match(table: "chore", columns: columns, of: fields, text: word)
            // Whoever writes reads tables by their indexes where there is one that does.
            let plan: [String] = try await household.engine.write { connection in
                try connection.all("EXPLAIN SELECT t.id FROM chore t WHERE " + condition.sql, condition.arguments) { $0.text(0) }
            }
            #expect(plan.contains { $0.contains("Index Scan on tenon_search_chore") }, "\(word): \(plan)")
            let prepared: Int64? = try await household.engine.write { connection in
                _ = try connection.integer("SELECT count(*) FROM chore t WHERE " + condition.sql, condition.arguments)
                return try connection.integer("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'SELECT count(*) FROM chore t WHERE%'")
            }
            #expect(prepared == 0, "how many have the word decides anew how they are found")
            let found: Int64? = try await household.engine.read {
                try $0.integer("SELECT count(*) FROM chore t WHERE " + condition.sql, condition.arguments)
            }
            #expect(found == (word == "brush" ? 0 : 1), "\(word)")
        }
        #expect(try await household.titles(.search("fencewith")) == [])
        #expect(try await household.titles(.search("brush badger")) == ["Paint the fence"])
    }
}
