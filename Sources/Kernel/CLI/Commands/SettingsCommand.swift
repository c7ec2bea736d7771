import ArgumentParser
import PluginAPI

struct SettingsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "settings",
        abstract: "Settings of the deployment.",
        discussion: """
            EXAMPLES:
              tenon settings list
              tenon settings get kernel.time_zone
              tenon settings set kernel.time_zone Europe/Vienna
              tenon settings set PLUGIN.SECRET --file token.txt
            """,
        subcommands: [List.self, Get.self, Set.self])

    private static func text(_ setting: JSONValue) -> String {
        if setting["secret"].bool == true { return setting["is_set"].bool == true ? "set" : "not set" }
        return setting["value"].map(TerminalText.plain) ?? "–"
    }

    /// One setting, or an error that names the nearest ones.
    private static func find(_ key: String, in document: JSONValue) throws -> JSONValue {
        let settings = document["data"].elements
        if let setting = settings.first(where: { $0["key"].scalar == key }) { return setting }
        throw CRMError(
            .notFound, "there is no setting \(key)",
            hint: Suggestion.hint(for: key, among: settings.map { $0["key"].scalar }, otherwise: "`tenon settings list` names them."))
    }

    struct List: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List settings and their values.", discussion: "EXAMPLES:\n  tenon settings list --json")
        @OptionGroup(title: "Global options") var global: GlobalOptions

        func run(_ session: Session) async throws {
            let response = try await session.client.send(.get("settings"))
            var table = TextTable("Key", "Value", "Meaning")
            for setting in try APIClient.document(response)["data"].elements {
                table.add([
                    TextTable.Cell(setting["key"].scalar), TextTable.Cell(SettingsCommand.text(setting)),
                    TextTable.Cell(setting["label"].scalar, .dim),
                ])
            }
            session.print(table, empty: "no settings", json: response)
        }
    }

    struct Get: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "get", abstract: "Print the value of a setting, alone on its line.", discussion: "EXAMPLES:\n  tenon settings get kernel.time_zone")
        @Argument(help: "The setting's key.") var key: String
        @OptionGroup(title: "Global options") var global: GlobalOptions

        func run(_ session: Session) async throws {
            let setting = try SettingsCommand.find(key, in: try await session.client.read(.get("settings")))
            if session.options.json { return session.terminal.print(json: Array(setting.text().utf8)) }
            if setting["secret"].bool == true { return session.terminal.print(SettingsCommand.text(setting)) }
            let value = setting["value"] ?? .null
            session.terminal.print(value.isNull ? "" : value.scalar.isEmpty && value.string == nil ? value.text() : value.scalar)
        }
    }

    struct Set: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "set",
            abstract: "Change a setting.",
            discussion: "EXAMPLES:\n  tenon settings set kernel.time_zone Europe/Vienna\n  tenon settings set kernel.time_zone --default")
        @Argument(help: "The setting's key.") var key: String
        @Argument(help: "The new value.") var value: String?
        @Option(help: ArgumentHelp("A file with the value in its first line; - reads standard input. For what must not be seen.", valueName: "file"))
        var file: String?
        @Flag(name: .customLong("default"), help: "Go back to the default.") var usesDefault = false
        @OptionGroup(title: "Global options") var global: GlobalOptions

        func validate() throws {
            let ways = [value != nil, file != nil, usesDefault].filter { $0 }.count
            if ways != 1 { throw ValidationError("Give either a value, --file or --default") }
        }

        func run(_ session: Session) async throws {
            let setting = try SettingsCommand.find(key, in: try await session.client.read(.get("settings")))
            var description = setting
            description.set("name", .string(key))
            let given = try file.map { try InputFile.secret($0) } ?? self.value
            let value = given.map { FieldInput.node([$0], for: FieldInfo(description)) } ?? .null
            let response = try await session.client.send(.send("PATCH", "settings", body: .object([.init(name: key, value: value)])))
            let stored = try SettingsCommand.find(key, in: try APIClient.document(response))
            session.report("\(key) is \(SettingsCommand.text(stored)) now", json: response)
        }
    }
}
