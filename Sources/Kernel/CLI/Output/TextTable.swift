/// Rows under dim headings, aligned, and narrowed to the terminal where there is one.
struct TextTable {
    struct Column {
        var title: String
        var alignsRight = false
        /// Whether it may be cut when the terminal is narrow.
        var canShrink = true
        /// As narrow as it may become, if it is wider by itself.
        var least = 10
    }
    struct Cell {
        var text: String
        /// How to dress the text once it has its width.
        var dress: @Sendable (String, TextStyle) -> String = { text, _ in text }

        init(_ text: String) { self.text = text.tame }
        init(_ text: String, _ look: TextStyle.Look) {
            self.init(text)
            dress = { text, style in style(look, text) }
        }
        init(_ text: String, hex: String) {
            self.init(text)
            dress = { text, style in style.colored(text, hex: hex) }
        }
    }

    var columns: [Column]
    var rows: [[Cell]] = []

    init(_ columns: [Column]) { self.columns = columns }

    /// Left-aligned columns by their titles; a leading `>` aligns right, a leading `=` is for what must never be cut, such as a name
    /// that is typed.
    init(_ titles: String...) {
        columns = titles.map { title in
            switch title.first {
            case ">": Column(title: String(title.dropFirst()), alignsRight: true, canShrink: false)
            case "=": Column(title: String(title.dropFirst()), canShrink: false)
            default: Column(title: title)
            }
        }
    }

    mutating func add(_ cells: [Cell]) { rows.append(cells) }
    mutating func add(_ cells: String...) { rows.append(cells.map { Cell($0) }) }

    private static let gap = 2
    private static let narrowest = 7

    func text(style: TextStyle, width: Int?) -> String {
        let widths = fitted(to: width)
        var out = ""
        func line(_ cells: [Cell]) {
            var line = ""
            var pending = 0
            for (place, cell) in cells.enumerated() {
                let width = widths[place]
                let text = cell.text.cut(to: width)
                let space = max(0, width - text.columns)
                let right = columns[place].alignsRight
                line += String(repeating: " ", count: pending + (right ? space : 0))
                line += cell.dress(text, style)
                pending = Self.gap + (right ? 0 : space)
            }
            while line.last == " " { line.removeLast() }
            out += line + "\n"
        }
        line(columns.map { Cell($0.title, .dim) })
        for row in rows { line(row) }
        return out
    }

    /// Natural widths, or smaller ones taken from the widest columns until the table fits: first down to what each column
    /// likes to have, then to what can still be read.
    private func fitted(to limit: Int?) -> [Int] {
        var widths = natural
        guard let limit else { return widths }
        var excess = TextTable.total(widths) - limit
        for floor in [columns.map(\.least), columns.map { min($0.least, TextTable.narrowest) }] {
            while excess > 0 {
                let shrinkable = columns.indices.filter { columns[$0].canShrink && widths[$0] > floor[$0] }
                guard let widest = shrinkable.max(by: { widths[$0] - floor[$0] < widths[$1] - floor[$1] }) else { break }
                widths[widest] -= 1
                excess -= 1
            }
        }
        return widths
    }

    private static func total(_ widths: [Int]) -> Int { widths.reduce(0, +) + gap * (widths.count - 1) }

    /// Takes columns away from the right until the others can be read: down to a handful as long as one of them would be narrower
    /// than it likes to be, below that while they do not fit at all, but never the first two. Returns the titles of those that went.
    mutating func dropColumns(toFit limit: Int?) -> [String] {
        guard let limit else { return [] }
        var dropped: [String] = []
        func drop(_ table: inout TextTable) {
            dropped.insert(table.columns.removeLast().title, at: 0)
            for row in table.rows.indices { table.rows[row].removeLast() }
        }
        while columns.count > TextTable.handful, TextTable.total(comfortable) > limit { drop(&self) }
        while columns.count > 2, TextTable.total(fitted(to: limit)) > limit { drop(&self) }
        return dropped
    }

    private static let handful = 5

    /// As narrow as columns like to be at the least.
    private var comfortable: [Int] {
        natural.enumerated().map { place, width in columns[place].canShrink ? min(width, columns[place].least) : width }
    }

    private var natural: [Int] {
        columns.indices.map { place in max(columns[place].title.columns, rows.map { $0[place].text.columns }.max() ?? 0) }
    }
}
