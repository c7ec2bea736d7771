import ArgumentParser
import PluginAPI

struct HooksCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hooks",
        abstract: "Hooks: who listens, what became of events, and which plugins are slow.",
        discussion: "EXAMPLES:\n  tenon hooks list\n  tenon hooks rules user\n  tenon hooks slow\n  tenon hooks trace 12\n  tenon hooks retry 12",
        subcommands: [List.self, Rules.self, Slow.self, Trace.self, Failed.self, Retry.self, Discard.self])

    struct List: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List hooks and who listens, in the order in which they run.",
            discussion: "EXAMPLES:\n  tenon hooks list\n  tenon hooks list --all --json")
        @Flag(help: "Also those that every record has, when nobody listens.") var all = false
        @OptionGroup(title: "Global options") var global: GlobalOptions

        func run(_ session: Session) async throws {
            let response = try await session.client.send(.get("hooks"))
            let entities = all || session.options.json ? [] : try await session.client.schema().entities.map(\.name)
            let common = Swift.Set(entities.flatMap { name in ["created", "updated", "deleted", "merged"].map { "\(name)_\($0)" } })
            var table = TextTable("=Hook", "Plugin", "Within", "After", "Meaning")
            for hook in try APIClient.document(response)["data"].elements {
                if hook["listeners"].elements.isEmpty, common.contains(hook["name"].scalar) { continue }
                func names(_ phase: String) -> String {
                    hook["listeners"].elements.filter { $0["phase"].scalar == phase }.map { HooksCommand.listener($0) }.joined(separator: ", ")
                }
                table.add([
                    TextTable.Cell(hook["name"].scalar), TextTable.Cell(hook["plugin"].scalar), TextTable.Cell(names("transaction")),
                    TextTable.Cell(names("after")), TextTable.Cell(hook["summary"].scalar, .dim),
                ])
            }
            session.print(table, empty: "no hooks", json: response)
            if !session.options.json {
                session.terminal.note(session.style(.dim, "who listens within the transaction, and who after it; --all shows those of every record, too"))
            }
        }
    }

    /// `2. desk (priority 10)`: its place, and why it stands there.
    private static func listener(_ listener: JSONValue) -> String {
        let priority = listener["priority"].int ?? 0
        return "\(listener["order"].scalar). \(listener["plugin"].scalar)" + (priority == 0 ? "" : " (priority \(priority))")
    }

    struct Failed: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "failed", abstract: "List deliveries that failed for good.", discussion: "EXAMPLES:\n  tenon hooks failed --json")
        @OptionGroup(title: "Global options") var global: GlobalOptions

        func run(_ session: Session) async throws {
            let response = try await session.client.send(.get("hooks", "failed"))
            var table = TextTable(">ID", "Hook", "Plugin", ">Tries", "Since", "Error")
            for row in try APIClient.document(response)["data"].elements {
                table.add(
                    row["id"].scalar, row["hook"].scalar, row["plugin"].scalar, row["attempts"].scalar,
                    TerminalText.moment(row["created_at"].scalar), row["error"].scalar)
            }
            session.print(table, empty: "no delivery has failed", json: response)
        }
    }

    struct Retry: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "retry", abstract: "Deliver again.", discussion: "EXAMPLES:\n  tenon hooks retry 12")
        @Argument(help: "The delivery's id.") var id: Int64
        @OptionGroup(title: "Global options") var global: GlobalOptions

        func run(_ session: Session) async throws {
            let response = try await session.client.send(.send("POST", "hooks", "failed", String(id), "retry", body: .object([])))
            session.report("delivery \(id) is tried again", json: response)
        }
    }

    struct Discard: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "discard", abstract: "Give a failed delivery up.", discussion: "EXAMPLES:\n  tenon hooks discard 12")
        @Argument(help: "The delivery's id.") var id: Int64
        @OptionGroup(title: "Global options") var global: GlobalOptions

        func run(_ session: Session) async throws {
            try session.confirm("Give delivery \(id) up?")
            let response = try await session.client.send(.send("POST", "hooks", "failed", String(id), "discard", body: .object([])))
            session.report("delivery \(id) is given up", json: response)
        }
    }
}
