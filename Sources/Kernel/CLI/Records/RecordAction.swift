import PluginAPI

/// An action that a plugin offers on its records: `tenon <plural> <action> ID …`.
struct RecordAction: Sendable {
    let command: RecordCommand
    let action: ActionInfo

    init(_ command: RecordCommand, _ action: ActionInfo) {
        self.command = command
        self.action = action
    }

    func run(_ texts: [String]) async throws {
        let name = "\(command.command) \(action.name)"
        let session = command.session
        let read = try ArgumentReader.read(
            texts, options: FieldArguments.specs(action.fields) + FieldArguments.common + ClientOptions.specs, command: name)
        guard !read.words.isEmpty else { throw UsageError("\(name) takes one or more ids", hint: "See `\(name) --help`.") }
        let object = try FieldArguments(fields: action.fields).object(read) { word in
            if let field = action.fields.first(where: { $0.name == word.underscored }) { return field }
            throw UsageError(
                "\(action.name) asks for no field \(word)",
                hint: Suggestion.hint(for: word, among: action.fields.map(\.name), otherwise: "See `\(name) --help`."))
        }
        let body = JSONValue.fields(["action": .string(action.name), "input": object])
        try await RecordBulk(command: command, verb: action.title, body: body).run(read.words) { id in
            let request = APIRequest.send("POST", command.entity.path, String(id), "actions", action.name, body: object)
            let response = try await send(request)
            let answer = try APIClient.document(response)
            if session.options.json { return session.terminal.print(json: response.body) }
            let told = answer["message"].scalar
            session.terminal.print(told.isEmpty ? "\(action.title): \(command.entity.title.lowercased()) \(id)" : told.tame)
            for result in answer["results"]?.members ?? [] where !result.value.isNull {
                session.terminal.print("  \(result.name): \(TerminalText.plain(result.value).tame)")
            }
            if let path = answer["opens"]["path"].string, let opened = answer["opens"]["id"].int {
                session.terminal.note(session.style(.dim, "see `tenon \(path) show \(opened)`"))
            }
        }
    }

    /// What is refused for a choice names the option and what can be chosen.
    private func send(_ request: APIRequest) async throws -> APIResponse {
        do { return try await command.session.client.send(request) } catch var report as ProblemReport {
            let options = report.fields.compactMap { problem -> String? in
                guard let field = action.fields.first(where: { $0.name == problem.name }), !field.options.isEmpty else { return nil }
                return "--\(field.option) \(field.options.map(\.key).joined(separator: "|"))"
            }
            if !options.isEmpty { report.hint = [report.hint, "The option is " + options.joined(separator: ", ") + "."].filter { !$0.isEmpty }.joined(separator: " ") }
            throw report
        }
    }
}
