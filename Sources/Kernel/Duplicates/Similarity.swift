/// How much alike names are.
enum Similarity {
    /// Two words, from 0 to 1 (Jaro-Winkler): letters in common, their order, and the beginning, where slips are rare.
    static func words(_ left: String, _ right: String) -> Double {
        if left == right { return 1 }
        let (a, b) = (Array(left.unicodeScalars), Array(right.unicodeScalars))
        guard !a.isEmpty, !b.isEmpty else { return 0 }
        let reach: Int = max(0, max(a.count, b.count) / 2 - 1)
        var taken = [Bool](repeating: false, count: b.count)
        var common: [Unicode.Scalar] = []
        for (place, letter) in a.enumerated() {
            let from: Int = max(0, place - reach), to: Int = min(b.count - 1, place + reach)
            guard from <= to else { continue }
            if let hit = (from...to).first(where: { !taken[$0] && b[$0] == letter }) {
                taken[hit] = true
                common.append(letter)
            }
        }
        guard !common.isEmpty else { return 0 }
        let others: [Unicode.Scalar] = b.indices.filter { taken[$0] }.map { b[$0] }
        let swapped: Int = zip(common, others).reduce(0) { $0 + ($1.0 == $1.1 ? 0 : 1) } / 2
        let m = Double(common.count)
        let jaro: Double = (m / Double(a.count) + m / Double(b.count) + (m - Double(swapped)) / m) / 3
        let start: Int = zip(a, b).prefix(4).prefix { $0 == $1 }.count
        return jaro + Double(start) * 0.1 * (1 - jaro)
    }

    /// Two names, from 0 to 1: word by word in whatever order, or written together. A word more or less makes another name.
    static func names(_ left: [String], _ right: [String]) -> Double {
        guard !left.isEmpty, !right.isEmpty else { return 0 }
        let joined: Double = left.joined() == right.joined() ? 1 : 0
        guard left.count == right.count else { return joined }
        var rest: [String] = right
        var sum = 0.0
        for word in left.sorted(by: { $0.count > $1.count }) {
            var (best, likeness) = (0, -1.0)
            for place in rest.indices {
                let here: Double = words(word, rest[place])
                if here > likeness { (best, likeness) = (place, here) }
            }
            // One word that is another makes another name, however alike the rest is.
            guard likeness >= least(word, rest[best]) else { return joined }
            sum += likeness
            rest.remove(at: best)
        }
        return max(joined, sum / Double(left.count))
    }

    /// Short words differ by one letter and mean something else (Mark, Mary).
    private static func least(_ left: String, _ right: String) -> Double { min(left.count, right.count) < 5 ? 0.93 : 0.88 }

    /// From here on names count as similar.
    static let enough = 0.91
}
