import PluginAPI

/// What happened within requests: the traces of an administrator who has switched tracing on in the browser.
struct TraceScreen {
    let visit: Visit

    private var traces: Traces { visit.store.calls.traces }
    private var isOn: Bool { visit.request.cookie(TraceRequest.cookie) == "on" }

    func respond(_ rest: [String]) async throws -> FrontResponse {
        switch rest.count {
        case 0: return try await list()
        case 1: return try await details(rest[0])
        default: throw visit.front.unknown(visit)
        }
    }

    private func list() async throws -> FrontResponse {
        let items = try await visit.front.api(visit, "GET", ["traces"])["data"]?.array ?? []
        let rows = try await visit.store.read(as: visit.actor) { transaction in
            let markup = visit.markup(transaction)
            return items.html { item -> HTML in
                let at = item["at"]?.text.flatMap { Moment($0) }.map { markup.ago($0) } ?? ""
                let status = item["status"]?.int ?? 0
                return """
                    <tr><th scope="row"><a href="/admin/traces/\(item["id"]?.text ?? "")"><code>\(item["request"]?.text ?? "")</code></a></th>\(Parts.td("Answer", TraceScreen.badge(status)))\(Parts.td("Time", HTML(TraceText.time(item["took_us"])), numeric: true))\(Parts.td("Calls of plugins", HTML(item["calls"]?.text ?? ""), numeric: true))\(Parts.td("Statements", HTML(item["statements"]?.text ?? ""), numeric: true))\(Parts.td("When", at))</tr>
                    """
            }
        }
        let heads = [
            Parts.th("Request"), Parts.th("Answer"), Parts.th("Time", numeric: true), Parts.th("Calls of plugins", numeric: true),
            Parts.th("Statements", numeric: true), Parts.th("When"),
        ]
        let none = Parts.empty("clock", "No traces", "Switch tracing on in your profile: what you do from then on is kept here for \(Int(Traces.minutes)) minutes.", actions: Parts.link("To your profile", "/admin/profile#tracing"))
        let content: HTML = "\(Parts.head("Traces", count: items.count))\(items.isEmpty ? none : Parts.table("Traces", heads: heads, rows))"
        return try await visit.page(Page(title: "Traces", current: "/admin/jobs", content: content))
    }

    private static func badge(_ status: Int64) -> HTML {
        status == 0 ? "" : Badge.word(String(status), status < 400 ? .good : .bad)
    }

    private func details(_ id: String) async throws -> FrontResponse {
        let trace = try await visit.front.api(visit, "GET", ["traces", id])
        let request = trace["request"]?.text ?? ""
        let steps = trace["steps"]?.array ?? []
        let left = trace["left_out"]?.int ?? 0
        let cut: HTML = left > 0 ? "<p class=\"muted body\">\(left) steps more are not shown.</p>" : ""
        let empty: HTML = "<p class=\"muted body\">No plugin ran, and nothing was read or changed.</p>"
        let facts = "\(TraceText.time(trace["took_us"])), \(TraceText.statements(trace))"
        let tree: HTML = "<div class=\"trace\"><ul>\(steps.html { TraceScreen.step($0) })</ul></div>"
        let content: HTML = """
            <div class="middle">\(Parts.crumbs([("Traces", "/admin/traces")], here: id))\(Parts.head(request, beside: TraceScreen.badge(trace["status"]?.int ?? 0)))<p class="muted facts-line">\(facts)</p>\(Parts.box("Steps", steps.isEmpty ? empty : "\(tree)\(cut)"))</div>
            """
        return try await visit.page(Page(title: request, current: "/admin/jobs", content: content))
    }

    private static func step(_ step: JSONValue) -> HTML {
        let inner = step["steps"]?.array ?? []
        let nested: HTML = inner.isEmpty ? "" : "<ul>\(inner.html { TraceScreen.step($0) })</ul>"
        let changes = (step["changes"]?.array ?? []).html { change -> HTML in
            let (old, new) = (TerminalText.plain(change["old"] ?? .null), TerminalText.plain(change["new"] ?? .null))
            return """
                <p class="changes"><b>\(change["field"]?.text ?? "")</b> <del>\(old)</del> <span aria-hidden="true">→</span><span class="hidden-text">to</span> <ins>\(new)</ins></p>
                """
        }
        let queued = (step["queued"]?.array ?? []).html { queued -> HTML in
            if let event = queued["event"]?.int {
                return "<p class=\"changes\">Event \(event) waits for \(queued["plugin"]?.text ?? ""): \(queued["name"]?.text ?? "")</p>"
            }
            return "<p class=\"changes\">Job \(queued["job"]?.text ?? "") is queued</p>"
        }
        let outcome = step["outcome"]?.text ?? ""
        let message = step["error"]?["message"]?.text ?? ""
        var trouble: HTML = ""
        if outcome == "vetoed" || outcome == "refused" {
            let problems = (step["error"]?["errors"]?.array ?? []).html { "<p><b>\($0["field"]?.text ?? "")</b> \($0["message"]?.text ?? "")</p>" }
            trouble = "<div class=\"trouble\"><p>\(message.asSentence)</p>\(problems)</div>"
        }
        let mark: HTML =
            switch outcome {
            case "vetoed", "refused": Badge.word(outcome.readable, .bad)
            case "undone": Badge.word("Undone", .warn)
            case "running": Badge.word("Still running", .warn)
            default: ""
            }
        let isPlugin = step["plugin"]?.text != nil
        return """
            <li><div class="step"><span class="what\(" theirs", if: isPlugin)">\(TraceText.title(step))</span>\(mark)<span class="muted small">\(TraceText.measures(step))</span></div>\(trouble)\(changes)\(queued)\(nested)</li>
            """
    }

    // MARK: Switching on and off

    /// The way to the traces, on every page of a browser that has tracing switched on.
    static func strip(_ visit: Visit) -> HTML? {
        let screen = TraceScreen(visit: visit)
        guard screen.isOn, TraceRequest.isAllowed(visit.actor) else { return nil }
        var links: HTML = ""
        if let here = TraceScope.current { links += "<a href=\"/admin/traces/\(here.trace.id)\">This page</a>" }
        let all = screen.traces.all(of: visit.actor.userID, at: visit.front.kernel.clock.now)
        if let change = all.first(where: { $0.request.hasPrefix("POST ") && $0.id != TraceScope.current?.trace.id }) {
            links += "<a href=\"/admin/traces/\(change.id)\">Last change</a>"
        }
        links += "<a href=\"/admin/traces\">All</a>"
        let off = Parts.post("Switch off", "/admin/profile/tracing", csrf: visit.csrf, fields: [("tracing", "off")])
        return "<div class=\"tracing\" role=\"group\" aria-label=\"Tracing\"><span>Tracing is on</span>\(links)\(off)</div>"
    }

    /// The switch in the profile, for those who may see traces.
    var profilePart: HTML {
        guard TraceRequest.isAllowed(visit.actor) else { return "" }
        let title = isOn ? "Switch tracing off" : "Switch tracing on"
        let button = Parts.post(title, "/admin/profile/tracing", csrf: visit.csrf, classes: isOn ? "" : "primary", fields: [("tracing", isOn ? "off" : "on")])
        return Parts.box(
            "Tracing", id: "tracing",
            """
            <div class="body stack"><p>While it is on in this browser, every page and change of yours notes which plugins ran, in what order, how long, and what each changed. <a href="/admin/traces">Traces</a> are kept for \(Int(Traces.minutes)) minutes.</p>\(button)</div>
            """)
    }

    func switchTracing() -> FrontResponse {
        let wantsOn = visit.form["tracing"] == "on" && TraceRequest.isAllowed(visit.actor)
        let cookie = "\(TraceRequest.cookie)=\(wantsOn ? "on" : ""); Path=/\(wantsOn ? "" : "; Max-Age=0"); HttpOnly; SameSite=Lax"
        return visit.done("/admin/profile", wantsOn ? "Tracing is on in this browser." : "Tracing is off.").with("set-cookie", cookie)
    }
}
