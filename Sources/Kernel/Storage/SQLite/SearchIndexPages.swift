/// What SQLite's search index (FTS5) has in its pages, as far as it tells how long its lists are. The form of the file is read as its
/// makers describe it; if it ever changed, words would be asked for less well, and found all the same.
enum SearchIndexPages {
    /// A part of the index, with terms and lists of its own.
    struct Part: Equatable {
        var number: Int64
        var pages: Int64
    }

    /// The parts, as the index's record of its own structure has them; none when it is written in another way.
    static func parts(of block: [UInt8]) -> [Part] {
        // After four bytes that change with the structure: levels, parts and writes; a level tells two numbers, then three for each part.
        var reader = Reader(block, at: 4)
        guard let levels = reader.number(), reader.number() != nil, reader.number() != nil, levels < 64 else { return [] }
        var parts: [Part] = []
        for _ in 0..<levels {
            guard reader.number() != nil, let count = reader.number(), count < 4096 else { return [] }
            for _ in 0..<count {
                guard let number = reader.number(), let first = reader.number(), let last = reader.number(), last >= first else { return [] }
                parts.append(Part(number: number, pages: last - first + 1))
            }
        }
        return parts
    }

    /// How many bytes a term's list has, which begins on a page if it is there at all; 0 where it is not.
    /// - Parameter pages: after so many pages the next one comes on which another list begins.
    static func length(of wanted: [UInt8], on page: [UInt8], pages: Int64) -> Int64 {
        guard page.count >= 4 else { return 0 }
        // At its end stands where each term begins, counted from the one before; a term leaves out what it shares with that one.
        var ends = Reader(page, at: Int(page[2]) << 8 | Int(page[3]))
        var term: [UInt8] = []
        var place = 0
        var found: Int?
        while let step = ends.number(), step < page.count {
            let isFirst: Bool = place == 0
            place += Int(step)
            if let found { return Int64(place - found) }
            var reader = Reader(page, at: place)
            guard let shared = isFirst ? 0 : reader.number(), let count = reader.number(), let rest = reader.bytes(count) else { return 0 }
            term = Array(term.prefix(Int(clamping: shared))) + rest
            if term == wanted { found = place }
        }
        return found.map { max(1, pages) * Int64(page.count) - Int64($0) } ?? 0
    }

    /// The key of the index's record of its own structure, and of a page of a part.
    static let structure: Int64 = 10
    static func key(part: Int64, page: Int64) -> Int64 { part << 37 + page }

    /// A text as it stands in the index, whose main lists begin with a zero.
    static func term(_ text: String) -> [UInt8] { [0x30] + Array(SearchFolding.folded(text).utf8) }

    /// Reads numbers of different length, seven bits a byte.
    private struct Reader {
        private let block: [UInt8]
        private var place: Int

        init(_ block: [UInt8], at place: Int) { (self.block, self.place) = (block, place) }

        mutating func number() -> Int64? {
            var number: Int64 = 0
            for _ in 0..<8 {
                guard place < block.count else { return nil }
                let byte: UInt8 = block[place]
                place += 1
                number = number << 7 | Int64(byte & 0x7F)
                if byte < 0x80 { return number }
            }
            return nil
        }

        mutating func bytes(_ count: Int64) -> ArraySlice<UInt8>? {
            guard count >= 0, count <= block.count - place else { return nil }
            defer { place += Int(count) }
            return block[place..<place + Int(count)]
        }
    }
}
