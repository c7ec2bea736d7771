/// Which pieces of a long word the search index is asked for.
///
/// Asked for the whole word, the index walks through the lists of all its trigrams, however common, and with many records that is most of
/// what a search costs. A few of them that are rare and share no letter leave hardly anything else, and what they leave is sorted
/// out by a look at the texts themselves (`tenon_has`).
struct SQLiteTrigrams {
    let connection: any Connection
    /// The name of the index's table.
    let index: String

    /// Shorter words have no two trigrams without a letter in common.
    static let shortest = 6
    /// So many are asked for.
    static let most = 3
    /// So many of a word are looked at: more would be somebody's whole letter.
    private static let looked = 24

    /// The pieces of some words to ask for, a list for each; nil for a word that is best asked for as it is.
    func rarest(in words: [String]) throws -> [[String]?] {
        let isLong: [Bool] = words.map { $0.unicodeScalars.count >= SQLiteTrigrams.shortest }
        guard isLong.contains(true), let part = try largestPart() else { return words.map { _ in nil } }
        let question: String = lengthQuestion
        return try zip(words, isLong).map { word, isLong in
            guard isLong else { return nil }
            let pieces: [String] = SQLiteTrigrams.pieces(word)
            let lengths: [Int64] = try pieces.map { try connection.integer(question, [.integer(part), .blob(SQLiteTrigrams.term($0))]) ?? 0 }
            return SQLiteTrigrams.chosen(lengths).map { pieces[$0] }
        }
    }

    private static func pieces(_ word: String) -> [String] {
        let scalars: [Unicode.Scalar] = Array(word.unicodeScalars.prefix(looked + 2))
        return (0..<scalars.count - 2).map { start in
            var piece = String.UnicodeScalarView()
            piece.append(contentsOf: scalars[start..<start + 3])
            return String(piece)
        }
    }

    /// The places of the shortest lists, those that have no letter in common if there are two such.
    static func chosen(_ lengths: [Int64]) -> [Int] {
        let places: [Int] = lengths.indices.sorted { (lengths[$0], $0) < (lengths[$1], $1) }
        var chosen: [Int] = []
        var apart = 3
        repeat {
            chosen = []
            for place in places where chosen.count < most && chosen.allSatisfy({ abs($0 - place) >= apart }) { chosen.append(place) }
            apart -= 1
        } while chosen.count < 2 && apart > 0
        return chosen
    }

    // The index says by itself how long its lists are: it keeps, for each of its parts, at which page which word begins. Read as it is
    // written in the file; if that ever changed, words would be chosen badly, and nothing else be found.

    private var table: String { quoted(index + "_idx") }

    /// The part of the index that has the most pages: what is rare there is rare everywhere.
    private func largestPart() throws -> Int64? {
        let parts = "WITH RECURSIVE part(id) AS (SELECT min(segid) FROM \(table) UNION ALL "
            + "SELECT (SELECT min(segid) FROM \(table) WHERE segid > part.id) FROM part WHERE part.id IS NOT NULL) "
        let pages = "(SELECT pgno FROM \(table) WHERE segid = part.id ORDER BY term DESC LIMIT 1)"
        return try connection.integer(parts + "SELECT id FROM part WHERE id IS NOT NULL ORDER BY \(pages) DESC LIMIT 1")
    }

    /// How many pages a trigram's list has in a part of the index, roughly.
    private var lengthQuestion: String {
        let end = "SELECT pgno FROM \(table) WHERE segid = ?1 AND term > ?2 ORDER BY term LIMIT 1"
        let beginning = "SELECT pgno FROM \(table) WHERE segid = ?1 AND term <= ?2 ORDER BY term DESC LIMIT 1"
        // The last bit of a page's number tells something else.
        return "SELECT (\(end)) / 2 - (\(beginning)) / 2"
    }

    private static func term(_ piece: String) -> [UInt8] { [0x30] + Array(SearchFolding.folded(piece).utf8) }
}
