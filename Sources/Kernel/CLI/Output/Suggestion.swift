/// What was probably meant by a word that is not known.
enum Suggestion {
    /// The candidates nearest to a word, the nearest first, at most three; none when all are far off.
    static func nearest(to word: String, among candidates: [String]) -> [String] {
        let word = word.lowercased().dashed
        let limit = max(1, word.count / 3)
        var scored: [(distance: Int, candidate: String)] = []
        for candidate in Set(candidates) {
            let other = candidate.lowercased().dashed
            let distance = other.hasPrefix(word) && word.count >= 3 ? 1 : Suggestion.distance(word, other)
            if distance <= limit { scored.append((distance, candidate)) }
        }
        scored.sort { ($0.distance, $0.candidate) < ($1.distance, $1.candidate) }
        let best = scored.first?.distance ?? 0
        return scored.prefix(3).filter { $0.distance <= best + 1 }.map(\.candidate)
    }

    /// `Did you mean …?`, or the given sentence when nothing is near.
    static func hint(for word: String, among candidates: [String], otherwise: String) -> String {
        let near = nearest(to: word, among: candidates).map { "`\($0)`" }
        return near.isEmpty ? otherwise : "Did you mean \(near.joined(separator: " or "))?"
    }

    /// Edits between two words; swapping two neighbours counts as one.
    static func distance(_ left: String, _ right: String) -> Int {
        let (a, b) = (Array(left), Array(right))
        if a.isEmpty || b.isEmpty { return max(a.count, b.count) }
        var older: [Int] = []
        var previous = Array(0...b.count)
        for i in 1...a.count {
            var row = [i] + Array(repeating: 0, count: b.count)
            for j in 1...b.count {
                let cost = a[i - 1] == b[j - 1] ? 0 : 1
                row[j] = min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + cost)
                if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] { row[j] = min(row[j], older[j - 2] + 1) }
            }
            older = previous
            previous = row
        }
        return previous[b.count]
    }
}
