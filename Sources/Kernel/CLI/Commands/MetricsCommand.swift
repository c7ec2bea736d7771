import ArgumentParser
import PluginAPI

struct MetricsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "metrics",
        abstract: "Numbers over records and periods.",
        discussion: "EXAMPLES:\n  tenon metrics list\n  tenon metrics show KEY --period quarter\n  tenon metrics show KEY --group FIELD",
        subcommands: [List.self, Show.self])

    struct List: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List metrics.", discussion: "EXAMPLES:\n  tenon metrics list --json")
        @OptionGroup(title: "Global options") var global: GlobalOptions

        func run(_ session: Session) async throws {
            let response = try await session.client.send(.get("metrics"))
            var table = TextTable("Key", "Meaning", "Over")
            for metric in try APIClient.document(response)["data"].elements {
                table.add([
                    TextTable.Cell(metric["key"].scalar), TextTable.Cell(metric["title"].scalar), TextTable.Cell(metric["entity"].scalar, .dim),
                ])
            }
            session.print(table, empty: "no metrics", json: response)
        }
    }

    struct Show: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "show",
            abstract: "Show a metric for a period beside the one before, by groups, or over time.",
            discussion: """
                EXAMPLES:
                  tenon metrics show KEY
                  tenon metrics show KEY --period quarter --json
                  tenon metrics show KEY --group FIELD
                  tenon metrics show KEY --by month --periods 6 --group FIELD --table
                """)
        @Argument(help: "The metric's key.") var key: String
        @Option(help: "day, week, month, quarter, year or all.") var period = "month"
        @Option(help: ArgumentHelp("A day of the period; today unless given.", valueName: "YYYY-MM-DD")) var date: String?
        @Option(help: ArgumentHelp("Whose records count: own, team or all that you may see.", valueName: "scope")) var scope: String?
        @Option(help: ArgumentHelp("How many periods to chart, 0 for none.", valueName: "count")) var series = 12
        @Option(help: ArgumentHelp("Split by the values of a field; of two, with a comma: the outer one first.", valueName: "field")) var group: String?
        @Option(help: ArgumentHelp("Split over time: day, week, month, quarter or year.", valueName: "length")) var by: String?
        @Option(help: ArgumentHelp("With --by: over how many.", valueName: "count")) var periods = 6
        @Option(help: ArgumentHelp("With --group: at most so many groups, the rest as one.", valueName: "count")) var top = 20
        @Flag(help: "All figures exactly, in a table.") var table = false
        @OptionGroup(title: "Global options") var global: GlobalOptions

        func validate() throws {
            guard ["day", "week", "month", "quarter", "year", "all"].contains(period) else {
                throw ValidationError("--period takes day, week, month, quarter, year or all")
            }
            if let by, !["day", "week", "month", "quarter", "year"].contains(by) {
                throw ValidationError("--by takes day, week, month, quarter or year")
            }
        }

        private var isSplit: Bool { group != nil || by != nil }

        private var query: [APIRequest.QueryItem] {
            var query = [APIRequest.QueryItem("period", period)]
            if let group { query += [APIRequest.QueryItem("group", group), APIRequest.QueryItem("top", String(top))] }
            if let by { query += [APIRequest.QueryItem("by", by), APIRequest.QueryItem("periods", String(periods))] }
            if !isSplit { query.append(APIRequest.QueryItem("series", String(period == "all" ? 0 : series))) }
            if let date { query.append(APIRequest.QueryItem("date", date)) }
            if let scope { query.append(APIRequest.QueryItem("scope", scope)) }
            return query
        }

        func run(_ session: Session) async throws {
            let response = try await session.client.send(.get("metrics", key, query: query))
            if session.options.json { return session.terminal.print(json: response.body) }
            let metric = try APIClient.document(response)
            let style = session.style
            session.terminal.print(style(.bold, metric["title"].scalar) + style(.dim, "  \(key), \(MetricText.span(metric))"))
            session.terminal.print("\n  " + style(.bold, ChartText.text(metric["value"])))
            if let previous = metric["previous"], !previous.isNull {
                session.terminal.print(style(.dim, "  before: " + ChartText.text(previous)))
            }
            if table, let rows = MetricText.table(metric) {
                session.terminal.print()
                session.terminal.write(Array(rows.text(style: style, width: nil).utf8))
            } else {
                let chart = MetricText.chart(metric, ChartText(style: style, width: session.terminal.width ?? 80))
                if !chart.isEmpty { session.terminal.print("\n" + chart) }
            }
        }
    }
}

/// Metrics in words and bars.
enum MetricText {
    static func span(_ metric: JSONValue) -> String {
        let (from, to) = (metric["from"].scalar, metric["to"].scalar)
        if from.isEmpty { return metric["period"].isNull && metric["by"].isNull ? "as of now" : "all time" }
        return "\(from.prefix(10)) to \(to.prefix(10))"
    }

    private static func groups(_ metric: JSONValue) -> [JSONValue] { metric["groups"].elements }

    /// Groups as bars, groups over time as lines, time alone as bars.
    static func chart(_ metric: JSONValue, _ chart: ChartText) -> String {
        let steps = metric["series"].elements
        let spans = steps.map { $0["label"].string ?? String($0["from"].scalar.prefix(part(metric))) }
        if metric["groups"] != nil {
            let rows = groups(metric).map { group in
                ChartText.Row(
                    label: group["label"].scalar, color: group["color"].scalar,
                    values: spans.isEmpty ? [group["value"]] : group["cells"].elements.map { $0["value"] })
            }
            if rows.isEmpty { return "" }
            if spans.isEmpty { return chart.ranking(rows, columns: [metric["title"].scalar]) }
            let whole = ChartText.Row(label: "Total", values: steps.map { $0["value"] })
            return chart.series(rows + [whole], spans: spans)
        }
        guard steps.count > 1 else { return "" }
        let units = ChartText.units(steps.map { $0["value"] })
        let drawn = units.compactMap { unit -> String? in
            let rows = zip(spans, steps).map { label, step in
                ChartText.Row(label: label, values: [unit.isEmpty ? step["value"] : .array(step["value"].elements.filter { $0["currency"].scalar == unit })])
            }
            guard rows.contains(where: { ChartText.size($0.values[0], in: unit) > 0 }) else { return nil }
            return chart.ranking(rows, columns: [""])
        }
        return drawn.joined(separator: "\n\n")
    }

    private static func part(_ metric: JSONValue) -> Int {
        switch metric["period"].scalar {
        case "year": 4
        case "month": 7
        default: 10
        }
    }

    /// All figures exactly; nil when there is but one.
    static func table(_ metric: JSONValue) -> TextTable? {
        let steps = metric["series"].elements
        let spans = steps.map { $0["label"].string ?? String($0["from"].scalar.prefix(part(metric))) }
        if metric["groups"] != nil {
            let rows = groups(metric).map { group in
                ChartText.Row(label: group["label"].scalar, values: group["cells"].elements.map { $0["value"] } + [group["value"]])
            }
            let names = metric["group"].strings.map(\.readable).joined(separator: " / ")
            return ChartText.table(names, rows, columns: spans + ["Total"], totals: steps.map { $0["value"] } + [metric["value"]])
        }
        if steps.isEmpty { return nil }
        let rows = zip(spans, steps).map { ChartText.Row(label: $0, values: [$1["value"]]) }
        guard metric["by"] != nil else {
            var table = TextTable(["From"].map { TextTable.Column(title: $0) } + [TextTable.Column(title: metric["title"].scalar, alignsRight: true)])
            for row in rows { table.add([TextTable.Cell(row.label), TextTable.Cell(ChartText.text(row.values[0]))]) }
            return table
        }
        return ChartText.table("", rows, columns: [metric["title"].scalar], totals: [metric["value"]])
    }
}
