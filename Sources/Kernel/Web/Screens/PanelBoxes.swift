import PluginAPI

/// What plugins work out for a record, a box each.
struct PanelBoxes {
    let visit: Visit
    let entity: EntityModel
    let record: RecordData
    let markup: ValueMarkup

    /// Those that stand above the fields, and those below them.
    func html(_ transaction: StoreTransaction) throws -> (above: HTML, below: HTML) {
        let shown = transaction.panels(entity, record)
        if shown.isEmpty { return ("", "") }
        let labels = try PanelLabels(shown.map(\.panel), transaction)
        return (shown.filter(\.model.standsFirst).html { box($0, labels) }, shown.filter { !$0.model.standsFirst }.html { box($0, labels) })
    }

    private func box(_ shown: ShownPanel, _ labels: PanelLabels) -> HTML {
        let words = shown.trouble.isEmpty ? shown.panel.sentence : shown.trouble
        let sentence: HTML = words.isEmpty ? "" : "<p class=\"body\">\(words)</p>"
        let table: HTML = shown.panel.rows.isEmpty ? "" : self.table(shown, labels)
        return Parts.box(shown.model.title, id: "panel-" + shown.model.name, "\(sentence)\(table)")
    }

    private func table(_ shown: ShownPanel, _ labels: PanelLabels) -> HTML {
        let columns = shown.panel.columns
        let heads = columns.html { Parts.th($0.title, numeric: $0.isNumeric) }
        let rows = shown.panel.rows.html { row in
            let cells = row.enumerated().html { place, cell in
                let column = place < columns.count ? columns[place] : Panel.Column("")
                return Parts.td(column.title, html(cell, labels), numeric: column.isNumeric, wraps: !column.isNumeric)
            }
            return "<tr>\(cells)</tr>"
        }
        let head: HTML = columns.isEmpty ? "" : "<thead><tr>\(heads)</tr></thead>"
        return """
            <div class="region" role="region" aria-label="\(shown.model.title)" tabindex="0"><table class="rows panel">\(head)<tbody>\(rows)</tbody></table></div>
            """
    }

    private func html(_ cell: Panel.Cell, _ labels: PanelLabels) -> HTML {
        switch cell.content {
        case .value(.moment(let moment)): return markup.time(moment)
        case .value(let value): return HTML(markup.display.plain(value))
        case .record(let entity, let id):
            guard let label = labels.label(entity, id) else { return "" }
            if entity == "user" { return Icon.person(label) }
            guard let path = markup.path(entity) else { return HTML(label) }
            return "<a href=\"/admin/\(path)/\(id)\">\(label)</a>"
        case .address(let address): return "<a href=\"\(address)\" target=\"_blank\" rel=\"noopener\">\(address)</a>"
        case .duration(let seconds): return HTML(Display.duration(seconds))
        @unknown default: return ""
        }
    }
}

extension Display {
    /// A value without a field.
    func plain(_ value: Value) -> String {
        switch value {
        case .null: ""
        case .text(let text): text
        case .integer(let number): Display.grouped(String(number))
        case .boolean(let flag): flag ? "Yes" : "No"
        case .decimal(let number): Display.grouped(number.description)
        case .money(let money): Display.money(money)
        case .day(let day): day.description
        case .moment(let moment): self.moment(moment)
        case .list(let ids): ids.map { "#\($0)" }.joined(separator: ", ")
        }
    }
}
