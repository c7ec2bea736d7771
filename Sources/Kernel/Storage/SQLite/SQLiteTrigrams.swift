/// Which pieces of a long word the search index is asked for.
///
/// Asked for the whole word, the index walks through the lists of all its trigrams, however common, and with many records that is most of
/// what a search costs. A few that are rare, share no letter and stand no further apart than in the word leave hardly anything else, and
/// what they leave is sorted out by a look at the texts themselves (`tenon_has`).
struct SQLiteTrigrams {
    private let connection: any Connection
    private let blockQuestion, placesQuestion: String

    /// Shorter words have no two trigrams without a letter in common.
    static let shortest = 6
    /// So many are asked for.
    static let most = 3
    /// So many of a word are looked at: more would be somebody's whole letter.
    private static let looked = 20

    /// - Parameter index: the name of the index's table.
    init(_ connection: any Connection, index: String) {
        self.connection = connection
        let name: String = quoted(index + "_idx")
        // On which pages the nearest terms begin that the index keeps places of.
        let first = "SELECT pgno FROM \(name) WHERE segid = ?1 AND term <= ?2 ORDER BY term DESC LIMIT 1"
        let next = "SELECT pgno FROM \(name) WHERE segid = ?1 AND term > ?2 ORDER BY term LIMIT 1"
        placesQuestion = "SELECT (\(first)), (\(next))"
        blockQuestion = "SELECT block FROM \(quoted(index + "_data")) WHERE id = ?"
    }

    /// Some pieces of a word, and how many letters are between the beginnings of the first and the last.
    struct Choice: Equatable {
        var pieces: [String]
        var span: Int
    }

    /// What to ask for instead of some words, for each; nil for a word that is best asked for as it is.
    func rarest(in words: [String]) throws -> [Choice?] {
        let isLong: [Bool] = words.map { $0.unicodeScalars.count >= SQLiteTrigrams.shortest }
        guard isLong.contains(true), let part = try largestPart() else { return words.map { _ in nil } }
        return try zip(words, isLong).map { word, isLong in
            guard isLong else { return nil }
            let pieces: [String] = SQLiteTrigrams.pieces(word)
            let lengths: [Int64] = try pieces.map { try length($0, in: part) }
            let places: [Int] = SQLiteTrigrams.chosen(lengths)
            return Choice(pieces: places.map { pieces[$0] }, span: (places.max() ?? 0) - (places.min() ?? 0))
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

    /// The places of the shortest lists, those first that have no letter in common.
    static func chosen(_ lengths: [Int64]) -> [Int] {
        let places: [Int] = lengths.indices.sorted { (lengths[$0], $0) < (lengths[$1], $1) }
        var chosen: [Int] = []
        for apart in [3, 2, 1] {
            for place in places where chosen.count < most && chosen.allSatisfy({ abs($0 - place) >= apart }) { chosen.append(place) }
        }
        return chosen
    }

    /// The part of the index that has the most pages: what is rare there is rare everywhere. Nil in a small index, where nothing is long.
    func largestPart() throws -> Int64? {
        SearchIndexPages.parts(of: try block(SearchIndexPages.structure)).filter { $0.pages >= SQLiteTrigrams.fewPages }.max { $0.pages < $1.pages }?.number
    }

    /// Below so many pages the whole word costs no more than finding out what is rare in it.
    private static let fewPages = 16

    /// How many bytes a trigram's list has in a part of the index.
    func length(_ piece: String, in part: Int64) throws -> Int64 {
        let term: [UInt8] = SearchIndexPages.term(piece)
        let places: (first: Int64, next: Int64)? = try connection.first(placesQuestion, [.integer(part), .blob(term)]) { row in
            // The last bit of a page's number tells something else.
            (row.integer(0) / 2, row.integer(1) / 2)
        }
        guard let places else { return 0 }
        let page: [UInt8] = try block(SearchIndexPages.key(part: part, page: places.first))
        return SearchIndexPages.length(of: term, on: page, pages: places.next - places.first)
    }

    private func block(_ key: Int64) throws -> [UInt8] { try connection.first(blockQuestion, [.integer(key)]) { $0.blob(0) } ?? [] }
}
