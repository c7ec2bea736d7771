import ArgumentParser
import PluginAPI

extension SettingsCommand {
    struct Export: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "export", abstract: "Write all settings as JSON.",
            discussion: "EXAMPLES:\n  tenon settings export -o settings.json")
        @Option(name: [.short, .long], help: ArgumentHelp("The file; standard output unless given.", valueName: "file")) var output: String?
        @OptionGroup(title: "Global options") var global: GlobalOptions

        func run(_ session: Session) async throws {
            let response = try await session.client.send(.get("settings", "export"))
            _ = try APIClient.document(response)
            guard let output, output != "-" else { return session.terminal.print(json: response.body) }
            let file = try PartFile(output)
            try file.write(response.body + [UInt8(ascii: "\n")])
            _ = try file.finish()
            session.terminal.note("wrote \(output)")
        }
    }

    struct Import: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "import", abstract: "Take over settings from a file, all of them or none.",
            discussion: "EXAMPLES:\n  tenon settings import settings.json --dry-run\n  tenon settings import settings.json --yes")
        @Argument(help: "A file as export writes it; - reads standard input.") var file: String
        @Flag(name: [.customShort("n"), .long], help: "Say what would change, and change nothing.") var dryRun = false
        @OptionGroup(title: "Global options") var global: GlobalOptions

        func run(_ session: Session) async throws {
            let document = try JSONValue(parsing: try InputFile.read(file))
            let trial = try await send(document, isTrial: true, session)
            let planned = try APIClient.document(trial)
            let count = planned["changes"].elements.count
            if dryRun || count == 0 { return session.print(SettingsCommand.changes(planned), empty: "nothing would change", json: trial) }
            if !session.options.json, !session.options.yes {
                session.print(SettingsCommand.changes(planned), empty: "", json: trial)
                try session.confirm("Change \(count == 1 ? "this setting" : "these \(count) settings")?")
            }
            let response = try await send(document, isTrial: false, session)
            SettingsCommand.tell(try APIClient.document(response), "changed", response, session)
        }

        private func send(_ document: JSONValue, isTrial: Bool, _ session: Session) async throws -> APIResponse {
            var request = APIRequest.send("POST", "settings", "import", body: document)
            if isTrial { request.query = [.init("dry_run", "true")] }
            return try await session.client.send(request)
        }
    }

    struct Reset: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "reset", abstract: "Go back to the defaults: of some settings, of a plugin's, or of all.",
            discussion: """
                EXAMPLES:
                  tenon settings reset kernel.time_zone
                  tenon settings reset --plugin kernel --dry-run
                  tenon settings reset --all --yes
                """)
        @Argument(help: "The keys.") var keys: [String] = []
        @Option(help: ArgumentHelp("All settings of a plugin.", valueName: "id")) var plugin: String?
        @Flag(help: "All settings.") var all = false
        @Flag(name: [.customShort("n"), .long], help: "Say what would change, and change nothing.") var dryRun = false
        @OptionGroup(title: "Global options") var global: GlobalOptions

        func validate() throws {
            guard [!keys.isEmpty, plugin != nil, all].filter({ $0 }).count == 1 else {
                throw ValidationError("Give keys, --plugin or --all")
            }
        }

        func run(_ session: Session) async throws {
            var body = JSONValue.object([])
            if !keys.isEmpty { body.set("keys", .array(keys.map { .string($0) })) }
            if let plugin { body.set("plugin", .string(plugin)) }
            if all { body.set("all", .boolean(true)) }
            var request = APIRequest.send("POST", "settings", "reset", body: body)
            request.query = [.init("dry_run", "true")]
            let trial = try await session.client.send(request)
            let planned = try APIClient.document(trial)
            if dryRun || planned["changes"].elements.isEmpty {
                return session.print(SettingsCommand.changes(planned), empty: "all of them have their defaults", json: trial)
            }
            if keys.isEmpty, !session.options.yes {
                if !session.options.json { session.print(SettingsCommand.changes(planned), empty: "", json: trial) }
                try session.confirm("Reset \(planned["changes"].elements.count) settings?")
            }
            request.query = []
            let response = try await session.client.send(request)
            SettingsCommand.tell(try APIClient.document(response), "reset", response, session)
        }
    }

    struct History: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "history", abstract: "Show who changed which setting, the latest first.",
            discussion: "EXAMPLES:\n  tenon settings history")
        @OptionGroup(title: "Global options") var global: GlobalOptions

        func run(_ session: Session) async throws {
            let response = try await session.client.send(.get("settings", "history"))
            var table = TextTable("When", "Who", "Setting", "From", "To")
            for entry in try APIClient.document(response)["data"].elements {
                table.add(
                    TerminalText.moment(entry["at"].scalar), entry["user_label"].string ?? entry["via"].scalar, entry["key"].scalar,
                    SettingsCommand.value(entry["from"]), SettingsCommand.value(entry["to"]))
            }
            session.print(table, empty: "no setting was changed yet", json: response)
        }
    }

    static func value(_ value: JSONValue?) -> String { value.map(TerminalText.plain) ?? "–" }

    static func changes(_ document: JSONValue) -> TextTable {
        var table = TextTable("Setting", "Now", "Then")
        for change in document["changes"].elements {
            table.add(change["key"].scalar, value(change["from"]), value(change["to"]))
        }
        return table
    }

    private static func tell(_ document: JSONValue, _ verb: String, _ response: APIResponse, _ session: Session) {
        let count = document["changes"].elements.count
        session.report("\(count) \(count == 1 ? "setting" : "settings") \(verb)", json: response)
        let strangers: [String] = document["unknown"].strings
        if !strangers.isEmpty, !session.options.json { session.terminal.note("left out, since nothing here reads them: " + strangers.joined(separator: ", ")) }
    }
}
