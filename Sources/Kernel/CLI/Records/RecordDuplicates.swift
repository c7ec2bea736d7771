import PluginAPI

/// `duplicates`: what is probably there twice, of one record or of all.
struct RecordDuplicates: Sendable {
    let command: RecordCommand
    init(_ command: RecordCommand) { self.command = command }

    private var session: Session { command.session }

    func run(_ arguments: [String]) async throws {
        let name = "\(command.command) duplicates"
        let read = try ArgumentReader.read(arguments, options: ClientOptions.specs, command: name)
        guard read.words.count < 2 else { throw UsageError("\(name) takes one id, or none for all", hint: "See `\(name) --help`.") }
        guard let word = read.words.first else { return try await groups() }
        let id = try await command.id(word)
        let response = try await session.client.send(.get(command.entity.path, String(id), "duplicates"))
        if session.options.json { return session.terminal.print(json: response.body) }
        let found = try APIClient.document(response)["data"].elements
        guard !found.isEmpty else { return session.terminal.note("nothing looks like it") }
        session.print(table(found), empty: "", json: response)
        session.terminal.note(session.style(.dim, "`\(command.command) merge \(id) \(found[0]["id"].scalar)` makes one of two"))
    }

    private func groups() async throws {
        let response = try await session.client.send(.get(command.entity.path, "duplicates"))
        if session.options.json { return session.terminal.print(json: response.body) }
        let answer = try APIClient.document(response)
        let groups = answer["data"].elements
        guard !groups.isEmpty else { return session.terminal.note("no two \(command.entity.pluralTitle.lowercased()) look like the same one") }
        for group in groups {
            session.terminal.print(session.style(.bold, group["reasons"].strings.joined(separator: ", ").tame))
            for record in group["records"].elements { session.terminal.print("  \(line(record))") }
        }
        if answer["has_more"].bool == true { session.terminal.note(session.style(.dim, "there are more")) }
    }

    private func line(_ record: JSONValue) -> String {
        let marks = marks(record)
        return record["id"].scalar.padded(to: 6) + "  " + record["label"].scalar.tame + (marks.isEmpty ? "" : session.style(.dim, "  " + marks))
    }

    private func marks(_ record: JSONValue) -> String {
        (record["marks"]?.members ?? []).map { $0.value.scalar.tame }.joined(separator: ", ")
    }

    private func table(_ found: [JSONValue]) -> TextTable {
        var table = TextTable(">ID", "Name", "State", "Why")
        for record in found {
            table.add([
                TextTable.Cell(record["id"].scalar), TextTable.Cell(record["label"].scalar), TextTable.Cell(marks(record), .dim),
                TextTable.Cell(record["reasons"].strings.joined(separator: ", ")),
            ])
        }
        return table
    }

    /// A word after a record was added that may be there already: its answer names those that are like it.
    static func tell(_ response: APIResponse, _ command: RecordCommand, _ record: JSONValue) async throws {
        guard response.headers[DuplicatesAPI.header] != nil, let id = record["id"].int, !command.session.options.json else { return }
        let found = try await command.session.client.read(.get(command.entity.path, String(id), "duplicates"))["data"].elements
        let terminal = command.session.terminal
        for duplicate in found {
            let why = duplicate["reasons"].strings.joined(separator: ", ")
            terminal.printError("maybe the same as \(command.entity.title.lowercased()) \(duplicate["id"].scalar): \(duplicate["label"].scalar.tame) (\(why))")
        }
        if let first = found.first {
            terminal.note(command.session.style(.dim, "`\(command.command) merge \(first["id"].scalar) \(id)` makes one of two"))
        }
    }
}
