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
