import PluginAPI

/// Brings a file in, in four steps: upload, match the columns, check, import; and takes it back as a whole.
struct ImportScreen {
    let visit: Visit

    private func api(_ method: String, _ path: [String], _ body: JSONValue? = nil) async throws -> JSONValue {
        try await visit.front.api(visit, method, ["imports"] + path, body)
    }

    private var importable: [EntityModel] { visit.registry.entities.filter { visit.actor.can("import", on: $0.name) } }

    func respond(_ rest: [String]) async throws -> FrontResponse {
        guard !importable.isEmpty else { throw CRMError(.forbidden, "you may not import anything", hint: "An administrator can give a role this right.") }
        switch (rest.first, rest.count) {
        case (nil, _): return try await list()
        case ("new", 1): return try await upload()
        case (let id?, 1): return try await show(id)
        case (let id?, 2): return try await step(id, rest[1])
        default: throw visit.front.unknown(visit)
        }
    }

    // MARK: All imports

    private func list() async throws -> FrontResponse {
        let items = try await api("GET", [])["data"]?.array ?? []
        let add = Parts.link("Import a file", "/admin/imports/new", icon: "upload", classes: "primary")
        let rows = try await visit.store.read(as: visit.actor) { transaction -> HTML in
            let markup = visit.markup(transaction)
            return items.html { row($0, markup) }
        }
        let heads = [Parts.th("File"), Parts.th("Into"), Parts.th("State"), Parts.th("Added", numeric: true), Parts.th("Changed", numeric: true), Parts.th("Left out", numeric: true), Parts.th("By"), Parts.th("When")]
        let none = Parts.empty("upload", "Nothing imported yet", "Bring records in from a spreadsheet’s CSV file or an address book’s vCards. You see what would happen before anything is stored, and can take it back as a whole.", actions: add)
        let content: HTML = "\(Parts.head("Imports", actions: add))\(items.isEmpty ? none : Parts.table("Imports", heads: heads, rows))"
        return try await visit.page(Page(title: "Imports", current: "/admin/imports", content: content))
    }

    private func row(_ item: JSONValue, _ markup: ValueMarkup) -> HTML {
        let state = item["state"]?.text ?? ""
        let when: HTML = item["created_at"]?.text.flatMap { Moment($0) }.map { markup.ago($0) } ?? ""
        return """
            <tr><th scope="row"><a href="/admin/imports/\(item["id"]?.text ?? "")">\(item["file_name"]?.text ?? "")</a></th>\(Parts.td("Into", HTML(title(item))))\(Parts.td("State", badge(state)))\(number("Added", item, "created"))\(number("Changed", item, "updated"))\(number("Left out", item, "failed"))\(Parts.td("By", HTML(item["user_label"]?.text ?? "")))\(Parts.td("When", when))</tr>
            """
    }

    private func number(_ label: String, _ item: JSONValue, _ name: String) -> HTML {
        Parts.td(label, HTML(Display.grouped(item[name]?.text ?? "0")), numeric: true)
    }

    private func badge(_ state: String) -> HTML {
        switch state {
        case "done": Badge.word("Done", .good)
        case "failed": Badge.word("Failed", .bad)
        case "reverted": Badge.word("Reverted", .warn)
        case "running", "checking", "reverting": Badge.word(state.readable, .accent)
        default: Badge.word(state.readable)
        }
    }

    private func title(_ item: JSONValue) -> String {
        let name = item["entity"]?.text ?? ""
        return visit.registry.entity(name)?.pluralTitle ?? name.readable
    }

    // MARK: Upload

    private func upload() async throws -> FrontResponse {
        var trouble: HTML = ""
        var status = 200
        if visit.isPost {
            do {
                guard let file = visit.form.files.first(where: { $0.name == "file" }), !file.bytes.isEmpty else {
                    throw CRMError(.invalid, "no file was chosen", problems: [Problem(field: "file", "is missing")])
                }
                let query: [FrontRequest.QueryItem] = [.init(name: "entity", value: visit.form.text("entity")), .init(name: "file_name", value: file.fileName)]
                let answer = try await visit.front.raw(visit, "POST", ["imports"], query: query, file.bytes, type: "text/csv")
                guard let bytes = answer.body.bytes else { throw visit.front.unknown(visit) }
                return .redirect("/admin/imports/\(try JSONValue(parsing: bytes)["id"]?.text ?? "")")
            } catch let error as CRMError where [.invalid, .malformed, .tooLarge, .forbidden].contains(error.code) {
                trouble = FieldForm.summary(error, fields: [])
                status = Problems.status(error.code)
            }
        }
        let chosen = visit.isPost ? visit.form.text("entity") : visit.query["entity"] ?? ""
        let options = importable.html { "<option value=\"\($0.path)\"\(" selected", if: $0.path == chosen)>\($0.pluralTitle)</option>" }
        let body: HTML = """
            <form method="post" class="form" enctype="multipart/form-data" action="/admin/imports/new">\(csrfField(visit.csrf))\(trouble)<div class="field"><label for="entity">Import into</label><select id="entity" name="entity">\(options)</select></div>\
            <div class="drop">\(Icon.named("upload"))<label for="file"><b>Drop a CSV or vCard file here</b>, or choose one</label><input type="file" id="file" name="file" accept=".csv,.tsv,.txt,.vcf,.vcard,text/csv,text/vcard" required><span class="muted file-name">Commas, semicolons or tabs; cards of an address book (.vcf); how its text is written is found out, and you can correct it.</span></div>\
            <div class="form-foot"><button class="button primary">Upload</button><a class="button plain" href="/admin/imports">Cancel</a></div></form>
            """
        return try await page("Import a file", 0, body, status: status)
    }

    private func page(_ title: String, _ step: Int, _ body: HTML, status: Int = 200) async throws -> FrontResponse {
        let here: HTML = " aria-current=\"step\""
        let done: HTML = " class=\"done\""
        let steps = ["Upload", "Match columns", "Check", "Import"].enumerated().html { place, name in
            "<li\(done, if: place < step)\(here, if: place == step)>\(name)</li>"
        }
        let content: HTML = "<div class=\"middle\">\(Parts.crumbs([("Imports", "/admin/imports")], here: title))\(Parts.head(title))<ol class=\"steps\" aria-label=\"Steps\">\(steps)</ol><div class=\"stack\" id=\"import\">\(body)</div></div>"
        return try await visit.page(Page(title: title, current: "/admin/imports", content: content), status: status)
    }

    // MARK: One import

    private func show(_ id: String, _ error: CRMError? = nil) async throws -> FrontResponse {
        let item = try await api("GET", [id])
        let state = item["state"]?.text ?? ""
        let name = "\(item["file_name"]?.text ?? "") into \(title(item).lowercased())"
        let trouble: HTML = error.map { FieldForm.summary($0, fields: []) } ?? ""
        if visit.fragment == "part" { return visit.part(progress(item, id)) }
        let wantsColumns = visit.query["step"] == "columns" || error != nil
        switch state {
        case _ where state == "uploaded" || (wantsColumns && (state == "checked" || state == "failed")):
            let columns: HTML = "\(ImportReading(visit: visit, item: item, id: id).html)\(ImportMapping(visit: visit, item: item, id: id).html)"
            return try await page(name, 1, "\(trouble)\(columns)", status: error.map { Problems.status($0.code) } ?? 200)
        case "checked": return try await page(name, 2, checked(item, id))
        case "checking": return try await page(name, 2, progress(item, id))
        case "running", "reverting": return try await page(name, 3, progress(item, id))
        case "failed":
            let problems = ImportProblems(visit: visit, item: item, id: id)
            let back: HTML = "\(Parts.post("Check it again", "/admin/imports/\(id)/again", csrf: visit.csrf, classes: ""))\(Parts.link("Back to the columns", "/admin/imports/\(id)?step=columns", classes: "plain"))"
            return try await page(name, 3, "\(failure(item))\(problems.box)\(problems.ways(back))")
        default: return try await page(name, 3, finished(item, id))
        }
    }

    private func step(_ id: String, _ step: String) async throws -> FrontResponse {
        if step == "problems", !visit.isPost { return try await ImportProblems.page(visit, id) }
        guard visit.isPost else { return .redirect("/admin/imports/\(id)") }
        do {
            switch step {
            case "check": _ = try await api("POST", [id, "check"], try await ImportMapping.plan(visit, try await api("GET", [id])))
            case "read": _ = try await api("PATCH", [id], ImportReading.change(visit.form))
            case "again": _ = try await api("POST", [id, "check"])
            case "run":
                let skip = visit.form["bad_rows"] == "skip" ? "skip" : "refuse-all"
                _ = try await api("POST", [id, "run"], .object([.init(name: "bad_rows", value: .string(skip))]))
            case "revert":
                _ = try await api("POST", [id, "revert"])
            case "forget":
                _ = try await api("DELETE", [id])
                return visit.done("/admin/imports", "Import removed.")
            default: throw visit.front.unknown(visit)
            }
        } catch let error as CRMError where [.invalid, .refused, .malformed, .conflict].contains(error.code) {
            return try await show(id, error)
        }
        return .redirect("/admin/imports/\(id)")
    }

    /// While it runs: refreshed every second, without script by reloading.
    private func progress(_ item: JSONValue, _ id: String) -> HTML {
        let state = item["state"]?.text ?? ""
        guard ["checking", "running", "reverting"].contains(state) else {
            // The work is over: the whole page is another one now.
            return "<p data-reload><a href=\"/admin/imports/\(id)\">Show the result</a></p>"
        }
        let verb = state == "checking" ? "checked" : state == "reverting" ? "taken back" : "imported"
        let done = item["done"]?.int ?? 0
        let total = item["total"]?.int ?? 0
        let bar: HTML = total > 0 ? "<progress value=\"\(done)\" max=\"\(total)\" aria-label=\"Progress\"></progress>" : "<progress aria-label=\"Progress\"></progress>"
        return """
            <section class="card-box" data-fragment="part" hx-get="/admin/imports/\(id)" hx-trigger="every 700ms" hx-swap="outerHTML"><div class="body stack"><p role="status"><b>\(Display.grouped(String(done))) of \(Display.grouped(String(total))) rows</b> \(verb)</p>\(bar)<p class="muted">You may leave this page; the work goes on. <noscript>Reload the page to see how far it is.</noscript></p></div></section>
            """
    }

    private func tiles(_ item: JSONValue, _ names: [(String, String)]) -> HTML {
        let tiles = names.html { name, label in
            "<div class=\"tile\"><span class=\"name\">\(label)</span><span class=\"value\">\(Display.grouped(item[name]?.text ?? "0"))</span></div>"
        }
        return "<div class=\"tiles\">\(tiles)</div>"
    }

    private func checked(_ item: JSONValue, _ id: String) -> HTML {
        let problems = ImportProblems(visit: visit, item: item, id: id)
        let total = Display.grouped(item["total"]?.text ?? "0")
        let numbers = tiles(item, [("total", "Rows"), ("created", "Would be added"), ("updated", "Would be changed"), ("failed", "With problems")])
        let back: HTML = "<a class=\"button plain\" href=\"/admin/imports/\(id)?step=columns\">Back to the columns</a>"
        guard problems.failed > 0 else {
            return """
                \(numbers)\(Parts.notice(.good, "All \(total) rows are good.", ""))<form method="post" class="stack" action="/admin/imports/\(id)/run">\(csrfField(visit.csrf))<div class="form-foot"><button class="button primary">Import</button>\(back)</div></form>
                """
        }
        return "\(numbers)\(problems.box)\(problems.ways(back))"
    }

    private func failure(_ item: JSONValue) -> HTML {
        let error = item["error"]
        let hint = error?["hint"]?.text ?? ""
        let more: HTML = hint.isEmpty ? "<p>Nothing was stored.</p>" : "<p>\(hint)</p>"
        return Parts.notice(.bad, (error?["message"]?.text ?? error?.text ?? "the import failed").asSentence, more)
    }

    private func finished(_ item: JSONValue, _ id: String) -> HTML {
        let state = item["state"]?.text ?? ""
        let plural = title(item).lowercased()
        let numbers = tiles(item, [("created", "Added"), ("updated", "Changed"), ("unchanged", "Already so"), ("failed", "Left out")])
        let told = state == "reverted"
            ? Parts.notice(.warn, "The import was taken back.", "<p>What it added is gone, what it changed is as before; records that were changed since stay.</p>")
            : Parts.notice(.good, "The \(plural) are in.", "")
        let list = Parts.link("Show the \(plural)", "/admin/\(item["path"]?.text ?? "")", classes: "primary")
        let revert = Parts.post("Take the import back…", "/admin/imports/\(id)/revert", csrf: visit.csrf, icon: "undo", classes: "danger", confirm: "Take back the whole import?")
        let problems = ImportProblems(visit: visit, item: item, id: id)
        return "\(told)\(numbers)\(problems.box)\(problems.wayBack, if: state == "done")<div class=\"row\">\(list)\(revert, if: item["can_revert"]?.bool == true)</div>"
    }
}
