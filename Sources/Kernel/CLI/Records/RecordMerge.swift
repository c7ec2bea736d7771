import PluginAPI

/// `merge`: several records become one.
struct RecordMerge: Sendable {
    let command: RecordCommand
    init(_ command: RecordCommand) { self.command = command }

    static let specs: [OptionSpec] = [
        OptionSpec("take", .many("field=id"), "The record that gives a field its value."),
        OptionSpec("set", .many("field=value"), "A value that none of them has to have."),
    ]

    private var session: Session { command.session }

    func run(_ arguments: [String]) async throws {
        let name = "\(command.command) merge"
        let read = try ArgumentReader.read(arguments, options: RecordMerge.specs + ClientOptions.specs, command: name)
        guard read.words.count > 1 else {
            throw UsageError("\(name) takes the id of the one that is kept and those of the others", hint: "For example `\(name) 42 57`.")
        }
        var ids: [Int64] = []
        for word in read.words { ids.append(try await command.id(word)) }
        var body = JSONValue.fields(["records": .array(ids.dropFirst().map(JSONValue.integer))])
        var take = JSONValue.object([])
        for text in read.all("take") {
            let (field, word) = try pair(text, "--take field=id")
            take.set(field.name, .integer(try await command.id(word)))
        }
        if take != .object([]) { body.set("take", take) }
        let values = try FieldArguments(fields: []).object(ReadArguments(words: [], values: ["set": read.all("set")]), unknown: command.field)
        if values != .object([]) { body.set("values", values) }
        if !session.options.yes {
            if !session.options.json { try await show(ids, take, values) }
            try session.confirm("Merge \(ids.count) \(command.entity.pluralTitle.lowercased()) into \(ids[0])?")
        }
        let response = try await session.client.send(.send("POST", command.entity.path, String(ids[0]), "merge", body: body))
        let answer = try APIClient.document(response)
        let record = answer["record"] ?? .null
        session.report("merged into \(command.entity.title.lowercased()) \(ids[0]): \(command.label(record))", json: response)
        if let change = answer["change"].int, !session.options.json {
            session.terminal.note(session.style(.dim, "`tenon changes undo \(change)` takes it back"))
        }
    }

    private func pair(_ text: String, _ form: String) throws -> (FieldInfo, String) {
        guard let equals = text.firstIndex(of: "=") else { throw UsageError("not a field and an id: \(text)", hint: "Write it as \(form).") }
        return (try command.field(String(text[..<equals])), String(text[text.index(after: equals)...]))
    }

    /// The fields in which they differ, with the values that are taken in bold.
    private func show(_ ids: [Int64], _ take: JSONValue, _ values: JSONValue) async throws {
        let others = ids.dropFirst().map(String.init).joined(separator: ",")
        let answer = try await session.client.read(
            .get(command.entity.path, String(ids[0]), "merge", query: [APIRequest.QueryItem("records", others)]))
        var table = TextTable([TextTable.Column(title: "Field")] + ids.map { TextTable.Column(title: String($0)) })
        for row in answer["fields"].elements {
            let name = row["field"].scalar
            let shown = row["value_labels"].elements
            let cells = row["values"].elements
            let isSet = values[name] != nil
            let keeper = isSet ? nil : take[name]?.int ?? self.keeper(cells, ids, row["suggested"].int)
            var line = [TextTable.Cell(row["label"].scalar)]
            for (place, value) in cells.enumerated() {
                let text = shown.indices.contains(place) ? shown[place].string ?? TerminalText.plain(value) : TerminalText.plain(value)
                line.append(ids[place] == keeper ? TextTable.Cell(text, .bold) : TextTable.Cell(text, .dim))
            }
            table.add(line)
        }
        session.terminal.write(Array(table.text(style: session.style, width: session.terminal.width).utf8))
    }

    /// Whose value a field gets when nobody says: the first record's, or the suggested one where that has none.
    private func keeper(_ cells: [JSONValue], _ ids: [Int64], _ suggested: Int64?) -> Int64? {
        if let first = cells.first, !first.isNull, first != .string(""), first != .array([]) { return ids[0] }
        return suggested
    }
}
