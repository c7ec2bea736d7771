import PluginAPI

/// Everything that happened to a record, newest first: who, when, what was and what is, and what people noted.
struct TimelinePart {
    let visit: Visit
    let entity: EntityModel
    let id: RecordID
    let markup: ValueMarkup
    static let shown = 20

    private var href: String { "/admin/\(entity.path)/\(id)" }

    /// As a part of the record page, with a box to write a note.
    func html(_ transaction: StoreTransaction, before: Int64?) throws -> HTML {
        let form: HTML = entity.plugin == Composition.kernel ? "" : noteForm
        return """
            <section class="card-box" id="timeline"><header><h2>Timeline</h2></header>\(form)\
            <ol class="timeline" data-live="\(entity.name)" data-id="\(id.raw)" data-href="\(href)/timeline">\(try entries(transaction, before: before))</ol></section>
            """
    }

    private var noteForm: HTML {
        """
        <form class="form note-form body" method="post" action="\(href)/notes" data-note data-guard>\(csrfField(visit.csrf))\
        <textarea name="text" rows="2" maxlength="\(Note.field.maxLength)" required aria-label="Write a note" placeholder="Write a note…"></textarea>\
        <div class="form-foot"><span class="muted small keys-hint">Ctrl Enter sends</span><button class="button compact primary">Add note</button></div></form>
        """
    }

    /// The entries alone, with the way to earlier ones.
    func entries(_ transaction: StoreTransaction, before: Int64?) throws -> HTML {
        let all = try transaction.timeline(entity, id, before: before, limit: TimelinePart.shown + 1)
        let entries = Array(all.prefix(TimelinePart.shown))
        let labels = try TimelineLabels(entries, transaction)
        let items = entries.html { entry($0, labels, transaction) }
        guard all.count > TimelinePart.shown, let last = entries.last else { return items }
        let href = "\(self.href)/timeline?before=\(last.id)"
        return """
            \(items)<li class="more"><a class="button compact plain" href="\(href)" data-fragment="timeline" hx-get="\(href)" hx-target="closest li" hx-swap="outerHTML">Show earlier</a></li>
            """
    }

    private func entry(_ entry: AuditEntry, _ labels: TimelineLabels, _ transaction: StoreTransaction) -> HTML {
        let who = labels.user(entry)
        let told: HTML
        if let note = entry.note {
            told = self.note(note, entry, transaction)
        } else {
            told = entry.action == "deleted" ? "" : entry.changes.prefix(30).html { change($0, entry) }
        }
        let via = entry.via == "web" ? "" : " (\(entry.via))"
        return """
            <li data-entry="\(entry.id)">\(Icon.avatar(who))<b>\(who)</b> \(deed(entry, labels)) <span class="muted small">\(markup.ago(entry.at))\(via)</span>\(told)</li>

            """
    }

    /// What was noted, with what its author may do with it. Notes of other records are changed there.
    private func note(_ note: Note, _ entry: AuditEntry, _ transaction: StoreTransaction) -> HTML {
        var tools = HTML()
        if isOwn(entry) || entry.isMerged, transaction.mayChange(note) {
            let base = "\(href)/notes/\(note.id)"
            let edit = Parts.link("Edit", base + "/edit", classes: "compact plain", dialog: true)
            let delete = Parts.post("Delete", base + "/delete", csrf: visit.csrf, confirm: "Delete this note?")
            tools = "<div class=\"row note-tools\">\(edit)\(delete)</div>"
        }
        let edited: HTML = note.editedAt.map { "<span class=\"muted small\"> edited \(markup.ago($0))</span>" } ?? ""
        return "<div class=\"note\">\(note.text)</div>\(edited)\(tools)"
    }

    private func isOwn(_ entry: AuditEntry) -> Bool { entry.entity.name == entity.name && entry.record == id.raw }

    private func deed(_ entry: AuditEntry, _ labels: TimelineLabels) -> HTML {
        let kind = entry.entity.title.lowercased()
        var one: HTML = "the \(kind)"
        if !isOwn(entry) {
            let name = labels.record(entry)
            let path = markup.path(entry.entity.name)
            if let name, !labels.isThere(entry) {
                one = "the \(kind) “\(name)”"
            } else if let name, let path { one = "the \(kind) <a href=\"/admin/\(path)/\(entry.record)\">\(name)</a>" } else { one = "the \(kind) #\(entry.record)" }
        }
        let on: HTML = isOwn(entry) ? "" : " on \(one)"
        let of: HTML = isOwn(entry) ? "" : " of \(one)"
        switch entry.action {
        case "created": return "added \(one)"
        case "deleted": return "deleted \(one)"
        case "restored": return "brought back \(one)"
        case "merged":
            let names: HTML = labels.merged(entry).enumerated().map { place, other in
                let name: HTML = other.label.map { "“\($0)”" } ?? "#\(other.id)"
                return place == 0 ? name : " and \(name)"
            }.html { $0 }
            return names.isEmpty ? "merged others into \(one)" : "merged \(names) into \(one)"
        case "updated":
            if entry.changes.count == 1, let field = entry.changes.first.flatMap({ entry.entity.field($0.field) }) {
                return "changed the \(field.label.lowercased())\(of)"
            }
            return "changed \(entry.changes.count) fields\(of)"
        case AuditEntry.NoteDeed.noteAdded.rawValue: return entry.note == nil ? "wrote a note\(on) that is gone" : "wrote a note\(on)"
        case AuditEntry.NoteDeed.noteChanged.rawValue: return "changed a note\(on)"
        case AuditEntry.NoteDeed.noteDeleted.rawValue: return "deleted a note\(on)"
        default:
            let title = entry.entity.action(entry.action)?.title ?? entry.action.readable
            return "used “\(title)”\(on)"
        }
    }

    private func change(_ change: AuditEntry.FieldChange, _ entry: AuditEntry) -> HTML {
        guard let field = entry.entity.field(change.field) else { return "" }
        // What every new record begins with is no news.
        if entry.action == "created", field.description.isReadOnly, change.new == field.description.defaultValue { return "" }
        let new: HTML = change.new.isEmpty ? "empty" : markup.html(change.new, field.description)
        if entry.action == "created" || entry.action == "restored" { return "<p class=\"changes\"><b>\(field.label)</b> \(new)</p>" }
        let old: HTML = change.old.isEmpty ? "empty" : markup.html(change.old, field.description)
        return "<p class=\"changes\"><b>\(field.label)</b> <del>\(old)</del> <span aria-hidden=\"true\">→</span><span class=\"hidden-text\">to</span> <ins>\(new)</ins></p>"
    }
}
