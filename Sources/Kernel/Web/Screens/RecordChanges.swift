import PluginAPI

/// Changes of a record that need no form of their own: delete, take back, one cell.
struct RecordChanges {
    let visit: Visit
    let entity: EntityModel
    let id: RecordID

    private var base: String { "/admin/\(entity.path)" }
    private var href: String { "\(base)/\(id)" }

    // MARK: Deleting

    func delete() async throws -> FrontResponse {
        if visit.isPost {
            do {
                try await visit.store.write(as: visit.actor) { try $0.delete(entity.name, id) }
                return visit.done(base, "\(entity.title) deleted.")
            } catch let error as CRMError where error.code == .refused {
                return try await visit.dialog("It cannot be deleted", current: base, status: 409, "\(FieldForm.summary(error, fields: []))")
            }
        }
        let label = try await visit.store.read(as: visit.actor) { RecordChoices.label(try $0.require(entity, id), entity) }
        let body: HTML = """
            <form class="form" method="post" action="\(href)/delete">\(csrfField(visit.csrf))<p><b>\(label)</b> will be gone. Its history stays in the audit trail.</p>\
            <div class="form-foot"><a class="button plain" href="\(href)" data-close>Keep it</a><button class="button danger primary" autofocus>Delete</button></div></form>
            """
        return try await visit.dialog("Delete this \(entity.title.lowercased())?", current: base, body)
    }

    // MARK: Taking back

    /// Puts the fields that one version changed back to what they were, unless they were changed again since.
    func undo() async throws -> FrontResponse {
        guard let version = visit.query["version"].flatMap({ Int64($0) }), version > 1 else {
            throw CRMError(.invalid, "there is nothing to take back")
        }
        _ = try await visit.store.write(as: visit.actor) { transaction in
            // A form opened at that version, with the older values put in: what changed since then is a conflict.
            var record = try transaction.record(entity, id, asOf: version)
            let before = try transaction.record(entity, id, asOf: version - 1)
            for field in entity.fields where !field.isSystem { record.values[field.place] = before.values[field.place] }
            return try transaction.save(entity.name, record)
        }
        return visit.done(href, "Taken back.")
    }

    // MARK: One cell

    func cell(_ name: String) async throws -> FrontResponse {
        guard let field = entity.field(name) else { throw CRMError(.notFound, "there is no field \(name)") }
        guard visit.isPost else { return try await cellForm(field, nil) }
        do {
            let form = visit.form
            let (old, record) = try await visit.store.write(as: visit.actor) { transaction in
                var record = try transaction.record(entity, id, asOf: Int64(form.text("version")) ?? 0)
                let old = record.values[field.place]
                for (field, value) in try FieldForm.values(named(form, field), [field], transaction) { record.values[field.place] = value }
                return (old, try transaction.save(entity.name, record))
            }
            return try await shown(field, record, old)
        } catch let error as CRMError where error.code == .invalid || error.code == .conflict || error.code == .refused {
            return try await cellForm(field, error)
        }
    }

    /// Turns a yes into a no or back: in place where script runs, else back to the list.
    func toggle(_ name: String) async throws -> FrontResponse {
        guard let field = entity.field(name), field.type == .boolean, visit.actor.mask(name, of: entity.name) != .hidden else {
            throw CRMError(.notFound, "there is no switch \(name)")
        }
        let wanted = visit.form.text("value") == "true"
        let (old, record) = try await visit.store.write(as: visit.actor) { transaction in
            var record = try transaction.require(entity, id)
            let old = record.values[field.place]
            record.values[field.place] = .boolean(wanted)
            return (old, try transaction.save(entity.name, record))
        }
        if visit.fragment == "cell" { return try await shown(field, record, old) }
        let back = visit.form.text("back")
        return visit.done(back == base || back.hasPrefix(base + "?") ? back : base, "\(RecordChoices.label(record, entity)), \(field.label.lowercased()): \(wanted ? "yes" : "no").")
    }

    /// What taking a change back sends is called `value`, whatever the field.
    private func named(_ form: FormBody, _ field: FieldModel) -> FormBody {
        guard form[field.name] == nil, let value = form["value"] else { return form }
        var form = form
        form.fields.append((field.name, value))
        return form
    }

    private func cellForm(_ field: FieldModel, _ error: CRMError?) async throws -> FrontResponse {
        let html = try await visit.store.read(as: visit.actor) { transaction -> HTML in
            let record = try transaction.require(entity, id)
            let form = FieldForm(transaction, problems: [], typed: visit.isPost ? named(visit.form, field) : nil)
            let control = try form.bare(field, record.values[field.place])
            let told = error.map { ($0.problems.first { $0.field == field.name }?.message ?? $0.message).asSentence }
            let trouble: HTML = told.map { "<p class=\"problem\" role=\"alert\">\($0)</p>" } ?? ""
            let version = visit.isPost && error?.code != .conflict ? visit.form.text("version") : String(record.version)
            return """
                <form method="post" action="\(href)/cell/\(field.name)">\(csrfField(visit.csrf))<input type="hidden" name="version" value="\(version)">\(control)\(trouble)</form>
                """
        }
        return visit.part(html, status: error == nil ? 200 : 422)
    }

    private func shown(_ field: FieldModel, _ record: RecordData, _ old: Value) async throws -> FrontResponse {
        let html = try await visit.store.read(as: visit.actor) { transaction -> HTML in
            let choices = RecordChoices(transaction)
            let labels = LabelCache(transaction, choices: choices)
            try labels.load([record], [field])
            let table = ListTable(
                state: ListState(entity: entity, query: QueryState()), columns: [field], choices: choices, transaction: transaction,
                markup: visit.markup(transaction, labels: labels), canPick: false)
            var label: String?
            if let target = field.target, case .integer(let id) = record.values[field.place] { label = labels.label(target, id)?.text }
            var undo = ValueText.plain(old)
            if case .money(let money) = old { undo += " " + money.currency.code }
            let name = RecordChoices.label(record, entity)
            return table.cell(field, record.values[field.place], label: label, id: id.raw, name: name, extra: " data-undo=\"\(undo)\" data-version=\"\(record.version)\"")
        }
        return visit.part(html)
    }
}

extension FieldForm {
    /// The control of one field without its label, for a cell of a table.
    func bare(_ field: FieldModel, _ value: Value) throws -> HTML {
        var description = field.description
        description.isRequired = false
        description.help = ""
        var control = FieldControl(field: description)
        control.prefix = "cell-"
        control.name = field.label
        let typedText = typed?[field.name]
        control.texts = typedText.map { [$0] } ?? ValueText.texts(value)
        if case .money(let money) = value {
            control.currency = typed?[field.name + ".currency"] ?? money.currency.code
        } else {
            control.currency = transaction.currency.code
        }
        if let target = field.target, let model = transaction.registry.entity(target) {
            control.choices = try choices.all(target)
            control.lookup = "/admin/lookup/\(model.path)"
            if let id = control.texts.first.flatMap({ Int64($0) }) { control.referenceLabel = try transaction.label(target, id) ?? "" }
        }
        if field.description.namesFieldsOf != nil {
            control.choices = nameChoices(field, control.texts)
            control.texts = control.texts.flatMap(FieldNames.list)
        }
        return control.control
    }
}
