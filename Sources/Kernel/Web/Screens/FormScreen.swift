import PluginAPI

/// Makes and changes a record: the form, what was sent, and the choice when somebody else was quicker.
struct FormScreen {
    let visit: Visit
    let entity: EntityModel
    /// Nil for a new record.
    let id: RecordID?

    private var base: String { "/admin/\(entity.path)" }
    private var target: String { id.map { "\(base)/\($0)/edit" } ?? "\(base)/new" }

    func respond() async throws -> FrontResponse {
        guard visit.isPost, visit.form["revise"] == nil else { return try await form(nil) }
        do {
            let record = try await save()
            let title = entity.title
            if id == nil { return visit.done("\(base)/\(record.id)", "\(title) added.") }
            return visit.done("\(base)/\(record.id)", "\(title) saved.", undo: "\(base)/\(record.id)/undo?version=\(record.version)")
        } catch let found as MaybeThere {
            let body = try await visit.store.read(as: visit.actor) { transaction in
                try DuplicatePart(visit: visit, entity: entity).question(found.duplicates, typed: visit.form, target: target, transaction)
            }
            return try await visit.dialog("Is this \(entity.title.lowercased()) new?", current: base, status: 409, body)
        } catch let error as CRMError where error.code == .conflict && !error.conflicts.isEmpty {
            return try await ConflictScreen(visit: visit, entity: entity, id: id ?? .none).respond(error)
        } catch let error as CRMError where error.code != .notFound && error.code != .unauthenticated && error.code != .internalError {
            return try await form(error)
        }
    }

    private func save() async throws -> RecordData {
        let form = visit.form
        let password = form["password"] ?? ""
        if entity.name == "user", id == nil, !password.isEmpty {
            try visit.actor.require(.manageUsers)
            try PasswordRules.check(password, email: form.text("email"))
        }
        let saved = try await visit.store.write(as: visit.actor) { transaction in
            var record: RecordData
            if let id {
                record = try transaction.record(entity, id, asOf: Int64(form.text("version")) ?? 0)
            } else {
                record = transaction.blank(entity)
            }
            for (field, value) in try FieldForm.values(form, entity.editableFields(for: visit.actor), transaction) {
                record.values[field.place] = value
            }
            let saved = try transaction.save(entity.name, record)
            // Looked for when all else is right, and asked before anything of it is kept.
            if id == nil, form["anyway"] == nil {
                let found = try transaction.duplicates(entity, of: saved)
                if !found.isEmpty { throw MaybeThere(duplicates: found) }
            }
            return saved
        }
        if entity.name == "user", id == nil, !password.isEmpty {
            try await visit.front.authenticator.setPassword(of: saved.id.raw, to: password)
        }
        return saved
    }

    /// Undoes what was stored, to ask first.
    private struct MaybeThere: Error {
        let duplicates: [Duplicate]
    }

    // MARK: The form

    private func form(_ error: CRMError?) async throws -> FrontResponse {
        if id == nil { try visit.actor.require("create", on: entity) } else { try visit.actor.require("edit", on: entity) }
        let (title, body) = try await visit.store.read(as: visit.actor) { try html($0, error) }
        let status = error.map { Problems.status($0.code) } ?? 200
        if visit.isDialog { return .html(Parts.dialog(title, body).bytes, status: status) }
        let crumbs = Parts.crumbs([(entity.pluralTitle, base)], here: id.map { "#\($0)" } ?? "New")
        let content: HTML = "<div class=\"narrow\">\(crumbs)\(Parts.head(title))<section class=\"card-box\"><div class=\"body\">\(body)</div></section></div>"
        return try await visit.page(Page(title: title, current: base, content: content), status: status)
    }

    private func html(_ transaction: StoreTransaction, _ error: CRMError?) throws -> (String, HTML) {
        let record: RecordData
        var title = "New \(entity.title.lowercased())"
        if let id {
            record = try transaction.require(entity, id)
            title = "Edit \(RecordChoices.label(record, entity))"
        } else {
            record = try prefilled(transaction)
        }
        let fields = entity.editableFields(for: visit.actor)
        var form = FieldForm(transaction, problems: error?.problems ?? [], typed: visit.isPost ? visit.form : nil)
        // What is wrong comes first; otherwise whoever opens a form wants to type.
        if error == nil { form.focus = sections(fields).first?.fields.first?.name }
        let parts = try sections(fields).html { section in
            let heading: HTML = section.title.isEmpty ? "" : "<h3>\(section.title)</h3>"
            return "\(heading)\(try form.controls(section.fields) { record.values[$0.place] })"
        }
        let trouble: HTML = error.map { FieldForm.summary($0, fields: fields, merging: id.map { .record($0) } ?? .typed) } ?? ""
        // While the form stays open, the version is the one that it was opened with.
        let version = visit.isPost ? visit.form.text("version") : String(record.version)
        let cancel = id.map { "\(base)/\($0)" } ?? base
        let versionField: HTML = "<input type=\"hidden\" name=\"version\" value=\"\(version)\">"
        return (
            title,
            """
            <form class="form" method="post" action="\(target)" data-guard>\(csrfField(visit.csrf))\(versionField, if: id != nil)\(trouble)\(parts)\(password)\
            <div class="form-foot"><a class="button plain" href="\(cancel)" data-close>Cancel</a><button class="button primary">\(id == nil ? "Add \(entity.title.lowercased())" : "Save")</button></div></form>
            """
        )
    }

    /// A new user comes with a password.
    private var password: HTML {
        guard entity.name == "user", id == nil else { return "" }
        return """
            <div class="field"><label for="password">Password</label><input id="password" name="password" type="password" autocomplete="new-password" aria-describedby="password-hint"><p class="hint" id="password-hint">At least \(PasswordRules.shortest) characters. Without one the user cannot log in yet.</p></div>
            """
    }

    /// Defaults, and what the address says: `?parent=4` begins with that link.
    private func prefilled(_ transaction: StoreTransaction) throws -> RecordData {
        var record = transaction.blank(entity)
        let input = RecordInput(transaction: transaction)
        for item in visit.query.items {
            guard let field = entity.field(item.name), !field.isSystem, !field.description.isReadOnly else { continue }
            if let value = try? input.value(field, text: item.value) { record.values[field.place] = value }
        }
        if let owner = entity.ownerField, record.values[owner.place].isEmpty, let user = visit.actor.userID {
            record.values[owner.place] = .integer(user)
        }
        return record
    }

    private func sections(_ fields: [FieldModel]) -> [(title: String, fields: [FieldModel])] {
        let names = Set(fields.map(\.name))
        return entity.sections.compactMap { section in
            let inside = section.fields.filter(names.contains).compactMap { entity.field($0) }
            return inside.isEmpty ? nil : (section.title, inside)
        }
    }
}
