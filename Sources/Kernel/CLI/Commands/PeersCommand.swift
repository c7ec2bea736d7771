import ArgumentParser
import PluginAPI

struct PeersCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "peers",
        abstract: "Show the servers that work on this database.",
        discussion: """
            Several servers may work on one PostgreSQL database. Each gives signs of life; what one had to do goes to another when \
            it has been silent for fifteen seconds.

            EXAMPLES:
              tenon peers
              tenon peers --json
            """)
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func run(_ session: Session) async throws {
        let response = try await session.client.send(.get("status", "peers"))
        if session.options.json { return session.terminal.print(json: response.body) }
        let document = try APIClient.document(response)
        guard document["shared"].bool == true else {
            return session.terminal.print("The database is a file of this deployment: one server works on it.")
        }
        var table = TextTable("State", "Host", "Address", ">Process", "Version", "Started", ">Silent", "Does")
        for peer in document["data"].elements {
            let state = peer["state"].scalar
            let silence: Int64 = (peer["silent_ms"].int ?? 0) / 1000
            table.add([
                TextTable.Cell(state, state == "serving" ? .good : state == "gone" ? .bad : .dim), TextTable.Cell(peer["host"].scalar),
                TextTable.Cell(peer["address"].scalar), TextTable.Cell(peer["process"].scalar), TextTable.Cell(peer["version"].scalar),
                TextTable.Cell(TerminalText.moment(peer["started_at"].scalar)),
                TextTable.Cell(state == "ended" ? "" : "\(silence) s"),
                TextTable.Cell(peer["has"].elements.map(\.scalar).joined(separator: ", ")),
            ])
        }
        session.print(table, empty: "no servers", json: response)
    }
}
