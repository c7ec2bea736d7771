import PluginAPI

/// A dashboard in a terminal.
struct DashboardText {
    let style: TextStyle
    let width: Int
    let schema: SchemaInfo
    /// Charts as tables.
    var asTables = false

    func text(_ dashboard: JSONValue) -> String {
        var blocks = [style(.bold, dashboard["title"].scalar) + style(.dim, "  " + MetricText.span(dashboard))]
        var figures: [JSONValue] = []
        func flush() {
            if !figures.isEmpty { blocks.append(self.figures(figures)) }
            figures = []
        }
        for widget in dashboard["widgets"].elements {
            if widget["kind"].scalar == "figure" {
                if let last = figures.last, last["section"].scalar != widget["section"].scalar { flush() }
                figures.append(widget)
                continue
            }
            flush()
            let body = widget["kind"].scalar == "chart" ? chart(widget) : records(widget)
            blocks.append(style(.bold, widget["title"].scalar) + "\n" + (body.isEmpty ? "  " + style(.dim, empty(widget)) : body))
        }
        flush()
        return blocks.joined(separator: "\n\n")
    }

    private func empty(_ widget: JSONValue) -> String {
        let sentence = widget["when_empty"].scalar
        return sentence.isEmpty ? "Nothing yet." : sentence
    }

    /// Cards, a line each: the figure, what stands beside it, the period before.
    private func figures(_ widgets: [JSONValue]) -> String {
        let titles = widgets.map { $0["title"].scalar }
        let values = widgets.map { ChartText.text($0["value"]) }
        let (first, second) = (titles.map(\.columns).max() ?? 0, values.map(\.columns).max() ?? 0)
        var lines = widgets.indices.map { place -> String in
            let widget = widgets[place]
            var beside: [String] = []
            if let other = widget["beside"], !other.isNull { beside.append("\(ChartText.text(other["value"])) \(other["title"].scalar)") }
            if let previous = widget["previous"], !previous.isNull { beside.append("before: " + ChartText.text(previous)) }
            let aside = beside.isEmpty ? "" : style(.dim, "  " + beside.joined(separator: ", "))
            return "  " + titles[place].padded(to: first) + "  " + style(.bold, values[place].padded(to: second, right: true)) + aside
        }
        let section = widgets[0]["section"].scalar
        if !section.isEmpty { lines.insert(style(.bold, section), at: 0) }
        return lines.joined(separator: "\n")
    }

    private func chart(_ widget: JSONValue) -> String {
        let columns = widget["columns"].elements.map { $0["title"].scalar }
        let rows = widget["rows"].elements.map { row in
            ChartText.Row(
                section: row["section"].scalar, label: row["label"].scalar, color: row["color"].scalar,
                values: row["cells"].elements.map { $0["value"] })
        }
        guard widget["rows"].elements.contains(where: { $0["cells"].elements.contains { ($0["count"].int ?? 0) > 0 } }) else { return "" }
        if asTables {
            let totals = widget["totals"].elements.map { $0["value"] }
            let table = ChartText.table(widget["row_title"].scalar, rows, columns: columns, totals: totals)
            return table.text(style: style, width: nil).split(separator: "\n", omittingEmptySubsequences: false).map { $0.isEmpty ? "" : "  " + $0 }
                .joined(separator: "\n").trimmed(trailing: "\n")
        }
        let chart = ChartText(style: style, width: width)
        guard widget["over_time"].bool == true else { return chart.ranking(rows, columns: columns) }
        let series = columns.indices.map { place in ChartText.Row(label: columns[place], values: rows.map { $0.values[place] }) }
        return chart.series(series, spans: rows.map(\.label))
    }

    private func records(_ widget: JSONValue) -> String {
        let entity = schema.entity(named: widget["entity"].scalar)
        let names = widget["columns"].elements.map { $0["name"].scalar }
        let fields = [RecordListing.idField] + names.compactMap { entity?.field($0) }
        let records = widget["data"].elements
        if records.isEmpty { return "" }
        var table = TextTable(fields.map { TextTable.Column(title: $0.label) })
        for record in records { table.add(fields.map { TerminalText.cell($0, of: record) }) }
        return table.text(style: style, width: width - 2).split(separator: "\n").map { "  " + $0 }.joined(separator: "\n")
    }
}

extension String {
    fileprivate func trimmed(trailing character: Character) -> String {
        var text = self
        while text.last == character { text.removeLast() }
        return text
    }
}
