import PluginAPI

/// The page of one record: fields at the left, timeline and what points at it at the right, actions on top.
struct RecordScreen {
    let visit: Visit
    let entity: EntityModel
    let id: RecordID

    private var base: String { "/admin/\(entity.path)" }
    private var href: String { "\(base)/\(id)" }

    func respond() async throws -> FrontResponse {
        let (title, content) = try await visit.store.read(as: visit.actor) { transaction -> (String, HTML) in
            let record = try transaction.require(entity, id)
            return (RecordChoices.label(record, entity), try html(transaction, record))
        }
        return try await visit.page(Page(title: title, current: base, content: content))
    }

    private func html(_ transaction: StoreTransaction, _ record: RecordData) throws -> HTML {
        let labels = LabelCache(transaction)
        try labels.load([record], entity.fields)
        let markup = visit.markup(transaction, labels: labels)
        let canEdit = try may("edit", transaction) && !entity.editableFields(for: visit.actor).isEmpty
        let title = RecordChoices.label(record, entity)
        let crumbs = Parts.crumbs([(entity.pluralTitle, base)], here: "#\(id)")
        let actions = try RecordActions(visit: visit, entity: entity, record: record, canEdit: canEdit, canDelete: may("delete", transaction)).html
        let duplicates = try DuplicatePart(visit: visit, entity: entity).box(record, transaction)
        let marked = MarkBadges.html(try transaction.marks(entity, [id.raw])[id.raw] ?? [])
        let related = try RelatedLists(visit: visit, entity: entity, id: id, markup: markup, labels: labels).html(transaction)
        let panels = try PanelBoxes(visit: visit, entity: entity, record: record, markup: markup).html(transaction)
        let timeline = try TimelinePart(visit: visit, entity: entity, id: id, markup: markup).html(transaction, before: nil)
        return """
            \(crumbs)\(Parts.head(title, beside: "\(marks(record, markup))\(marked)", actions: actions))\
            <div class="record"><div>\(panels.above)\(facts(record, markup))\(panels.below)\(system(record, markup))\(extras(record))</div><div>\(duplicates)\(related)\(timeline)</div></div>
            """
    }

    /// Whether this person's right reaches this record.
    private func may(_ right: String, _ transaction: StoreTransaction) throws -> Bool {
        guard visit.actor.can(right, on: entity.name) else { return false }
        return try transaction.count(entity, where: .compare("id", .equal, .value(.integer(id.raw))), right: right) == 1
    }

    /// The state of the record beside its name: its column on the board, and the states that plugins keep.
    private func marks(_ record: RecordData, _ markup: ValueMarkup) -> HTML {
        var told: Set<String> = []
        return entity.fields.html { field in
            let isState: Bool
            if case .choice = field.type { isState = field.description.isReadOnly } else { isState = false }
            guard isState || field.name == entity.board?.by, visit.actor.mask(field.name, of: entity.name) != .hidden else { return "" }
            let value = record.values[field.place]
            // Two fields may say the same: the status Converted of what is converted.
            if value.isEmpty || !told.insert(word(value, field, markup).lowercased()).inserted { return "" }
            let shown = markup.html(value, field.description)
            if case .reference(let target) = field.type, case .integer(let id) = value, markup.label(target, id)?.color.isEmpty ?? true {
                return "<span class=\"badge\">\(shown)</span>"
            }
            return shown
        }
    }

    private func word(_ value: Value, _ field: FieldModel, _ markup: ValueMarkup) -> String {
        if let target = field.target, case .integer(let id) = value { return markup.label(target, id)?.text ?? "#\(id)" }
        return markup.display.text(value, field)
    }

    private func facts(_ record: RecordData, _ markup: ValueMarkup) -> HTML {
        entity.sections.html { section in
            let rows = section.fields.compactMap { entity.field($0) }.filter(isShown).html { fact($0, record, markup) }
            return rows.isEmpty ? "" : Parts.box(section.title.isEmpty ? "Details" : section.title, "<dl class=\"facts\">\(rows)</dl>")
        }
    }

    private func system(_ record: RecordData, _ markup: ValueMarkup) -> HTML {
        let system = entity.fields.prefix(SystemSlots.count).html { fact($0, record, markup) }
        return Parts.box("Record", "<dl class=\"facts\">\(system)<div><dt>Number</dt><dd>\(id.raw), version \(record.version)</dd></div></dl>")
    }

    private func isShown(_ field: FieldModel) -> Bool {
        !field.isSystem && !field.description.isHidden && field.type != .json && visit.actor.mask(field.name, of: entity.name) != .hidden
    }

    private func fact(_ field: FieldModel, _ record: RecordData, _ markup: ValueMarkup) -> HTML {
        let value = record.values[field.place]
        let shown: HTML = value.isEmpty ? ValueMarkup.none : markup.html(value, field.description, links: true)
        let long: HTML = " class=\"long\""
        return "<div><dt>\(field.label)</dt><dd\(long, if: field.description.format == .multiline)>\(shown)</dd></div>"
    }

    /// What belongs to a user's own page besides the fields.
    private func extras(_ record: RecordData) -> HTML {
        guard entity.name == "user", visit.actor.can(.manageUsers) else { return "" }
        let password = Parts.link("Set password…", "\(href)/password", icon: "key", classes: "compact", dialog: true)
        let rights = Parts.link("Effective rights", "/admin/explain?user=\(id)", icon: "shield", classes: "compact")
        return Parts.box("Access", "<div class=\"body\"><div class=\"row\">\(password)\(rights)</div></div>")
    }
}

/// The buttons of a record: its actions, edit, and the rest in a menu.
struct RecordActions {
    let visit: Visit
    let entity: EntityModel
    let record: RecordData
    let canEdit: Bool
    let canDelete: Bool

    private var href: String { "/admin/\(entity.path)/\(record.id)" }

    var html: HTML {
        let available = entity.actions.filter { action in
            visit.actor.can(action.name, on: entity.name) && visit.store.calls.isAvailable(action, for: record)
        }
        let ranked = available.filter { $0.style == .primary } + available.filter { $0.style != .primary }
        let shown = ranked.prefix(3).html { button($0) }
        var items = ranked.dropFirst(3).html { action in
            "<a class=\"item\" href=\"\(href)/actions/\(action.name)\" data-dialog>\(action.title)…</a>"
        }
        if entity.board != nil, canEdit {
            items += "<a class=\"item\" href=\"\(href)/move?from=record\" data-dialog>\(Icon.named("move"))Move…</a>"
        }
        if canDelete { items += "<a class=\"item\" href=\"\(href)/delete\" data-dialog>\(Icon.named("trash"))Delete…</a>" }
        let edit = Parts.link("Edit", "\(href)/edit", icon: "edit", dialog: true, extra: " data-edit-here")
        let menu: HTML = """
            <details class="menu end"><summary class="button square" aria-label="More actions">\(Icon.named("more"))</summary><div class="panel">\(items)</div></details>
            """
        return "\(shown)\(edit, if: canEdit)\(menu, if: !items.isEmpty)"
    }

    private func button(_ action: ActionModel) -> HTML {
        let style = action.style == .primary ? "primary" : action.style == .danger ? "danger" : ""
        return Parts.link(action.title + (action.fields.isEmpty ? "" : "…"), "\(href)/actions/\(action.name)", classes: style, dialog: true)
    }
}

/// What points at a record: the first few of each kind, and the way to all.
struct RelatedLists {
    let visit: Visit
    let entity: EntityModel
    let id: RecordID
    let markup: ValueMarkup
    let labels: LabelCache
    static let shown = 5

    func html(_ transaction: StoreTransaction) throws -> HTML {
        var html = HTML()
        for (link, declared) in RelatedLinks.all(entity, transaction.registry) where visit.actor.can("view", on: link.entity.name) {
            if link.entity.plugin == "kernel" || visit.actor.mask(link.field.name, of: link.entity.name) == .hidden { continue }
            // A log is read by its plugin's panels, unless the plugin wants it shown as it is.
            if link.entity.schema.isLog, declared == nil { continue }
            html += try list(link, declared, transaction)
        }
        return html
    }

    private func list(_ link: Registry.Link, _ declared: RelatedList?, _ transaction: StoreTransaction) throws -> HTML {
        let other = link.entity
        let filter = Filter.compare(link.field.name, .equal, .value(.integer(id.raw)))
        let count = try transaction.count(other, where: filter)
        let all = "/admin/\(other.path)?\(link.field.name)=\(id)"
        let several = (transaction.registry.links[entity.name] ?? []).filter { $0.entity.name == other.name }.count > 1
        let usual = several ? "\(other.pluralTitle) (\(link.field.label.lowercased()))" : other.pluralTitle
        let title = declared.map(\.title).flatMap { $0.isEmpty ? nil : $0 } ?? usual
        var actions = HTML()
        if visit.actor.can("create", on: other.name), !link.field.description.isReadOnly {
            actions += Parts.link("Add", "/admin/\(other.path)/new?\(link.field.name)=\(id)", icon: "plus", classes: "compact plain", dialog: true)
        }
        if count > RelatedLists.shown { actions += Parts.link("Show all", all, classes: "compact plain") }
        if count == 0 { return actions.isEmpty ? "" : Parts.box(title, count: 0, actions: actions, "") }
        let columns = self.columns(link, declared)
        let records = try transaction.all(other.name, where: filter, sort: [declared?.sort ?? other.list.sort], limit: RelatedLists.shown)
        try labels.load(records, columns)
        let rows = records.html { record in
            let cells = columns.html { field in
                let value = record.values[field.place]
                return "<td data-label=\"\(field.label)\"\(" class=\"num\"", if: field.isNumeric)>\(markup.html(value, field.description))</td>"
            }
            return "<tr><th scope=\"row\"><a href=\"/admin/\(other.path)/\(record.id)\">\(RecordChoices.label(record, other))</a></th>\(cells)</tr>"
        }
        let heads = "\(Parts.th(other.field(other.labelField)?.label ?? other.title))\(columns.html { Parts.th($0.label, numeric: $0.isNumeric) })" as HTML
        return Parts.box(title, count: count, actions: actions, "<div class=\"scroll related\"><table class=\"rows\"><thead><tr>\(heads)</tr></thead><tbody>\(rows)</tbody></table></div>")
    }

    /// The declared columns, or the first few that fit beside the name.
    private func columns(_ link: Registry.Link, _ declared: RelatedList?) -> [FieldModel] {
        let other = link.entity
        func isShown(_ field: FieldModel) -> Bool {
            field.name != other.labelField && visit.actor.mask(field.name, of: other.name) != .hidden
        }
        if let declared { return declared.columns.compactMap { other.field($0) }.filter(isShown) }
        let usual = other.list.columns.compactMap { other.field($0) }.filter {
            isShown($0) && $0.name != link.field.name && $0.description.format == .plain
        }
        return Array(usual.prefix(3))
    }
}
