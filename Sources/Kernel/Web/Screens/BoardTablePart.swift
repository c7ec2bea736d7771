import PluginAPI

/// The figures of a board as a table: a row for each value of a field, a column for each column of the board. Each figure opens
/// the list that makes it up.
struct BoardTablePart {
    let entity: EntityModel
    let query: BoardQuery
    let rows: FieldModel
    let table: BoardTable
    let sums: [FieldModel?]
    /// The filters of the page.
    let filters: [FrontRequest.QueryItem]
    let markup: ValueMarkup

    var html: HTML {
        let by = rows.label.lowercased()
        if table.rows.isEmpty {
            return "<div id=\"results\">\(Parts.empty("chart", "Nothing to add up", "No \(entity.pluralTitle.lowercased()) meet all of these conditions."))</div>"
        }
        let heads: [HTML] = [Parts.th(rows.label)] + shown.map { Parts.th(table.columns[$0].title, numeric: true) } + [Parts.th("Total", numeric: true)]
        let lines = table.rows.html { row in
            let cells = shown.html { place in cell(row.cells[place], table.columns[place], row: row) }
            return "<tr><th scope=\"row\">\(title(row))</th>\(cells)\(cell(row.total, nil, row: row))</tr>"
        }
        let totals = shown.html { place in cell(table.columns[place].figure, table.columns[place], row: nil) }
        let all: BoardCount = shown.reduce(into: BoardCount(fields: sums.count)) { all, place in
            let figure = table.columns[place].figure
            all.add(figure.count)
            for (field, parts) in figure.sums.enumerated() { for part in parts { all.add(part, at: field) } }
        }
        let foot: HTML = "<tr class=\"total\"><th scope=\"row\">Total</th>\(totals)\(cell(all, nil, row: nil))</tr>"
        let names = sums.compactMap { $0?.label }
        let what = names.isEmpty ? "counts" : names.joined(separator: ", ")
        return """
            <div id="results" class="figures-frame"><p class="muted">\(what) by \(by) and \(query.board.isByMonth ? "month" : query.field.label.lowercased()). Each figure opens its list.</p>\
            \(Parts.table("\(query.board.title) by \(by)", classes: "rows figures", heads: heads, "\(lines)\(foot)"))</div>
            """
    }

    /// Columns that hold nothing for anybody at the edges say nothing.
    private var shown: [Int] {
        table.columns.indices.filter { table.columns[$0].key != .null || table.columns[$0].count > 0 }
    }

    private func title(_ row: BoardTable.Row) -> HTML {
        if rows.target == "user", row.key != .null { return Icon.person(row.title) }
        return row.key == .null ? "<span class=\"muted\">\(row.title)</span>" : HTML(row.title)
    }

    private func cell(_ figure: BoardCount, _ column: BoardColumn?, row: BoardTable.Row?) -> HTML {
        let label = column?.title ?? "Total"
        if figure.count == 0 { return "<td class=\"num void\" data-label=\"\(label)\"></td>" }
        let texts = BoardSums.texts(figure, sums).filter { !$0.isEmpty }
        let count = "\(Display.grouped(String(figure.count))) \(figure.count == 1 ? entity.title.lowercased() : entity.pluralTitle.lowercased())"
        let main: HTML = HTML(texts.first ?? count)
        let rest: [String] = texts.isEmpty ? [] : Array(texts.dropFirst()) + [count]
        let below: HTML = rest.html { "<span class=\"muted\">\($0)</span>" }
        return "<td class=\"num\" data-label=\"\(label)\"><a href=\"\(href(column, row))\">\(main)</a>\(below)</td>"
    }

    private func href(_ column: BoardColumn?, _ row: BoardTable.Row?) -> String {
        var conditions: [Filter] = [query.board.cards]
        if let name = query.board.within, let within = query.within { conditions.append(.compare(name, .equal, .value(.integer(within)))) }
        if let column { conditions.append(query.holds(column.key)) }
        if let row { conditions.append(row.key == .null ? .empty(rows.name) : .compare(rows.name, .equal, .value(row.key))) }
        let items = (ListQuery.items(.all(conditions)) ?? []) + filters
        return "/admin/\(entity.path)?\(items.encoded)"
    }
}
