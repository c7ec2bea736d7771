import GRDBSQLite
import Testing

@testable import Kernel

@Suite("The pieces of words that the embedded index is asked for")
struct SQLiteTrigramsTests {
    @Test("The rarest come first, those before others that have no letter in common")
    func apart() {
        #expect(SQLiteTrigrams.chosen([5, 1, 2, 9, 4, 3, 7]) == [1, 5, 3])
        #expect(SQLiteTrigrams.chosen([5, 9, 2, 1, 4, 3, 0, 8, 8, 8]) == [6, 3, 0])
        #expect(SQLiteTrigrams.chosen([4, 4, 4, 4]) == [0, 3, 1])
        #expect(SQLiteTrigrams.chosen([4, 1, 4, 4]) == [1, 3, 0])
        #expect(SQLiteTrigrams.chosen([4, 4, 1, 4]) == [2, 0, 1])
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
    private static func fill(_ connection: SQLiteConnection) throws {
        try connection.execute("CREATE VIRTUAL TABLE found USING fts5(text, tokenize = 'trigram', columnsize = 0)")
        try connection.execute(
            """
            WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
            INSERT INTO found (rowid, text) SELECT i, ' Lumberyard ' || CASE WHEN i % 300 = 0 THEN 'Öxqvist' ELSE 'nobody' END FROM n
            """)
    }

    @Test("What few texts have or none is asked for before what all have, whatever its letters")
    func rarest() throws {
        try withDatabase { connection in
            try Self.fill(connection)
            let trigrams = SQLiteTrigrams(connection, index: "found")
            let words: [String] = ["lumberyard.öxqv", "ÖXQVISTLUMBERYARD", "yard", "lumberyard", "lumberyarz", "lumbexyard"]
            let choices: [SQLiteTrigrams.Choice?] = try trigrams.rarest(in: words)
            #expect(choices[0]?.pieces.first?.contains(where: { "öxqv.".contains($0) }) == true)
            // No text has this one.
            #expect(choices[1]?.pieces.first == "STL")
            #expect(choices[2] == nil)
            #expect(choices[3]?.pieces.count == 3 && choices[3]?.span == 7)
            #expect(choices[4]?.pieces.first == "arz" && choices[5]?.pieces.first?.contains("x") == true)
            // Of a whole letter some pieces are looked at.
            #expect(try trigrams.rarest(in: [String(repeating: "lumberyard", count: 2000)])[0]?.pieces.count == 3)
        }
    }

    @Test("In a small index, an empty one and one whose form is unknown, words are asked for whole")
    func whole() throws {
        try withDatabase { connection in
            try Self.fill(connection)
            let trigrams = SQLiteTrigrams(connection, index: "found")
            for change in ["DELETE FROM found WHERE rowid > 50", "DELETE FROM found"] {
                try connection.execute(change)
                try connection.execute("INSERT INTO found (found) VALUES ('optimize')")
                #expect(try trigrams.rarest(in: ["lumberyard"])[0] == nil)
            }
            try connection.execute("UPDATE found_data SET block = x'00000000ff000001ffffffff' WHERE id = 10")
            #expect(try trigrams.rarest(in: ["lumberyard"])[0] == nil)
        }
        for length in 0..<40 {
            let noise: [UInt8] = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 151 &+ length &* 57) }
            #expect(SearchIndexPages.parts(of: noise).allSatisfy { $0.pages > 0 })
            let wanted: [UInt8] = SearchIndexPages.term("lum")
            #expect(SearchIndexPages.length(of: wanted, on: noise, pages: 1) == 0)
            #expect(SearchIndexPages.length(of: wanted, on: [0, 0, 0, 4] + noise, pages: 1) == 0)
        }
    }

    @Test("How long the index's lists are is read as it writes them")
    func lengths() throws {
        try withDatabase { connection in
            try Self.fill(connection)
            try connection.execute("CREATE VIRTUAL TABLE terms USING fts5vocab(found, 'row')")
            let structure: [UInt8] = try #require(try connection.first("SELECT block FROM found_data WHERE id = 10") { $0.blob(0) })
            #expect(SearchIndexPages.parts(of: structure).count == Int(try connection.integer("SELECT count(DISTINCT segid) FROM found_idx") ?? 0))
            // In one part, so that each list is as long as it says.
            try connection.execute("INSERT INTO found (found) VALUES ('optimize')")
            let trigrams = SQLiteTrigrams(connection, index: "found")
            let part: Int64 = try #require(try trigrams.largestPart())
            let terms: [(String, Int64)] = try connection.all("SELECT term, doc FROM terms") { ($0.text(0), $0.integer(1)) }
            #expect(terms.count == 23)
            for (term, count) in terms {
                // A number, a length and a place for each text; the term itself, and what pages need.
                let length: Int64 = try trigrams.length(term, in: part)
                #expect(length > 2 * count && length < 5 * count + 100, "\(term): \(count) and \(length)")
            }
            for absent in ["   ", "aaa", "lun", "rdz", "zzz", "öxz"] { #expect(try trigrams.length(absent, in: part) == 0) }
        }
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
