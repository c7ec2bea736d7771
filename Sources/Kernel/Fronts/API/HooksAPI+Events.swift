import PluginAPI

/// What became of an event that a change sent.
extension HooksAPI {
    /// `GET /api/v1/hooks/events/{id}`: whether it waits, failed or was delivered, and what its listener did if the change was traced.
    func event(_ id: Int64, _ actor: Actor) async throws -> FrontResponse {
        let stored = try await deliveries.find(id)
        let scope = TraceRequest.isAllowed(actor) ? store.calls.traces.scope(of: id) : nil
        guard stored != nil || scope != nil else {
            throw CRMError(
                .notFound, "there is no event \(id)",
                hint: "Events that were delivered are forgotten, unless the change that sent them was traced.")
        }
        let state = scope?.trace.current
        let steps = state?.steps ?? []
        let places = steps.indices.filter { steps[$0].event == id }
        let outcomes = places.map { steps[$0].outcome }
        let found: String
        // One that was delivered stays on record for a moment.
        if stored == nil || outcomes.contains(.done) {
            found = "delivered"
        } else if stored?.isFailed ?? false {
            found = "failed"
        } else {
            found = outcomes.contains(.running) ? "running" : "pending"
        }
        return .json(
            JSONWriter.object { json in
                json.field("id", id)
                let sent = scope.flatMap { steps.indices.contains($0.parent) ? steps[$0.parent] : nil }
                json.field("hook", stored?.hook ?? sent?.name)
                json.field("plugin", stored?.plugin ?? places.first.map { steps[$0].plugin } ?? HooksAPI.queued(id, sent)?.plugin)
                json.field("listener", stored?.listener ?? HooksAPI.queued(id, sent)?.listener)
                json.field("state", found)
                json.field("attempts", max(stored?.attempts ?? 0, places.count))
                json.field("error", stored?.error)
                json.field("next_at", found == "pending" ? stored?.nextAt : nil)
                json.field("trace", scope?.trace.id)
                json.key("steps")
                TraceJSON.steps(places, steps, &json)
            })
    }

    private static func queued(_ id: Int64, _ step: Trace.Step?) -> (plugin: String, listener: String)? {
        for case .event(id, let plugin, let listener) in step?.queued ?? [] { return (plugin, listener) }
        return nil
    }

    /// `GET /api/v1/hooks/slow`: the code of plugins that exceeded its time budget.
    static func list(_ calls: [SlowCall]) -> [UInt8] {
        JSONWriter.object { json in
            json.key("data")
            json.beginArray()
            for call in calls {
                json.beginObject()
                json.field("plugin", call.plugin)
                json.field("kind", call.kind)
                json.field("name", call.name)
                json.field("count", call.count)
                json.field("worst_ms", call.worst)
                json.field("last_ms", call.last)
                json.field("budget_ms", call.budget)
                json.field("last_at", call.lastAt as Moment?)
                json.endObject()
            }
            json.endArray()
        }
    }

    /// `GET /api/v1/hooks/rules`: what runs when a record changes, by entity and phase, in the order in which it runs.
    static func rules(_ registry: Registry) -> [UInt8] {
        JSONWriter.object { json in
            json.key("data")
            json.beginArray()
            for entity in registry.entities {
                let rules = entity.rules
                let phases: [(phase: String, steps: [(site: CallSite, priority: Int)])] = [
                    ("prepare", rules.prepares.map { ($0.site, $0.priority) }), ("validate", rules.validations.map { ($0.site, $0.priority) }),
                    ("on_save", rules.saves.map { ($0.site, $0.priority) }), ("on_delete", rules.deletions.map { ($0.site, $0.priority) }),
                ]
                for (phase, steps) in phases {
                    for (place, step) in steps.enumerated() {
                        json.beginObject()
                        json.field("entity", entity.name)
                        json.field("phase", phase)
                        json.field("order", place + 1)
                        json.field("plugin", step.site.plugin)
                        json.field("name", step.site.name)
                        json.field("priority", step.priority)
                        json.endObject()
                    }
                }
            }
            json.endArray()
        }
    }
}
