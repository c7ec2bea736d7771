import GRDBSQLite
import Testing

@testable import Kernel

@Suite("The pieces of words that the embedded index is asked for")
struct SQLiteTrigramsTests {
    @Test("The rarest come first, and have no letter in common where that is possible")
    func apart() {
        #expect(SQLiteTrigrams.chosen([5, 1, 2, 9, 4, 3, 7]) == [1, 5])
        #expect(SQLiteTrigrams.chosen([5, 9, 2, 1, 4, 3, 0, 8, 8, 8]) == [6, 3, 0])
        #expect(SQLiteTrigrams.chosen([4, 4, 4, 4]) == [0, 3])
        #expect(SQLiteTrigrams.chosen([4, 1, 4, 4]) == [1, 3])
        #expect(SQLiteTrigrams.chosen([4, 4, 1, 4]) == [2, 0])
    }

    /// Runs a closure over a database of its own in memory.
    private func withDatabase<T>(_ body: (SQLiteConnection) throws -> T) throws -> T {
        var handle: OpaquePointer?
        #expect(sqlite3_open(":memory:", &handle) == SQLITE_OK)
        let database: OpaquePointer = try #require(handle)
        let statements = SQLiteStatements()
        defer {
            statements.clear()
            sqlite3_close_v2(database)
        }
        return try body(SQLiteConnection(database, statements))
    }

    /// An index with what every text has, what one of three hundred has, and what most others have.
    private func withIndex<T>(_ body: (SQLiteTrigrams) throws -> T) throws -> T {
        try withDatabase { connection in
            try connection.execute("CREATE VIRTUAL TABLE found USING fts5(text, tokenize = 'trigram', columnsize = 0)")
            try connection.execute(
                """
                WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 9000)
                INSERT INTO found (rowid, text) SELECT i, ' Lumberyard ' || CASE WHEN i % 300 = 0 THEN 'Öxqvist' ELSE 'nobody' END FROM n
                """)
            return try body(SQLiteTrigrams(connection: connection, index: "found"))
        }
    }

    @Test("What few texts have is asked for before what all have, whatever its letters")
    func rarest() throws {
        let pieces: [[String]?] = try withIndex { try $0.rarest(in: ["lumberyard.öxqv", "ÖXQVISTLUMBERYARD", "yard", "lumberyard"]) }
        #expect(pieces[0]?.first?.contains(where: { "öxqv.".contains($0) }) == true)
        #expect(pieces[1]?.first.map { "ÖXQVIST".contains($0) } == true)
        #expect(pieces[2] == nil)
        #expect(pieces[3]?.count == 3)
    }

    @Test("Of a whole letter some pieces are looked at; of an empty index none")
    func limits() throws {
        let long = String(repeating: "lumberyard", count: 2000)
        #expect(try withIndex { try $0.rarest(in: [long]) }[0]?.count == 3)
        let empty: [[String]?] = try withIndex { trigrams in
            try trigrams.connection.execute("DELETE FROM found")
            try trigrams.connection.execute("INSERT INTO found (found) VALUES ('optimize')")
            return try trigrams.rarest(in: ["lumberyard"])
        }
        #expect(empty == [nil])
    }

    @Test("Letters that the index takes for the same are the same when a text is looked at")
    func folding() throws {
        // Two letters before each, so that it stands in one trigram.
        let letters: [Unicode.Scalar] = (0x21...0x1FFFF).compactMap(Unicode.Scalar.init).filter { scalar in
            scalar.properties.changesWhenCaseMapped || scalar.properties.changesWhenCaseFolded
        }
        let terms: [(String, Int64)] = try withDatabase { connection in
            try connection.execute("CREATE VIRTUAL TABLE found USING fts5(text, tokenize = 'trigram')")
            try connection.execute("CREATE VIRTUAL TABLE terms USING fts5vocab(found, 'instance')")
            for letter in letters {
                try connection.execute(
                    "INSERT INTO found (rowid, text) VALUES (?, ?)", [.integer(Int64(letter.value)), .text("--" + String(letter))])
            }
            return try connection.all("SELECT term, doc FROM terms") { ($0.text(0), $0.integer(1)) }
        }
        #expect(terms.count == letters.count && letters.count > 2000)
        // By bytes: two letters that are written differently are the same text for Swift.
        var same: [[UInt8]: Set<Unicode.Scalar>] = [:]
        for (term, letter) in terms {
            let scalar: Unicode.Scalar = try #require(Unicode.Scalar(UInt32(letter)))
            same[Array(term.utf8), default: []].insert(SearchFolding.folded(scalar))
        }
        let apart: [String] = same.filter { $0.value.count > 1 }.map { "\($0.value)" }
        #expect(apart.isEmpty)
    }
}
