import PluginAPI

/// The plugins of the deployment: what there is, what runs, what a change would do, and the changes themselves.
struct PluginsAPI: Sendable {
    let kernel: Kernel

    private static let changes: Set<String> = ["enable", "disable", "upgrade", "uninstall"]

    func respond(_ request: FrontRequest, _ caller: Caller, _ rest: ArraySlice<String>) async throws -> FrontResponse {
        let parts = Array(rest)
        switch (request.method, parts.count) {
        case ("POST", 1) where parts[0] == "plan": return try await plan(request, caller)
        case ("POST", 1) where parts[0] == "restore": return try await restore(request, caller)
        case ("POST", 1) where Self.changes.contains(parts[0]):
            return try await change(parts[0], Self.names(try APIFront.body(request)), request, caller, isOne: false)
        case (_, 1) where parts[0] == "plan" || parts[0] == "restore" || Self.changes.contains(parts[0]):
            return APIFront.wrongMethod(request, "POST")
        case ("GET", 0), ("GET", 1),
            ("GET", 2) where parts[1] == "history":
            guard caller.actor.can(.managePlugins) || caller.actor.can(.seeOperations) else {
                try caller.actor.require(.managePlugins)
                throw APIFront.unknown(request)
            }
            guard let id = parts.first else { return .json(Self.json(try await kernel.plugins.statuses())) }
            if parts.count == 2 { return try await history(of: id) }
            return .json(Self.json(try await kernel.plugins.status(of: id)))
        case ("GET", 2) where parts[1] == "uses": return try await uses(of: parts[0], caller)
        case ("POST", 2) where Self.changes.contains(parts[1]):
            return try await change(parts[1], [parts[0]], request, caller, isOne: true)
        case ("POST", 2) where parts[1] == "release":
            return .json(Self.json(try await kernel.plugins.release(parts[0], by: caller.actor)))
        case (_, 0), (_, 1): return APIFront.wrongMethod(request, "GET")
        case (_, 2) where Self.changes.contains(parts[1]) || parts[1] == "release": return APIFront.wrongMethod(request, "POST")
        default: throw APIFront.unknown(request)
        }
    }

    // MARK: Plans and changes

    private func plan(_ request: FrontRequest, _ caller: Caller) async throws -> FrontResponse {
        let body: JSONValue = try APIFront.body(request)
        guard let action = body["action"]?.text.flatMap(PluginPlan.Action.init) else {
            throw CRMError(
                .invalid, "the plan says not what is to be done",
                problems: [Problem(field: "action", "must be one of enable, disable, upgrade, uninstall")])
        }
        let plan: PluginPlan = try await kernel.plugins.plan(
            action, try Self.names(body), cascade: body["cascade"]?.bool ?? false, by: caller.actor)
        return .json(try plan.json)
    }

    private static func names(_ body: JSONValue) throws -> [String] {
        let names: [String] = (body["plugins"]?.array ?? []).compactMap(\.text)
        guard !names.isEmpty else {
            throw CRMError(.invalid, "no plugin is named", problems: [Problem(field: "plugins", "must be a list of ids")])
        }
        return names
    }

    private func change(
        _ what: String, _ ids: [String], _ request: FrontRequest, _ caller: Caller, isOne: Bool
    ) async throws -> FrontResponse {
        let body: JSONValue = try APIFront.body(request)
        let host: PluginHost = kernel.plugins
        var terms = SwitchingTerms(cascade: body["cascade"]?.bool ?? false)
        terms.approves = body["approve"]?.bool ?? false
        terms.digest = body["digest"]?.text
        terms.destroys = Set((body["destroy"]?.array ?? []).compactMap(\.text) + (body["destroy"]?.text.map { [$0] } ?? []))
        switch what {
        case "enable": try await host.enable(ids, terms, by: caller.actor)
        case "disable": try await host.disable(ids, terms, by: caller.actor)
        case "upgrade":
            guard ids.count == 1 else {
                throw CRMError(.invalid, "one plugin is upgraded at a time", problems: [Problem(field: "plugins", "must name one plugin")])
            }
            let waits: Bool = try await host.upgrade(ids[0], terms, by: caller.actor)
            // This request is answered first: a worker that is replaced finishes what it has begun.
            let isSwapping: Bool = waits && WorkerControl.current != nil
            if isSwapping { try WorkerControl.requestSwap() }
            let status: PluginStatus = try await host.status(of: ids[0])
            return .json(
                JSONWriter.object { json in
                    Self.write(&json, status)
                    json.field("restarting", isSwapping)
                })
        default:
            let done: [PluginHost.Uninstalled] = try await host.uninstall(ids, terms, by: caller.actor)
            let body: [UInt8] = JSONWriter.object { json in
                json.key("data")
                json.beginArray()
                for one in done {
                    json.beginObject()
                    json.field("id", one.plugin)
                    json.field("archive", one.archive)
                    json.endObject()
                }
                json.endArray()
            }
            return .json(body)
        }
        let statuses: [PluginStatus] = try await host.statuses().filter { ids.contains($0.id) }
        if isOne, let status = statuses.first { return .json(Self.json(status)) }
        return .json(Self.json(statuses))
    }

    private func restore(_ request: FrontRequest, _ caller: Caller) async throws -> FrontResponse {
        guard let folder = try APIFront.body(request)["archive"]?.text, !folder.isEmpty else {
            throw CRMError(.invalid, "no archive is named", problems: [Problem(field: "archive", "is missing")])
        }
        let (plugin, records): (String, Int) = try await kernel.plugins.restore(folder, by: caller.actor)
        return .json(
            JSONWriter.object { json in
                json.field("id", plugin)
                json.field("records", records)
            })
    }

    private func history(of id: String) async throws -> FrontResponse {
        let people: [Int64: String] = kernel.rights.people.mapValues(\.name)
        let entries: [PluginHistory.Entry] = try await kernel.plugins.history(of: id)
        return .json(
            JSONWriter.object { json in
                json.key("data")
                json.beginArray()
                for entry in entries {
                    json.beginObject()
                    json.field("at", entry.at)
                    json.field("by", entry.user.flatMap { people[$0] } ?? "")
                    json.field("via", entry.via)
                    json.field("action", entry.action)
                    json.field("from", entry.old)
                    json.field("to", entry.new)
                    json.endObject()
                }
                json.endArray()
            })
    }

    // MARK: States as JSON

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
        if !status.problems.isEmpty { json.errors(status.problems) }
        json.field("requires", status.requires)
        json.field("optional", status.optional)
        json.field("required_by", status.requiredBy)
        json.key("capabilities")
        json.raw(status.asks.json.text().utf8)
        json.key("approved")
        json.raw(status.approved.json.text().utf8)
        json.field("folder", status.folder)
        json.field("checksum", status.checksum)
        json.field("folder_checksum", status.folderChecksum)
        json.key("upgrade")
        if let upgrade = status.upgrade {
            json.beginObject()
            json.field("state", upgrade.state.rawValue)
            json.field("version", upgrade.version)
            json.field("reason", upgrade.reason)
            json.field("hint", upgrade.hint)
            json.endObject()
        } else {
            json.null()
        }
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
