import PluginAPI

/// `panel`: what plugins work out for a record.
struct RecordPanels: Sendable {
    let command: RecordCommand
    init(_ command: RecordCommand) { self.command = command }

    private var session: Session { command.session }

    func run(_ arguments: [String]) async throws {
        let name = "\(command.command) panel"
        let read = try ArgumentReader.read(arguments, options: ClientOptions.specs, command: name)
        guard read.words.count == 1 || read.words.count == 2 else {
            throw UsageError("\(name) takes an id and, if not all are wanted, a panel's name", hint: "See `\(name) --help`.")
        }
        let id = String(try await command.id(read.words[0]))
        let response: APIResponse
        if read.words.count == 2 {
            response = try await session.client.send(.get(command.entity.path, id, "panels", read.words[1].dashed))
        } else {
            response = try await session.client.send(.get(command.entity.path, id, "panels"))
        }
        if session.options.json { return session.terminal.print(json: response.body) }
        let document = try APIClient.document(response)
        let panels = read.words.count == 2 ? [document] : document["data"].elements
        if panels.isEmpty { return session.terminal.note(session.style(.dim, "nothing to show")) }
        session.terminal.write(Array(panels.map(text).joined(separator: "\n").utf8))
    }

    /// All panels of a record as a part of its page; what fails is left out there.
    func all(of id: Int64) async -> String {
        if command.entity.panels.isEmpty { return "" }
        let panels = try? await session.client.read(.get(command.entity.path, String(id), "panels"))["data"].elements
        return (panels ?? []).map { "\n" + text($0) }.joined()
    }

    private func text(_ panel: JSONValue) -> String {
        let style = session.style
        var out = style(.accent, panel["title"].scalar.tame) + "\n"
        for words in [panel["sentence"].scalar, panel["trouble"].scalar] where !words.isEmpty {
            out += words.tame.wrapped(to: session.terminal.width ?? 100).joined(separator: "\n") + "\n"
        }
        let columns = panel["columns"].elements
        let rows = panel["rows"].elements
        guard let width = ([columns.count] + rows.map(\.elements.count)).max(), width > 0, !rows.isEmpty else { return out }
        var table = TextTable(
            (0..<width).map { place in
                let column = columns.indices.contains(place) ? columns[place] : .null
                let isNumeric = column["numeric"]?.bool ?? false
                return TextTable.Column(title: column["title"].scalar.tame, alignsRight: isNumeric, canShrink: !isNumeric)
            })
        for row in rows {
            let cells = row.elements.map { TextTable.Cell(RecordPanels.cell($0)) }
            table.add(cells + Array(repeating: TextTable.Cell(""), count: max(0, width - cells.count)))
        }
        return out + table.text(style: style, width: session.terminal.width)
    }

    private static func cell(_ value: JSONValue) -> String {
        if case .object = value {
            if let label = value["label"]?.string { return label }
            if let text = value["text"]?.string { return text }
        }
        if value.isNull { return "" }
        if case .number(let text) = value { return TerminalText.grouped(text) }
        return TerminalText.plain(value)
    }
}
