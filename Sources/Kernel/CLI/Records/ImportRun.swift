import PluginAPI

/// One import on its way: uploaded, told how to read the file, run, watched.
struct ImportRun: Sendable {
    let session: Session

    func upload(_ bytes: [UInt8], entity: String, fileName: String, _ reading: [APIRequest.QueryItem]) async throws -> String {
        session.terminal.progress("sending the file …")
        defer { session.terminal.progress("") }
        var request = APIRequest(method: "POST", path: ["api", "v1", "imports"])
        request.query = [APIRequest.QueryItem("entity", entity), APIRequest.QueryItem("file_name", fileName)] + reading
        request.headers["content-type"] = "text/csv"
        request.body = bytes
        return try await session.client.read(request)["id"].scalar
    }

    /// Tells how to read the file; returns what the importer makes of it.
    func set(_ id: String, _ options: JSONValue) async throws -> JSONValue {
        try await session.client.read(.send("PATCH", "imports", id, body: options))
    }

    func forget(_ id: String) async throws { try await session.client.send(.send("DELETE", "imports", id)) }

    /// Runs it and watches until it ends; returns how it ended.
    func start(_ id: String, dryRun: Bool) async throws -> APIResponse {
        try await session.client.send(.send("POST", "imports", id, "run", body: .fields(["dry_run": .boolean(dryRun)])))
        return try await watch(id, dryRun ? "checked" : "imported")
    }

    func watch(_ id: String, _ done: String) async throws -> APIResponse {
        defer { session.terminal.progress("") }
        var pause = 20
        while true {
            let response = try await session.client.send(.get("imports", id))
            let state = try APIClient.document(response)
            guard ["checking", "running", "reverting", "queued"].contains(state["state"].scalar) else { return response }
            session.terminal.progress(ImportRun.progress(state, done))
            try await Task.sleep(for: .milliseconds(pause))
            pause = min(pause * 2, 500)
        }
    }

    /// `imported 1,200 of 8,800 rows  [=====>        ]  3 with errors`
    static func progress(_ state: JSONValue, _ done: String) -> String {
        let total = state["total"].int ?? 0
        let count = state["done"].int ?? 0
        guard total > 0 else { return "reading the file …" }
        let width = 24
        let filled = Int(min(count, total) * Int64(width) / total)
        let bar = String(repeating: "=", count: filled) + (filled < width ? ">" : "")
        let failed = state["failed"].int ?? 0
        return "\(done) \(TerminalText.grouped(String(count))) of \(TerminalText.grouped(String(total))) rows  [\(bar.padded(to: width))]"
            + (failed > 0 ? "  \(TerminalText.grouped(String(failed))) with errors" : "")
    }

    func writeErrors(_ id: String, to path: String) async throws {
        var request = APIRequest.get("imports", id, "errors", query: [APIRequest.QueryItem("format", "csv")])
        request.headers["accept"] = "text/csv"
        let file = try PartFile(path)
        try await session.client.send(request, sink: { try file.write($0) })
        _ = try file.finish()
    }
}

/// What came of an import, in words.
struct ImportReport: Sendable {
    let session: Session
    let plural: String

    /// Which column goes where, and how it is read.
    static func mapping(_ planned: JSONValue, _ session: Session) -> String {
        var table = TextTable("Column", "Field", "Read as", "For example")
        for column in planned["columns"].elements {
            let field = column["field"].scalar
            let form = [column["date_format"].scalar, column["number_format"].scalar].filter { !$0.isEmpty }.joined(separator: " ")
            let factor = column["multiplier"].scalar
            table.add([
                TextTable.Cell(column["header"].scalar),
                field.isEmpty ? TextTable.Cell("left out", .dim) : TextTable.Cell(field, .accent),
                TextTable.Cell(form + (factor.isEmpty || factor == "1" ? "" : " × \(factor)")),
                TextTable.Cell(column["samples"].strings.first ?? "", .dim),
            ])
        }
        return table.text(style: session.style, width: session.terminal.width)
    }

    func text(_ result: JSONValue, dryRun: Bool) -> String {
        let style = session.style
        func count(_ name: String) -> Int64 { result[name].int ?? 0 }
        func shown(_ number: Int64) -> String { TerminalText.grouped(String(number)) }
        var out = ""
        let parts = [
            (count("created"), dryRun ? "would be created" : "created"), (count("updated"), dryRun ? "would be updated" : "updated"),
            (count("unchanged"), "unchanged"),
        ].filter { $0.0 > 0 }.map { "\(shown($0.0)) \($0.1)" }
        let failed = count("failed")
        let state = result["state"].scalar
        let head = parts.isEmpty ? "nothing to import" : parts.joined(separator: ", ")
        // An import that failed has stored nothing, unless it was cut short while it left errors out.
        let isStored = state != "failed" || result["can_revert"].bool == true
        out += !isStored || (parts.isEmpty && failed > 0) ? "" : style(.bold, "\(plural): \(head)") + "\n"
        if failed > 0 {
            out += style(.warning, "\(shown(failed)) \(failed == 1 ? "row has" : "rows have") errors") + "\n"
            out += errors(result["errors"].elements, of: failed)
        }
        let id = result["id"].scalar
        if !dryRun, isStored, state != "reverted", !parts.isEmpty, !id.isEmpty {
            out += style(.dim, "import \(id); `tenon imports revert \(id)` takes it back") + "\n"
        }
        return out
    }

    private func errors(_ errors: [JSONValue], of total: Int64) -> String {
        var table = TextTable(">Row", "Column", "Problem")
        for error in errors.prefix(20) {
            let column = error["column"].string ?? error["field"].scalar
            table.add(error["row"].scalar, column, error["message"].scalar)
        }
        var out = table.text(style: session.style, width: session.terminal.width)
        if total > Int64(table.rows.count) {
            out += session.style(.dim, "and \(TerminalText.grouped(String(total - Int64(table.rows.count)))) more; --errors FILE writes all of them") + "\n"
        }
        return out
    }
}
