import ArgumentParser
import PluginAPI

struct ChangesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "changes",
        abstract: "Changes of many records, merges and imports; each can be taken back as a whole.",
        discussion: "EXAMPLES:\n  tenon changes list\n  tenon changes show 12\n  tenon changes undo 12",
        subcommands: [List.self, Show.self, Undo.self])

    struct List: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List changes, the latest first.",
            discussion: "Your own, or everybody's for those who may see operations.\n\nEXAMPLES:\n  tenon changes list\n  tenon changes list --limit 10 --json")
        @Option(help: "At most so many.") var limit = 50
        @OptionGroup(title: "Global options") var global: GlobalOptions

        func run(_ session: Session) async throws {
            let response = try await session.client.send(.get("changes", query: [APIRequest.QueryItem("limit", String(limit))]))
            var table = TextTable(">ID", "Change", "By", "When", "State")
            for row in try APIClient.document(response)["data"].elements {
                table.add([
                    TextTable.Cell(row["id"].scalar), TextTable.Cell(row["title"].scalar), TextTable.Cell(row["user_label"].scalar),
                    TextTable.Cell(TerminalText.moment(row["at"].scalar), .dim), ChangesCommand.state(row),
                ])
            }
            session.print(table, empty: "no changes of many records yet", json: response)
        }
    }

    struct Show: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Show a change with the records that it was about.", discussion: "EXAMPLES:\n  tenon changes show 12")
        @Argument(help: "The change's id.") var id: Int64
        @OptionGroup(title: "Global options") var global: GlobalOptions

        func run(_ session: Session) async throws {
            let response = try await session.client.send(.get("changes", String(id)))
            if session.options.json { return session.terminal.print(json: response.body) }
            let change = try APIClient.document(response)
            let style = session.style
            session.terminal.print(style(.bold, change["title"].scalar.tame) + style(.dim, "  change \(id)"))
            session.terminal.print("\(change["user_label"].scalar.tame), \(TerminalText.moment(change["at"].scalar))")
            let state = ChangesCommand.state(change)
            if !state.text.isEmpty { session.terminal.print(state.dress(state.text, style)) }
            ChangesCommand.tell(kept: change["kept"].elements, session)
            var table = TextTable("Record", ">ID", "Name", "Change")
            for row in change["records"].elements {
                table.add([
                    TextTable.Cell(row["entity"].scalar.readable), TextTable.Cell(row["id"].scalar), TextTable.Cell(row["label"].scalar),
                    TextTable.Cell(row["deeds"].strings.joined(separator: ", "), .dim),
                ])
            }
            session.print(table, empty: "", json: response)
        }
    }

    struct Undo: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "undo",
            abstract: "Take a change back: old values return, what was deleted comes back, what was made goes.",
            discussion: "What somebody changed since is left as it is, and named.\n\nEXAMPLES:\n  tenon changes undo 12\n  tenon changes undo 12 --yes")
        @Argument(help: "The change's id.") var id: Int64
        @OptionGroup(title: "Global options") var global: GlobalOptions

        func run(_ session: Session) async throws {
            if !session.options.yes {
                let title = try await session.client.read(.get("changes", String(id)))["title"].scalar
                try session.confirm("Take back “\(title.tame)”?")
            }
            let response = try await session.client.send(.send("POST", "changes", String(id), "undo", body: .object([])))
            let document = try APIClient.document(response)
            let kept = document["kept"].elements
            if session.options.json { return session.terminal.print(json: response.body) }
            ChangesCommand.tell(kept: kept, session)
            let done = document["done"].int ?? document["count"].int ?? 0
            session.terminal.print("took back change \(id): \(done == 1 ? "1 record is" : "\(done) records are") as before")
            if !kept.isEmpty { throw PartialResult(message: "not all of it could be taken back", status: .partial) }
        }
    }

    fileprivate static func state(_ row: JSONValue) -> TextTable.Cell {
        if !row["undone_at"].isNull { return TextTable.Cell("taken back by \(row["undone_by_label"].scalar)", .dim) }
        let obstacle = row["obstacle"].scalar
        return obstacle.isEmpty ? TextTable.Cell("") : TextTable.Cell("no undo: \(obstacle)", .dim)
    }

    fileprivate static func tell(kept: [JSONValue], _ session: Session) {
        for item in kept {
            let label = item["label"].string.map { " \($0)" } ?? ""
            let field = item["field_label"].string.map { "\($0) " } ?? ""
            session.terminal.printError("\(item["entity"].scalar.readable.lowercased()) \(item["id"].scalar)\(label.tame): \(field.tame)\(item["message"].scalar.tame)")
        }
    }
}
