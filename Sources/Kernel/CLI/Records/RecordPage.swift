import PluginAPI

/// `show`: one record with its fields in sections, what belongs to it, and its latest changes.
struct RecordPage: Sendable {
    let command: RecordCommand
    init(_ command: RecordCommand) { self.command = command }

    static let specs: [OptionSpec] = [
        OptionSpec("brief", short: "b", .flag, "The fields alone, without related records and timeline.")
    ]

    func run(_ arguments: [String]) async throws {
        let name = "\(command.command) show"
        let read = try ArgumentReader.read(arguments, options: RecordPage.specs + ClientOptions.specs, command: name)
        guard read.words.count == 1 else {
            throw UsageError("\(name) takes one id", hint: "For example `\(name) 42`.")
        }
        let id = try await command.id(read.words[0])
        let response = try await command.session.client.send(.get(command.entity.path, String(id)))
        if command.session.options.json { return command.session.terminal.print(json: response.body) }
        let record = try APIClient.document(response)
        var out = await fields(of: record)
        if !read.has("brief") {
            out += await RecordPanels(command).all(of: id)
            out += await related(to: id)
            out += await history(of: id)
        }
        command.session.terminal.write(Array(out.utf8))
    }

    private var style: TextStyle { command.session.style }

    private func fields(of record: JSONValue) async -> String {
        let entity = command.entity
        var out = style(.bold, command.label(record)) + style(.dim, "  \(entity.title.lowercased()) \(record["id"].scalar)") + (command.marks(record).isEmpty ? "" : style(.accent, "  " + command.marks(record))) + "\n"
        let placed = Set(entity.sections.flatMap(\.fields))
        var sections = entity.sections.map { (title: $0.title, fields: $0.fields.compactMap(entity.field)) }
        let others = entity.fields.filter { !placed.contains($0.name) && !$0.isSystem && !$0.isHidden }
        if !others.isEmpty { sections.append((sections.isEmpty ? "" : "More", others)) }
        let colors = await command.colors(for: entity.fields)
        let width = entity.fields.map(\.label.columns).max() ?? 0
        for section in sections {
            let fields = section.fields.filter { !$0.isHidden && record[$0.name] != nil }
            if fields.isEmpty { continue }
            out += "\n"
            if !section.title.isEmpty { out += style(.accent, section.title) + "\n" }
            for field in fields { out += line(field, record, width, colors) }
        }
        out += "\n" + style(.dim, "Added \(by(record, "created")), changed \(by(record, "updated")), version \(record["version"].scalar)") + "\n"
        return out
    }

    private func by(_ record: JSONValue, _ what: String) -> String {
        let moment = TerminalText.moment(record["\(what)_at"].scalar)
        let user = record["\(what)_by_label"].scalar
        return user.isEmpty ? moment : "\(moment) by \(user.tame)"
    }

    private func line(_ field: FieldInfo, _ record: JSONValue, _ width: Int, _ colors: [String: String]) -> String {
        let label = style(.dim, field.label.padded(to: width)) + "  "
        if field.isMultiline || TerminalText.text(field, of: record).contains("\n") {
            let room = max(30, (command.session.terminal.width ?? 100) - width - 2)
            let lines = TerminalText.text(field, of: record).wrapped(to: room)
            if lines == [""] { return label + style(.dim, "–") + "\n" }
            return label + lines.joined(separator: "\n" + String(repeating: " ", count: width + 2)) + "\n"
        }
        let cell = TerminalText.cell(field, of: record, colors: colors)
        return label + (cell.text.isEmpty ? style(.dim, "–") : cell.dress(cell.text, style)) + "\n"
    }

    /// How many records point at this one.
    private func related(to id: Int64) async -> String {
        var table: [(title: String, count: Int64, command: String)] = []
        for link in command.entity.links {
            var request = APIRequest.get(link.path)
            request.query = [
                APIRequest.QueryItem(link.field, String(id)), APIRequest.QueryItem("count", "true"), APIRequest.QueryItem("limit", "1"),
            ]
            // What this user may not see is simply not there.
            guard let count = try? await command.session.client.read(request)["total"].int, count > 0 else { continue }
            let isOneOfSeveral = command.entity.links.count { $0.path == link.path } > 1
            table.append((link.title + (isOneOfSeveral ? " (\(link.field.readable.lowercased()))" : ""), count, "tenon \(link.path) list --\(link.field.dashed) \(id)"))
        }
        if table.isEmpty { return "" }
        var out = "\n" + style(.accent, "Related") + "\n"
        let width = table.map(\.title.columns).max() ?? 0
        let digits = table.map { TerminalText.grouped(String($0.count)).count }.max() ?? 0
        for row in table {
            let count = TerminalText.grouped(String(row.count)).padded(to: digits, right: true)
            out += "\(row.title.padded(to: width))  \(count)  \(style(.dim, row.command))\n"
        }
        return out
    }

    private func history(of id: Int64) async -> String {
        guard let entries = try? await RecordTimeline(command).entries(of: id, limit: 10), !entries.isEmpty else { return "" }
        return "\n" + style(.accent, "Timeline") + "\n" + RecordTimeline(command).text(entries)
    }
}
