import PluginAPI

/// `GET /api/v1/status`: which release this is and how it runs: as usual or in safe mode, supervised or not.
struct StatusAPI: Sendable {
    let kernel: Kernel

    func respond(_ request: FrontRequest, _ caller: Caller, _ rest: ArraySlice<String>) async throws -> FrontResponse {
        if Array(rest) == ["peers"] { return try await PeersAPI(kernel: kernel).respond(request, caller) }
        guard rest.isEmpty else { throw APIFront.unknown(request) }
        guard request.method == "GET" else { return APIFront.wrongMethod(request, "GET") }
        let maySee: Bool = caller.actor.can(.managePlugins) || caller.actor.can(.seeOperations)
        let quarantined: [Quarantine] = maySee ? await kernel.plugins.quarantined.values.sorted { $0.plugin < $1.plugin } : []
        return .json(
            JSONWriter.object { json in
                json.field("version", Kernel.version)
                json.field("mode", kernel.options.safeMode == nil ? "normal" : "safe")
                json.field("reason", kernel.options.safeMode)
                json.field("supervised", WorkerControl.current != nil)
                json.key("quarantined")
                json.beginArray()
                for quarantine in quarantined {
                    json.beginObject()
                    json.field("plugin", quarantine.plugin)
                    json.field("since", quarantine.since as Moment?)
                    json.field("reason", quarantine.reason)
                    json.endObject()
                }
                json.endArray()
            })
    }
}
