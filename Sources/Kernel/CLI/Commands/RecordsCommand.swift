import ArgumentParser

struct RecordsCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "records",
        abstract: "Which records this deployment has, and what can be done with them.",
        discussion: "EXAMPLES:\n  tenon records\n  tenon records --json")

    @OptionGroup(title: "Global options") var global: GlobalOptions

    func run(_ session: Session) async throws {
        let response = try await session.client.send(.get("schema"))
        let schema = SchemaInfo(try APIClient.document(response))
        var table = TextTable("=Command", "Group", "Records", "Actions")
        for entity in schema.entities {
            table.add([
                TextTable.Cell("tenon " + entity.path), TextTable.Cell(entity.group), TextTable.Cell(entity.pluralTitle),
                TextTable.Cell(entity.actions.map(\.name).joined(separator: ", "), .dim),
            ])
        }
        session.print(table, empty: "no plugin is enabled", json: response)
    }
}
