import PluginAPI

/// `/admin/dashboards/<name>`: cards, charts and short lists, all read at one moment. Complete without script: each chart is a
/// table of links, from which the script draws.
struct DashboardScreen {
    let visit: Visit

    func respond(_ rest: [String]) async throws -> FrontResponse {
        guard rest.count <= 1 else { throw visit.front.unknown(visit) }
        guard let name = rest.first else {
            let first = try await visit.store.read(as: visit.actor) { DashboardReader($0).readable().first?.body.name }
            guard let first else { throw visit.front.unknown(visit) }
            return .redirect("/admin/dashboards/" + first)
        }
        let asked = try DashboardQuery(visit.request)
        let (title, content) = try await visit.store.read(as: visit.actor, mayLag: true) { transaction in
            let reader = DashboardReader(transaction)
            let reading = try reader.read(try reader.find(name), asked.period, holding: asked.day)
            return (reading.view.title, try html(reading, transaction))
        }
        var page = Page(title: title, current: "/admin/dashboards/" + name, content: content)
        page.scripts = ["Chart.min.js"]
        return try await visit.page(page)
    }

    private func html(_ reading: DashboardReading, _ transaction: StoreTransaction) throws -> HTML {
        var html = Parts.head(reading.view.title, actions: picker(reading, today: transaction.today))
        var tiles: [(FigureReading, String)] = []
        var section = ""
        var stacks = Stacks()
        func flush() {
            if !tiles.isEmpty {
                let heading: HTML = section.isEmpty ? "" : "<h2 class=\"part\">\(section)</h2>"
                html += "\(heading)<div class=\"tiles dense\">\(tiles.html { tile($0.0, $0.1, reading) })</div>"
            }
            html += stacks.html
            tiles = []
            stacks = Stacks()
        }
        for (place, widget) in reading.widgets.enumerated() {
            switch widget.body {
            case .figure(let figure):
                if !stacks.isEmpty || widget.section != section { flush() }
                section = widget.section
                tiles.append((figure, widget.title))
            case .chart(let chart):
                if !tiles.isEmpty { flush() }
                stacks.add(ChartMarkup(widget: widget, chart: chart, id: "chart-\(place)").html, rows: chart.shape == .table ? chart.rows.count + 4 : 9)
            case .records(let records):
                if !tiles.isEmpty { flush() }
                stacks.add(try list(widget, records, transaction), rows: records.request.limit + 1)
            }
        }
        flush()
        return html
    }

    // MARK: Period

    private func picker(_ reading: DashboardReading, today: Day) -> HTML {
        let periods: [(Period, String)] = [(.month, "Month"), (.quarter, "Quarter"), (.year, "Year"), (.all, "All time")]
        let links = periods.html { period, title in
            var items: [FrontRequest.QueryItem] = [.init(name: "period", value: period.rawValue)]
            if reading.day != today { items.append(.init(name: "date", value: reading.day.description)) }
            return "<a href=\"/admin/dashboards/\(reading.view.name)?\(items.encoded)\"\(" aria-current=\"true\"", if: period == reading.period)>\(title)</a>"
        }
        return "<nav class=\"switch\" aria-label=\"Period\">\(links)</nav>"
    }

    /// `this month`, or the days when it is not the present one.
    private func words(_ reading: DashboardReading, _ figure: MetricReading) -> String {
        guard figure.metric.date != nil else { return reading.period == .all ? "" : "now" }
        guard let span = reading.span else { return "all time" }
        let isPresent = span == reading.period.span(holding: visit.today)
        return isPresent ? "this \(reading.period.rawValue)" : reading.period.title(of: span)
    }

    // MARK: Cards

    private func tile(_ figure: FigureReading, _ title: String, _ reading: DashboardReading) -> HTML {
        let value = MetricMarkup.short(figure.reading.figure.value)
        var aside: [HTML] = []
        if let beside = figure.beside {
            let href = MetricMarkup.href(figure.besidePath, beside.reading.query)
            aside.append("<a href=\"\(href)\">\(MetricMarkup.short(beside.reading.figure.value)) \(beside.title)</a>")
        }
        let words = words(reading, figure.reading)
        if !words.isEmpty { aside.append(HTML(words)) }
        if let previous = figure.reading.previous { aside.append("\(MetricMarkup.short(previous.value)) before") }
        let separated = aside.enumerated().html { $0.offset == 0 ? $0.element : ", \($0.element)" }
        return """
            <div class="tile"><a class="whole" href="\(MetricMarkup.href(figure.path, figure.reading.query))"><span class="name">\(title)</span><span class="value" title="\(MetricMarkup.text(figure.reading.figure.value))">\(value)</span></a>\
            <span class="aside">\(separated)</span></div>
            """
    }

    // MARK: Lists

    private func list(_ widget: WidgetReading, _ list: RecordsReading, _ transaction: StoreTransaction) throws -> HTML {
        let entity = list.entity
        var records: [RecordData] = []
        _ = try transaction.page(list.request) { row, projection in records.append(projection.record(row)) }
        let open = Parts.link("Open the list", "/admin/\(entity.path)?\(list.query.encoded)", classes: "compact plain")
        let nothing = widget.whenEmpty.isEmpty ? "There are no \(entity.pluralTitle.lowercased()) yet." : widget.whenEmpty
        guard !records.isEmpty else { return Parts.box(widget.title, actions: open, "<p class=\"body muted\">\(nothing)</p>") }
        let fields = list.columns.filter { $0.name != entity.labelField }
        let labels = LabelCache(transaction)
        try labels.load(records, fields)
        let markup = visit.markup(transaction, labels: labels)
        let rows = records.html { record in
            let cells = fields.html { field in
                "<td data-label=\"\(field.label)\"\(" class=\"num\"", if: field.isNumeric)>\(shown(record.values[field.place], field, markup))</td>"
            }
            return "<tr><th scope=\"row\"><a href=\"/admin/\(entity.path)/\(record.id)\">\(RecordChoices.label(record, entity))</a></th>\(cells)</tr>"
        }
        return Parts.box(widget.title, actions: open, "<div class=\"scroll\"><table class=\"rows\"><tbody>\(rows)</tbody></table></div>")
    }
}

extension DashboardScreen {
    /// Short: of a moment the day is enough here.
    private func shown(_ value: Value, _ field: FieldModel, _ markup: ValueMarkup) -> HTML {
        guard case .moment(let moment) = value else { return markup.html(value, field.description, short: true) }
        let day = markup.display.calendar.day(of: moment)
        return "<time datetime=\"\(moment.description)\" title=\"\(markup.display.moment(moment))\">\(day.description)</time>"
    }
}

/// Boxes in two columns without gaps: each goes where there is less so far. One column where the window is narrow.
private struct Stacks {
    private var columns: [(html: HTML, rows: Int)] = [(HTML(), 0), (HTML(), 0)]

    var isEmpty: Bool { columns.allSatisfy { $0.html.isEmpty } }

    mutating func add(_ box: HTML, rows: Int) {
        let place = columns[1].rows < columns[0].rows ? 1 : 0
        columns[place].html += box
        // A box has a heading and stands apart from the next.
        columns[place].rows += rows + 2
    }

    var html: HTML {
        let filled = columns.filter { !$0.html.isEmpty }.html { "<div>\($0.html)</div>" }
        return filled.isEmpty ? "" : "<div class=\"stacks\">\(filled)</div>"
    }
}

/// Figures in pages.
enum MetricMarkup {
    /// Exactly, with the amounts of all currencies.
    static func text(_ value: MetricFigure.Value) -> String {
        switch value {
        case .number(let number): Display.grouped(number.description)
        case .amounts(let amounts): amounts.isEmpty ? "0" : amounts.map(Display.money).joined(separator: " + ")
        case .nothing: "–"
        }
    }

    /// Without cents.
    static func short(_ value: MetricFigure.Value) -> String {
        if case .amounts(let amounts) = value, !amounts.isEmpty { return amounts.map(Display.short).joined(separator: " + ") }
        return text(value)
    }

    /// For the script that draws: `EUR 1250.00;USD 20.00`, or a plain number.
    static func plain(_ value: MetricFigure.Value) -> String {
        switch value {
        case .number(let number): number.description
        case .amounts(let amounts): amounts.map { "\($0.currency.code) \($0.amount)" }.joined(separator: ";")
        case .nothing: ""
        }
    }

    static func href(_ path: String, _ query: [FrontRequest.QueryItem]) -> String {
        "/admin/\(path)" + (query.isEmpty ? "" : "?" + query.encoded)
    }
}

/// A chart: a table of its figures, each of which opens its records, and a place for the drawing of it.
struct ChartMarkup {
    let widget: WidgetReading
    let chart: ChartReading
    let id: String

    var html: HTML {
        if chart.isEmpty {
            return Parts.box(widget.title, "<p class=\"body muted\">\(widget.whenEmpty.isEmpty ? "There is nothing to show yet." : widget.whenEmpty)</p>")
        }
        if chart.shape == .table { return Parts.box(widget.title, "<div class=\"scroll\">\(table)</div>") }
        let toggle: HTML = "<button class=\"button compact plain\" type=\"button\" data-chart-toggle aria-pressed=\"false\" aria-controls=\"\(id)\">Table</button>"
        return """
            <section class="card-box chart" data-chart="\(chart.shape.rawValue)"><header><h2>\(widget.title)</h2><div class="actions">\(toggle)</div></header>\
            <div class="drawing"><canvas role="img" aria-label="\(summary)"></canvas></div><div class="scroll" id="\(id)">\(table)</div></section>
            """
    }

    /// What the drawing says, for those who do not see it.
    private var summary: String {
        let sum: String
        if chart.isOverTime {
            let span = [chart.rows.first?.label, chart.rows.last?.label].compactMap { $0 }.joined(separator: " to ")
            sum = span + ": " + zip(chart.columns, chart.totals).map { "\($0.title) \(MetricMarkup.text($1.figure.value))" }.joined(separator: ", ")
        } else {
            sum = chart.rows.prefix(5).map { "\($0.label) \(MetricMarkup.text($0.cells[0].figure.value))" }.joined(separator: ", ")
                + (chart.rows.count > 5 ? " and \(chart.rows.count - 5) more" : "")
        }
        return "\(widget.title). \(sum). The table has all figures."
    }

    private var table: HTML {
        let hasBars = chart.shape == .table
        let bars: HTML = hasBars ? "<th scope=\"col\"><span class=\"hidden-text bar-head\">As a bar</span></th>" : ""
        let heads = "<th scope=\"col\">\(chart.rowTitle)</th>\(bars)\(chart.columns.html { Parts.th($0.title, numeric: true) })" as HTML
        let most = chart.rows.map { $0.cells.first?.figure.count ?? 0 }.max() ?? 0
        var section = ""
        let rows = chart.rows.html { row -> HTML in
            var html = HTML()
            if row.section != section {
                section = row.section
                html += "<tr class=\"part\"><th scope=\"rowgroup\" colspan=\"\(chart.columns.count + (hasBars ? 2 : 1))\">\(section)</th></tr>"
            }
            let dot: HTML = row.color.isEmpty ? "" : Icon.dot(row.color)
            let cells = row.cells.enumerated().html { cell($0.element, chart.columns[$0.offset]) }
            let bar: HTML = hasBars ? "<td class=\"bar-cell\">\(ChartMarkup.bar(row.cells.first?.figure.count ?? 0, of: most, row.color))</td>" : ""
            html += "<tr data-color=\"\(row.color)\"><th scope=\"row\"><span class=\"person\">\(dot)\(row.label)</span></th>\(bar)\(cells)</tr>"
            return html
        }
        // Averages of groups do not add up to the average of all, but that is what stands there.
        let totals = zip(chart.totals, chart.columns).html { cell($0, $1) }
        let foot: HTML = "<tfoot><tr><th scope=\"row\">Total</th>\("<td class=\"bar-foot\"></td>", if: hasBars)\(totals)</tr></tfoot>"
        return "<table class=\"figures\"><caption class=\"hidden-text\">\(widget.title)</caption><thead><tr>\(heads)</tr></thead><tbody>\(rows)</tbody>\(foot)</table>"
    }

    private func cell(_ cell: MetricCell, _ column: ChartReading.Column) -> HTML {
        let value = cell.figure.value
        let text = MetricMarkup.text(value)
        if cell.figure.count == 0 { return "<td class=\"num\" data-value=\"\(MetricMarkup.plain(value))\"><span class=\"none\">\(text)</span></td>" }
        return "<td class=\"num\" data-value=\"\(MetricMarkup.plain(value))\"><a href=\"\(MetricMarkup.href(column.path, cell.query))\">\(text)</a></td>"
    }

    private static func bar(_ count: Int, of most: Int, _ color: String) -> HTML {
        let known = color.utf8.count == 7 && color.hasPrefix("#") && color.dropFirst().allSatisfy(\.isHexDigit)
        let fill: HTML = known ? " fill=\"\(color)\"" : ""
        let classes: HTML = known ? "bar own" : "bar"
        return """
            <svg class="\(classes)" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect width="100" height="8"/><rect width="\(most > 0 ? count * 100 / most : 0)" height="8"\(fill)/></svg>
            """
    }
}
