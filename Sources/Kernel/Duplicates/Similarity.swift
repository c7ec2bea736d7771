/// How much alike names are.
enum Similarity {
    /// Two words, from 0 to 1 (Jaro-Winkler): letters in common, their order, and the beginning, where slips are rare.
    /// Of a word of more than 64 letters the first 64 are compared.
    static func words(_ left: String, _ right: String) -> Double {
        if left == right { return 1 }
        // By bytes where there are plain letters only: most words are, and this runs for every record that is compared.
        var (left, right) = (left, right)
        let plain: Double? = left.withUTF8 { a in
            right.withUTF8 { b in a.allSatisfy { $0 < 0x80 } && b.allSatisfy { $0 < 0x80 } ? letters(a, b) : nil }
        }
        if let plain { return plain }
        return Array(left.unicodeScalars).withUnsafeBufferPointer { a in Array(right.unicodeScalars).withUnsafeBufferPointer { b in letters(a, b) } }
    }

    private static func letters<Letter: Equatable>(_ left: UnsafeBufferPointer<Letter>, _ right: UnsafeBufferPointer<Letter>) -> Double {
        let a = UnsafeBufferPointer(rebasing: left.prefix(64)), b = UnsafeBufferPointer(rebasing: right.prefix(64))
        guard !a.isEmpty, !b.isEmpty else { return 0 }
        let reach: Int = max(0, max(a.count, b.count) / 2 - 1)
        // A bit for each letter that has its like in the other word.
        var (mine, theirs): (UInt64, UInt64) = (0, 0)
        for place in a.indices {
            var other: Int = max(0, place - reach)
            while other <= min(b.count - 1, place + reach) {
                if theirs & (1 << UInt64(other)) == 0, b[other] == a[place] {
                    mine |= 1 << UInt64(place)
                    theirs |= 1 << UInt64(other)
                    break
                }
                other += 1
            }
        }
        guard mine != 0 else { return 0 }
        let m = Double(mine.nonzeroBitCount)
        var moved = 0
        while mine != 0 {
            if a[mine.trailingZeroBitCount] != b[theirs.trailingZeroBitCount] { moved += 1 }
            mine &= mine - 1
            theirs &= theirs - 1
        }
        let jaro: Double = (m / Double(a.count) + m / Double(b.count) + (m - Double(moved / 2)) / m) / 3
        var start = 0
        while start < min(4, a.count, b.count), a[start] == b[start] { start += 1 }
        return jaro + Double(start) * 0.1 * (1 - jaro)
    }

    /// Two names, from 0 to 1: word by word in whatever order, or written together. A word more or less makes another name.
    static func names(_ left: [String], _ right: [String]) -> Double {
        guard !left.isEmpty, !right.isEmpty else { return 0 }
        if left == right || isSameJoined(left, right) { return 1 }
        guard left.count == right.count else { return 0 }
        var rest: [String] = right
        var sum = 0.0
        for word in left.sorted(by: { length($0) > length($1) }) {
            var (best, likeness) = (0, -1.0)
            for place in rest.indices {
                let here: Double = words(word, rest[place])
                if here > likeness { (best, likeness) = (place, here) }
            }
            // One word that is another makes another name, however alike the rest is.
            guard likeness >= least(word, rest[best]) else { return 0 }
            sum += likeness
            rest.remove(at: best)
        }
        return sum / Double(left.count)
    }

    private static func isSameJoined(_ left: [String], _ right: [String]) -> Bool {
        let bytes: (Int, String) -> Int = { $0 + $1.utf8.count }
        return left.reduce(0, bytes) == right.reduce(0, bytes) && left.joined() == right.joined()
    }

    private static func length(_ word: String) -> Int { word.unicodeScalars.count }

    /// Short words differ by one letter and mean something else (Mark, Mary).
    private static func least(_ left: String, _ right: String) -> Double { min(length(left), length(right)) < 5 ? 0.93 : 0.88 }

    /// From here on names count as similar.
    static let enough = 0.91
}
