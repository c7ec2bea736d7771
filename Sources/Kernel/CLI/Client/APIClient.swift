import PluginAPI

/// The command line's side of the JSON interface: sends requests some way or other, and turns refusals into reports.
struct APIClient: Sendable {
    let transport: any APITransport
    /// Sent with every request: the token, or whom to act as.
    var headers: [String: String] = [:]
    /// Where the traces of the answers are noted, when they are wanted.
    var traces: TraceCollector?

    /// The answer, whatever it says.
    func answer(_ request: APIRequest, sink: (@Sendable ([UInt8]) throws -> Void)? = nil) async throws -> APIResponse {
        var request = request
        request.headers.merge(headers) { own, _ in own }
        if request.headers["accept"] == nil { request.headers["accept"] = "application/json" }
        let response = try await transport.send(request, sink: sink)
        if let traces, let id = response.headers[TraceRequest.header] { traces.note(id) }
        return response
    }

    /// The answer of a request that succeeded; throws a ``ProblemReport`` otherwise.
    @discardableResult
    func send(_ request: APIRequest, sink: (@Sendable ([UInt8]) throws -> Void)? = nil) async throws -> APIResponse {
        let response = try await answer(request, sink: sink)
        guard response.isSuccess else { throw ProblemReport(response, to: request) }
        return response
    }

    /// The document that a request answers with.
    func read(_ request: APIRequest) async throws -> JSONValue { try APIClient.document(try await send(request)) }

    static func document(_ response: APIResponse) throws -> JSONValue {
        if response.body.isEmpty { return .null }
        do {
            return try JSONValue(parsing: response.body)
        } catch {
            throw CRMError(
                .unavailable, "the server's answer could not be read", hint: "Is it a server of this product that answers there?",
                cause: error)
        }
    }

    func schema() async throws -> SchemaInfo { SchemaInfo(try await read(.get("schema"))) }

    /// The same client, whose answers are traced.
    func traced(by collector: TraceCollector) -> APIClient {
        var client = self
        client.traces = collector
        client.headers[TraceRequest.header] = "1"
        return client
    }

    func close() async { await transport.close() }
}
