import PluginAPI

/// The plugins of the deployment: what each adds, whether it is on, and why it is not.
struct PluginScreen {
    let visit: Visit

    func respond(_ rest: [String]) async throws -> FrontResponse {
        try visit.actor.require(.managePlugins)
        switch rest.count {
        case 0: return try await list()
        case 1: return try await details(rest[0])
        case 2 where ["enable", "disable"].contains(rest[1]): return try await change(rest[0], rest[1])
        default: throw visit.front.unknown(visit)
        }
    }

    private func list() async throws -> FrontResponse {
        let plugins = try await visit.front.api(visit, "GET", ["plugins"])["data"]?.array ?? []
        let items = plugins.html { item($0) }
        let none = Parts.empty("plugin", "No plugins", "There is none in the plugins folder of this installation.")
        let list: HTML = "<div class=\"middle\"><section class=\"card-box\"><ul>\(items)</ul></section></div>"
        let content: HTML = "\(Parts.head("Plugins", count: plugins.count))\(plugins.isEmpty ? none : list)"
        return try await visit.page(Page(title: "Plugins", current: "/admin/plugins", content: content))
    }

    private func item(_ plugin: JSONValue) -> HTML {
        let id = plugin["id"]?.text ?? ""
        let state = plugin["state"]?.text ?? ""
        let reason = plugin["reason"]?.text ?? ""
        let isOff = state == "disabled" || state == "available"
        let button: HTML = state == "enabled"
            ? Parts.link("Disable…", "/admin/plugins/\(id)/disable", dialog: true)
            : Parts.link(isOff ? "Enable…" : "Try again…", "/admin/plugins/\(id)/enable", classes: isOff ? "primary" : "", dialog: true)
        let trouble: HTML = reason.isEmpty || isOff || state == "enabled" ? "" : Parts.notice(state == "quarantined" ? .warn : .bad, reason.asSentence, PluginScreen.hint(plugin))
        return """
            <li class="plugin"><div><div class="row"><h2><a href="/admin/plugins/\(id)">\(plugin["name"]?.text ?? id)</a></h2><span class="muted">\(plugin["version"]?.text ?? "")</span>\(PluginScreen.badge(state))</div><p>\(plugin["summary"]?.text ?? "")</p><p class="adds">\(adds(plugin))</p></div><div class="row">\(button)</div>\(trouble)</li>
            """
    }

    static func hint(_ plugin: JSONValue) -> HTML {
        let hint = plugin["hint"]?.text ?? ""
        return hint.isEmpty ? "" : "<p>\(hint)</p>"
    }

    static func badge(_ state: String) -> HTML {
        switch state {
        case "enabled": Badge.word("Enabled", .good)
        case "refused", "failed", "missing": Badge.word(state.readable, .bad)
        case "quarantined": Badge.word("Quarantined", .warn)
        case "available": Badge.word("Not enabled yet")
        default: Badge.word(state.readable)
        }
    }

    private func adds(_ plugin: JSONValue) -> HTML {
        let words: [(String, String, String)] = [
            ("entities", "entity", "entities"), ("actions", "action", "actions"), ("hooks", "hook", "hooks"),
            ("metrics", "metric", "metrics"), ("jobs", "job", "jobs"), ("settings", "setting", "settings"),
        ]
        var html = HTML()
        for (key, one, many) in words {
            let count = plugin["adds"]?[key]?.array?.count ?? 0
            if count > 0 { html += "<span>\(count) \(count == 1 ? one : many)</span>" }
        }
        let users = (plugin["required_by"]?.array ?? []).compactMap(\.text)
        if !users.isEmpty { html += "<span>needed by \(users.joined(separator: ", "))</span>" }
        return html
    }

    private func details(_ id: String) async throws -> FrontResponse {
        let plugin = try await visit.front.api(visit, "GET", ["plugins", id])
        func names(_ key: String) -> String {
            let all: [JSONValue] = plugin["adds"]?[key]?.array ?? []
            return all.compactMap { one -> String? in one.text ?? one["name"]?.text }.joined(separator: ", ")
        }
        func list(_ key: String) -> String { (plugin[key]?.array ?? []).compactMap(\.text).joined(separator: ", ") }
        var facts: [(String, String)] = [
            ("Summary", plugin["summary"]?.text ?? ""), ("Version", plugin["version"]?.text ?? ""), ("Licence", plugin["licence"]?.text ?? ""),
            ("Requires", list("requires")), ("Works with", list("optional")), ("Needed by", list("required_by")), ("Entities", names("entities")),
            ("Actions", names("actions")), ("Hooks", names("hooks")), ("Metrics", names("metrics")), ("Jobs", names("jobs")), ("Settings", names("settings")),
        ]
        let asks = PluginManifest.Capabilities(stored: plugin["capabilities"] ?? .null)
        let approved = PluginManifest.Capabilities(stored: plugin["approved"] ?? .null)
        facts.append(("Asks for", asks.lines.joined(separator: ", ")))
        facts.append(("Not approved", asks.growth(over: approved).lines.joined(separator: ", ")))
        let rows = facts.filter { !$0.1.isEmpty }.html { "<div><dt>\($0.0)</dt><dd>\($0.1)</dd></div>" }
        let state = plugin["state"]?.text ?? ""
        let reason = plugin["reason"]?.text ?? ""
        let trouble: HTML = reason.isEmpty || state == "enabled" ? "" : Parts.notice(.warn, reason.asSentence, PluginScreen.hint(plugin))
        let change = state == "enabled" ? "disable" : "enable"
        let actions = Parts.link(change.readable + "…", "/admin/plugins/\(id)/\(change)", dialog: true)
        let name = plugin["name"]?.text ?? id
        let content: HTML = """
            <div class="narrow stack">\(Parts.crumbs([("Plugins", "/admin/plugins")], here: id))\(Parts.head(name, beside: PluginScreen.badge(state), actions: actions))\(trouble)\(Parts.box("What it is", "<dl class=\"facts\">\(rows)</dl>"))\(try await slow(id))</div>
            """
        return try await visit.page(Page(title: name, current: "/admin/plugins", content: content))
    }

    /// Code of the plugin that took longer than its time budget; nothing when there is none.
    private func slow(_ id: String) async throws -> HTML {
        let calls = try await visit.front.kernel.slow.all(of: id)
        guard !calls.isEmpty else { return "" }
        let items = try JSONValue(parsing: HooksAPI.list(calls))["data"]?.array ?? []
        return try await visit.store.read(as: visit.actor) { transaction in
            Parts.box("Slow code", count: items.count, SlowTable(items: items, markup: visit.markup(transaction), showsPlugin: false).html)
        }
    }

    // MARK: Switching

    private func change(_ id: String, _ change: String) async throws -> FrontResponse {
        if visit.isPost {
            do {
                let cascade = JSONValue.object([.init(name: "cascade", value: .boolean(visit.form["cascade"] == "true"))])
                let plugin = try await visit.front.api(visit, "POST", ["plugins", id, change], cascade)
                return visit.done("/admin/plugins", "\(plugin["name"]?.text ?? id) is \(change)d.")
            } catch let error as CRMError where error.code != .unauthenticated && error.code != .internalError {
                return try await ask(id, change, error)
            }
        }
        return try await ask(id, change, nil)
    }

    private func ask(_ id: String, _ change: String, _ error: CRMError?) async throws -> FrontResponse {
        let plugin = try await visit.front.api(visit, "GET", ["plugins", id])
        let name = plugin["name"]?.text ?? id
        let users = (plugin["required_by"]?.array ?? []).compactMap(\.text)
        let requires = (plugin["requires"]?.array ?? []).compactMap(\.text)
        var words: HTML
        if change == "disable" {
            words = "<p>Its pages, fields, actions, hooks and jobs go away for everyone. Its data stays and is there again when it is enabled.</p>"
            if !users.isEmpty { words += "<label class=\"tick\"><input type=\"checkbox\" name=\"cascade\" value=\"true\">Disable what needs it, too: \(users.joined(separator: ", "))</label>" }
        } else {
            words = "<p>\(plugin["summary"]?.text ?? "")</p>"
            if !requires.isEmpty { words += "<label class=\"tick\"><input type=\"checkbox\" name=\"cascade\" value=\"true\" checked>Enable what it needs, too: \(requires.joined(separator: ", "))</label>" }
        }
        let trouble: HTML = error.map { FieldForm.summary($0, fields: []) } ?? ""
        let body: HTML = """
            <form class="form" method="post" action="/admin/plugins/\(id)/\(change)">\(csrfField(visit.csrf))\(trouble)\(words)<div class="form-foot"><a class="button plain" href="/admin/plugins" data-close>Cancel</a><button class="button primary" autofocus>\(change.readable)</button></div></form>
            """
        return try await visit.dialog("\(change.readable) \(name)?", current: "/admin/plugins", status: error.map { Problems.status($0.code) } ?? 200, body)
    }
}
