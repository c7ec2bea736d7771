/// The kinds of field that an import tells apart.
enum ImportKind: String, Hashable, Sendable, CaseIterable {
    case text, email, phone, link, number, money, date, moment, boolean, choice, reference
}

/// What the guess needs to know of a field.
struct ImportField: Hashable, Sendable {
    var name: String
    var label: String
    /// Other names by which files may call it.
    var aliases: [String]
    var kind: ImportKind

    init(_ name: String, label: String, aliases: [String] = [], kind: ImportKind = .text) {
        self.name = name
        self.label = label
        self.aliases = aliases
        self.kind = kind
    }
}

struct ImportColumn: Hashable, Sendable {
    var header: String
    var samples: [String]
}

/// Proposes which column of a file fills which field.
///
/// Each pair gets a confidence from its names and is then believed or doubted by what the values look like.
/// The surest pairs are taken first; no field and no column is taken twice.
struct MappingGuess {
    struct Suggestion: Hashable, Sendable {
        var column: Int
        var field: String
        /// From 0 to 1; from 0.8 on the pair needs no second look.
        var confidence: Double
        var reason: Reason
    }

    enum Reason: String, Hashable, Sendable {
        case sameName, alias, synonym, partOfName, similarSpelling, values
    }

    static let threshold: Double = 0.5

    private struct Candidate {
        var words: HeaderWords
        var canonical: [String]
        var isAlias: Bool
    }

    /// `entityNames`: the singular and plural name of what is imported, which files like to put before a field's name.
    static func suggest(columns: [ImportColumn], fields: [ImportField], entityNames: [String] = []) -> [Suggestion] {
        let shapes: [ValueShape] = columns.map { ValueShape($0.samples) }
        let candidates: [[Candidate]] = fields.map { field in
            let names: [(String, Bool)] = [(field.name, false), (field.label, false)] + field.aliases.map { ($0, true) }
            return names.map { name, isAlias in candidate(HeaderWords(name).words, isAlias: isAlias) }
        }
        let prefixes: [[String]] = entityNames.map { HeaderWords($0).words }
        var all: [(suggestion: Suggestion, order: Int)] = []
        for (columnIndex, column) in columns.enumerated() {
            let headers: [Candidate] = spellings(of: column.header, prefixes: prefixes)
            for (fieldIndex, field) in fields.enumerated() {
                var best: (score: Double, reason: Reason) = (0, .values)
                for name in candidates[fieldIndex] {
                    for (spelling, header) in headers.enumerated() {
                        var (score, reason) = compare(header, name)
                        // Without the entity's name in front the column says a little less.
                        if spelling > 0 { score *= 0.97 }
                        if score > best.score { best = (score, reason) }
                    }
                }
                let suits: Double? = shapes[columnIndex].suits(field.kind)
                let suggestion = weigh(best, suits: suits, kind: field.kind, column: columnIndex, field: field.name)
                if let suggestion { all.append((suggestion, fieldIndex)) }
            }
        }
        all.sort { a, b in
            if a.suggestion.confidence != b.suggestion.confidence { return a.suggestion.confidence > b.suggestion.confidence }
            if a.suggestion.column != b.suggestion.column { return a.suggestion.column < b.suggestion.column }
            return a.order < b.order
        }
        var usedColumns: Set<Int> = []
        var usedFields: Set<String> = []
        var chosen: [Suggestion] = []
        for (suggestion, _) in all where !usedColumns.contains(suggestion.column) && !usedFields.contains(suggestion.field) {
            usedColumns.insert(suggestion.column)
            usedFields.insert(suggestion.field)
            chosen.append(suggestion)
        }
        return chosen.sorted { $0.column < $1.column }
    }

    private static func candidate(_ words: [String], isAlias: Bool = false) -> Candidate {
        let folded: [String] = words.map(HeaderSynonyms.folded)
        return Candidate(words: HeaderWords(words: folded), canonical: HeaderSynonyms.canonicalWords(folded), isAlias: isAlias)
    }

    /// The header as it is, then without the entity's name in front of it.
    private static func spellings(of header: String, prefixes: [[String]]) -> [Candidate] {
        let words: [String] = HeaderWords(header).words
        var result: [Candidate] = [candidate(words)]
        for prefix in prefixes where words.count > prefix.count && words.starts(with: prefix) {
            result.append(candidate(Array(words.dropFirst(prefix.count))))
        }
        return result
    }

    private static func compare(_ header: Candidate, _ name: Candidate) -> (Double, Reason) {
        if header.words.words.isEmpty || name.words.words.isEmpty { return (0, .sameName) }
        if header.words.joined == name.words.joined {
            return name.isAlias ? (0.97, .alias) : (1, .sameName)
        }
        if header.canonical == name.canonical { return (name.isAlias ? 0.88 : 0.92, .synonym) }
        var best: (Double, Reason) = (0, .partOfName)
        let common: Int = Set(header.canonical).intersection(name.canonical).count
        if common > 0 {
            let longer: Int = max(header.canonical.count, name.canonical.count)
            let shorter: Int = min(header.canonical.count, name.canonical.count)
            // All words of the shorter name occur in the longer one.
            if common == shorter { best = (0.55 + 0.25 * Double(shorter) / Double(longer), .partOfName) }
        }
        let similarity: Double = EditDistance.similarity(header.words.joined, name.words.joined)
        if similarity >= 0.8 && similarity * 0.85 > best.0 { best = (similarity * 0.85, .similarSpelling) }
        return best
    }

    /// Lets the values speak for or against what the names say.
    private static func weigh(
        _ named: (score: Double, reason: Reason), suits: Double?, kind: ImportKind, column: Int, field: String
    ) -> Suggestion? {
        var score: Double = named.score
        var reason: Reason = named.reason
        if let suits {
            if score == 0 {
                // Only e-mail addresses are unmistakable enough to be known without a name.
                guard kind == .email, suits >= 0.8 else { return nil }
                score = 0.55
                reason = .values
            } else if suits >= 0.8 {
                score = min(1, score + 0.05)
            } else if suits < 0.3 {
                // An exact name with unsuitable values is still shown, with doubt; a vague one is dropped.
                score -= kind == .phone || kind == .link ? 0.1 : 0.35
            }
        }
        guard score >= threshold else { return nil }
        return Suggestion(column: column, field: field, confidence: score, reason: reason)
    }
}

/// How many letters have to be changed, added, dropped or swapped to make one word of another.
enum EditDistance {
    static func distance(_ a: String, _ b: String) -> Int {
        let a: [Character] = Array(a)
        let b: [Character] = Array(b)
        if a.isEmpty || b.isEmpty { return max(a.count, b.count) }
        var beforeLast: [Int] = []
        var last: [Int] = Array(0...b.count)
        for i in 1...a.count {
            var row: [Int] = [i]
            row.reserveCapacity(b.count + 1)
            for j in 1...b.count {
                let change: Int = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)
                var least: Int = min(change, last[j] + 1, row[j - 1] + 1)
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    least = min(least, beforeLast[j - 2] + 1)
                }
                row.append(least)
            }
            beforeLast = last
            last = row
        }
        return last[b.count]
    }

    static func similarity(_ a: String, _ b: String) -> Double {
        let longer: Int = max(a.count, b.count)
        return longer == 0 ? 1 : 1 - Double(distance(a, b)) / Double(longer)
    }
}
