import PluginAPI

/// What came of an import, in words.
struct ImportReport: Sendable {
    let session: Session
    let plural: String

    private static let waysOfTrial = "--skip-errors imports the good rows; --errors FILE writes the others, each with its reason, to be corrected and imported again"

    private static func ways(_ id: String) -> String {
        "`tenon imports problems \(id)` shows all of them; `tenon imports show \(id) --errors FILE` writes them, each with its reason, to be corrected and imported again"
    }

    /// Which column goes where, and how it is read.
    static func mapping(_ planned: JSONValue, _ session: Session) -> String {
        var table = TextTable("Column", "Field", "Read as", "For example")
        for column in planned["columns"].elements {
            let field = column["field"].scalar
            let form = [column["date_format"].scalar, column["number_format"].scalar].filter { !$0.isEmpty }.joined(separator: " ")
            let factor = column["multiplier"].scalar
            table.add([
                TextTable.Cell(column["header"].scalar),
                field.isEmpty ? TextTable.Cell("left out", .dim) : TextTable.Cell(field, .accent),
                TextTable.Cell(form + (factor.isEmpty || factor == "1" ? "" : " × \(factor)")),
                TextTable.Cell(column["samples"].strings.first ?? "", .dim),
            ])
        }
        let format = planned["format"]
        let (encoding, delimiter) = (format?["encoding"].scalar ?? "", format?["delimiter"].scalar ?? "")
        let names = [",": "commas", ";": "semicolons", "\t": "tabs", "|": "|"]
        let guess = format?["encoding_is_guessed"].bool == true && encoding != "utf-8" ? " (a guess; --encoding corrects it)" : ""
        let reading = "text in \(encoding)\(guess), cells between \(names[delimiter] ?? delimiter)"
        return session.style(.dim, reading) + "\n" + table.text(style: session.style, width: session.terminal.width)
    }

    func text(_ result: JSONValue, dryRun: Bool) -> String {
        let style = session.style
        func count(_ name: String) -> Int64 { result[name].int ?? 0 }
        func shown(_ number: Int64) -> String { TerminalText.grouped(String(number)) }
        var out = ""
        let parts = [
            (count("created"), dryRun ? "would be created" : "created"), (count("updated"), dryRun ? "would be updated" : "updated"),
            (count("unchanged"), "unchanged"),
        ].filter { $0.0 > 0 }.map { "\(shown($0.0)) \($0.1)" }
        let failed = count("failed")
        let state = result["state"].scalar
        let head = parts.isEmpty ? "nothing to import" : parts.joined(separator: ", ")
        // An import that failed has stored nothing, unless it was cut short while it left errors out.
        let isStored = state != "failed" || result["can_revert"].bool == true
        out += !isStored || (parts.isEmpty && failed > 0) ? "" : style(.bold, "\(plural): \(head)") + "\n"
        if failed > 0 {
            out += style(.warning, "\(shown(failed)) \(failed == 1 ? "row has" : "rows have") errors") + "\n"
            let groups = result["problem_groups"].elements
            out += groups.isEmpty ? errors(result["errors"].elements) : self.groups(groups)
            let ways: String = dryRun ? ImportReport.waysOfTrial : ImportReport.ways(result["id"].scalar)
            let width = min(session.terminal.width ?? 100, 100)
            out += "\n" + ways.wrapped(to: width).map { style(.dim, $0) + "\n" }.joined()
        }
        let id = result["id"].scalar
        if !dryRun, isStored, state != "reverted", !parts.isEmpty, !id.isEmpty {
            out += style(.dim, "import \(id); `tenon imports revert \(id)` takes it back") + "\n"
        }
        return out
    }

    /// The same problem once: how many rows have it, which of them come first, and what to do.
    private func groups(_ groups: [JSONValue]) -> String {
        let style = session.style
        let width = min(session.terminal.width ?? 100, 100)
        var out = ""
        for group in groups {
            let count = group["count"].int ?? 0
            let column = group["column"].string ?? group["field"].scalar
            let title = (column.isEmpty ? "" : column.tame + ": ") + group["message"].scalar.tame
            let rows = count == 1 ? "1 row" : "\(TerminalText.grouped(String(count))) rows"
            out += "\n" + style(.bold, title) + style(.dim, "  \(rows)") + "\n"
            let values = group["values"].elements.map { value -> String in
                let times = value["count"].int ?? 1
                return "“\(value["text"].scalar.tame)”" + (times > 1 ? " (\(TerminalText.grouped(String(times))))" : "")
            }
            if !values.isEmpty {
                out += ImportReport.wrapped("cells " + values.joined(separator: ", ") + (group["has_more_values"].bool == true ? ", …" : ""), width)
            }
            let first = group["rows"].elements.map(\.scalar)
            out += ImportReport.wrapped("rows  " + first.joined(separator: ", ") + (Int64(first.count) < count ? ", …" : ""), width)
            if !group["hint"].scalar.isEmpty { out += style(.dim, ImportReport.wrapped(group["hint"].scalar.tame, width)) }
        }
        return out
    }

    /// A text of several lines, all of them a little further in.
    private static func wrapped(_ text: String, _ width: Int) -> String {
        text.wrapped(to: width - 2).map { "  " + $0 + "\n" }.joined()
    }

    private func errors(_ errors: [JSONValue]) -> String {
        var table = TextTable(">Row", "Column", "Problem")
        for error in errors.prefix(20) {
            let column = error["column"].string ?? error["field"].scalar
            table.add(error["row"].scalar, column, error["message"].scalar)
        }
        return table.text(style: session.style, width: session.terminal.width)
    }
}
