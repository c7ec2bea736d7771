import ArgumentParser
import PluginAPI

struct PluginCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plugin",
        abstract: "Plugins: which there are, and which are switched on.",
        discussion: """
            EXAMPLES:
              tenon plugin list
              tenon plugin info NAME
              tenon plugin plan enable NAME
              tenon plugin enable NAME
            """,
        subcommands: [
            List.self, Info.self, PluginPlanCommand.self, PluginEnableCommand.self, PluginDisableCommand.self, PluginUpgradeCommand.self,
            PluginUninstallCommand.self, PluginRestoreCommand.self, Release.self, New.self, Build.self,
            Test.self, Dev.self,
        ])

    static func cell(state: String) -> TextTable.Cell {
        switch state {
        case "enabled": TextTable.Cell(state, .good)
        case "failed", "refused", "missing", "quarantined": TextTable.Cell(state, .bad)
        default: TextTable.Cell(state, .dim)
        }
    }

    struct List: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List plugins and their states.", discussion: "EXAMPLES:\n  tenon plugin list --json")
        @OptionGroup(title: "Global options") var global: GlobalOptions

        func run(_ session: Session) async throws {
            let response = try await session.client.send(.get("plugins"))
            var table = TextTable("ID", "Version", "State", "Summary")
            let plugins = try APIClient.document(response)["data"].elements
            for plugin in plugins {
                table.add([
                    TextTable.Cell(plugin["id"].scalar), TextTable.Cell(plugin["version"].scalar),
                    PluginCommand.cell(state: plugin["state"].scalar), TextTable.Cell(plugin["summary"].scalar),
                ])
            }
            session.print(table, empty: "no plugins found", json: response)
            guard !session.options.json else { return }
            for plugin in plugins where !plugin["reason"].scalar.isEmpty {
                session.terminal.print("\n" + session.style(.bold, plugin["id"].scalar) + ": " + plugin["reason"].scalar.tame)
            }
            for plugin in plugins where plugin["upgrade"]?["version"] != nil {
                session.terminal.print("\n" + session.style(.bold, plugin["id"].scalar) + ": " + PluginCommand.upgrade(plugin).tame)
            }
        }
    }

    /// What there is to say of another version.
    static func upgrade(_ plugin: JSONValue) -> String {
        let upgrade: JSONValue = plugin["upgrade"] ?? .null
        let version: String = upgrade["version"].scalar
        switch upgrade["state"].scalar {
        case "waiting": return "version \(version) waits in the plugins folder; see `tenon plugin plan upgrade \(plugin["id"].scalar)`"
        case "pending": return "version \(version) takes over with the next start"
        default: return "version \(version) could not take over: \(upgrade["reason"].scalar)"
        }
    }

    struct Info: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "info", abstract: "Say what a plugin adds, needs, and how it is doing.", discussion: "EXAMPLES:\n  tenon plugin info NAME")
        @Argument(help: "The plugin's id.") var id: String
        @OptionGroup(title: "Global options") var global: GlobalOptions

        func run(_ session: Session) async throws {
            let response = try await session.client.send(.get("plugins", id))
            if session.options.json { return session.terminal.print(json: response.body) }
            PluginCommand.show(try APIClient.document(response), session)
            PluginCommand.show(uses: try APIClient.document(try await session.client.send(.get("plugins", id, "uses"))), session)
        }
    }

    private static func show(_ plugin: JSONValue, _ session: Session) {
        let style = session.style
        let state = cell(state: plugin["state"].scalar)
        session.terminal.print(style(.bold, plugin["name"].scalar) + style(.dim, "  \(plugin["id"].scalar) \(plugin["version"].scalar)") + "  " + state.dress(state.text, style))
        if !plugin["summary"].scalar.isEmpty { session.terminal.print(plugin["summary"].scalar.tame) }
        var lines: [(String, String)] = []
        func add(_ label: String, _ value: JSONValue?) {
            let text = value?.string ?? value.strings.joined(separator: ", ")
            if !text.isEmpty { lines.append((label, text)) }
        }
        add("Reason", plugin["reason"])
        add("Licence", plugin["licence"])
        add("Requires", plugin["requires"])
        add("Works with", plugin["optional"])
        add("Required by", plugin["required_by"])
        add("Hint", plugin["hint"])
        if plugin["upgrade"]?["version"] != nil { add("Upgrade", .string(upgrade(plugin))) }
        let asks = PluginManifest.Capabilities(stored: plugin["capabilities"] ?? .null)
        let approved = PluginManifest.Capabilities(stored: plugin["approved"] ?? .null)
        add("Asks for", .array(asks.lines.map(JSONValue.string)))
        add("Not approved", .array(asks.growth(over: approved).lines.map(JSONValue.string)))
        add("Switched on", plugin["checksum"])
        add("In its folder", plugin["folder_checksum"])
        for member in plugin["adds"]?.members ?? [] { add(member.name.readable, member.value) }
        if !lines.isEmpty { session.terminal.print() }
        let width = lines.map(\.0.columns).max() ?? 0
        let room = max(30, (session.terminal.width ?? 100) - width - 2)
        for (label, text) in lines {
            let wrapped = text.wrapped(to: room).joined(separator: "\n" + String(repeating: " ", count: width + 2))
            session.terminal.print(style(.dim, label.padded(to: width)) + "  " + wrapped)
        }
    }

    struct Release: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "release",
            abstract: "Let a plugin in again that is in quarantine because it crashed the server.",
            discussion: "EXAMPLES:\n  tenon plugin release NAME")
        @Argument(help: "The plugin's id.") var id: String
        @OptionGroup(title: "Global options") var global: GlobalOptions

        func run(_ session: Session) async throws {
            let response = try await session.client.send(.send("POST", "plugins", id, "release", body: .object([])))
            session.report("plugin \(id) is out of quarantine", json: response)
        }
    }
}
