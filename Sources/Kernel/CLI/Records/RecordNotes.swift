import PluginAPI

/// `notes` and `note`: what people wrote down about a record.
struct RecordNotes: Sendable {
    let command: RecordCommand
    init(_ command: RecordCommand) { self.command = command }

    static let listSpecs: [OptionSpec] = [
        OptionSpec("limit", short: "n", .one("count"), "At most so many notes (50).")
    ]
    static let writeSpecs: [OptionSpec] = [
        OptionSpec("edit", .one("note"), "Put the text into this note."),
        OptionSpec("delete", .one("note"), "Delete this note."),
    ]

    private var session: Session { command.session }

    func list(_ arguments: [String]) async throws {
        let name = "\(command.command) notes"
        let read = try ArgumentReader.read(arguments, options: RecordNotes.listSpecs + ClientOptions.specs, command: name)
        guard read.words.count == 1 else { throw UsageError("\(name) takes one id", hint: "For example `\(name) 42`.") }
        guard let limit = Int(read.value("limit") ?? "50"), limit > 0 else { throw UsageError("--limit takes a number of 1 or more") }
        let id = try await command.id(read.words[0])
        let query = [APIRequest.QueryItem("limit", String(limit))]
        let response = try await session.client.send(.get(command.entity.path, String(id), "notes", query: query))
        if session.options.json { return session.terminal.print(json: response.body) }
        let notes = try APIClient.document(response)["data"].elements
        if notes.isEmpty { return session.terminal.note(session.style(.dim, "no notes")) }
        for note in notes {
            let edited = note["edited_at"].isNull ? "" : ", edited \(TerminalText.moment(note["edited_at"].scalar))"
            let head = "\(TerminalText.moment(note["at"].scalar))  \(note["user_label"].scalar.tame)  note \(note["id"].scalar)\(edited)"
            session.terminal.print(session.style(.dim, head))
            for line in RecordNotes.lines(note["text"].scalar) { session.terminal.print("  " + line) }
        }
    }

    func write(_ arguments: [String]) async throws {
        let name = "\(command.command) note"
        let read = try ArgumentReader.read(arguments, options: RecordNotes.writeSpecs + ClientOptions.specs, command: name)
        guard let word = read.words.first else { throw UsageError("\(name) takes an id and the text", hint: "See `\(name) --help`.") }
        let id = String(try await command.id(word))
        let path = command.entity.path
        if let note = read.value("delete") {
            guard read.words.count == 1, read.value("edit") == nil else { throw UsageError("--delete takes no text", hint: "See `\(name) --help`.") }
            if !session.options.yes { try session.confirm("Delete note \(note)?") }
            let response = try await session.client.send(.send("DELETE", path, id, "notes", note))
            return session.report("deleted note \(note)", json: response)
        }
        var text = read.words.dropFirst().joined(separator: " ")
        if text == "-" { text = String(decoding: try InputFile.read("-"), as: UTF8.self) }
        guard !text.trimmed.isEmpty else { throw UsageError("the note has no text", hint: "For example `\(name) \(word) \"Calls back on Tuesday\"`.") }
        let body: JSONValue = .fields(["text": .string(text)])
        if let note = read.value("edit") {
            let response = try await session.client.send(.send("PATCH", path, id, "notes", note, body: body))
            return session.report("changed note \(note)", json: response)
        }
        let response = try await session.client.send(.send("POST", path, id, "notes", body: body))
        let made = try APIClient.document(response)
        session.report("wrote note \(made["id"].scalar) on \(command.entity.title.lowercased()) \(id)", json: response)
    }

    /// The lines of a note, safe for a terminal.
    static func lines(_ text: String) -> [String] {
        text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map { String($0).tame }
    }
}
