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
              tenon settings export -o settings.json
              tenon settings import settings.json --dry-run
              tenon settings set PLUGIN.SECRET --file token.txt
            """,
        subcommands: [List.self, Get.self, Set.self, Export.self, Import.self, Reset.self, History.self])

    static func text(_ setting: JSONValue) -> String {
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
            discussion: """
                EXAMPLES:
                  tenon settings set kernel.time_zone Europe/Vienna
                  tenon settings set kernel.name=Harbour kernel.currency=CHF
                  tenon settings set kernel.time_zone --default
                """)
        @Argument(help: "The setting's key; or several key=value, which are changed together or not at all.") var key: String
        @Argument(help: "The new value.") var values: [String] = []
        @Option(help: ArgumentHelp("A file with the value in its first line; - reads standard input. For what must not be seen.", valueName: "file"))
        var file: String?
        @Flag(name: .customLong("default"), help: "Go back to the default.") var usesDefault = false
        @OptionGroup(title: "Global options") var global: GlobalOptions

        private var isBulk: Bool { key.contains("=") }

        func validate() throws {
            if isBulk {
                if usesDefault || file != nil || values.contains(where: { !$0.contains("=") }) { throw ValidationError("Give every setting as key=value") }
            } else if values.count > 1 || [!values.isEmpty, file != nil, usesDefault].filter({ $0 }).count != 1 {
                throw ValidationError("Give either a value, --file or --default")
            }
        }

        private func bulk(_ session: Session) async throws {
            let known = try await session.client.read(.get("settings"))
            var members: [JSONValue.Member] = []
            for word in [key] + values {
                let pair: [Substring] = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                let name = String(pair[0])
                var description = try SettingsCommand.find(name, in: known)
                description.set("name", .string(name))
                members.append(.init(name: name, value: FieldInput.node([String(pair[1])], for: FieldInfo(description))))
            }
            let response = try await session.client.send(.send("PATCH", "settings", body: .object(members)))
            _ = try APIClient.document(response)
            session.report("\(members.count) \(members.count == 1 ? "setting is" : "settings are") stored", json: response)
        }

        func run(_ session: Session) async throws {
            if isBulk { return try await bulk(session) }
            let setting = try SettingsCommand.find(key, in: try await session.client.read(.get("settings")))
            var description = setting
            description.set("name", .string(key))
            let given = try file.map { try InputFile.secret($0) } ?? values.first
            let value = given.map { FieldInput.node([$0], for: FieldInfo(description)) } ?? .null
            let response = try await session.client.send(.send("PATCH", "settings", body: .object([.init(name: key, value: value)])))
            let stored = try SettingsCommand.find(key, in: try APIClient.document(response))
            session.report("\(key) is \(SettingsCommand.text(stored)) now", json: response)
        }
    }
}
