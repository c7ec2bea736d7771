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
        try await each(read.words) { id in
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
        try await each(ids.map(String.init)) { id in
            let response = try await session.client.send(.send("DELETE", command.entity.path, String(id)))
            session.report("deleted \(command.entity.title.lowercased()) \(id)", json: response)
        }
    }

    private func named(_ record: JSONValue) -> String {
        "\(command.entity.title.lowercased()) \(record["id"].scalar): \(command.label(record))"
    }

    /// Does something to each record. One that is refused does not keep the others from being done, but shows in the exit
    /// status.
    func each(_ words: [String], _ work: (Int64) async throws -> Void) async throws {
        try await RecordBatch(command: command).each(words, work)
    }
}

/// The same work for several records.
struct RecordBatch: Sendable {
    let command: RecordCommand

    func each(_ words: [String], _ work: (Int64) async throws -> Void) async throws {
        if words.count == 1 { return try await work(try await command.id(words[0])) }
        var refused = 0
        for word in words {
            do {
                try await work(try await command.id(word))
            } catch {
                let report = ProblemReport(any: error)
                if report.status == .unavailable { throw error }
                refused += 1
                command.session.terminal.printError("\(command.entity.title.lowercased()) \(word): " + report.text(style: command.session.style))
            }
        }
        guard refused > 0 else { return }
        throw PartialResult(
            message: "\(refused) of \(words.count) were refused", status: refused == words.count ? .failure : .partial)
    }
}

/// Something that was done in part; what was not done has been told already.
struct PartialResult: Error {
    var message: String
    var status: ExitStatus
}
