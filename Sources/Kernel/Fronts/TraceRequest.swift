import PluginAPI

/// Traces one request for whoever asked for it and may: with the header `Tenon-Trace: 1`, or from a browser in which tracing
/// was switched on. The answer names the trace in the same header and is otherwise the same.
struct TraceRequest: Sendable {
    let kernel: Kernel

    static let header = "tenon-trace"
    /// Switches tracing on for a browser.
    static let cookie = "tenon_trace"

    /// Costs one look at the headers where nobody wants it.
    static func isWanted(by request: FrontRequest) -> Bool {
        if request.headers[header] == "1" { return true }
        guard request.path.first == "admin", request.headers["cookie"] != nil, request.cookie(cookie) == "on" else { return false }
        // What pages ask for by themselves would push out what people did.
        return !["events", "notifications", "traces"].contains(request.path.dropFirst().first)
    }

    /// Whoever manages plugins can see and do everything anyway: a trace shows what plugins do with all rights.
    static func isAllowed(_ actor: Actor) -> Bool { actor.can(.managePlugins) }

    func respond(_ request: FrontRequest, _ answer: @Sendable () async -> FrontResponse) async -> FrontResponse {
        guard let caller = try? await kernel.authenticator.caller(for: request), TraceRequest.isAllowed(caller.actor) else {
            return await answer()
        }
        let trace = kernel.store.calls.traces.begin("\(request.method) \(request.rawPath)", user: caller.actor.userID, at: kernel.clock.now)
        let response = await TraceScope.$current.withValue(TraceScope(trace: trace, parent: -1)) { await answer() }
        trace.finish(status: response.status)
        return response.with(TraceRequest.header, trace.id)
    }
}
