import PluginAPI

/// When the server ended unexpectedly, and whose code that was.
struct CrashScreen {
    let visit: Visit

    func respond(_ rest: [String]) async throws -> FrontResponse {
        switch rest.count {
        case 0: return try await list()
        case 1: return try await details(rest[0])
        default: throw visit.front.unknown(visit)
        }
    }

    private func list() async throws -> FrontResponse {
        let items = try await visit.front.api(visit, "GET", ["crashes"])["data"]?.array ?? []
        let table: HTML = try await visit.store.read(as: visit.actor) { CrashScreen.table(items, visit.markup($0)) }
        let none = Parts.empty("check", "No crashes", "The server has never ended unexpectedly.")
        let content: HTML = """
            \(Parts.crumbs([("Plugins", "/admin/plugins")], here: "Crashes"))\(Parts.head("Crashes", count: items.count))\(items.isEmpty ? none : table)
            """
        return try await visit.page(Page(title: "Crashes", current: "/admin/plugins", content: content))
    }

    static func table(_ items: [JSONValue], _ markup: ValueMarkup, showsPlugin: Bool = true) -> HTML {
        let rows = items.html { item -> HTML in
            let at: HTML = item["at"]?.text.flatMap { Moment($0) }.map { markup.ago($0) } ?? ""
            let plugin: String = item["plugin"]?.text ?? ""
            let who: HTML = plugin.isEmpty ? "<span class=\"muted\">none</span>" : "<a href=\"/admin/plugins/\(plugin)\">\(plugin)</a>"
            return """
                <tr><th scope="row"><a href="/admin/crashes/\(item["id"]?.text ?? "")">\(item["summary"]?.text ?? "")</a></th>\(showsPlugin ? Parts.td("Plugin", who) : "")\(Parts.td("Version", HTML(item["version"]?.text ?? "")))\(Parts.td("When", at))</tr>
                """
        }
        let plugin: [HTML] = showsPlugin ? [Parts.th("Plugin")] : []
        return Parts.table("Crashes", heads: [Parts.th("What happened")] + plugin + [Parts.th("Version"), Parts.th("When")], rows)
    }

    private func details(_ id: String) async throws -> FrontResponse {
        let crash = try await visit.front.api(visit, "GET", ["crashes", id])
        let report = crash["report"] ?? .null
        let plugin: String = crash["plugin"]?.text ?? ""
        let at: HTML = try await visit.store.read(as: visit.actor) { transaction in
            crash["at"]?.text.flatMap { Moment($0) }.map(visit.markup(transaction).time) ?? ""
        }
        let who: HTML = plugin.isEmpty
            ? "no plugin" : "<a href=\"/admin/plugins/\(plugin)\">\(plugin)</a> \(crash["version"]?.text ?? "")"
        let facts: HTML = """
            <dl class="facts"><div><dt>When</dt><dd>\(at)</dd></div><div><dt>Whose code</dt><dd>\(who)</dd></div><div><dt>What</dt><dd>\(report["what"]?.text ?? "")</dd></div></dl>
            """
        let frames = (report["frames"]?.array ?? []).enumerated().map { place, frame -> HTML in
            let function: String = frame["function"]?.text ?? ""
            return """
                <tr><th scope="row"><code>\(function.isEmpty ? "?" : function)</code></th>\(Parts.td("In", HTML(frame["file"]?.text ?? "")))\(Parts.td("Place", HTML(String(place)), numeric: true))</tr>
                """
        }
        let calls = (report["calls"]?.array ?? []).html { call -> HTML in
            """
            <tr><th scope="row">\(call["call"]?.text ?? "")</th>\(Parts.td("For (ms)", HTML(Display.grouped(call["milliseconds"]?.text ?? "")), numeric: true))\(Parts.td("Thread", HTML(call["thread"]?.text ?? ""), numeric: true))</tr>
            """
        }
        let stack: HTML = frames.isEmpty
            ? "" : Parts.box("Functions, the innermost first", count: frames.count, Parts.table("Functions", heads: [Parts.th("Function"), Parts.th("In"), Parts.th("Place", numeric: true)], frames.html { $0 }))
        let running: HTML = calls.isEmpty
            ? "" : Parts.box("Running at the time", Parts.table("Running at the time", heads: [Parts.th("Call"), Parts.th("For (ms)", numeric: true), Parts.th("Thread", numeric: true)], calls))
        let title: String = (crash["summary"]?.text ?? "").asSentence
        let content: HTML = """
            <div class="narrow stack">\(Parts.crumbs([("Plugins", "/admin/plugins"), ("Crashes", "/admin/crashes")], here: "#\(id)"))\(Parts.head(title))\(Parts.box("What happened", facts))\(stack)\(running)</div>
            """
        return try await visit.page(Page(title: "Crash \(id)", current: "/admin/plugins", content: content))
    }
}
