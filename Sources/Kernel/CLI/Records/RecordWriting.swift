import PluginAPI

/// `add`, `edit` and `delete`.
struct RecordWriting: Sendable {
    let command: RecordCommand
    init(_ command: RecordCommand) { self.command = command }

    static let addSpecs: [OptionSpec] = FieldArguments.common + [
        OptionSpec("idempotency-key", .one("key"), "Add it once, however often the command is repeated with this key.")
    ]
    static let editSpecs: [OptionSpec] = FieldArguments.common + [
        OptionSpec("if-version", .one("version"), "Only if the record still has this version.")
    ]

    private var session: Session { command.session }
    private var arguments: FieldArguments { FieldArguments(fields: command.entity.editable) }

    private func read(_ texts: [String], _ specs: [OptionSpec], _ verb: String) throws -> ReadArguments {
        try ArgumentReader.read(
            texts, options: FieldArguments.specs(command.entity.editable) + specs + ClientOptions.specs,
            command: "\(command.command) \(verb)")
    }

    func add(_ texts: [String]) async throws {
        let read = try read(texts, RecordWriting.addSpecs, "add")
        if let word = read.words.first {
            throw UsageError("add takes options only: \(word)", hint: "See `\(command.command) add --help`.")
        }
        let object = try arguments.object(read, unknown: command.field)
        guard object != .object([]) else {
            throw UsageError("no field is given", hint: "See `\(command.command) add --help` for the fields.")
        }
        var request = APIRequest.send("POST", command.entity.path, body: object)
        if let key = read.value("idempotency-key") { request.headers["idempotency-key"] = key }
        let response = try await session.client.send(request)
        let record = try APIClient.document(response)
        session.report("added \(named(record))", json: response)
        try await RecordDuplicates.tell(response, command, record)
    }

    func edit(_ texts: [String]) async throws {
        let read = try read(texts, RecordWriting.editSpecs, "edit")
        guard !read.words.isEmpty else {
            throw UsageError("\(command.command) edit takes one or more ids", hint: "See `\(command.command) edit --help`.")
        }
        let object = try arguments.object(read, unknown: command.field)
        guard object != .object([]) else {
            throw UsageError("no field is given", hint: "See `\(command.command) edit --help` for the fields.")
        }
        let bulk = RecordBulk(command: command, verb: "changed", body: .fields(["update": object]))
        // A version belongs to one record.
        try await bulk.run(read.words, together: read.value("if-version") == nil) { id in
            var request = APIRequest.send("PATCH", command.entity.path, String(id), body: object)
            if let version = read.value("if-version") { request.headers["if-match"] = "\"\(version)\"" }
            let response = try await session.client.send(request)
            session.report("changed \(named(try APIClient.document(response)))", json: response)
        }
    }

    func delete(_ texts: [String]) async throws {
        let name = "\(command.command) delete"
        let read = try ArgumentReader.read(texts, options: ClientOptions.specs, command: name)
        guard !read.words.isEmpty else { throw UsageError("\(name) takes one or more ids", hint: "See `\(name) --help`.") }
        var ids: [Int64] = []
        for word in read.words { ids.append(try await command.id(word)) }
        if !session.options.yes {
            let what: String
            if ids.count == 1 {
                what = named(try await session.client.read(.get(command.entity.path, String(ids[0]))))
            } else {
                what = "\(ids.count) \(command.entity.pluralTitle.lowercased())"
            }
            try session.confirm("Delete \(what)?")
        }
        try await RecordBulk(command: command, verb: "deleted", body: .fields(["delete": .boolean(true)])).run(ids.map(String.init)) { id in
            let response = try await session.client.send(.send("DELETE", command.entity.path, String(id)))
            session.report("deleted \(command.entity.title.lowercased()) \(id)", json: response)
        }
    }

    private func named(_ record: JSONValue) -> String {
        "\(command.entity.title.lowercased()) \(record["id"].scalar): \(command.label(record))"
    }
}

/// Something that was done in part; what was not done has been told already.
struct PartialResult: Error {
    var message: String
    var status: ExitStatus
}
