import PluginAPI

/// When two people changed the same field: each such field with all three values, to choose from. Nothing is saved before.
struct ConflictScreen {
    let visit: Visit
    let entity: EntityModel
    let id: RecordID

    private var base: String { "/admin/\(entity.path)/\(id)" }

    /// The page that asks.
    func respond(_ error: CRMError) async throws -> FrontResponse {
        let body = try await visit.store.read(as: visit.actor) { try html($0, error) }
        let title = "Someone else changed this \(entity.title.lowercased())"
        if visit.isDialog { return .html(Parts.dialog(title, body).bytes, status: 409) }
        let crumbs = Parts.crumbs([(entity.pluralTitle, "/admin/\(entity.path)"), ("#\(id)", base)], here: "Conflict")
        let content: HTML = "<div class=\"middle\">\(crumbs)\(Parts.head(title))\(body)</div>"
        return try await visit.page(Page(title: title, current: "/admin/\(entity.path)", content: content), status: 409)
    }

    /// What was chosen, as an ordinary change of the present version.
    func resolve() async throws -> FrontResponse {
        var form = visit.form
        for field in entity.fields {
            switch form["keep." + field.name] {
            case "theirs": form.fields.removeAll { $0.name == field.name }
            case "original":
                form.fields.removeAll { $0.name == field.name || $0.name == field.name + ".currency" }
                form.fields.append((field.name, form["original." + field.name] ?? ""))
            default: break
            }
        }
        let chosen = Visit(front: visit.front, request: visit.request, caller: visit.caller, form: form)
        return try await FormScreen(visit: chosen, entity: entity, id: id).respond()
    }

    private func html(_ transaction: StoreTransaction, _ error: CRMError) throws -> HTML {
        let stored = try transaction.require(entity, id)
        let markup = visit.markup(transaction)
        let opened = try transaction.record(entity, id, asOf: Int64(visit.form.text("version")) ?? stored.version)
        let sent = try FieldForm.values(visit.form, entity.editableFields(for: visit.actor), transaction)
        // Only what this person changed goes on, so that other people's changes to other fields stay.
        let mine = sent.filter { opened.values[$0.field.place] != $0.value }
        let carried = mine.html { hidden($0.field.name, $0.value) }
        let who = try latest(transaction, stored)
        let choices = error.conflicts.html { conflict in
            guard let field = entity.field(conflict.field) else { return "" }
            return self.choice(field, conflict, who, markup)
        }
        let when = markup.ago(who.at)
        return """
            <div class="notice warn">\(Icon.named("alert"))<div><b>Nothing is saved yet.</b><p>\(who.name) saved other values \(when). Choose which value each field keeps; your other changes are kept.</p></div></div>
            <form method="post" class="card-box" action="\(base)/resolve">\(csrfField(visit.csrf))<input type="hidden" name="version" value="\(stored.version)">\(carried)<header><h2>Changed by both</h2></header>\(choices)\
            <footer><div class="form-foot"><a class="button plain" href="\(base)">Discard my changes</a><button class="button primary">Save my choice</button></div></footer></form>
            """
    }

    private func latest(_ transaction: StoreTransaction, _ stored: RecordData) throws -> (name: String, at: Moment) {
        let entry = try transaction.timeline(entity, id, limit: 1).first
        let name = try entry?.user.flatMap { try transaction.withRights(for: "naming who changed it").label("user", $0) }
        return (name ?? "Someone", entry?.at ?? transaction.now)
    }

    private func choice(_ field: FieldModel, _ conflict: FieldConflict, _ who: (name: String, at: Moment), _ markup: ValueMarkup) -> HTML {
        let options: [(String, String, Value)] = [
            ("yours", "Yours", conflict.yours), ("theirs", who.name, conflict.stored), ("original", "As it was", conflict.original),
        ]
        let radios = options.html { key, by, value in
            let shown = value.isEmpty ? ValueMarkup.none : markup.html(value, field.description)
            return """
                <label class="choice"><input type="radio" name="keep.\(field.name)" value="\(key)"\(" checked", if: key == "yours")><span><span class="who">\(by)</span>\(shown)</span></label>
                """
        }
        return "<fieldset class=\"clash\"><legend>\(field.label)</legend>\(radios)\(hidden("original." + field.name, conflict.original))</fieldset>"
    }

    private func hidden(_ name: String, _ value: Value) -> HTML {
        var text = ValueText.plain(value)
        var more: HTML = ""
        if case .money(let money) = value {
            if name.hasPrefix("original.") {
                text += " " + money.currency.code
            } else {
                more = "<input type=\"hidden\" name=\"\(name).currency\" value=\"\(money.currency.code)\">"
            }
        }
        if case .moment(let moment) = value { text = moment.description }
        return "<input type=\"hidden\" name=\"\(name)\" value=\"\(text)\">\(more)"
    }
}
