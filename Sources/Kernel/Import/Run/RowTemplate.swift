/// A text for every row that takes parts of the row: `{Name}` is the cell of the column Name, `{Name|slug}` the same in lower
/// case with points between its words, as in addresses.
struct RowTemplate: Sendable {
    private let places: [String: Int]

    init(header: [String]) {
        places = Dictionary(header.enumerated().map { ($1, $0) }) { first, _ in first }
    }

    /// Braces that name no column stay as they are.
    func fill(_ text: String, from row: CSVRow) -> String {
        guard text.contains("{") else { return text }
        var result: String = ""
        var rest: Substring = text[...]
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            let parts: [Substring] = rest[rest.index(after: open)..<close].split(separator: "|", maxSplits: 1)
            result += rest[..<open]
            if let name = parts.first, let place = places[String(name)] {
                let cell: String = row[place].trimmed
                result += parts.count == 2 && parts[1] == "slug" ? HeaderWords(cell.lowercased()).words.joined(separator: ".") : cell
            } else {
                result += rest[open...close]
            }
            rest = rest[rest.index(after: close)...]
        }
        return result + rest
    }
}
