import PluginAPI

/// Writes traces as JSON: the steps as a tree, times in microseconds.
enum TraceJSON {
    static func write(_ trace: Trace, _ json: inout JSONWriter) {
        let state = trace.current
        summary(trace, state, &json)
        json.field("left_out", state.left)
        json.key("steps")
        steps(state.steps.indices.filter { state.steps[$0].parent < 0 }, state.steps, &json)
    }

    /// A trace without its steps.
    static func summary(_ trace: Trace, _ state: Trace.State, _ json: inout JSONWriter) {
        json.field("id", trace.id)
        json.field("request", trace.request)
        json.field("at", trace.at as Moment?)
        json.key("user")
        if let user = trace.user { json.integer(user) } else { json.null() }
        json.key("status")
        if let status = state.status { json.integer(status) } else { json.null() }
        json.field("took_us", state.took / 1000)
        json.field("statements", state.steps.reduce(0) { $0 + $1.statements })
        json.field("statements_us", state.steps.reduce(0) { $0 + $1.statementTime } / 1000)
        json.field("calls", state.steps.count { if case .call = $0.kind { true } else { false } })
        json.field("writes", state.steps.count { $0.kind == .write })
    }

    /// Some steps with what they hold.
    static func steps(_ places: [Int], _ all: [Trace.Step], _ json: inout JSONWriter) {
        json.beginArray()
        for place in places {
            json.beginObject()
            step(all[place], &json)
            json.key("steps")
            // A step stands behind the one that it belongs to.
            steps(all.indices.filter { $0 > place && all[$0].parent == place }, all, &json)
            json.endObject()
        }
        json.endArray()
    }

    private static func step(_ step: Trace.Step, _ json: inout JSONWriter) {
        json.field("kind", step.kind.word)
        json.field("plugin", step.plugin.isEmpty ? nil as String? : step.plugin)
        json.field("name", step.name)
        json.key("record")
        if let record = step.record { json.integer(record) } else { json.null() }
        json.field("began_us", step.began / 1000)
        json.field("took_us", step.took / 1000)
        if step.waited > 0 { json.field("waited_us", step.waited / 1000) }
        json.field("statements", step.statements)
        json.field("statements_us", step.statementTime / 1000)
        json.field("outcome", step.outcome.rawValue)
        if let event = step.event { json.field("event", event) }
        if let failure = step.failure {
            json.key("error")
            json.beginObject()
            json.field("code", failure.code)
            json.field("message", failure.message)
            json.key("errors")
            json.beginArray()
            for problem in failure.problems {
                json.beginObject()
                json.field("field", problem.field)
                json.field("message", problem.message)
                json.endObject()
            }
            json.endArray()
            json.endObject()
        }
        json.key("changes")
        json.beginArray()
        for change in step.changes {
            json.beginObject()
            json.field("field", change.field)
            json.key("old")
            json.value(change.old)
            json.key("new")
            json.value(change.new)
            json.endObject()
        }
        json.endArray()
        json.key("queued")
        json.beginArray()
        for queued in step.queued {
            json.beginObject()
            switch queued {
            case .event(let id, let plugin, let listener):
                json.field("event", id)
                json.field("plugin", plugin)
                json.field("name", listener)
            case .job(let name): json.field("job", name)
            }
            json.endObject()
        }
        json.endArray()
    }
}
