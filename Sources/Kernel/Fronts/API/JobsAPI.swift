import PluginAPI

/// `/api/v1/jobs`: the jobs of the enabled plugins, their schedules and their runs.
struct JobsAPI: Sendable {
    let jobs: JobRunner

    func respond(_ request: FrontRequest, _ caller: Caller, _ rest: ArraySlice<String>) async throws -> FrontResponse {
        try caller.actor.require(.seeOperations)
        switch (request.method, Array(rest)) {
        case ("GET", []), ("HEAD", []): return try await list()
        case ("GET", let parts) where parts.count == 2 && parts[0] == "queue": return try await answer(200, JobsAPI.id(parts[1]))
        case ("POST", let parts) where parts.count == 2 && parts[1] == "run":
            try caller.actor.require(.managePlugins)
            let id = try await jobs.runNow(parts[0])
            // Without a server nobody else would run it: with `wait` it has run when this answers.
            if request.parameter("wait") == "true" { try await jobs.runDue() }
            return try await answer(202, id)
        case ("POST", let parts) where parts.count == 3 && parts[0] == "queue":
            try caller.actor.require(.managePlugins)
            let id = try JobsAPI.id(parts[1])
            switch parts[2] {
            case "retry":
                try await jobs.retry(id)
                if request.parameter("wait") == "true" { try await jobs.runDue() }
                return try await answer(202, id)
            case "cancel":
                try await jobs.cancel(id)
                return .noContent
            default: throw APIFront.unknown(request)
            }
        default: throw APIFront.unknown(request)
        }
    }

    private static func id(_ text: String) throws -> Int64 {
        guard let id = Int64(text) else { throw CRMError(.notFound, "there is no run \(text)") }
        return id
    }

    private func answer(_ status: Int, _ id: Int64) async throws -> FrontResponse {
        guard let run = try await jobs.run(id) else { throw CRMError(.notFound, "there is no run \(id)") }
        return .json(JSONWriter.document { JobsAPI.write(run, &$0) }, status: status)
    }

    private func list() async throws -> FrontResponse {
        let overview = try await jobs.overview()
        let runs = try await jobs.runs()
        return .json(
            JSONWriter.object { json in
                json.key("schedules")
                json.beginArray()
                for job in overview {
                    json.beginObject()
                    json.field("name", job.name)
                    json.field("plugin", job.plugin)
                    json.field("schedule", job.schedule)
                    json.field("next_at", job.nextAt)
                    json.field("last_at", job.lastAt)
                    json.field("state", job.current?.state.rawValue)
                    json.field("error", job.current?.error)
                    json.endObject()
                }
                json.endArray()
                json.key("queue")
                json.beginArray()
                for run in runs { JobsAPI.write(run, &json) }
                json.endArray()
            })
    }

    private static func write(_ run: JobRun, _ json: inout JSONWriter) {
        json.beginObject()
        json.field("id", run.id)
        json.field("name", run.name)
        json.field("plugin", run.plugin)
        json.field("state", run.state.rawValue)
        json.field("attempts", run.attempts)
        json.field("run_at", run.runAt as Moment?)
        json.field("error", run.error)
        json.field("created_at", run.createdAt as Moment?)
        json.field("started_at", run.startedAt)
        json.field("finished_at", run.finishedAt)
        json.endObject()
    }
}

extension JobsAPI {
    init(kernel: Kernel) { self.init(jobs: kernel.jobs) }
}
