import ArgumentParser
import PluginAPI

struct CrashesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "crashes",
        abstract: "Crashes: when the server ended unexpectedly, and whose code it was.",
        discussion: "EXAMPLES:\n  tenon crashes list\n  tenon crashes list --plugin NAME --json\n  tenon crashes show 3",
        subcommands: [List.self, Show.self])

    struct List: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List crashes, the latest first.", discussion: "EXAMPLES:\n  tenon crashes list --json")
        @Option(help: "Those of one plugin only.") var plugin: String?
        @OptionGroup(title: "Global options") var global: GlobalOptions

        func run(_ session: Session) async throws {
            let query = plugin.map { [APIRequest.QueryItem("plugin", $0)] } ?? []
            let response = try await session.client.send(.get("crashes", query: query))
            var table = TextTable(">ID", "When", "Plugin", "Version", "What happened")
            for crash in try APIClient.document(response)["data"].elements {
                let plugin = crash["plugin"].scalar
                table.add([
                    TextTable.Cell(crash["id"].scalar), TextTable.Cell(TerminalText.moment(crash["at"].scalar)),
                    TextTable.Cell(plugin.isEmpty ? "none" : plugin, plugin.isEmpty ? .dim : .bad), TextTable.Cell(crash["version"].scalar),
                    TextTable.Cell(crash["summary"].scalar),
                ])
            }
            session.print(table, empty: "no crashes", json: response)
        }
    }

    struct Show: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Show a crash: the functions it happened in, and what was running.",
            discussion: "EXAMPLES:\n  tenon crashes show 3")
        @Argument(help: "The crash's number.") var id: Int64
        @OptionGroup(title: "Global options") var global: GlobalOptions

        func run(_ session: Session) async throws {
            let response = try await session.client.send(.get("crashes", String(id)))
            if session.options.json { return session.terminal.print(json: response.body) }
            let crash = try APIClient.document(response)
            let (style, terminal) = (session.style, session.terminal)
            let plugin = crash["plugin"].scalar
            terminal.print(style(.bold, crash["summary"].scalar.tame))
            let who = plugin.isEmpty ? "no plugin is to blame" : "plugin \(plugin) \(crash["version"].scalar)"
            terminal.print(style(.dim, "\(TerminalText.moment(crash["at"].scalar))  \(crash["kind"].scalar)  ") + who)
            for (place, frame) in crash["report"]["frames"].elements.enumerated() {
                let function = frame["function"].scalar
                let offset = frame["offset"].scalar
                let line = "\(function.isEmpty ? "?" : function.tame) + \(offset)"
                terminal.print((place == 0 ? "\n" : "") + style(.dim, String(place).padded(to: 3) + frame["file"].scalar.tame + "  ") + line)
            }
            let calls = crash["report"]["calls"].elements
            if !calls.isEmpty { terminal.print("\nrunning at the time:") }
            for call in calls {
                terminal.print("  \(call["call"].scalar.tame) for \(call["milliseconds"].scalar) ms on thread \(call["thread"].scalar)")
            }
        }
    }
}
