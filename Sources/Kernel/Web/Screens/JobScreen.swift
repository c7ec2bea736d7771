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
        case ("slow", 1): return try await slow()
        case ("servers", 1): return try await servers()
        case ("health", 1): return try await page("/health", try await HealthScreen(visit: visit).content())
        case ("health", 2) where visit.isPost && rest[1] == "mend": return try await HealthScreen(visit: visit).mend()
        case ("slow", 2) where visit.isPost && rest[1] == "forget":
            _ = try await visit.front.api(visit, "DELETE", ["hooks", "slow"])
            return visit.done("/admin/jobs/slow", "Slow code is counted anew.")
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
        let servers: [(String, String)] = visit.front.kernel.peers == nil ? [] : [("/servers", "Servers")]
        let all = [("", "Failed deliveries"), ("/queue", "Jobs"), ("/schedules", "Schedules"), ("/hooks", "Hooks"), ("/slow", "Slow code")] + servers + [("/health", "Health")]
        let tabs = all.html {
            "<a href=\"/admin/jobs\($0.0)\"\(here, if: $0.0 == tab)>\($0.1)</a>"
        }
        let page: HTML = "\(Parts.head("Jobs and hooks"))<nav class=\"tabs\" aria-label=\"Jobs and hooks\">\(tabs)</nav>\(content)"
        return try await visit.page(Page(title: "Jobs and hooks", current: "/admin/jobs", content: page))
    }

    private func time(_ value: JSONValue?, _ markup: ValueMarkup) -> HTML {
        value?.text.flatMap { Moment($0) }.map { markup.ago($0) } ?? ""
    }

    private func rows(_ items: [JSONValue], _ row: @escaping @Sendable (JSONValue, ValueMarkup) -> HTML) async throws -> HTML {
        try await visit.store.read(as: visit.actor) { transaction in
            let markup = visit.markup(transaction)
            return items.html { row($0, markup) }
        }
    }

    /// The servers that share the database.
    private func servers() async throws -> FrontResponse {
        let items = try await visit.front.api(visit, "GET", ["status", "peers"])["data"]?.array ?? []
        guard !items.isEmpty else { return try await page("/servers", Parts.empty("check", "One server", "No other server works on this database.")) }
        let rows = try await rows(items) { item, markup in
            let state = item["state"]?.text ?? ""
            let tone: Badge.Tone = state == "serving" ? .good : state == "gone" ? .bad : .plain
            let here: HTML = "<span class=\"muted\"> (this page)</span>"
            let address: String = item["address"]?.text ?? ""
            let has: String = (item["has"]?.array ?? []).compactMap(\.text).joined(separator: ", ")
            let silence: String = state == "ended" ? "" : "\((item["silent_ms"]?.int ?? 0) / 1000) s"
            return """
                <tr><th scope="row">\(item["host"]?.text ?? "") \(address)\(here, if: item["answers"]?.bool == true)</th>\(Parts.td("State", Badge.word(state.readable, tone)))\(Parts.td("Release", HTML(item["version"]?.text ?? "")))\(Parts.td("Started", time(item["started_at"], markup)))\(Parts.td("Silent for", HTML(silence), numeric: true))\(Parts.td("Does", HTML(has), wraps: true))</tr>
                """
        }
        let heads = [Parts.th("Server"), Parts.th("State"), Parts.th("Release"), Parts.th("Started"), Parts.th("Silent for", numeric: true), Parts.th("Does")]
        return try await page("/servers", Parts.table("Servers", heads: heads, rows))
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
            let listeners = (item["listeners"]?.array ?? []).html { listener -> HTML in
                let isAfter = listener["phase"]?.text == "after"
                let priority = listener["priority"]?.int ?? 0
                let place = isAfter ? "after it is saved" : "while it is saved, \(listener["order"]?.int ?? 0)."
                return "<li>\(listener["plugin"]?.text ?? "") <span class=\"muted small\">\(place)\(", priority \(priority)", if: priority != 0)</span></li>"
            }
            return """
                <tr><th scope="row"><code>\(item["name"]?.text ?? "")</code></th>\(Parts.td("Plugin", HTML(item["plugin"]?.text ?? "")))\(Parts.td("When", HTML(item["summary"]?.text ?? ""), wraps: true))\(Parts.td("Listeners, in order", listeners.isEmpty ? "" : "<ol class=\"bare\">\(listeners)</ol>", wraps: true))</tr>
                """
        }
        let heads = [Parts.th("Hook"), Parts.th("Plugin"), Parts.th("When"), Parts.th("Listeners, in order")]
        let rules = try await visit.front.api(visit, "GET", ["hooks", "rules"])["data"]?.array ?? []
        let order = rules.html { rule -> HTML in
            """
            <tr><th scope="row"><code>\(rule["entity"]?.text ?? "")</code></th>\(Parts.td("Phase", HTML((rule["phase"]?.text ?? "").readable)))\(Parts.td("Order", HTML(rule["order"]?.text ?? ""), numeric: true))\(Parts.td("Plugin", HTML(rule["plugin"]?.text ?? "")))\(Parts.td("Rule", HTML(rule["name"]?.text ?? "")))\(Parts.td("Priority", HTML(rule["priority"]?.text ?? ""), numeric: true))</tr>
            """
        }
        let orderHeads = [Parts.th("Record"), Parts.th("Phase"), Parts.th("Order", numeric: true), Parts.th("Plugin"), Parts.th("Rule"), Parts.th("Priority", numeric: true)]
        let content: HTML = """
            \(Parts.table("Hooks", heads: heads, rows))<h2 class="spaced">What runs when a record changes</h2><p class="muted">Phases in this order: prepare, validate, on save; on delete before a deletion. Within a phase by priority, then in the order in which the plugins depend on each other, then by name.</p>\(Parts.table("Rules", heads: orderHeads, order))
            """
        return try await page("/hooks", content)
    }

    private func slow() async throws -> FrontResponse {
        let items = try await visit.front.api(visit, "GET", ["hooks", "slow"])["data"]?.array ?? []
        guard !items.isEmpty else {
            return try await page("/slow", Parts.empty("clock", "No slow code", "No plugin has taken longer than its time budget. The budgets are settings of the deployment."))
        }
        let table = try await visit.store.read(as: visit.actor) { transaction in SlowTable(items: items, markup: visit.markup(transaction)).html }
        let forget = Parts.post("Count anew", "/admin/jobs/slow/forget", csrf: visit.csrf, classes: "compact")
        let canForget = visit.actor.can(.managePlugins)
        return try await page("/slow", "\(table)<div class=\"row spaced\">\(forget, if: canForget)</div>")
    }
}
