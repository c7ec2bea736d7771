import PluginAPI

/// What runs in the background: deliveries that failed, the queue of jobs, the schedules, and the hooks with their listeners.
struct JobScreen {
    let visit: Visit

    func respond(_ rest: [String]) async throws -> FrontResponse {
        try visit.actor.require(.seeOperations)
        switch (rest.first, rest.count) {
        case (nil, _): return try await failed()
        case ("queue", 1): return try await queue()
        case ("schedules", 1): return try await schedules()
        case ("hooks", 1): return try await hooks()
        case ("failed", 3) where visit.isPost && ["retry", "discard"].contains(rest[2]):
            _ = try await visit.front.api(visit, "POST", ["hooks", "failed", rest[1], rest[2]])
            return visit.done("/admin/jobs", rest[2] == "retry" ? "It is tried again." : "Discarded.")
        case ("queue", 3) where visit.isPost && rest[2] == "retry":
            _ = try await visit.front.api(visit, "POST", ["jobs", "queue", rest[1], "retry"])
            return visit.done("/admin/jobs/queue", "It is tried again.")
        case ("schedules", 3) where visit.isPost && rest[2] == "run":
            _ = try await visit.front.api(visit, "POST", ["jobs", rest[1], "run"])
            return visit.done("/admin/jobs/queue", "Started.")
        default: throw visit.front.unknown(visit)
        }
    }

    private func page(_ tab: String, _ content: HTML) async throws -> FrontResponse {
        let here: HTML = " aria-current=\"page\""
        let tabs = [("", "Failed deliveries"), ("/queue", "Jobs"), ("/schedules", "Schedules"), ("/hooks", "Hooks")].html {
            "<a href=\"/admin/jobs\($0.0)\"\(here, if: $0.0 == tab)>\($0.1)</a>"
        }
        let page: HTML = "\(Parts.head("Jobs and hooks"))<nav class=\"tabs\" aria-label=\"Jobs and hooks\">\(tabs)</nav>\(content)"
        return try await visit.page(Page(title: "Jobs and hooks", current: "/admin/jobs", content: page))
    }

    private func time(_ value: JSONValue?, _ markup: ValueMarkup) -> HTML {
        value?.text.flatMap { Moment($0) }.map { markup.ago($0) } ?? ""
    }

    private func rows(_ items: [JSONValue], _ row: @Sendable (JSONValue, ValueMarkup) -> HTML) async throws -> HTML {
        try await visit.store.read(as: visit.actor) { transaction in
            let markup = visit.markup(transaction)
            return items.html { row($0, markup) }
        }
    }

    private func failed() async throws -> FrontResponse {
        let items = try await visit.front.api(visit, "GET", ["hooks", "failed"])["data"]?.array ?? []
        guard !items.isEmpty else {
            return try await page("", Parts.empty("check", "Nothing failed", "What plugins do after a change was saved has all been delivered."))
        }
        let csrf = visit.csrf
        let rows = try await rows(items) { item, markup in
            let id = item["id"]?.text ?? ""
            let buttons: HTML = "<div class=\"row\">\(Parts.post("Retry", "/admin/jobs/failed/\(id)/retry", csrf: csrf, classes: "compact"))\(Parts.post("Discard", "/admin/jobs/failed/\(id)/discard", csrf: csrf, confirm: "Discard this delivery for good?"))</div>"
            return """
                <tr><th scope="row"><code>\(item["hook"]?.text ?? "")</code></th>\(Parts.td("Plugin", HTML(item["plugin"]?.text ?? "")))\(Parts.td("Listener", HTML(item["listener"]?.text ?? "")))\(Parts.td("Attempts", HTML(item["attempts"]?.text ?? ""), numeric: true))\(Parts.td("Since", time(item["created_at"], markup)))\(Parts.td("Error", HTML(item["error"]?.text ?? ""), wraps: true))<td>\(buttons)</td></tr>
                """
        }
        let heads = [Parts.th("Hook"), Parts.th("Plugin"), Parts.th("Listener"), Parts.th("Attempts", numeric: true), Parts.th("Since"), Parts.th("Error"), Parts.actionsHead]
        return try await page("", Parts.table("Failed deliveries", heads: heads, rows))
    }

    private func queue() async throws -> FrontResponse {
        let items = try await visit.front.api(visit, "GET", ["jobs"])["queue"]?.array ?? []
        guard !items.isEmpty else { return try await page("/queue", Parts.empty("clock", "No jobs yet", "Jobs of plugins and long work stand here while they wait and run.")) }
        let csrf = visit.csrf
        let rows = try await rows(items) { item, markup in
            let state = item["state"]?.text ?? ""
            let tone: Badge.Tone = state == "failed" ? .bad : state == "done" ? .good : state == "running" ? .accent : .plain
            let retry = Parts.post("Retry", "/admin/jobs/queue/\(item["id"]?.text ?? "")/retry", csrf: csrf, classes: "compact")
            return """
                <tr><th scope="row"><code>\(item["name"]?.text ?? "")</code></th>\(Parts.td("State", Badge.word(state.readable, tone)))\(Parts.td("Due", time(item["run_at"], markup)))\(Parts.td("Finished", time(item["finished_at"], markup)))\(Parts.td("Attempts", HTML(item["attempts"]?.text ?? ""), numeric: true))\(Parts.td("Error", HTML(item["error"]?.text ?? ""), wraps: true))<td>\(retry, if: state == "failed")</td></tr>
                """
        }
        let heads = [Parts.th("Job"), Parts.th("State"), Parts.th("Due"), Parts.th("Finished"), Parts.th("Attempts", numeric: true), Parts.th("Error"), Parts.actionsHead]
        return try await page("/queue", Parts.table("Jobs", heads: heads, rows))
    }

    private func schedules() async throws -> FrontResponse {
        let items = try await visit.front.api(visit, "GET", ["jobs"])["schedules"]?.array ?? []
        guard !items.isEmpty else { return try await page("/schedules", Parts.empty("clock", "No schedules", "No enabled plugin has work that repeats.")) }
        let csrf = visit.csrf
        let rows = try await rows(items) { item, markup in
            let name = item["name"]?.text ?? ""
            return """
                <tr><th scope="row"><code>\(name)</code></th>\(Parts.td("Plugin", HTML(item["plugin"]?.text ?? "")))\(Parts.td("When", HTML(item["schedule"]?.text ?? "")))\(Parts.td("Next", time(item["next_at"], markup)))\(Parts.td("Last", time(item["last_at"], markup)))<td>\(Parts.post("Run now", "/admin/jobs/schedules/\(name)/run", csrf: csrf, classes: "compact"))</td></tr>
                """
        }
        let heads = [Parts.th("Job"), Parts.th("Plugin"), Parts.th("When"), Parts.th("Next"), Parts.th("Last"), Parts.actionsHead]
        return try await page("/schedules", Parts.table("Schedules", heads: heads, rows))
    }

    private func hooks() async throws -> FrontResponse {
        let items = try await visit.front.api(visit, "GET", ["hooks"])["data"]?.array ?? []
        let rows = items.html { item -> HTML in
            let listeners = (item["listeners"]?.array ?? []).map { listener -> String in
                let phase = listener["phase"]?.text == "after" ? "after it is saved" : "while it is saved"
                return "\(listener["plugin"]?.text ?? "") (\(phase))"
            }
            return """
                <tr><th scope="row"><code>\(item["name"]?.text ?? "")</code></th>\(Parts.td("Plugin", HTML(item["plugin"]?.text ?? "")))\(Parts.td("When", HTML(item["summary"]?.text ?? ""), wraps: true))\(Parts.td("Listeners, in order", HTML(listeners.joined(separator: ", ")), wraps: true))</tr>
                """
        }
        let heads = [Parts.th("Hook"), Parts.th("Plugin"), Parts.th("When"), Parts.th("Listeners, in order")]
        return try await page("/hooks", Parts.table("Hooks", heads: heads, rows))
    }
}
