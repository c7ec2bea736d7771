import PluginAPI

/// Settings from a file, with a look at what would change; and the way back to the defaults.
struct SettingsFileScreen {
    let visit: Visit
    private static let base = "/admin/settings"
    private var base: String { SettingsFileScreen.base }

    func respond(_ what: String) async throws -> FrontResponse {
        try visit.actor.require(.manageSettings)
        return what == "import" ? try await takeOver() : try await reset()
    }

    // MARK: From a file

    private func takeOver() async throws -> FrontResponse {
        guard visit.isPost else { return try await ask(nil) }
        do {
            if let text = visit.form["document"] {
                let answer = try await call("import", try JSONValue(parsing: Array(text.utf8)))
                let count = answer["changes"]?.array?.count ?? 0
                return visit.done(base, count == 1 ? "One setting changed." : "\(count) settings changed.")
            }
            guard let file = visit.form.files.first(where: { $0.name == "file" }), !file.bytes.isEmpty else {
                throw CRMError(.invalid, "no file was chosen", problems: [Problem(field: "file", "is missing")])
            }
            let document = try JSONValue(parsing: file.bytes)
            return try await preview(document, try await call("import", document, isTrial: true))
        } catch let error as CRMError where [.invalid, .malformed, .tooLarge].contains(error.code) { return try await ask(error) }
    }

    private func call(_ verb: String, _ body: JSONValue, isTrial: Bool = false) async throws -> JSONValue {
        let query: [FrontRequest.QueryItem] = isTrial ? [.init(name: "dry_run", value: "true")] : []
        return try await visit.front.api(visit, "POST", ["settings", verb], query: query, body)
    }

    private func ask(_ error: CRMError?) async throws -> FrontResponse {
        let trouble: HTML = error.map { FieldForm.summary($0, fields: []) } ?? ""
        let body: HTML = """
            <form method="post" class="form" enctype="multipart/form-data" action="\(base)/import">\(csrfField(visit.csrf))\(trouble)\
            <div class="drop">\(Icon.named("upload"))<label for="file"><b>Drop a file of settings here</b>, or choose one</label><input type="file" id="file" name="file" accept=".json,application/json" required><span class="muted file-name">As “Export” writes it. Nothing changes before you have seen what would.</span></div>\
            <div class="form-foot"><a class="button plain" href="\(base)" data-close>Cancel</a><button class="button primary">See what would change</button></div></form>
            """
        return try await visit.dialog("Import settings", current: base, status: error.map { Problems.status($0.code) } ?? 200, body)
    }

    private func preview(_ document: JSONValue, _ answer: JSONValue) async throws -> FrontResponse {
        let changes: [JSONValue] = answer["changes"]?.array ?? []
        let strangers: [String] = (answer["unknown"]?.array ?? []).compactMap(\.text)
        let note: HTML = strangers.isEmpty ? "" : Parts.notice(.warn, "Left out, since nothing here reads them:", HTML(strangers.joined(separator: ", ")))
        let text = String(decoding: JSONWriter.document { $0.tree(document) }, as: UTF8.self)
        let table: HTML = changes.isEmpty ? "<p>Nothing would change: all settings of the file are as they are here.</p>" : rows(changes)
        let go: HTML = "<button class=\"button primary\" autofocus>Change \(changes.count == 1 ? "one setting" : "\(changes.count) settings")</button>"
        let body: HTML = """
            <form method="post" class="form" action="\(base)/import">\(csrfField(visit.csrf))<input type="hidden" name="document" value="\(text)">\(note)\(table)\
            <div class="form-foot"><a class="button plain" href="\(base)" data-close>\(changes.isEmpty ? "Close" : "Cancel")</a>\(go, if: !changes.isEmpty)</div></form>
            """
        return try await visit.dialog("What would change", current: base, body)
    }

    private func rows(_ changes: [JSONValue]) -> HTML {
        let rows = changes.html { change in
            "<tr><th scope=\"row\">\(change["label"]?.text ?? "")</th>\(Parts.td("Now", shown(change["from"])))\(Parts.td("Then", shown(change["to"])))</tr>"
        }
        return Parts.table("Changes", heads: [Parts.th("Setting"), Parts.th("Now"), Parts.th("Then")], rows)
    }

    private func shown(_ value: JSONValue?) -> HTML {
        switch value {
        case .boolean(let flag): return flag ? "Yes" : "No"
        case .string(let text), .number(let text): return text.isEmpty ? ValueMarkup.none : HTML(text)
        case .object:
            guard let amount = value?["amount"]?.text, let currency = value?["currency"]?.text.flatMap({ Currency($0) }), let money = Money(amount, currency) else {
                return ValueMarkup.none
            }
            return HTML(Display.money(money))
        default: return ValueMarkup.none
        }
    }

    // MARK: Back to the defaults

    private func reset() async throws -> FrontResponse {
        let key = visit.form["key"] ?? visit.query["key"]
        let plugin = visit.form["plugin"] ?? visit.query["plugin"]
        let what: JSONValue
        if let key { what = .object([.init(name: "keys", value: .array([.string(key)]))]) }
        else if let plugin { what = .object([.init(name: "plugin", value: .string(plugin))]) }
        else { what = .object([.init(name: "all", value: .boolean(true))]) }
        if visit.isPost {
            let changes = try await call("reset", what)["changes"]?.array ?? []
            let told = changes.count == 1 ? "\(changes[0]["label"]?.text ?? "The setting") has its default again." : "\(changes.count) settings have their defaults again."
            let section = plugin ?? key.flatMap { key in visit.registry.settings.first { $0.body.key == key }?.plugin }
            return visit.done(section.map { "\(base)/\($0)" } ?? base, told)
        }
        let changes = try await call("reset", what, isTrial: true)["changes"]?.array ?? []
        let hidden: HTML = plugin.map { "<input type=\"hidden\" name=\"plugin\" value=\"\($0)\">" } ?? ""
        let table: HTML = changes.isEmpty ? "<p>All of these settings have their defaults.</p>" : rows(changes)
        let go: HTML = "<button class=\"button danger primary\">Reset</button>"
        let body: HTML = """
            <form method="post" class="form" action="\(base)/reset">\(csrfField(visit.csrf))\(hidden)\(table)<div class="form-foot"><a class="button plain" href="\(base)" data-close>\(changes.isEmpty ? "Close" : "Keep them")</a>\(go, if: !changes.isEmpty)</div></form>
            """
        return try await visit.dialog("Back to the defaults", current: base, body)
    }
}
