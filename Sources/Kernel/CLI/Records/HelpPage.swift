/// A help screen in the form of those that the argument parser makes.
struct HelpPage {
    private(set) var text = ""
    private let width: Int

    init(width: Int) { self.width = max(60, min(width, 100)) }

    private static let column = 26

    mutating func overview(_ sentence: String) {
        text += ("OVERVIEW: " + sentence).wrapped(to: width).joined(separator: "\n") + "\n\n"
    }

    mutating func usage(_ line: String) { text += "USAGE: \(line)\n\n" }

    mutating func section(_ title: String, _ rows: [(name: String, summary: String)]) {
        if rows.isEmpty { return }
        text += title.uppercased() + ":\n"
        for row in rows {
            let lines = row.summary.wrapped(to: width - Self.column)
            let begin = "  " + row.name
            if begin.columns < Self.column - 1 {
                text += begin.padded(to: Self.column) + (lines.first ?? "")
            } else {
                text += begin + "\n" + String(repeating: " ", count: Self.column) + (lines.first ?? "")
            }
            for line in lines.dropFirst() { text += "\n" + String(repeating: " ", count: Self.column) + line }
            while text.last == " " { text.removeLast() }
            text += "\n"
        }
        text += "\n"
    }

    mutating func options(_ title: String, _ options: [OptionSpec]) {
        section(title, options.map { ($0.usage, $0.help) })
    }

    mutating func lines(_ title: String, _ lines: [String]) {
        if lines.isEmpty { return }
        text += title.uppercased() + ":\n" + lines.map { "  " + $0 + "\n" }.joined() + "\n"
    }

    var page: String {
        var text = text
        while text.last == "\n" { text.removeLast() }
        return text
    }
}

extension OptionSpec {
    /// `-q, --search <text>`
    var usage: String {
        let names = (short.map { "-\($0), " } ?? "") + "--" + name
        return switch value {
        case .flag: names
        case .one(let placeholder), .many(let placeholder): "\(names) <\(placeholder)>"
        case .boolean: "\(names) [true|false]"
        }
    }
}
