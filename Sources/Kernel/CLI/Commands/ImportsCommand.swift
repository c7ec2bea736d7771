import ArgumentParser
import PluginAPI

struct ImportsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "imports",
        abstract: "Imports so far; each can be taken back as a whole.",
        discussion: "EXAMPLES:\n  tenon imports list\n  tenon imports show 3\n  tenon imports problems 3\n  tenon imports revert 3",
        subcommands: [List.self, Show.self, Problems.self, Revert.self])

    struct List: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List imports, the latest first.", discussion: "EXAMPLES:\n  tenon imports list --json")
        @OptionGroup(title: "Global options") var global: GlobalOptions

        func run(_ session: Session) async throws {
            let response = try await session.client.send(.get("imports"))
            var table = TextTable(">ID", "Records", "File", "State", ">Created", ">Updated", ">Errors", "When")
            for row in try APIClient.document(response)["data"].elements {
                table.add([
                    TextTable.Cell(row["id"].scalar), TextTable.Cell(row["entity"].scalar), TextTable.Cell(row["file_name"].scalar),
                    JobsCommand.cell(state: row["state"].scalar), TextTable.Cell(TerminalText.grouped(row["created"].scalar)),
                    TextTable.Cell(TerminalText.grouped(row["updated"].scalar)), TextTable.Cell(TerminalText.grouped(row["failed"].scalar)),
                    TextTable.Cell(TerminalText.moment(row["created_at"].scalar), .dim),
                ])
            }
            session.print(table, empty: "no imports yet", json: response)
        }
    }

    struct Show: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Show how an import ended, with its first errors.",
            discussion: "EXAMPLES:\n  tenon imports show 3\n  tenon imports show 3 --errors left-out.csv")
        @Argument(help: "The import's id.") var id: Int64
        @Option(help: ArgumentHelp("Write the rows that were left out to this CSV file.", valueName: "file")) var errors: String?
        @OptionGroup(title: "Global options") var global: GlobalOptions

        func run(_ session: Session) async throws {
            let response = try await session.client.send(.get("imports", String(id)))
            if let errors { try await ImportRun(session: session).writeErrors(String(id), to: errors) }
            if session.options.json { return session.terminal.print(json: response.body) }
            let document = try APIClient.document(response)
            let state = JobsCommand.cell(state: document["state"].scalar)
            let style = session.style
            session.terminal.print(style(.bold, document["file_name"].scalar) + style(.dim, "  import \(id)  ") + state.dress(state.text, style))
            if !document["error"]["message"].scalar.isEmpty { session.terminal.print(style(.bad, document["error"]["message"].scalar.tame)) }
            session.terminal.write(Array(ImportReport(session: session, plural: document["entity"].scalar).text(document, dryRun: false).utf8))
        }
    }

    struct Problems: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "problems", abstract: "List all rows that an import has left out, each with its reason.",
            discussion: "EXAMPLES:\n  tenon imports problems 3\n  tenon imports problems 3 --json")
        @Argument(help: "The import's id.") var id: Int64
        @OptionGroup(title: "Global options") var global: GlobalOptions

        func run(_ session: Session) async throws {
            var table = TextTable(">Row", "Problem", "The row")
            var all: [JSONValue] = []
            var query: [APIRequest.QueryItem] = [APIRequest.QueryItem("limit", "500")]
            while true {
                let page = try await session.client.read(.get("imports", String(id), "problems", query: query))
                all += page["data"].elements
                guard let next = page["next"].string else { break }
                query = [APIRequest.QueryItem("limit", "500"), APIRequest.QueryItem("cursor", next)]
            }
            if session.options.json { return session.terminal.print(JSONValue.object([.init(name: "data", value: .array(all))]).text()) }
            for row in all {
                let cells = (row["cells"]?.members ?? []).map(\.value.scalar).filter { !$0.isEmpty }.prefix(4).joined(separator: " · ")
                table.add(row["row"].scalar, row["problem"].scalar, cells)
            }
            session.terminal.print(all.isEmpty ? "import \(id) has left no row out" : table.text(style: session.style, width: session.terminal.width))
        }
    }

    struct Revert: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "revert",
            abstract: "Take an import back: delete what it created, and undo what it changed.",
            discussion: "EXAMPLES:\n  tenon imports revert 3")
        @Argument(help: "The import's id.") var id: Int64
        @OptionGroup(title: "Global options") var global: GlobalOptions

        func run(_ session: Session) async throws {
            try session.confirm("Take import \(id) back?")
            let run = ImportRun(session: session)
            try await session.client.send(.send("POST", "imports", String(id), "revert", body: .object([])))
            let response = try await run.watch(String(id), "taken back")
            let document = try APIClient.document(response)
            session.report("import \(id) is \(document["state"].scalar)", json: response)
            if document["state"].scalar != "reverted" {
                throw PartialResult(message: document["error"]["message"].string ?? "the import could not be taken back", status: .failure)
            }
        }
    }
}
