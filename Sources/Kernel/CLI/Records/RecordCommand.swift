import PluginAPI

/// `tenon <plural> <verb> …`: the commands over whatever records the deployment has.
struct RecordCommand: Sendable {
    let schema: SchemaInfo
    let entity: EntityInfo
    let session: Session

    /// The verbs that all records have, in the order of the help.
    static let verbs: [(name: String, summary: String)] = [
        ("list", "List records, filtered and sorted."),
        ("show", "Show one record with what belongs to it."),
        ("add", "Add a record."),
        ("edit", "Change fields of one or more records."),
        ("delete", "Delete one or more records."),
        ("merge", "Make one record of several."),
        ("duplicates", "Find records that are there twice."),
        ("timeline", "Show who changed what, the latest first."),
        ("notes", "List the notes on a record."),
        ("note", "Write a note on a record, or change or delete one."),
        ("panel", "Show what modules work out for a record."),
        ("import", "Create or update records from a CSV or vCard file."),
        ("export", "Write records as CSV or JSON."),
    ]

    /// The verbs of these records: some have figures above their list, or an order of their own.
    static func verbs(of entity: EntityInfo) -> [(name: String, summary: String)] {
        var verbs = RecordCommand.verbs
        if entity.hasCards { verbs.append(("cards", "Show the figures that stand above the list.")) }
        if entity.isOrdered { verbs.append(("order", "Put records in another order.")) }
        if !entity.boards.isEmpty { verbs.append(("board", "Show a board: its columns with counts and sums.")) }
        return verbs
    }

    /// The command as it was typed so far.
    var command: String { "tenon \(entity.path)" }

    func run(_ arguments: [String]) async throws {
        guard let verb = arguments.first, !verb.hasPrefix("-") else {
            guard arguments.allSatisfy({ $0 == "--help" || $0 == "-h" }) else {
                throw UsageError("\(command) needs a verb", hint: "See `\(command) --help`.")
            }
            return session.terminal.print(RecordHelp(self).overview)
        }
        let rest = Array(arguments.dropFirst())
        if verb == "help" { return try await run(rest + ["--help"]) }
        if rest.prefix(while: { $0 != "--" }).contains(where: { $0 == "--help" || $0 == "-h" }) { return try help(verb) }
        switch verb {
        case "list", "ls": try await RecordListing(self).run(rest)
        case "show": try await RecordPage(self).run(rest)
        case "add", "new", "create": try await RecordWriting(self).add(rest)
        case "edit", "set", "update": try await RecordWriting(self).edit(rest)
        case "delete", "rm": try await RecordWriting(self).delete(rest)
        case "merge": try await RecordMerge(self).run(rest)
        case "duplicates": try await RecordDuplicates(self).run(rest)
        case "board" where entity.action(verb) == nil: try await RecordBoard(self).run(rest)
        case "timeline": try await RecordTimeline(self).run(rest)
        case "notes": try await RecordNotes(self).list(rest)
        case "note": try await RecordNotes(self).write(rest)
        case "panel", "panels": try await RecordPanels(self).run(rest)
        case "import": try await RecordImport(self).run(rest)
        case "export": try await RecordExport(self).run(rest)
        case "cards" where entity.hasCards: try await RecordOrder(self).cards(rest)
        case "order" where entity.isOrdered: try await RecordOrder(self).order(rest)
        default:
            guard let action = entity.action(verb) else { throw unknown(verb) }
            try await RecordAction(self, action).run(rest)
        }
    }

    private func help(_ verb: String) throws {
        let help = RecordHelp(self)
        guard let text = help.text(for: verb) else { throw unknown(verb) }
        session.terminal.print(text)
    }

    private func unknown(_ verb: String) -> UsageError {
        let known = RecordCommand.verbs(of: entity).map(\.name) + entity.actions.map(\.name)
        return UsageError(
            "there is no command `\(command) \(verb)`",
            hint: Suggestion.hint(for: verb, among: known, otherwise: "See `\(command) --help`."))
    }

    /// A field by a name that somebody typed.
    func field(_ word: String) throws -> FieldInfo {
        if let field = entity.field(word.underscored) { return field }
        throw UsageError(
            "\(entity.pluralTitle.lowercased()) have no field \(word)",
            hint: Suggestion.hint(
                for: word.underscored, among: entity.fields.map(\.name), otherwise: "`\(command) list --help` names the fields."))
    }

    /// The id that a word means: an id, or the label or a unique text of exactly one record.
    func id(_ word: String) async throws -> Int64 {
        if let id = Int64(word), id > 0 { return id }
        let names = [entity.labelField] + entity.fields.filter { $0.isUnique && $0.kind == .text && $0.name != entity.labelField }.map(\.name)
        for name in names where !name.isEmpty {
            var query = [APIRequest.QueryItem(name, word), APIRequest.QueryItem("limit", "2")]
            if entity.setsAside { query.append(APIRequest.QueryItem("set_aside", "true")) }
            let found = try await session.client.read(.get(entity.path, query: query))["data"].elements
            guard let first = found.first?["id"].int else { continue }
            guard found.count == 1 else {
                throw CRMError(.conflict, "several \(entity.pluralTitle.lowercased()) are called \(word)", hint: "Give the id instead.")
            }
            return first
        }
        throw CRMError(
            .notFound, "there is no \(entity.title.lowercased()) called \(word)", hint: "`\(command) list -q \"\(word)\"` searches.")
    }

    /// What a record is called.
    func label(_ record: JSONValue) -> String {
        let label = entity.field(entity.labelField).map { TerminalText.text($0, of: record) } ?? record[entity.labelField].scalar
        return label.isEmpty ? "\(entity.title) \(record["id"].scalar)" : label.tame
    }

    /// Colours of the records that references point at, by `<entity> <id>`: fetched only for a terminal that shows them.
    func colors(for fields: [FieldInfo]) async -> [String: String] {
        guard session.style.depth != .none else { return [:] }
        var colors: [String: String] = [:]
        for name in Set(fields.filter { $0.kind == .reference }.map(\.target)) {
            guard let target = schema.entity(named: name), target.field("color") != nil else { continue }
            let request = APIRequest.get(target.path, query: [APIRequest.QueryItem("limit", "200")])
            guard let answer = try? await session.client.read(request) else { continue }
            for record in answer["data"].elements { colors[name + " " + record["id"].scalar] = record["color"].scalar }
        }
        return colors
    }
}
