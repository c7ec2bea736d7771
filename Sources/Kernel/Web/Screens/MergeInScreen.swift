import PluginAPI

/// What was typed for a new record, beside the record that is there already: each field that differs, old or new to choose.
/// Gets the fields of the form that was refused; changes the record as any edit does.
struct MergeInScreen {
    let visit: Visit
    let entity: EntityModel
    let id: RecordID

    private var base: String { "/admin/\(entity.path)" }
    private var href: String { "\(base)/\(id)" }
    /// Carries the typed fields through the choice, apart from the names that the form itself uses.
    private static let typed = "typed."

    func respond() async throws -> FrontResponse {
        try visit.actor.require("edit", on: entity)
        // Somebody came by its address: there is nothing to merge in.
        guard visit.isPost else { return .redirect(href) }
        guard visit.form["apply"] != nil else { return try await ask(visit.form, nil) }
        var form = FormBody()
        form.fields = visit.form.fields.filter { $0.name.hasPrefix(MergeInScreen.typed) }
            .map { (String($0.name.dropFirst(MergeInScreen.typed.count)), $0.value) }
        let typed = form
        do {
            let record = try await visit.store.write(as: visit.actor) { transaction in
                var record = try transaction.record(entity, id, asOf: Int64(visit.form.text("version")) ?? 0)
                for (field, value) in try values(typed, transaction) where visit.form["pick." + field.name] == "new" {
                    record.values[field.place] = value
                }
                return try transaction.save(entity.name, record)
            }
            return visit.done(href, "\(entity.title) changed.", undo: "\(href)/undo?version=\(record.version)")
        } catch let error as CRMError where [.invalid, .refused, .conflict, .forbidden].contains(error.code) {
            return try await ask(typed, error)
        }
    }

    /// What was typed, and holds something.
    private func values(_ form: FormBody, _ transaction: StoreTransaction) throws -> [(field: FieldModel, value: Value)] {
        try FieldForm.values(form, entity.editableFields(for: visit.actor), transaction).filter { !$0.value.isEmpty }
    }

    private func ask(_ typed: FormBody, _ error: CRMError?) async throws -> FrontResponse {
        let (title, body) = try await visit.store.read(as: visit.actor) { transaction -> (String, HTML) in
            let stored = try transaction.require(entity, id)
            return ("Add to \(RecordChoices.label(stored, entity))", try html(stored, typed, transaction, error))
        }
        return try await visit.dialog(title, current: base, status: error.map { Problems.status($0.code) } ?? 200, body)
    }

    private func html(_ stored: RecordData, _ typed: FormBody, _ transaction: StoreTransaction, _ error: CRMError?) throws -> HTML {
        let differing = try values(typed, transaction).filter { stored.values[$0.field.place] != $0.value }
        var other = stored
        for (field, value) in differing { other.values[field.place] = value }
        let labels = LabelCache(transaction)
        try labels.load([stored, other], differing.map(\.field))
        let markup = visit.markup(transaction, labels: labels)
        let names = Set(differing.map(\.field.name))
        let carried = typed.fields.filter { names.contains($0.name.hasSuffix(".currency") ? String($0.name.dropLast(9)) : $0.name) }.html {
            "<input type=\"hidden\" name=\"\(MergeInScreen.typed)\($0.name)\" value=\"\($0.value)\">"
        }
        let choices = differing.html { field, value in choice(field, stored.values[field.place], value, markup) }
        let trouble: HTML = error.map { FieldForm.summary($0, fields: differing.map(\.field)) } ?? ""
        guard !differing.isEmpty else {
            return """
                <div class="stack"><p>Everything that you typed stands there already.</p><div class="form-foot"><a class="button primary" href="\(href)">Open the \(entity.title.lowercased())</a></div></div>
                """
        }
        return """
            <form class="form" method="post" action="\(href)/merge-in">\(csrfField(visit.csrf))\(carried)<input type="hidden" name="apply" value="1"><input type="hidden" name="version" value="\(stored.version)">\(trouble)<p>Choose which value each field keeps.</p><div class="card-box">\(choices)</div>\
            <div class="form-foot"><a class="button plain" href="\(href)">Open it unchanged</a><button class="button primary">Save</button></div></form>
            """
    }

    /// An empty field takes what was typed; one that holds something keeps it unless told otherwise.
    private func choice(_ field: FieldModel, _ old: Value, _ new: Value, _ markup: ValueMarkup) -> HTML {
        let chosen = visit.form["pick." + field.name] ?? (old.isEmpty ? "new" : "old")
        let options: [(String, String, Value)] = [("old", "Stored", old), ("new", "Typed", new)]
        let checked: HTML = " checked"
        let radios = options.html { key, by, value in
            let shown: HTML = value.isEmpty ? ValueMarkup.none : markup.html(value, field.description)
            return "<label class=\"choice\"><input type=\"radio\" name=\"pick.\(field.name)\" value=\"\(key)\"\(checked, if: chosen == key)><span><span class=\"who\">\(by)</span>\(shown)</span></label>"
        }
        return "<fieldset class=\"clash two\"><legend>\(field.label)</legend>\(radios)</fieldset>"
    }
}
