import PluginAPI

/// `timeline`: who changed what.
struct RecordTimeline: Sendable {
    let command: RecordCommand
    init(_ command: RecordCommand) { self.command = command }

    static let specs: [OptionSpec] = [
        OptionSpec("limit", short: "n", .one("count"), "At most so many entries (50).")
    ]

    func run(_ arguments: [String]) async throws {
        let name = "\(command.command) timeline"
        let read = try ArgumentReader.read(arguments, options: RecordTimeline.specs + ClientOptions.specs, command: name)
        guard read.words.count == 1 else { throw UsageError("\(name) takes one id", hint: "For example `\(name) 42`.") }
        guard let limit = Int(read.value("limit") ?? "50"), limit > 0 else {
            throw UsageError("--limit takes a number of 1 or more")
        }
        let id = try await command.id(read.words[0])
        let response = try await command.session.client.send(request(id, limit))
        if command.session.options.json { return command.session.terminal.print(json: response.body) }
        command.session.terminal.write(Array(text(try APIClient.document(response)["data"].elements).utf8))
    }

    private func request(_ id: Int64, _ limit: Int) -> APIRequest {
        .get(command.entity.path, String(id), "timeline", query: [APIRequest.QueryItem("limit", String(limit))])
    }

    func entries(of id: Int64, limit: Int) async throws -> [JSONValue] {
        try await command.session.client.read(request(id, limit))["data"].elements
    }

    func text(_ entries: [JSONValue]) -> String {
        let style = command.session.style
        let who = entries.map { author($0) }
        let width = min(24, who.map(\.columns).max() ?? 0)
        var out = ""
        for (entry, author) in zip(entries, who) {
            let begin = style(.dim, TerminalText.moment(entry["at"].scalar)) + "  " + author.cut(to: width).padded(to: width) + "  "
            let indent = String(repeating: " ", count: 16 + 2 + width + 2)
            out += begin + lines(entry).joined(separator: "\n" + indent) + "\n"
        }
        return out
    }

    private func author(_ entry: JSONValue) -> String {
        let user = entry["user_label"].scalar
        return (user.isEmpty ? entry["via"].scalar : user).tame
    }

    private func lines(_ entry: JSONValue) -> [String] {
        let action = entry["action"].scalar
        let style = command.session.style
        let entity = entry["of"]["entity"].string.flatMap { command.schema.entity(named: $0) } ?? command.entity
        let changes = entry["changes"].elements.map { change -> String in
            let field = entity.field(change["field"].scalar)
            let label = change["label"].string ?? field?.label ?? change["field"].scalar
            func side(_ name: String) -> String {
                let words = change[name + "_label"].string ?? field.flatMap { shown($0, change[name]) } ?? TerminalText.plain(change[name] ?? .null)
                return words.isEmpty ? "–" : words.tame.cut(to: 60)
            }
            let old = side("old")
            return old == "–" ? "\(label): \(side("new"))" : "\(label): \(style(.dim, old)) → \(side("new"))"
        }
        let told: [String]
        switch action {
        case "created": told = ["added"]
        case "deleted": told = ["deleted"]
        case "updated": told = changes.isEmpty ? ["changed"] : changes
        case "merged":
            let names = entry["merged"].elements.map { $0["label"].string.map { "“\($0.tame)”" } ?? "#\($0["id"].scalar)" }
            told = ["merged " + (names.isEmpty ? "others" : names.joined(separator: " and ")) + " into it"]
        case "note_added": told = entry["note"]["text"].string.map(RecordNotes.lines) ?? ["wrote a note that is gone"]
        case "note_changed": told = ["changed a note"]
        case "note_deleted": told = ["deleted a note"]
        default: told = [style(.accent, action.readable.lowercased())] + changes
        }
        guard let path = entry["of"]["path"].string else { return told }
        let label = entry["of"]["label"].string.map { " " + $0 } ?? ""
        let way = entry["of"]["gone"].bool == true ? "" : " (tenon \(path) show \(entry["of"]["id"].scalar))"
        let whose = style(.dim, "\(entity.title.lowercased())\(label.tame)\(way)")
        return [whose] + told
    }

    private func shown(_ field: FieldInfo, _ value: JSONValue?) -> String? {
        guard let value, !value.isNull, field.kind != .reference, field.kind != .references else { return nil }
        return TerminalText.text(field, of: .object([JSONValue.Member(name: field.name, value: value)]))
    }
}
