import PluginAPI

/// `GET /api/v1/doctor`: whether the deployment is well, check by check.
struct DoctorAPI: Sendable {
    let kernel: Kernel

    func respond(_ request: FrontRequest, _ caller: Caller, _ rest: ArraySlice<String>) async throws -> FrontResponse {
        guard rest.isEmpty else { throw APIFront.unknown(request) }
        guard request.method == "GET" else { return APIFront.wrongMethod(request, "GET") }
        try caller.actor.require(.seeOperations)
        let checkup = Checkup(
            engine: kernel.store.engine, registry: kernel.store.registry, rights: kernel.rights, now: kernel.clock.now)
        let findings = try await checkup.findings()
        return .json(
            JSONWriter.object { json in
                json.key("data")
                json.beginArray()
                for finding in findings {
                    json.beginObject()
                    json.field("check", finding.check)
                    json.field("state", finding.state.rawValue)
                    json.field("message", finding.message)
                    json.field("hint", finding.hint)
                    json.endObject()
                }
                json.endArray()
            })
    }
}
