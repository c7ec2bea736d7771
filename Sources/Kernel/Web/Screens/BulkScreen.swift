import PluginAPI

/// One change of many records: those that were ticked. What cannot be changed is named, with its reason; the rest is done.
struct BulkScreen {
    let visit: Visit
    let entity: EntityModel
    /// `edit`, `delete`, or the name of an action.
    let change: String

    private var base: String { "/admin/\(entity.path)" }
    private var action: ActionModel? { entity.action(change) }

    private var ids: [RecordID] {
        let texts = visit.isPost ? visit.form.values("id") : visit.query.values("id")
        return texts.prefix(1000).compactMap { Int64($0).map { RecordID($0) } }
    }

    func respond() async throws -> FrontResponse {
        guard change == "edit" || change == "delete" || action != nil else {
            throw CRMError(.notFound, "there is no common change \(change)")
        }
        try visit.actor.require(change, on: entity)
        guard !ids.isEmpty else { throw CRMError(.invalid, "no rows are selected", hint: "Tick some rows of the list first.") }
        return visit.isPost ? try await apply() : try await ask(nil)
    }

    private var title: String {
        let what = ids.count == 1 ? "one \(entity.title.lowercased())" : "\(ids.count) \(entity.pluralTitle.lowercased())"
        switch change {
        case "edit": return "Change \(what)"
        case "delete": return "Delete \(what)?"
        default: return "\(action?.title ?? change): \(what)"
        }
    }

    // MARK: Asking

    private func ask(_ error: CRMError?) async throws -> FrontResponse {
        let body = try await visit.store.read(as: visit.actor) { try html($0, error) }
        return try await visit.dialog(title, current: base, status: error.map { Problems.status($0.code) } ?? 200, body)
    }

    private func html(_ transaction: StoreTransaction, _ error: CRMError?) throws -> HTML {
        let hidden = ids.html { "<input type=\"hidden\" name=\"id\" value=\"\($0.raw)\">" }
        let form = FieldForm(transaction, problems: error?.problems ?? [], typed: visit.isPost ? visit.form : nil)
        let fields = self.fields
        var content: HTML
        var button = "Change"
        switch change {
        case "edit": content = try edit(form, fields)
        case "delete":
            let days = transaction.settings.value(KernelSettings.undoDays)
            content = "<p>They will be gone. You can take this back for \(days) days.</p>"
            button = "Delete"
        default:
            let summary = action?.summary ?? ""
            let own = guessed(transaction)
            content = "<p class=\"muted\">\(summary)</p>"
            if !fields.isEmpty {
                content += try form.controls(fields.map { own.contains($0.name) ? $0.leftToEach(entity) : $0 }) { field in
                    own.contains(field.name) ? .null : field.description.defaultValue
                }
            }
            button = action?.title ?? "Go on"
        }
        let trouble: HTML = error.map { FieldForm.summary($0, fields: fields) } ?? ""
        return """
            <form class="form" method="post" action="\(base)/bulk/\(change)">\(csrfField(visit.csrf))\(hidden)\(trouble)\(content)\
            <div class="form-foot"><a class="button plain" href="\(base)" data-close>Cancel</a><button class="button primary\(" danger", if: change == "delete")">\(button)</button></div></form>
            """
    }

    /// The fields of the action that are guessed from each record: nobody has to fill them in for all.
    private func guessed(_ transaction: StoreTransaction) -> Set<String> {
        guard let action, let first = ids.first, let forms = try? transaction.prefill(entity, action, first) else { return [] }
        var names: Set<String> = []
        for (part, form) in zip(action.parts, forms) {
            for (field, value) in zip(part.entry.fields, form.values) where !value.isEmpty && value != field.defaultValue { names.insert(field.name) }
        }
        return names
    }

    private var fields: [FieldModel] {
        if let action { return ActionScreen.fields(action).filter { !$0.description.isHidden } }
        return entity.editableFields(for: visit.actor).filter { $0.name != entity.labelField && !$0.description.isUnique }
    }

    /// A chooser of the field, and the control of each, of which the chosen one shows.
    private func edit(_ form: FieldForm, _ fields: [FieldModel]) throws -> HTML {
        let options = fields.html { "<option value=\"\($0.name)\"\(" selected", if: visit.form["field"] == $0.name)>\($0.label)</option>" }
        let controls = try fields.html { field in
            "<div data-when=\"field=\(field.name)\">\(try form.controls([field]) { _ in .null })</div>"
        }
        return """
            <div class="field"><label for="field">Field</label><select id="field" name="field" autofocus>\(options)</select></div>\(controls)
            """
    }

    // MARK: Doing

    private func apply() async throws -> FrontResponse {
        let outcome: BulkChange.Outcome
        do {
            outcome = try await bulk(try await visit.store.read(as: visit.actor) { try values($0) })
                .run(ids.map(\.raw), in: visit.store, as: visit.actor)
        } catch let error as CRMError where error.code == .invalid {
            return try await ask(error)
        }
        guard outcome.failed.isEmpty else { return try await report(outcome) }
        let noun = outcome.done.count == 1 ? entity.title.lowercased() : entity.pluralTitle.lowercased()
        return visit.done(base, "\(outcome.done.count) \(noun) \(change == "delete" ? "deleted" : "changed").", undo: undo(outcome))
    }

    private func bulk(_ input: [String: Value]) -> BulkChange {
        if change == "delete" { return .delete(entity) }
        if let action { return .action(action, of: entity) { _ in input } }
        return .set(input, of: entity)
    }

    private func undo(_ outcome: BulkChange.Outcome) -> String { outcome.change.map { "/admin/changes/\($0)/undo" } ?? "" }

    private func report(_ outcome: BulkChange.Outcome) async throws -> FrontResponse {
        let items = try await visit.store.read(as: visit.actor) { transaction -> HTML in
            let labels = try transaction.labels(entity.name, outcome.failed.map(\.id))
            return outcome.failed.prefix(50).html { id, error in
                let problem = error.problems.first.map { ": \($0.field.readable) \($0.message)" } ?? ""
                return "<li><b>\(labels[id] ?? "#\(id)")</b>: \(error.message)\(problem)</li>"
            }
        }
        var undoButton: HTML = ""
        if let change = outcome.change { undoButton = Parts.post("Undo what was done", "/admin/changes/\(change)/undo", csrf: visit.csrf, icon: "undo", classes: "plain") }
        let body: HTML = """
            <div class="stack">\(Parts.notice(.warn, "\(outcome.failed.count) could not be changed, \(outcome.done.count) were.", "<ul>\(items)</ul>"))<div class="form-foot">\(undoButton)<a class="button primary" href="\(base)">Back to the list</a></div></div>
            """
        return try await visit.dialog("Not all of them", current: base, body)
    }

    private func values(_ transaction: StoreTransaction) throws -> [String: Value] {
        var wanted = fields
        if change == "edit" { wanted = wanted.filter { $0.name == visit.form["field"] } }
        if change == "delete" { wanted = [] }
        if change == "edit", wanted.isEmpty { throw CRMError(.invalid, "choose a field") }
        var values = try FieldForm.values(visit.form, wanted, transaction)
        // What is left empty for an action is each record's own.
        if action != nil { values.removeAll { $0.value.isEmpty } }
        return Dictionary(values.map { ($0.field.name, $0.value) }) { $1 }
    }
}

extension FieldModel {
    /// The field of a form for many records at once, where each brings a value of its own.
    fileprivate func leftToEach(_ entity: EntityModel) -> FieldModel {
        var description = description
        description.isRequired = false
        description.help = "Each \(entity.title.lowercased())'s own unless given."
        return FieldModel(description, place: place, plugin: plugin)
    }
}
