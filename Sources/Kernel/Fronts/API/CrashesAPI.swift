import PluginAPI

/// `/api/v1/crashes`: how the server ended when it should not have, and whose code that was.
struct CrashesAPI: Sendable {
    let kernel: Kernel

    func respond(_ request: FrontRequest, _ caller: Caller, _ rest: ArraySlice<String>) async throws -> FrontResponse {
        guard caller.actor.can(.managePlugins) || caller.actor.can(.seeOperations) else {
            try caller.actor.require(.seeOperations)
            throw APIFront.unknown(request)
        }
        guard request.method == "GET" else { return APIFront.wrongMethod(request, "GET") }
        switch rest.count {
        case 0: return try await list(request)
        case 1: return try await show(try APIFront.id(rest.first ?? "").raw)
        default: throw APIFront.unknown(request)
        }
    }

    private func list(_ request: FrontRequest) async throws -> FrontResponse {
        let plugin: String? = request.parameter("plugin")
        let limit: Int = try APIFront.number("limit", request, usual: 100, 1...500)
        let crashes: [CrashRecord] = try await kernel.store.engine.read { try CrashLedger.list($0, plugin: plugin, limit: limit) }
        return .json(
            JSONWriter.object { json in
                json.key("data")
                json.beginArray()
                for crash in crashes {
                    json.beginObject()
                    Self.write(crash, &json)
                    json.endObject()
                }
                json.endArray()
            })
    }

    private func show(_ id: Int64) async throws -> FrontResponse {
        guard let crash = try await kernel.store.engine.read({ try CrashLedger.find($0, id) }) else {
            throw CRMError(.notFound, "there is no crash \(id)", hint: "tenon crashes list shows those that there are.")
        }
        return .json(
            JSONWriter.object { json in
                Self.write(crash, &json)
                json.key("report")
                json.raw(crash.document.utf8)
            })
    }

    private static func write(_ crash: CrashRecord, _ json: inout JSONWriter) {
        json.field("id", crash.id)
        json.field("at", crash.at as Moment?)
        json.field("kind", crash.kind)
        json.field("plugin", crash.plugin)
        json.field("version", crash.version)
        json.field("summary", crash.summary)
    }
}
