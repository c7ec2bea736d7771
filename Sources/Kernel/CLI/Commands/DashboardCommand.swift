import ArgumentParser
import PluginAPI

struct DashboardCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dashboard",
        abstract: "Pages of figures, charts and short lists.",
        discussion: "EXAMPLES:\n  tenon dashboard list\n  tenon dashboard show NAME --period quarter",
        subcommands: [List.self, Show.self])

    struct List: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List dashboards.", discussion: "EXAMPLES:\n  tenon dashboard list --json")
        @OptionGroup(title: "Global options") var global: GlobalOptions

        func run(_ session: Session) async throws {
            let response = try await session.client.send(.get("dashboards"))
            var table = TextTable("Name", "Title", "Plugin")
            for dashboard in try APIClient.document(response)["data"].elements {
                table.add([
                    TextTable.Cell(dashboard["name"].scalar), TextTable.Cell(dashboard["title"].scalar),
                    TextTable.Cell(dashboard["plugin"].scalar, .dim),
                ])
            }
            session.print(table, empty: "no dashboards", json: response)
        }
    }

    struct Show: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "show",
            abstract: "Show all that stands on a dashboard.",
            discussion: """
                EXAMPLES:
                  tenon dashboard show NAME
                  tenon dashboard show NAME --period quarter --table
                  tenon dashboard show NAME --date 2026-03-31 --json
                """)
        @Argument(help: "The dashboard's name.") var name: String
        @Option(help: "What figures with a date are over: day, week, month, quarter, year or all.") var period = "all"
        @Option(help: ArgumentHelp("A day of the period, and of the last month of charts; today unless given.", valueName: "YYYY-MM-DD")) var date: String?
        @Flag(help: "Tables instead of drawings.") var table = false
        @OptionGroup(title: "Global options") var global: GlobalOptions

        func validate() throws {
            guard ["day", "week", "month", "quarter", "year", "all"].contains(period) else {
                throw ValidationError("--period takes day, week, month, quarter, year or all")
            }
        }

        func run(_ session: Session) async throws {
            var query = [APIRequest.QueryItem("period", period)]
            if let date { query.append(APIRequest.QueryItem("date", date)) }
            let response = try await session.client.send(.get("dashboards", name, query: query))
            if session.options.json { return session.terminal.print(json: response.body) }
            let schema = try await session.client.schema()
            let text = DashboardText(style: session.style, width: session.terminal.width ?? 80, schema: schema, asTables: table)
            session.terminal.print(text.text(try APIClient.document(response)))
        }
    }
}
