import ArgumentParser
import PluginAPI

struct MetricsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "metrics",
        abstract: "Numbers over records and periods.",
        discussion: "EXAMPLES:\n  tenon metrics list\n  tenon metrics show KEY --period quarter",
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
            abstract: "Show a metric for a period, beside the one before.",
            discussion: "EXAMPLES:\n  tenon metrics show KEY\n  tenon metrics show KEY --period quarter --json")
        @Argument(help: "The metric's key.") var key: String
        @Option(help: "day, week, month, quarter, year or all.") var period = "month"
        @Option(help: ArgumentHelp("A day of the period; today unless given.", valueName: "YYYY-MM-DD")) var date: String?
        @Option(help: ArgumentHelp("Whose records count: own, team or all that you may see.", valueName: "scope")) var scope: String?
        @Option(help: ArgumentHelp("How many periods to chart, 0 for none.", valueName: "count")) var series = 12
        @OptionGroup(title: "Global options") var global: GlobalOptions

        func validate() throws {
            guard ["day", "week", "month", "quarter", "year", "all"].contains(period) else {
                throw ValidationError("--period takes day, week, month, quarter, year or all")
            }
        }

        private var query: [APIRequest.QueryItem] {
            var query = [APIRequest.QueryItem("period", period), APIRequest.QueryItem("series", String(period == "all" ? 0 : series))]
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
            session.terminal.print("\n  " + style(.bold, MetricText.value(metric["value"])))
            if let previous = metric["previous"], !previous.isNull {
                session.terminal.print(style(.dim, "  before: " + MetricText.value(previous)))
            }
            let chart = MetricText.chart(metric["series"].elements, period, width: session.terminal.width ?? 80, style)
            if !chart.isEmpty { session.terminal.print("\n" + chart) }
        }
    }
}

/// Metrics in words and bars.
enum MetricText {
    static func span(_ metric: JSONValue) -> String {
        let (from, to) = (metric["from"].scalar, metric["to"].scalar)
        if metric["period"].isNull { return "as of now" }
        return from.isEmpty ? "all time" : "\(from.prefix(10)) to \(to.prefix(10))"
    }

    /// A number, an amount, or amounts in several currencies.
    static func value(_ value: JSONValue?) -> String {
        switch value {
        case .array(let parts): parts.isEmpty ? "0" : parts.map { self.value($0) }.joined(separator: ", ")
        case .object where value["amount"] != nil: TerminalText.money(value ?? .null)
        case .object where value["value"] != nil: self.value(value["value"])
        case .number(let text), .string(let text): TerminalText.grouped(text)
        default: "–"
        }
    }

    /// A horizontal bar for each step of a series.
    static func chart(_ series: [JSONValue], _ period: String, width: Int, _ style: TextStyle) -> String {
        let part = period == "year" ? 4 : period == "month" ? 7 : 10
        let rows = series.map { (label: String($0["from"].scalar.prefix(part)), text: value($0["value"]), size: size($0["value"])) }
        let most = rows.map(\.size).max() ?? 0
        guard rows.count > 1, most > 0 else { return "" }
        let texts = rows.map(\.text.columns).max() ?? 0
        let room = max(10, min(60, width - 14 - texts - 4))
        return rows.map { row in
            let eighths = Int((row.size / most * Double(room * 8)).rounded())
            let bar = String(repeating: "█", count: eighths / 8) + (eighths % 8 == 0 ? "" : String(Array("▏▎▍▌▋▊▉")[eighths % 8 - 1]))
            return "  \(style(.dim, row.label))  \(row.text.padded(to: texts, right: true))  \(style(.accent, bar))"
        }.joined(separator: "\n")
    }

    /// For the length of a bar alone: near enough is good enough.
    private static func size(_ value: JSONValue?) -> Double {
        switch value {
        case .array(let parts): parts.reduce(0) { $0 + size($1) }
        case .object: Double(value["amount"].scalar) ?? size(value["value"])
        default: Double(value.scalar) ?? 0
        }
    }
}
