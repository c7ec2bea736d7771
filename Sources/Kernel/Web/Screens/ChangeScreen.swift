import PluginAPI

/// Changes of many records, merges and imports: what was done, by whom, and the way back.
struct ChangeScreen {
    let visit: Visit

    private static let base = "/admin/changes"
    private static let shown = 50
    private static let named = 100

    func respond(_ rest: [String]) async throws -> FrontResponse {
        switch (rest.first, rest.count) {
        case (nil, _): return try await list()
        case (let id?, 1): return try await show(try visit.id(id).raw)
        case (let id?, 2) where rest[1] == "undo" && visit.isPost: return try await undo(try visit.id(id).raw)
        default: throw visit.front.unknown(visit)
        }
    }

    // MARK: All

    private func list() async throws -> FrontResponse {
        let before = visit.query["before"].flatMap { Int64($0) }
        let content = try await visit.store.read(as: visit.actor) { transaction -> HTML in
            let sets = try transaction.changeSets(before: before, limit: ChangeScreen.shown + 1)
            let seesAll = visit.actor.can(.seeOperations)
            let title = seesAll ? "Changes" : "Your changes"
            guard !sets.isEmpty else {
                let text = "When many records are changed, deleted or merged at once, it stands here and can be taken back."
                return "\(Parts.head(title))\(Parts.empty("undo", "Nothing to take back", text))"
            }
            let markup = visit.markup(transaction)
            let rows = sets.prefix(ChangeScreen.shown).html { row($0, transaction, markup) }
            let heads = [Parts.th("What"), Parts.th("By"), Parts.th("When"), Parts.th("State"), Parts.actionsHead]
            var more: HTML = ""
            if sets.count > ChangeScreen.shown {
                more = "<p class=\"more\">\(Parts.link("Show earlier", "\(ChangeScreen.base)?before=\(sets[ChangeScreen.shown - 1].id)", classes: "compact plain"))</p>"
            }
            return "\(Parts.head(title))\(Parts.table(title, heads: heads, rows))\(more)"
        }
        return try await visit.page(Page(title: "Changes", current: ChangeScreen.base, content: content))
    }

    private func row(_ set: ChangeSet, _ transaction: StoreTransaction, _ markup: ValueMarkup) -> HTML {
        """
        <tr><th scope="row"><a href="\(ChangeScreen.base)/\(set.id)">\(set.title(transaction.registry))</a></th>\(Parts.td("By", HTML(who(set.userID))))\(Parts.td("When", markup.ago(set.at)))\(Parts.td("State", state(set, markup), wraps: true))<td class="actions">\(button(set, transaction))</td></tr>
        """
    }

    private func who(_ user: Int64?) -> String { user.map { visit.actor.rights.people[$0]?.name ?? "User \($0)" } ?? "Tenon" }

    private func state(_ set: ChangeSet, _ markup: ValueMarkup) -> HTML {
        guard let at = set.undoneAt else { return "" }
        return "\(Badge.word("Taken back", .warn)) <span class=\"muted small\">\(who(set.undoneBy)), \(markup.ago(at))</span>"
    }

    private func button(_ set: ChangeSet, _ transaction: StoreTransaction, classes: String = "compact plain") -> HTML {
        guard transaction.mayTakeBack(set), set.obstacle(now: transaction.now, transaction.settings) == nil else { return "" }
        if set.kind == .importing { return Parts.link("See the import", "/admin/imports/\(set.record ?? 0)", classes: classes) }
        return Parts.post("Undo", "\(ChangeScreen.base)/\(set.id)/undo", csrf: visit.csrf, icon: "undo", classes: classes)
    }

    // MARK: One

    private func show(_ id: Int64) async throws -> FrontResponse {
        let (title, content) = try await visit.store.read(as: visit.actor) { transaction -> (String, HTML) in
            let set = try transaction.changeSet(id)
            let title = set.title(transaction.registry)
            return (title, try html(set, title, transaction))
        }
        return try await visit.page(Page(title: title, current: ChangeScreen.base, content: content))
    }

    private func html(_ set: ChangeSet, _ title: String, _ transaction: StoreTransaction) throws -> HTML {
        let markup = visit.markup(transaction)
        var facts: HTML = "<div><dt>By</dt><dd>\(who(set.userID)) (\(set.via))</dd></div><div><dt>When</dt><dd>\(markup.ago(set.at))</dd></div>"
        if let at = set.undoneAt {
            facts += "<div><dt>Taken back</dt><dd>\(who(set.undoneBy)), \(markup.ago(at))</dd></div>"
        } else if let obstacle = set.obstacle(now: transaction.now, transaction.settings) {
            facts += "<div><dt>Undo</dt><dd>Not possible: \(obstacle).</dd></div>"
        } else if set.kind != .importing {
            facts += "<div><dt>Undo until</dt><dd>\(markup.time(set.limit(transaction.settings)))</dd></div>"
        }
        let kept = try self.kept(set, transaction)
        let touched = try transaction.touched(by: set.id, limit: ChangeScreen.named)
        let rows = touched.html { item in
            let model = transaction.registry.entity(item.entity)
            let name = item.label ?? "\(model?.title ?? item.entity.readable) \(item.id)"
            let shown: HTML = item.label == nil || model == nil ? HTML(name) : "<a href=\"/admin/\(model?.path ?? "")/\(item.id)\">\(name)</a>"
            let deeds = item.deeds.map { model?.action($0)?.title ?? $0.readable }.joined(separator: ", ")
            return "<tr><th scope=\"row\">\(shown)</th>\(Parts.td("Kind", HTML(model?.title ?? item.entity.readable)))\(Parts.td("Change", HTML(deeds), wraps: true))</tr>"
        }
        var records: HTML = ""
        if !touched.isEmpty {
            let title = touched.count == ChangeScreen.named ? "The first \(ChangeScreen.named) records" : "Records"
            records = Parts.box(title, Parts.table("Records", heads: [Parts.th("Record"), Parts.th("Kind"), Parts.th("Change")], rows))
        }
        let crumbs = Parts.crumbs([("Changes", ChangeScreen.base)], here: "#\(set.id)")
        return """
            <div class="middle">\(crumbs)\(Parts.head(title, actions: button(set, transaction, classes: "")))<div class="stack">\(kept)\(Parts.box("Change", "<dl class=\"facts\">\(facts)</dl>"))\(records)</div></div>
            """
    }

    /// What could not be taken back.
    private func kept(_ set: ChangeSet, _ transaction: StoreTransaction) throws -> HTML {
        let named = try transaction.named(set.kept)
        guard !named.isEmpty else { return "" }
        let items = named.prefix(ChangeScreen.named).html { item, label in
            let model = transaction.registry.entity(item.entity)
            let name = label ?? "\(model?.title ?? item.entity.readable) \(item.record)"
            let field = item.field.isEmpty ? "" : (model?.field(item.field)?.label ?? item.field.readable) + " "
            let shown: HTML = label == nil ? HTML(name) : "<a href=\"/admin/\(model?.path ?? "")/\(item.record)\">\(name)</a>"
            return "<li>\(shown): \(field)\(item.message)</li>"
        }
        return Parts.notice(.warn, "Not all of it could be taken back.", "<ul>\(items)</ul>")
    }

    // MARK: Back

    private func undo(_ id: Int64) async throws -> FrontResponse {
        let report = try await visit.store.write(as: visit.actor) { try $0.takeBack(id) }
        let set = try await visit.store.read(as: visit.actor) { try $0.changeSet(id) }
        guard report.kept.isEmpty else { return visit.done("\(ChangeScreen.base)/\(id)", "Taken back in part.") }
        // Back to the list that it was about, where whoever pressed Undo in the corner of the page is working.
        let path = visit.registry.entity(set.entity)?.path
        let isAmongChanges = visit.request.headers["referer"]?.contains(ChangeScreen.base) ?? false
        let home = set.kind == .merge ? set.record.map { "/admin/\(path ?? "")/\($0)" } : path.map { "/admin/\($0)" }
        let count = report.done == 1 ? "One record is" : "\(report.done) records are"
        return visit.done(isAmongChanges ? ChangeScreen.base : home ?? ChangeScreen.base, "\(count) as before.")
    }
}
