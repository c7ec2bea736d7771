import PluginAPI

/// `cards` and `order`: what stands around a list.
struct RecordOrder: Sendable {
    let command: RecordCommand
    init(_ command: RecordCommand) { self.command = command }

    private var session: Session { command.session }

    func cards(_ arguments: [String]) async throws {
        let name = "\(command.command) cards"
        let read = try ArgumentReader.read(arguments, options: ClientOptions.specs, command: name)
        if let word = read.words.first { throw UsageError("\(name) takes no argument: \(word)") }
        let response = try await session.client.send(.get(command.entity.path, "cards"))
        var table = TextTable("Figure", ">Now")
        for card in try APIClient.document(response)["data"].elements {
            table.add([TextTable.Cell(card["title"].scalar), TextTable.Cell(RecordOrder.text(card["value"] ?? .null))])
        }
        session.print(table, empty: "no figures", json: response)
    }

    private static func text(_ value: JSONValue) -> String {
        let amounts: [JSONValue] = value.elements
        return amounts.isEmpty ? TerminalText.plain(value) : amounts.map(TerminalText.plain).joined(separator: " + ")
    }

    func order(_ arguments: [String]) async throws {
        let name = "\(command.command) order"
        let read = try ArgumentReader.read(arguments, options: ClientOptions.specs, command: name)
        guard read.words.count > 1 else {
            throw UsageError("\(name) takes two or more ids", hint: "In the order in which they are to stand: `\(name) 3 1 2`.")
        }
        var ids: [JSONValue] = []
        for word in read.words { ids.append(.integer(try await command.id(word))) }
        let response = try await session.client.send(.send("POST", command.entity.path, "order", body: .fields(["ids": .array(ids)])))
        _ = try APIClient.document(response)
        session.report("the \(command.entity.pluralTitle.lowercased()) stand in this order now", json: response)
    }
}
