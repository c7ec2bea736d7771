import PluginAPI

/// The same work for several records: one of them is done as such, several are one change, which can be taken back as a whole.
struct RecordBulk: Sendable {
    let command: RecordCommand
    /// What was done, in the words of the report.
    let verb: String
    /// What is sent to the bulk address, without the ids.
    let body: JSONValue

    private var session: Session { command.session }
    private var singular: String { command.entity.title.lowercased() }

    /// Does it. Records that are refused do not keep the others from being done, but show in the exit status.
    func run(_ words: [String], together: Bool = true, _ one: (Int64) async throws -> Void) async throws {
        if words.count == 1 { return try await one(try await command.id(words[0])) }
        var refused = 0
        var ids: [Int64] = []
        for word in words {
            do {
                let id = try await command.id(word)
                if together { ids.append(id) } else { try await one(id) }
            } catch {
                let report = ProblemReport(any: error)
                if report.status == .unavailable { throw error }
                refused += 1
                session.terminal.printError("\(singular) \(word): " + report.text(style: session.style))
            }
        }
        for start in stride(from: 0, to: ids.count, by: BulkChange.most) {
            refused += try await send(Array(ids[start..<min(start + BulkChange.most, ids.count)]))
        }
        guard refused > 0 else { return }
        throw PartialResult(
            message: "\(refused) of \(words.count) were refused", status: refused == words.count ? .failure : .partial)
    }

    /// Gives how many were refused.
    private func send(_ ids: [Int64]) async throws -> Int {
        var body: JSONValue = body
        body.set("ids", .array(ids.map(JSONValue.integer)))
        let response = try await session.client.send(.send("POST", command.entity.path, "bulk", body: body))
        let answer = try APIClient.document(response)
        let failed = answer["failed"].elements
        if session.options.json {
            session.terminal.print(json: response.body)
            return failed.count
        }
        for failure in failed {
            let fields = failure["errors"].elements.map { "\n  \(session.style(.bold, $0["field"].scalar)): \($0["message"].scalar.tame)" }
            let hint = failure["hint"].string.map { "\n\(session.style(.dim, "hint:")) \($0.tame)" } ?? ""
            session.terminal.printError(
                "\(singular) \(failure["id"].scalar): \(session.style(.bad, "error:")) \(failure["message"].scalar.tame)\(fields.joined())\(hint)")
        }
        for told in answer["outcomes"].elements where !told["message"].scalar.isEmpty {
            session.terminal.print("\(singular) \(told["id"].scalar): \(told["message"].scalar.tame)")
        }
        let done = answer["done"].int ?? 0
        if done > 0 { session.terminal.print("\(verb): \(done) \(done == 1 ? singular : command.entity.pluralTitle.lowercased())") }
        if let change = answer["change"].int { session.terminal.note(session.style(.dim, "`tenon changes undo \(change)` takes it back")) }
        return failed.count
    }
}
