import PluginAPI

/// Figures drawn with characters: lying bars for groups, a line a series with its months side by side for what runs over time.
/// Amounts of several currencies are never added up: bars and lines follow one currency at a time.
struct ChartText {
    let style: TextStyle
    /// Columns of the terminal.
    let width: Int

    struct Row {
        var section = ""
        var label: String
        var color = ""
        /// A figure for each column, as the JSON front tells it.
        var values: [JSONValue?]
    }

    // MARK: Groups

    /// A bar for the first column of each row, the others as text behind it.
    func ranking(_ rows: [Row], columns: [String]) -> String {
        let labels = min(rows.map { $0.label.tame.columns }.max() ?? 0, max(12, width / 3))
        let texts = columns.indices.map { place in rows.map { ChartText.text($0.values[place]) } }
        let widths = columns.indices.map { place in
            max(columns.count > 1 ? columns[place].columns : 0, texts[place].map(\.columns).max() ?? 0)
        }
        let unit = ChartText.units(rows.map { $0.values.first ?? nil }).first ?? ""
        let sizes = rows.map { ChartText.size($0.values.first ?? nil, in: unit) }
        let most = sizes.max() ?? 0
        let room = max(6, min(48, width - 4 - labels - widths.reduce(0) { $0 + $1 + 2 }))
        var lines: [String] = []
        if columns.count > 1 {
            var head = String(repeating: " ", count: labels + 4) + columns[0].padded(to: widths[0], right: true)
            head += String(repeating: " ", count: room + 2)
            for place in columns.indices.dropFirst() { head += "  " + columns[place].padded(to: widths[place], right: true) }
            lines.append(style(.dim, head))
        }
        var section = ""
        for (place, row) in rows.enumerated() {
            if row.section != section {
                section = row.section
                if place > 0 { lines.append("") }
                lines.append("  " + style(.bold, section.tame))
            }
            let bar = ChartText.bar(most > 0 ? sizes[place] / most : 0, room)
            let drawn = row.color.isEmpty ? style(.accent, bar) : style.colored(bar, hex: row.color)
            var line = "  " + row.label.tame.cut(to: labels).padded(to: labels) + "  " + texts[0][place].padded(to: widths[0], right: true) + "  " + drawn
            if columns.count > 1 {
                line += String(repeating: " ", count: max(0, room - bar.columns))
                for other in columns.indices.dropFirst() { line += "  " + texts[other][place].padded(to: widths[other], right: true) }
            }
            while line.last == " " { line.removeLast() }
            lines.append(line)
        }
        return lines.joined(separator: "\n")
    }

    /// A bar of up to so many columns, in eighths.
    static func bar(_ part: Double, _ room: Int) -> String {
        let eighths = part > 0 ? max(1, Int((min(part, 1) * Double(room * 8)).rounded())) : 0
        return String(repeating: "█", count: eighths / 8) + (eighths % 8 == 0 ? "" : String(Array("▏▎▍▌▋▊▉")[eighths % 8 - 1]))
    }

    // MARK: Over time

    /// A line for each series and currency: its figures side by side under their spans, and how they run. Broken into parts
    /// where the terminal is narrow.
    func series(_ rows: [Row], spans: [String]) -> String {
        var lines: [(label: String, texts: [String], curve: String)] = []
        for row in rows {
            for unit in ChartText.units(row.values) {
                let sizes = row.values.map { ChartText.size($0, in: unit) }
                let label = row.label.tame + (unit.isEmpty ? "" : " " + unit)
                lines.append((label, row.values.map { ChartText.short($0, in: unit) }, ChartText.curve(sizes)))
            }
        }
        let labels = min(lines.map(\.label.columns).max() ?? 0, max(12, width / 4))
        let column = max(spans.map(\.columns).max() ?? 0, lines.flatMap { $0.texts.map(\.columns) }.max() ?? 0)
        let fitting = max(1, (width - 4 - labels) / (column + 2))
        // The curve stands behind the last part, where it fits.
        let hasCurve = spans.count > 2
        var parts: [Range<Int>] = []
        var start = 0
        while start < spans.count {
            parts.append(start..<min(start + fitting, spans.count))
            start += fitting
        }
        return parts.map { part -> String in
            let used = 2 + labels + part.count * (column + 2)
            let curveFits = hasCurve && part.upperBound == spans.count && used + 2 + spans.count <= width
            var out = [style(.dim, String(repeating: " ", count: labels + 2) + part.map { "  " + spans[$0].padded(to: column, right: true) }.joined())]
            for line in lines {
                let texts = part.map { "  " + line.texts[$0].padded(to: column, right: true) }.joined()
                out.append("  " + line.label.cut(to: labels).padded(to: labels) + texts + (curveFits ? "  " + style(.accent, line.curve) : ""))
            }
            return out.joined(separator: "\n")
        }.joined(separator: "\n\n")
    }

    /// How figures run: `▁▃█▅`.
    static func curve(_ sizes: [Double]) -> String {
        let steps = Array("▁▂▃▄▅▆▇█")
        let most = sizes.max() ?? 0
        return String(sizes.map { most > 0 && $0 > 0 ? steps[min(7, Int($0 / most * 7.99))] : "▁" })
    }

    // MARK: As a table

    /// All figures exactly, with the whole below them.
    static func table(_ rowTitle: String, _ rows: [Row], columns: [String], totals: [JSONValue?]) -> TextTable {
        let hasSections = rows.contains { !$0.section.isEmpty }
        let heads = (hasSections ? [TextTable.Column(title: "")] : []) + [TextTable.Column(title: rowTitle)]
        var table = TextTable(heads + columns.map { TextTable.Column(title: $0, alignsRight: true, canShrink: false) })
        for row in rows {
            let names = (hasSections ? [TextTable.Cell(row.section, .dim)] : []) + [TextTable.Cell(row.label)]
            table.add(names + row.values.map { TextTable.Cell(text($0)) })
        }
        let names = (hasSections ? [TextTable.Cell("")] : []) + [TextTable.Cell("Total", .bold)]
        table.add(names + totals.map { TextTable.Cell(text($0), .bold) })
        return table
    }

    // MARK: Figures

    /// A number, an amount, or amounts in several currencies.
    static func text(_ value: JSONValue?) -> String {
        switch value {
        case .array(let parts): parts.isEmpty ? "0" : parts.map { text($0) }.joined(separator: " + ")
        case .object where value["amount"] != nil: TerminalText.money(value ?? .null)
        case .number(let number), .string(let number): TerminalText.grouped(number)
        default: "–"
        }
    }

    /// The currencies of figures, the most frequent first; an empty one for plain numbers.
    static func units(_ values: [JSONValue?]) -> [String] {
        var counts: [String: Int] = [:]
        for value in values {
            if case .array(let parts) = value { for part in parts { counts[part["currency"].scalar, default: 0] += 1 } }
        }
        let units = counts.keys.sorted { (counts[$1] ?? 0, $0) < (counts[$0] ?? 0, $1) }
        return units.isEmpty ? [""] : units
    }

    /// For the length of a bar alone: near enough is good enough.
    static func size(_ value: JSONValue?, in unit: String) -> Double {
        switch value {
        case .array(let parts): parts.first { $0["currency"].scalar == unit }.flatMap { Double($0["amount"].scalar) } ?? 0
        default: Double(value.scalar) ?? 0
        }
    }

    /// Without cents and currency.
    private static func short(_ value: JSONValue?, in unit: String) -> String {
        guard case .array(let parts) = value else { return text(value) }
        guard let part = parts.first(where: { $0["currency"].scalar == unit }) else { return "–" }
        return Display.shortNumber(Int64(part["amount"].scalar.prefix { $0 != "." }) ?? 0)
    }
}
