import PluginAPI

/// Fields that administrators add to entities, without a restart.
struct CustomFieldScreen {
    let visit: Visit

    func respond(_ rest: [String]) async throws -> FrontResponse {
        try visit.actor.require(.customizeFields)
        switch (rest.first, rest.count) {
        case (nil, _): return try await list()
        case ("new", 1): return try await edit(nil)
        case ("check", 1) where visit.isPost: return check()
        case (let id?, 2) where rest[1] == "edit": return try await edit(id)
        case (let id?, 2) where rest[1] == "delete": return try await delete(id)
        default: throw visit.front.unknown(visit)
        }
    }

    private func all() async throws -> [JSONValue] {
        try await visit.front.api(visit, "GET", ["custom-fields"])["data"]?.array ?? []
    }

    private func list() async throws -> FrontResponse {
        let fields = try await all()
        let rows = fields.html { field -> HTML in
            let id = field["id"]?.text ?? ""
            let entity = field["entity"]?.text ?? ""
            let type = field["type"]?.text ?? field["kind"]?.text ?? ""
            let buttons: HTML = "\(Parts.link("Edit", "/admin/fields/\(id)/edit", classes: "compact plain", dialog: true))\(Parts.link("Remove…", "/admin/fields/\(id)/delete", classes: "compact plain danger", dialog: true))"
            return """
                <tr>\(Parts.td("Entity", HTML(visit.registry.entity(entity)?.title ?? entity)))<th scope="row">\(field["label"]?.text ?? field["name"]?.text ?? "")</th>\(Parts.td("Kind", HTML(CustomFieldScreen.kind(field, type))))\(Parts.td("Name", "<code>\(field["name"]?.text ?? "")</code>"))\(Parts.td("Options", CustomFieldScreen.details(field, visit.registry), wraps: true))<td class="num">\(buttons)</td></tr>
                """
        }
        let add = Parts.link("New field", "/admin/fields/new", icon: "plus", classes: "primary", dialog: true, extra: " data-create-here")
        let heads = [Parts.th("Entity"), Parts.th("Field"), Parts.th("Kind"), Parts.th("Name in files and API"), Parts.th("Options or formula"), Parts.actionsHead]
        let table = Parts.table("Custom fields", heads: heads, rows)
        let none = Parts.empty("field", "No custom fields yet", "Add a field to any entity: it is in forms, lists, filters, imports, rights and the API at once.", actions: add)
        let content: HTML = "<div class=\"middle\">\(Parts.head("Custom fields", count: fields.count, actions: add))\(fields.isEmpty ? none : table)</div>"
        return try await visit.page(Page(title: "Custom fields", current: "/admin/fields", content: content))
    }

    private static func kind(_ field: JSONValue, _ type: String) -> String {
        field["result"]?.text.map { "\(type.readable): \($0)" } ?? type.readable
    }

    /// The options of a choice; the formula and how it does.
    private static func details(_ field: JSONValue, _ registry: Registry) -> HTML {
        guard let formula = field["formula"]?.text else { return HTML(options(field).joined(separator: ", ")) }
        let path: String = registry.entity(field["entity"]?.text ?? "")?.path ?? ""
        return "<code>\(formula)</code> \(FormulaMarkup.status(field["status"], path))"
    }

    /// What a formula comes to, or what is wrong with it, while it is typed.
    private func check() -> FrontResponse {
        let form = visit.form
        let text: String = form.text("formula")
        guard !text.trimmed.isEmpty, let entity = visit.registry.entity(form.text("entity")) else { return visit.part("") }
        do {
            let formula = try Formula(text, on: entity, in: visit.registry, for: .field)
            return visit.part(FormulaMarkup.result(formula))
        } catch let refusal as FormulaRefusal { return visit.part(FormulaMarkup.problem(refusal, id: "formula-problem")) } catch { return visit.part("") }
    }

    private static func options(_ field: JSONValue) -> [String] {
        (field["options"]?.array ?? []).compactMap { $0.text ?? $0["label"]?.text ?? $0["key"]?.text }
    }

    // MARK: Making and changing

    private func edit(_ id: String?) async throws -> FrontResponse {
        guard visit.isPost else { return try await form(id, nil) }
        let form = visit.form
        var members: [JSONValue.Member] = [
            .init(name: "label", value: .string(form.text("label"))), .init(name: "help", value: .string(form.text("help"))),
            .init(name: "required", value: .boolean(form["required"] == "true")),
        ]
        if id == nil {
            members.append(.init(name: "entity", value: .string(form.text("entity"))))
            members.append(.init(name: "type", value: .string(form.text("type"))))
            let name = form.text("name")
            members.append(.init(name: "name", value: .string(name.isEmpty ? CustomFieldScreen.name(from: form.text("label")) : name)))
            if form.text("type").hasPrefix("reference") { members.append(.init(name: "target", value: .string(form.text("target")))) }
            if form.text("type") == "decimal" { members.append(.init(name: "scale", value: .number(form.text("scale").isEmpty ? "2" : form.text("scale")))) }
        }
        if !form.text("formula").trimmed.isEmpty { members.append(.init(name: "formula", value: .string(form.text("formula")))) }
        let options = form.text("options").split(whereSeparator: \.isNewline).map { String($0).trimmed }.filter { !$0.isEmpty }
        if !options.isEmpty { members.append(.init(name: "options", value: .array(options.map(JSONValue.string)))) }
        do {
            _ = try await visit.front.api(visit, id == nil ? "POST" : "PATCH", ["custom-fields"] + (id.map { [$0] } ?? []), .object(members))
            return visit.done("/admin/fields", id == nil ? "Field added." : "Field saved.")
        } catch let error as CRMError where [.invalid, .refused, .malformed, .conflict].contains(error.code) {
            return try await self.form(id, error)
        }
    }

    /// `Favourite colour` is `favourite_colour`.
    static func name(from label: String) -> String {
        let folded = label.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" }
        return String(folded).split(separator: "_").joined(separator: "_")
    }

    private func form(_ id: String?, _ error: CRMError?) async throws -> FrontResponse {
        let known = try await id == nil ? nil : all().first { $0["id"]?.text == id }
        let sent = visit.isPost ? visit.form : nil
        func value(_ name: String) -> String { sent?.text(name) ?? known?[name]?.text ?? visit.query[name] ?? "" }
        func field(_ name: String, _ label: String, _ control: HTML, hint: String = "") -> HTML {
            let problem = error?.problems.first { $0.field == name }?.message
            let told: HTML = problem.map { "<p class=\"problem\">\($0.asSentence)</p>" } ?? ""
            let help: HTML = hint.isEmpty ? "" : "<p class=\"hint\">\(hint)</p>"
            return "<div class=\"field\"><label for=\"\(name)\">\(label)</label>\(control)\(told)\(help)</div>"
        }
        let trouble: HTML = error.map { FieldForm.summary($0, fields: []) } ?? ""
        let entities = visit.registry.entities.html { "<option value=\"\($0.name)\"\(" selected", if: $0.name == value("entity"))>\($0.title)</option>" }
        let targets = visit.registry.entities.html { "<option value=\"\($0.name)\"\(" selected", if: $0.name == value("target"))>\($0.title)</option>" }
        let kinds = CustomFieldDefinition.kinds.html { "<option value=\"\($0)\"\(" selected", if: $0 == value("type"))>\($0.readable)</option>" }
        let options = sent?.text("options") ?? known.map { CustomFieldScreen.options($0).joined(separator: "\n") } ?? ""
        let optionsField = field("options", "Options, one a line", "<textarea id=\"options\" name=\"options\">\n\(options)</textarea>")
        let isRequired = sent.map { $0["required"] == "true" } ?? (known?["required"]?.bool ?? false)
        let fixed: HTML = id != nil ? "" : """
            <div class="pair">\(field("entity", "Entity", "<select id=\"entity\" name=\"entity\">\(entities)</select>"))\(field("type", "Kind", "<select id=\"type\" name=\"type\">\(kinds)</select>"))</div>
            """
        let isFormula = known?["type"]?.text == "formula"
        let checks: HTML = " hx-post=\"/admin/fields/check\" hx-include=\"closest form\" hx-target=\"#formula-check\" hx-swap=\"innerHTML\" hx-trigger=\"input changed delay:300ms, load\""
        let told: HTML = error.map { ($0.cause as? FormulaRefusal).map { FormulaMarkup.problem($0, id: "formula-problem") } ?? "" } ?? ""
        let entityField: HTML = isFormula ? "<input type=\"hidden\" name=\"entity\" value=\"\(value("entity"))\">" : ""
        let formulaField = field("formula", "Formula", "\(entityField)<textarea id=\"formula\" name=\"formula\" class=\"formula\" rows=\"3\" spellcheck=\"false\" autocomplete=\"off\"\(checks)>\n\(value("formula"))</textarea><div id=\"formula-check\" aria-live=\"polite\">\(told)</div>", hint: "Fields by their names, such as round(price * share / 100). The type follows from the formula.")
        let isChoice = known?["type"]?.text == "choice" || known?["kind"]?.text == "choice"
        let forKind: HTML = id != nil ? (isChoice ? optionsField : isFormula ? formulaField : "") : """
            <div data-when="type=formula">\(formulaField)</div><div data-when="type=choice">\(optionsField)</div><div data-when="type=reference|references">\(field("target", "Points at", "<select id=\"target\" name=\"target\">\(targets)</select>"))</div><div data-when="type=decimal">\(field("scale", "Decimal places", "<input id=\"scale\" name=\"scale\" inputmode=\"numeric\" value=\"\(value("scale").isEmpty ? "2" : value("scale"))\">"))</div>
            """
        let name: HTML = id != nil ? "" : field("name", "Name in files and the API", "<input id=\"name\" name=\"name\" value=\"\(value("name"))\" placeholder=\"made from the label\" autocomplete=\"off\">", hint: "Small letters, digits and underscores. It cannot be changed later.")
        let givenKinds: String = CustomFieldDefinition.kinds.filter { $0 != "formula" }.joined(separator: "|")
        let tick: HTML = "<label class=\"tick\"><input type=\"checkbox\" name=\"required\" value=\"true\"\(" checked", if: isRequired)>Every record must have a value</label>"
        let mustHave: HTML = isFormula ? "" : id != nil ? tick : "<div data-when=\"type=\(givenKinds)\">\(tick)</div>"
        let body: HTML = """
            <form class="form" method="post" action="/admin/fields/\(id.map { "\($0)/edit" } ?? "new")">\(csrfField(visit.csrf))\(trouble)\(fixed)\(field("label", "Label", "<input id=\"label\" name=\"label\" required maxlength=\"100\" value=\"\(value("label"))\" autocomplete=\"off\">"))\(name)\(forKind)\
            \(field("help", "Help", "<input id=\"help\" name=\"help\" value=\"\(value("help"))\" autocomplete=\"off\">"))\(mustHave)\
            <div class="form-foot"><a class="button plain" href="/admin/fields" data-close>Cancel</a><button class="button primary">\(id == nil ? "Add field" : "Save")</button></div></form>
            """
        return try await visit.dialog(id == nil ? "New field" : "Edit the field", current: "/admin/fields", status: error.map { Problems.status($0.code) } ?? 200, body)
    }

    private func delete(_ id: String) async throws -> FrontResponse {
        if visit.isPost {
            _ = try await visit.front.api(visit, "DELETE", ["custom-fields", id])
            return visit.done("/admin/fields", "Field removed.")
        }
        let label = try await all().first { $0["id"]?.text == id }?["label"]?.text ?? "this field"
        let body: HTML = """
            <form class="form" method="post" action="/admin/fields/\(id)/delete">\(csrfField(visit.csrf))<p><b>\(label)</b> goes away from forms, lists, filters and the API.</p><div class="form-foot"><a class="button plain" href="/admin/fields" data-close>Keep it</a><button class="button danger primary" autofocus>Remove</button></div></form>
            """
        return try await visit.dialog("Remove the field?", current: "/admin/fields", body)
    }
}
