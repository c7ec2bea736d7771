import PluginAPI

/// Everything that happened to a record, newest first: who, when, what was and what is.
struct TimelinePart {
    let visit: Visit
    let entity: EntityModel
    let id: RecordID
    let markup: ValueMarkup
    static let shown = 20

    /// As a part of the record page.
    func html(_ transaction: StoreTransaction, before: Int64?) throws -> HTML {
        "<section class=\"card-box\"><header><h2>Timeline</h2></header><ol class=\"timeline\">\(try entries(transaction, before: before))</ol></section>"
    }

    /// The entries alone, with the way to earlier ones.
    func entries(_ transaction: StoreTransaction, before: Int64?) throws -> HTML {
        let all = try transaction.timeline(entity, id, before: before, limit: TimelinePart.shown + 1)
        let entries = Array(all.prefix(TimelinePart.shown))
        let users = Set(entries.compactMap(\.user))
        let names = try transaction.withRights(for: "naming who changed it").labels("user", users)
        let items = entries.html { entry($0, names) }
        guard all.count > TimelinePart.shown, let last = entries.last else { return items }
        let href = "/admin/\(entity.path)/\(id)/timeline?before=\(last.id)"
        return """
            \(items)<li class="more"><a class="button compact plain" href="\(href)" data-fragment="timeline" hx-get="\(href)" hx-target="closest li" hx-swap="outerHTML">Show earlier</a></li>
            """
    }

    private func entry(_ entry: AuditEntry, _ names: [Int64: String]) -> HTML {
        let who = entry.user.map { names[$0] ?? "User \($0)" } ?? "Tenon"
        let changes = entry.action == "deleted" ? "" as HTML : entry.changes.prefix(30).html { change($0, isNew: entry.action == "created" || entry.action == "restored") }
        let via = entry.via == "web" ? "" : " (\(entry.via))"
        return """
            <li>\(Icon.avatar(who))<b>\(who)</b> \(deed(entry)) <span class="muted small">\(markup.ago(entry.at))\(via)</span>\(changes)</li>

            """
    }

    private func deed(_ entry: AuditEntry) -> String {
        let one = "the \(entity.title.lowercased())"
        switch entry.action {
        case "created": return "added \(one)"
        case "deleted": return "deleted \(one)"
        case "restored": return "brought back \(one)"
        case "merged": return "merged others into \(one)"
        case "updated":
            if entry.changes.count == 1, let field = entry.changes.first.flatMap({ entity.field($0.field) }) {
                return "changed the \(field.label.lowercased())"
            }
            return "changed \(entry.changes.count) fields"
        default:
            let title = entity.action(entry.action)?.title ?? entry.action.readable
            return "used “\(title)”"
        }
    }

    private func change(_ change: AuditEntry.FieldChange, isNew: Bool) -> HTML {
        guard let field = entity.field(change.field) else { return "" }
        let new: HTML = change.new.isEmpty ? "empty" : markup.html(change.new, field.description)
        if isNew { return "<p class=\"changes\"><b>\(field.label)</b> \(new)</p>" }
        let old: HTML = change.old.isEmpty ? "empty" : markup.html(change.old, field.description)
        return "<p class=\"changes\"><b>\(field.label)</b> <del>\(old)</del> <span aria-hidden=\"true\">→</span><span class=\"hidden-text\">to</span> <ins>\(new)</ins></p>"
    }
}
