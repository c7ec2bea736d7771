import PluginAPI

/// The plugins of the deployment: what each adds, whether it is on, and why it is not.
struct PluginScreen {
    let visit: Visit

    func respond(_ rest: [String]) async throws -> FrontResponse {
        try visit.actor.require(.managePlugins)
        switch rest.count {
        case 0: return try await list()
        case 1: return try await details(rest[0])
        case 2 where rest[1] == "release": return try await ReleaseScreen(visit: visit, id: rest[0]).respond()
        case 2:
            guard let action = PluginPlan.Action(rawValue: rest[1]) else { throw visit.front.unknown(visit) }
            return try await PluginPlanScreen(visit: visit, id: rest[0], action: action).respond()
        default: throw visit.front.unknown(visit)
        }
    }

    private func list() async throws -> FrontResponse {
        let plugins = try await visit.front.api(visit, "GET", ["plugins"])["data"]?.array ?? []
        let items = plugins.html { item($0) }
        let none = Parts.empty("plugin", "No plugins", "There is none in the plugins folder of this installation.")
        let list: HTML = "<div class=\"middle\"><section class=\"card-box\"><ul>\(items)</ul></section></div>"
        let crashes = Parts.link("Crashes", "/admin/crashes", classes: "plain")
        let content: HTML = "\(Parts.head("Plugins", count: plugins.count, actions: crashes))\(plugins.isEmpty ? none : list)"
        return try await visit.page(Page(title: "Plugins", current: "/admin/plugins", content: content))
    }

    private func item(_ plugin: JSONValue) -> HTML {
        let id = plugin["id"]?.text ?? ""
        let state = plugin["state"]?.text ?? ""
        let reason = plugin["reason"]?.text ?? ""
        let isOff = state == "disabled" || state == "available"
        // Without plugins' code, none can be switched on.
        let isSafe = visit.front.kernel.options.safeMode != nil
        let button: HTML = state == "quarantined"
            ? Parts.link("Release…", "/admin/plugins/\(id)/release", dialog: true)
            : state == "enabled" || state == "held"
            ? Parts.link("Disable…", "/admin/plugins/\(id)/disable", dialog: true)
            : isSafe ? "" : Parts.link(isOff ? "Enable…" : "Try again…", "/admin/plugins/\(id)/enable", classes: isOff ? "primary" : "", dialog: true)
        var trouble: HTML = reason.isEmpty || isOff || state == "enabled" || state == "held" ? "" : PluginScreen.trouble(plugin, state == "quarantined" ? .warn : .bad)
        if !isSafe { trouble += upgrade(plugin) }
        return """
            <li class="plugin"><div><div class="row"><h2><a href="/admin/plugins/\(id)">\(plugin["name"]?.text ?? id)</a></h2><span class="muted">\(plugin["version"]?.text ?? "")</span>\(PluginScreen.badge(state))</div><p>\(plugin["summary"]?.text ?? "")</p><p class="adds">\(adds(plugin))</p></div><div class="row">\(button)</div>\(trouble)</li>
            """
    }

    /// Why it does not run. What is wrong by fields is a list, unless the reason says as much.
    static func trouble(_ plugin: JSONValue, _ tone: Parts.Tone) -> HTML {
        let problems: [(field: String, message: String)] = (plugin["errors"]?.array ?? []).map { ($0["field"]?.text ?? "", $0["message"]?.text ?? "") }
        let told: [String] = problems.map { $0.field.isEmpty ? $0.message : $0.field + " " + $0.message }
        var reason: String = plugin["reason"]?.text ?? ""
        // Named one by one in the reason: said once, as the list.
        let isListed: Bool = told.count > 1 && told.allSatisfy { reason.contains($0) }
        if isListed, let colon = reason.firstRange(of: ": ") { reason = String(reason[..<colon.lowerBound]) }
        let list: HTML = isListed ? "<ul>\(told.html { "<li>\($0)</li>" })</ul>" : ""
        let title: String = reason.hasPrefix("plugin.json") ? reason + "." : reason.asSentence
        return Parts.notice(tone, title, "\(list)\(hint(plugin))")
    }

    /// What to do about it, with commands set apart.
    static func hint(_ plugin: JSONValue) -> HTML {
        let hint = plugin["hint"]?.text ?? ""
        if hint.isEmpty { return "" }
        let pieces = hint.split(separator: "`", omittingEmptySubsequences: false).enumerated().map { place, piece -> HTML in
            place % 2 == 0 ? HTML(String(piece)) : "<code>\(String(piece))</code>"
        }
        return "<p>\(pieces)</p>"
    }

    /// Another version than the one that was switched on, and what to do about it.
    private func upgrade(_ plugin: JSONValue) -> HTML {
        guard let upgrade = plugin["upgrade"], let version = upgrade["version"]?.text else { return "" }
        let link = Parts.link("Upgrade…", "/admin/plugins/\(plugin["id"]?.text ?? "")/upgrade", classes: "compact", dialog: true)
        let reason = upgrade["reason"]?.text ?? ""
        switch upgrade["state"]?.text {
        case "waiting": return Parts.notice(.plain, "Version \(version) is in the plugins folder.", "<p>It is not used until you upgrade.</p><p>\(link)</p>")
        case "pending": return Parts.notice(.plain, "Version \(version) takes over with the next start.", "")
        default: return Parts.notice(.bad, "Version \(version) could not take over: \(reason).", "\(PluginScreen.hint(upgrade))<p>\(link)</p>")
        }
    }

    static func badge(_ state: String) -> HTML {
        switch state {
        case "enabled": Badge.word("Enabled", .good)
        case "refused", "failed", "missing": Badge.word(state.readable, .bad)
        case "quarantined": Badge.word("Quarantined", .warn)
        case "held": Badge.word("Not loaded", .warn)
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
        facts.append(("Checksum", plugin["checksum"]?.text ?? ""))
        if plugin["folder_checksum"] != plugin["checksum"] { facts.append(("In its folder", plugin["folder_checksum"]?.text ?? "")) }
        facts.append(("Folder", plugin["folder"]?.text ?? ""))
        let rows = facts.filter { !$0.1.isEmpty }.html { "<div><dt>\($0.0)</dt><dd>\($0.1)</dd></div>" }
        let state = plugin["state"]?.text ?? ""
        let reason = plugin["reason"]?.text ?? ""
        let trouble: HTML = reason.isEmpty || state == "enabled" ? "" : PluginScreen.trouble(plugin, .warn)
        let change = state == "quarantined" ? "release" : state == "enabled" || state == "held" ? "disable" : "enable"
        var actions = Parts.link(change.readable + "…", "/admin/plugins/\(id)/\(change)", dialog: true)
        if state != "available" { actions += Parts.link("Uninstall…", "/admin/plugins/\(id)/uninstall", classes: "danger", dialog: true) }
        let name = plugin["name"]?.text ?? id
        let uses: HTML = try await PluginUsesPart(visit: visit).html(id)
        let history: HTML = try await history(id)
        let content: HTML = """
            <div class="narrow stack">\(Parts.crumbs([("Plugins", "/admin/plugins")], here: id))\(Parts.head(name, beside: PluginScreen.badge(state), actions: actions))\(trouble)\(upgrade(plugin))\(Parts.box("What it is", "<dl class=\"facts\">\(rows)</dl>"))\(uses)\(try await crashes(id))\(try await slow(id))\(history)</div>
            """
        return try await visit.page(Page(title: name, current: "/admin/plugins", content: content))
    }

    /// Its latest crashes; nothing when there was none.
    private func crashes(_ id: String) async throws -> HTML {
        let query: [FrontRequest.QueryItem] = FrontRequest.parseQuery("plugin=\(id)&limit=10") ?? []
        let items = try await visit.front.api(visit, "GET", ["crashes"], query: query)["data"]?.array ?? []
        if items.isEmpty { return "" }
        return try await visit.store.read(as: visit.actor) { transaction in
            Parts.box("Crashes", count: items.count, CrashScreen.table(items, visit.markup(transaction), showsPlugin: false))
        }
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

    /// Who switched it when.
    private func history(_ id: String) async throws -> HTML {
        let entries = try await visit.front.api(visit, "GET", ["plugins", id, "history"])["data"]?.array ?? []
        guard !entries.isEmpty else { return "" }
        let rows: HTML = try await visit.store.read(as: visit.actor) { transaction in
            let markup = visit.markup(transaction)
            return entries.html { entry in
                let at: HTML = entry["at"]?.text.flatMap { Moment($0) }.map(markup.time) ?? ""
                let (old, new) = (entry["from"]?.text ?? "", entry["to"]?.text ?? "")
                let versions = old.isEmpty ? new : new.isEmpty ? old : "\(old) → \(new)"
                let who = entry["by"]?.text.flatMap { $0.isEmpty ? nil : $0 } ?? "The product"
                return "<tr><th scope=\"row\">\((entry["action"]?.text ?? "").readable)</th>\(Parts.td("Version", HTML(versions)))\(Parts.td("By", HTML(who)))\(Parts.td("When", at))</tr>"
            }
        }
        let heads: [HTML] = ["What", "Version", "By", "When"].map { Parts.th($0) }
        return Parts.box("History", Parts.table("History of this plugin", heads: heads, rows))
    }
}
