import PluginAPI

/// The plugins of the deployment: what there is, what runs, and switching them on and off.
struct PluginsAPI: Sendable {
    let kernel: Kernel

    func respond(_ request: FrontRequest, _ caller: Caller, _ rest: ArraySlice<String>) async throws -> FrontResponse {
        let parts = Array(rest)
        switch (request.method, parts.count) {
        case ("GET", 0), ("GET", 1):
            guard caller.actor.can(.managePlugins) || caller.actor.can(.seeOperations) else {
                try caller.actor.require(.managePlugins)
                throw APIFront.unknown(request)
            }
            if let id = parts.first { return .json(try await Self.json(kernel.plugins.status(of: id))) }
            return .json(Self.json(try await kernel.plugins.statuses()))
        case ("POST", 2) where parts[1] == "enable":
            let cascade: Bool = try APIFront.body(request)["cascade"]?.bool ?? false
            return .json(Self.json(try await kernel.plugins.enable(parts[0], withRequired: cascade, by: caller.actor)))
        case ("POST", 2) where parts[1] == "disable":
            let cascade: Bool = try APIFront.body(request)["cascade"]?.bool ?? false
            return .json(Self.json(try await kernel.plugins.disable(parts[0], withDependents: cascade, by: caller.actor)))
        case ("POST", 2) where parts[1] == "release":
            return .json(Self.json(try await kernel.plugins.release(parts[0], by: caller.actor)))
        case (_, 0), (_, 1): return APIFront.wrongMethod(request, "GET")
        case (_, 2) where ["enable", "disable", "release"].contains(parts[1]): return APIFront.wrongMethod(request, "POST")
        default: throw APIFront.unknown(request)
        }
    }

    private static func json(_ status: PluginStatus) -> [UInt8] { JSONWriter.object { write(&$0, status) } }

    private static func json(_ statuses: [PluginStatus]) -> [UInt8] {
        JSONWriter.object { json in
            json.key("data")
            json.beginArray()
            for status in statuses {
                json.beginObject()
                write(&json, status)
                json.endObject()
            }
            json.endArray()
        }
    }

    private static func write(_ json: inout JSONWriter, _ status: PluginStatus) {
        json.field("id", status.id)
        json.field("name", status.name)
        json.field("version", status.version)
        json.field("summary", status.summary)
        json.field("licence", status.licence)
        json.field("state", status.state.rawValue)
        json.field("reason", status.reason)
        json.field("hint", status.hint)
        json.field("requires", status.requires)
        json.field("optional", status.optional)
        json.field("required_by", status.requiredBy)
        json.key("capabilities")
        json.raw(status.asks.json.text().utf8)
        json.key("approved")
        json.raw(status.approved.json.text().utf8)
        json.field("folder", status.folder)
        json.field("changed_at", status.changedAt)
        json.key("adds")
        guard let adds = status.adds else { return json.null() }
        json.beginObject()
        json.field("entities", adds.entities)
        json.field("hooks", adds.hooks)
        json.field("actions", adds.actions)
        json.field("extensions", adds.extensions)
        json.field("jobs", adds.jobs)
        json.field("settings", adds.settings)
        json.field("metrics", adds.metrics)
        json.field("routes", adds.routes)
        json.field("functions", adds.functions)
        json.endObject()
    }
}
