import ArgumentParser
import PluginAPI

struct SearchCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "search",
        abstract: "Find records of every kind.",
        discussion: "EXAMPLES:\n  tenon search berg\n  tenon search 'north sea' --limit 50 --json")
    @Argument(help: "What to look for.") var text: [String]
    @Option(name: [.customShort("n"), .long], help: ArgumentHelp("At most so many records.", valueName: "count")) var limit = 20
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func validate() throws {
        if text.isEmpty { throw ValidationError("Say what to look for") }
        if limit < 1 { throw ValidationError("--limit takes a number of 1 or more") }
    }

    func run(_ session: Session) async throws {
        let words = text.joined(separator: " ")
        let query = [APIRequest.QueryItem("q", words), APIRequest.QueryItem("limit", String(limit))]
        let response = try await session.client.send(.get("search", query: query))
        var table = TextTable("Found", "What", "Show it")
        for hit in try APIClient.document(response)["data"].elements {
            let note = hit["note"].scalar
            let what = hit["entity"].scalar.readable.lowercased()
            table.add([
                TextTable.Cell(note.isEmpty ? hit["label"].scalar : "\(hit["label"].scalar): \(note)"),
                TextTable.Cell(note.isEmpty ? what : "note on \(what)"),
                TextTable.Cell("tenon \(hit["path"].scalar) show \(hit["id"].scalar)", .dim),
            ])
        }
        session.print(table, empty: "nothing found for \(words)", json: response)
    }
}
