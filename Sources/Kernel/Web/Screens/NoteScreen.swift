import PluginAPI

/// Writes, changes and deletes notes of a record.
struct NoteScreen {
    let visit: Visit
    let entity: EntityModel
    let id: RecordID

    private var base: String { "/admin/\(entity.path)" }
    private var href: String { "\(base)/\(id)" }
    private var timeline: String { href + "#timeline" }

    func respond(_ rest: [String]) async throws -> FrontResponse {
        guard let first = rest.first else {
            return visit.isPost ? try await add() : .redirect(timeline)
        }
        let note = try visit.id(first).raw
        switch (rest.dropFirst().first, rest.count) {
        case ("edit", 2): return try await edit(note)
        case ("delete", 2) where visit.isPost:
            try await visit.store.write(as: visit.actor) { try $0.deleteNote(entity, id, note) }
            return visit.done(timeline, "Note deleted.")
        default: throw visit.front.unknown(visit)
        }
    }

    /// With script the newest entries come back, and the page stays.
    private func add() async throws -> FrontResponse {
        let text = visit.form["text"] ?? ""
        do {
            try await visit.store.write(as: visit.actor) { _ = try $0.addNote(entity, id, text) }
        } catch let error as CRMError where error.code == .invalid && visit.fragment != "timeline" {
            return try await visit.dialog("Write a note", current: base, status: 422, form(href + "/notes", text, error))
        }
        guard visit.fragment == "timeline" else { return visit.done(timeline, "Note added.") }
        let html = try await visit.store.read(as: visit.actor) { transaction in
            try TimelinePart(visit: visit, entity: entity, id: id, markup: visit.markup(transaction)).entries(transaction, before: nil)
        }
        return visit.part(html)
    }

    private func edit(_ number: Int64) async throws -> FrontResponse {
        let action = "\(href)/notes/\(number)/edit"
        guard visit.isPost else {
            let note = try await visit.store.read(as: visit.actor) { transaction in
                let note = try transaction.note(entity, id, number)
                guard transaction.mayChange(note) else { throw CRMError(.forbidden, "this note is somebody else's") }
                return note
            }
            return try await visit.dialog("Change the note", current: base, form(action, note.text, nil))
        }
        let text = visit.form["text"] ?? ""
        do {
            try await visit.store.write(as: visit.actor) { _ = try $0.editNote(entity, id, number, text) }
            return visit.done(timeline, "Note changed.")
        } catch let error as CRMError where error.code == .invalid {
            return try await visit.dialog("Change the note", current: base, status: 422, form(action, text, error))
        }
    }

    private func form(_ action: String, _ text: String, _ error: CRMError?) -> HTML {
        var control = FieldControl(field: Note.field.description)
        control.texts = [text]
        control.problem = error?.problems.first?.message
        return """
            <form class="form" method="post" action="\(action)" data-guard>\(csrfField(visit.csrf))\(control.html)\
            <div class="form-foot"><a class="button plain" href="\(timeline)" data-close>Cancel</a><button class="button primary">Save</button></div></form>
            """
    }
}
