import PluginAPI

/// Finds records of all kinds: as a page, as the palette's options, and as the options of one field.
struct SearchScreen {
    let visit: Visit

    struct Hit: Sendable {
        var entity: EntityModel
        var id: RecordID
        var label: String
        var detail: String
    }

    struct Found: Sendable {
        var records: [Hit] = []
        var notes: [NoteHit] = []
        var isEmpty: Bool { records.isEmpty && notes.isEmpty }
    }

    func respond() async throws -> FrontResponse {
        let text = (visit.query["q"] ?? "").trimmed
        let limit = visit.fragment == "palette" ? 5 : 20
        let found = text.isEmpty ? Found() : try await visit.store.read(as: visit.actor, mayLag: true) { transaction in
            Found(records: try find(text, transaction, each: limit), notes: try transaction.searchNotes(text, limit: limit))
        }
        if visit.fragment == "palette" { return visit.part(palette(found, text)) }
        let groups = Dictionary(grouping: found.records, by: \.entity.name)
        let boxes = visit.registry.entities.html { entity in
            guard let found = groups[entity.name] else { return "" }
            let rows = found.html { hit in
                "<tr><th scope=\"row\"><a href=\"/admin/\(entity.path)/\(hit.id)\">\(hit.label)</a></th><td class=\"muted\">\(hit.detail)</td></tr>"
            }
            let all = Parts.link("Open as a list", "/admin/\(entity.path)?q=\(text.percentEncoded)", classes: "compact plain")
            return Parts.box(entity.pluralTitle, actions: all, "<div class=\"scroll\"><table class=\"rows\"><tbody>\(rows)</tbody></table></div>")
        }
        let notes = found.notes.html { hit in
            "<tr><th scope=\"row\"><a href=\"/admin/\(hit.entity.path)/\(hit.record)#timeline\">\(hit.label)</a></th><td class=\"muted\">\(hit.excerpt(text, 140))</td></tr>"
        }
        let noteBox: HTML = notes.isEmpty ? "" : Parts.box("Notes", "<div class=\"scroll\"><table class=\"rows\"><tbody>\(notes)</tbody></table></div>")
        let none = Parts.empty("search", text.isEmpty ? "Search everything" : "Nothing found", text.isEmpty ? "Type a part of a name, an address or a number." : "No record that you may see contains “\(text)”.")
        let content: HTML = """
            <div class="middle">\(Parts.head("Search"))<form class="filters" action="/admin/search" role="search"><div class="find">\(Icon.named("search"))<input type="search" name="q" value="\(text)" aria-label="Search everything" autofocus></div><button class="button">Search</button></form>\(found.isEmpty ? none : "\(boxes)\(noteBox)" as HTML)</div>
            """
        return try await visit.page(Page(title: "Search", content: content))
    }

    private func find(_ text: String, _ transaction: StoreTransaction, each limit: Int) throws -> [Hit] {
        var hits: [Hit] = []
        for entity in visit.registry.entities where visit.actor.can("view", on: entity.name) && !entity.searchFields.isEmpty {
            hits += try find(text, entity, transaction, limit: limit)
        }
        return hits
    }

    private func find(_ text: String, _ entity: EntityModel, _ transaction: StoreTransaction, limit: Int) throws -> [Hit] {
        let visible = entity.searchFields.filter { visit.actor.mask($0.name, of: entity.name) != .hidden }
        guard !visible.isEmpty else { return [] }
        let records = try transaction.newest(entity, text, limit: limit)
        return records.map { record in
            let other = visible.first { $0.name != entity.labelField && !record.values[$0.place].isEmpty }
            return Hit(
                entity: entity, id: record.id, label: RecordChoices.label(record, entity),
                detail: other.map { ValueText.plain(record.values[$0.place]) }.map { String($0.prefix(60)) } ?? "")
        }
    }

    private func palette(_ found: Found, _ text: String) -> HTML {
        var html = HTML()
        var last = ""
        for hit in found.records {
            if hit.entity.name != last { html += "<h2 role=\"presentation\">\(hit.entity.pluralTitle)</h2>" }
            last = hit.entity.name
            html += """
                <div role="option" data-href="/admin/\(hit.entity.path)/\(hit.id)">\(Icon.named(IconName.of(hit.entity.schema.iconName)))<span>\(hit.label)</span><span class="muted">\(hit.detail)</span></div>
                """
        }
        if !found.notes.isEmpty { html += "<h2 role=\"presentation\">Notes</h2>" }
        for hit in found.notes {
            html += """
                <div role="option" data-href="/admin/\(hit.entity.path)/\(hit.record)#timeline">\(Icon.named("edit"))<span>\(hit.label)</span><span class="muted">\(hit.excerpt(text, 60))</span></div>
                """
        }
        return html
    }

    /// The options of a field that points at an entity.
    func lookup(_ entity: EntityModel) async throws -> FrontResponse {
        let text = (visit.query["q"] ?? "").trimmed
        let hits = try await visit.store.read(as: visit.actor) { transaction -> [Hit] in
            if text.isEmpty {
                let recent = try transaction.all(entity.name, where: .everything, sort: [Sort(field: "updated_at", descending: true)], limit: 8)
                return recent.map { Hit(entity: entity, id: $0.id, label: RecordChoices.label($0, entity), detail: "") }
            }
            if entity.searchFields.isEmpty {
                let filter = Filter.compare(entity.labelField, .contains, .value(.text(text)))
                return try transaction.all(entity.name, where: filter, sort: [], limit: 8).map {
                    Hit(entity: entity, id: $0.id, label: RecordChoices.label($0, entity), detail: "")
                }
            }
            return try find(text, entity, transaction, limit: 8)
        }
        return visit.part(hits.html { hit in
            """
            <div role="option" data-value="\(hit.id.raw)" data-label="\(hit.label)"><span>\(hit.label)</span><span class="muted">\(hit.detail)</span></div>
            """
        })
    }
}
