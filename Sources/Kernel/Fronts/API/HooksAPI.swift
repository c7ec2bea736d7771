import PluginAPI

/// `/api/v1/hooks`: which hooks there are, who listens, the deliveries that failed, and who was too slow.
struct HooksAPI: Sendable {
    let store: Store
    let deliveries: Deliveries
    let slow: SlowCallBook

    func respond(_ request: FrontRequest, _ caller: Caller, _ rest: ArraySlice<String>) async throws -> FrontResponse {
        try caller.actor.require(.seeOperations)
        switch (request.method, Array(rest)) {
        case ("GET", []), ("HEAD", []): return .json(HooksAPI.list(store.registry))
        case ("GET", ["failed"]): return try await failed()
        case ("GET", ["rules"]): return .json(HooksAPI.rules(store.registry))
        case ("GET", ["slow"]): return .json(HooksAPI.list(try await slow.all(of: request.parameter("plugin"))))
        case ("DELETE", ["slow"]):
            try caller.actor.require(.managePlugins)
            try await slow.forget()
            return .noContent
        case ("GET", let parts) where parts.count == 2 && parts[0] == "events":
            guard let id = Int64(parts[1]) else { throw CRMError(.notFound, "there is no event \(parts[1])") }
            return try await event(id, caller.actor)
        case ("POST", let parts) where parts.count == 3 && parts[0] == "failed":
            try caller.actor.require(.managePlugins)
            guard let id = Int64(parts[1]) else { throw CRMError(.notFound, "there is no failed delivery \(parts[1])") }
            switch parts[2] {
            case "retry":
                try await deliveries.retry(id)
                if request.parameter("wait") == "true" { try await deliveries.deliverDue() }
            case "discard": try await deliveries.discard(id)
            default: throw APIFront.unknown(request)
            }
            return .noContent
        default: throw APIFront.unknown(request)
        }
    }

    /// Listeners stand in the order in which they run.
    private static func list(_ registry: Registry) -> [UInt8] {
        JSONWriter.object { json in
            json.key("data")
            json.beginArray()
            for hook in registry.hooks.values.sorted(by: { $0.name < $1.name }) {
                json.beginObject()
                json.field("name", hook.name)
                json.field("plugin", hook.plugin)
                json.field("summary", hook.summary)
                json.key("listeners")
                json.beginArray()
                for (place, listener) in (registry.listeners[hook.name] ?? []).enumerated() {
                    write(place + 1, listener.plugin, listener.body.name, "transaction", listener.priority, &json)
                }
                for (place, after) in (registry.afters[hook.name] ?? []).enumerated() {
                    write(place + 1, after.plugin, after.body.name, "after", after.priority, &json)
                }
                json.endArray()
                json.endObject()
            }
            json.endArray()
        }
    }

    private static func write(_ order: Int, _ plugin: String, _ name: String, _ phase: String, _ priority: Int, _ json: inout JSONWriter) {
        json.beginObject()
        json.field("order", order)
        json.field("plugin", plugin)
        json.field("name", name)
        json.field("phase", phase)
        json.field("priority", priority)
        json.endObject()
    }

    private func failed() async throws -> FrontResponse {
        let failed = try await deliveries.failed()
        let pending = try await deliveries.counts().pending
        let retrying = try await deliveries.retrying()
        let running = Set(store.registry.plugins.map(\.id))
        let due = try await deliveries.due().filter(running.contains).count
        return .json(
            JSONWriter.object { json in
                json.key("data")
                json.beginArray()
                for delivery in failed { HooksAPI.write(delivery, &json) }
                json.endArray()
                json.key("retrying")
                json.beginArray()
                for delivery in retrying { HooksAPI.write(delivery, &json) }
                json.endArray()
                json.field("pending", pending)
                json.field("due", due)
            })
    }

    private static func write(_ delivery: Delivery, _ json: inout JSONWriter) {
        json.beginObject()
        json.field("id", delivery.id)
        json.field("hook", delivery.hook)
        json.field("plugin", delivery.plugin)
        json.field("listener", delivery.listener)
        json.key("payload")
        json.raw(delivery.payload.utf8)
        json.field("attempts", delivery.attempts)
        json.field("error", delivery.error)
        json.field("created_at", delivery.createdAt as Moment?)
        json.field("next_at", nil as Moment?)
        json.endObject()
    }
}

extension HooksAPI {
    init(kernel: Kernel) { self.init(store: kernel.store, deliveries: kernel.deliveries, slow: kernel.slow) }
}
