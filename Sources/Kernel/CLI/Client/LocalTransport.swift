import PluginAPI

/// Answers requests within this process: for a data directory that no server holds.
struct LocalTransport: APITransport {
    let respond: @Sendable (FrontRequest) async -> FrontResponse
    /// Finishes what was begun: deliveries, jobs, the store.
    let stop: @Sendable () async -> Void
    /// Held for as long as the store is open.
    let lock: DataDirectoryLock

    func send(_ request: APIRequest, sink: (@Sendable ([UInt8]) throws -> Void)?) async throws -> APIResponse {
        var front = FrontRequest(method: request.method, path: request.path)
        front.query = request.query.map { FrontRequest.QueryItem(name: $0.name, value: $0.value) }
        front.headers = request.headers
        front.body = request.body
        front.isLocal = true
        let answer = await respond(front)
        var response = APIResponse(status: answer.status)
        for (name, value) in answer.headers { response.headers[name.lowercased()] = value }
        let sink = response.isSuccess ? sink : nil
        switch answer.body {
        case .bytes(let bytes):
            if let sink { try sink(bytes) } else { response.body = bytes }
        case .stream(let pieces):
            for await piece in pieces {
                if let sink { try sink(piece) } else { response.body += piece }
            }
        }
        return response
    }

    func close() async { await stop() }
}
