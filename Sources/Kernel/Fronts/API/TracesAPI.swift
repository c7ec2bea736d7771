import PluginAPI

/// `/api/v1/traces`: what happened within requests that were traced, for who made them and for administrators.
struct TracesAPI: Sendable {
    let kernel: Kernel

    private var traces: Traces { kernel.store.calls.traces }

    func respond(_ request: FrontRequest, _ caller: Caller, _ rest: ArraySlice<String>) async throws -> FrontResponse {
        guard request.method == "GET" else { return APIFront.wrongMethod(request, "GET") }
        let now = kernel.clock.now
        switch rest.count {
        case 0:
            try caller.actor.require(.managePlugins)
            let all = traces.all(of: caller.actor.userID, at: now)
            return .json(
                JSONWriter.object { json in
                    json.key("data")
                    json.beginArray()
                    for trace in all {
                        json.beginObject()
                        TraceJSON.summary(trace, trace.current, &json)
                        json.endObject()
                    }
                    json.endArray()
                })
        case 1:
            let trace = try find(rest[rest.startIndex], caller.actor, now)
            return .json(JSONWriter.object { TraceJSON.write(trace, &$0) })
        default: throw APIFront.unknown(request)
        }
    }

    private func find(_ id: String, _ actor: Actor, _ now: Moment) throws -> Trace {
        guard let trace = traces.find(id, at: now), TraceRequest.isAllowed(actor) || (trace.user != nil && trace.user == actor.userID) else {
            throw CRMError(
                .notFound, "there is no trace \(id)",
                hint: "Traces are kept for \(Int(Traces.minutes)) minutes, the latest \(Traces.most) of them.")
        }
        return trace
    }
}
