import PluginAPI

/// What a reader changes about a list itself: the columns and the saved views.
struct ListChanges {
    let visit: Visit
    let entity: EntityModel

    private var base: String { "/admin/\(entity.path)" }

    func setColumns() async throws -> FrontResponse {
        let names = visit.form.values("col").filter { entity.field($0) != nil }
        let value = visit.form["reset"] != nil || names.isEmpty ? nil : names.joined(separator: ",")
        try await visit.store.write(as: visit.actor) { try $0.setPreference("columns.\(entity.name)", value) }
        return FrontResponse.redirect(own(visit.form.text("back")))
    }

    func saveView() async throws -> FrontResponse {
        let form = visit.form
        let query = QueryState(parsing: form.text("query"))
        let id = try await visit.store.write(as: visit.actor) {
            try $0.saveView(of: entity, title: form.text("title"), query: query.text, isShared: form["shared"] == "true")
        }
        let target = own(form.text("target"))
        return visit.done(query.with("saved", String(id)).href(target), "View saved.")
    }

    func deleteView(_ id: RecordID) async throws -> FrontResponse {
        try await visit.store.write(as: visit.actor) { try $0.deleteView(id.raw) }
        return visit.done(base, "View removed.")
    }

    /// An address within this list; anything else goes to the list itself.
    private func own(_ href: String) -> String { href == base || href.hasPrefix(base + "?") || href.hasPrefix(base + "/board") ? href : base }
}
