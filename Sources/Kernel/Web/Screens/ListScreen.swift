import PluginAPI

/// The list of an entity: tabs, filters, table, common changes.
struct ListScreen {
    let visit: Visit
    let entity: EntityModel

    func respond() async throws -> FrontResponse {
        let state = ListState(entity: entity, query: visit.query)
        if visit.fragment == "rows" {
            let rows = try await visit.store.read(as: visit.actor) { transaction in
                let table = try self.table(state, transaction)
                let (html, next, _) = try table.rows(try request(state, table))
                return "\(html)\(table.moreRow(next))" as HTML
            }
            return visit.part(rows)
        }
        let content = try await visit.store.read(as: visit.actor, mayLag: true) { try html($0, state) }
        return try await visit.page(Page(title: entity.pluralTitle, current: state.base, fillsWindow: true, content: content))
    }

    private func table(_ state: ListState, _ transaction: StoreTransaction) throws -> ListTable {
        let preferred = try transaction.preference("columns.\(entity.name)")?.split(separator: ",").map(String.init)
        let choices = RecordChoices(transaction)
        let actor = visit.actor
        return ListTable(
            state: state, columns: state.columns(preferred: preferred, actor: actor), choices: choices, transaction: transaction,
            markup: visit.markup(transaction, labels: LabelCache(transaction, choices: choices)),
            canPick: ["edit", "delete", "export"].contains { actor.can($0, on: entity.name) },
            canOrder: ListOrder.isOffered(state, actor))
    }

    private func request(_ state: ListState, _ table: ListTable) throws -> ListRequest {
        var request = try state.checkedQuery(table.transaction).request(entity)
        request.fields = Set(table.columns.map(\.name) + [entity.labelField])
        return request
    }

    private func html(_ transaction: StoreTransaction, _ state: ListState) throws -> HTML {
        let table = try self.table(state, transaction)
        let request = try request(state, table)
        let (rows, next, shown) = try table.rows(request)
        let total = next == nil && request.cursor == nil ? shown : try transaction.count(entity, where: request.filter)
        let isFiltered = !state.filters.isEmpty || state.query["q"] != nil || state.preset != nil
        let tabs = try ViewTabs(visit: visit, state: state, target: state.base).html(transaction)
        let bar = try FilterBar(
            state: state, choices: table.choices, transaction: transaction, end: columnMenu(state, table.columns), target: state.base
        ).html()
        let cards = try ListCardsMarkup.html(entity, transaction)
        let top: HTML = "\(heading(total, state))\(cards)\(tabs)\(bar)\(CellForm.html(state, csrf: visit.csrf))"
        if shown == 0, request.cursor == nil { return "\(top)\(empty(isFiltered, state, isWrong: state.isWrong(transaction)))" }
        return """
            \(top)<form class="sheet" id="results" method="get" action="\(state.base)/bulk"><div class="region" role="region" aria-label="\(entity.pluralTitle)" tabindex="0">\
            <table class="rows\(" picks", if: table.canPick)" data-cell="\(state.base)/{id}/cell/{field}">\(table.head)<tbody\(" data-order=\"\(state.base)/order\"", if: table.canOrder)>
            \(rows)\(table.moreRow(next))</tbody></table></div>\(bulk, if: table.canPick)</form>
            """
    }

    private func heading(_ total: Int, _ state: ListState) -> HTML {
        Parts.head(
            entity.pluralTitle, count: total, beside: ViewSwitch.html(entity, state.query, board: nil),
            actions: ListActions(visit: visit, entity: entity, query: state.query).html)
    }

    private func empty(_ isFiltered: Bool, _ state: ListState, isWrong: Bool) -> HTML {
        let icon = IconName.of(entity.schema.iconName)
        let plural = entity.pluralTitle.lowercased()
        if isFiltered, isWrong {
            return "<div id=\"results\">\(Parts.empty(icon, "The formula needs another look", "What is wrong stands below it."))</div>"
        }
        if isFiltered {
            let clear = Parts.link("Clear the filters", state.base)
            return "<div id=\"results\">\(Parts.empty(icon, "Nothing matches", "No \(plural) meet all of these conditions.", actions: clear))</div>"
        }
        var actions = HTML()
        if visit.actor.can("create", on: entity.name) {
            actions += Parts.link("New \(entity.title.lowercased())", "\(state.base)/new", icon: "plus", classes: "primary", dialog: true)
        }
        if visit.actor.can("import", on: entity.name) {
            actions += Parts.link("Import a file", "/admin/imports/new?entity=\(entity.path)", icon: "upload")
        }
        let text = actions.isEmpty ? "As soon as there are \(plural) that you may see, they stand here." : "Add the first one by hand, or bring them in from a spreadsheet."
        return "<div id=\"results\">\(Parts.empty(icon, "No \(plural) yet", text, actions: actions))</div>"
    }

    /// How many actions on the ticked rows stand open.
    private static let bulkActions = 3

    /// What can be done with the ticked rows.
    private var bulk: HTML {
        let base = "/admin/\(entity.path)/bulk"
        var buttons = HTML()
        if visit.actor.can("edit", on: entity.name) {
            buttons += "<button class=\"button compact plain\" formaction=\"\(base)/edit\" data-dialog>\(Icon.named("edit"))Change…</button>"
        }
        let actions = entity.actions.filter { visit.actor.can($0.name, on: entity.name) }
        // All of them would fill two lines; the rest stands in a menu, unless that would hold one alone.
        let shown = actions.count <= ListScreen.bulkActions + 1 ? actions.count : ListScreen.bulkActions
        buttons += actions.prefix(shown).html { action in
            "<button class=\"button compact plain\" formaction=\"\(base)/\(action.name)\" data-dialog>\(action.title)…</button>"
        }
        let rest = actions.dropFirst(shown).html { action in
            "<button class=\"item\" formaction=\"\(base)/\(action.name)\" data-dialog>\(action.title)…</button>"
        }
        if !rest.isEmpty {
            buttons += "<details class=\"menu up\"><summary class=\"button compact plain\">More\(Icon.named("chevron-down"))</summary><div class=\"panel\">\(rest)</div></details>"
        }
        if entity.isMergeable, visit.actor.can(StoreTransaction.mergeRight, on: entity.name) {
            buttons += "<button class=\"button compact plain\" formaction=\"/admin/\(entity.path)/merge\" data-dialog data-several>Merge…</button>"
        }
        if visit.actor.can("export", on: entity.name) {
            buttons += "<button class=\"button compact plain\" formaction=\"/api/v1/\(entity.path)/export\" name=\"format\" value=\"csv\">\(Icon.named("download"))Export</button>"
        }
        if visit.actor.can("delete", on: entity.name) {
            buttons += "<button class=\"button compact plain danger\" formaction=\"\(base)/delete\" data-dialog>\(Icon.named("trash"))Delete…</button>"
        }
        return """
            <div class="bulk" role="group" aria-label="Selected rows"><b data-picked>Selected</b>\(buttons)<button class="button compact plain square" type="button" data-unpick aria-label="Clear the selection">\(Icon.named("close"))</button></div>
            """
    }

    /// The choice of columns, kept for the reader.
    private func columnMenu(_ state: ListState, _ columns: [FieldModel]) -> HTML {
        let chosen = columns.map(\.name)
        let others = entity.fields.filter { field in
            !chosen.contains(field.name) && field.type != .json && visit.actor.mask(field.name, of: entity.name) != .hidden
        }
        let ticks = (columns + others).html { field in
            let fixed: HTML = " disabled"
            return """
                <label class="tick" data-handle><input type="checkbox" name="col" value="\(field.name)" form="columns"\(" checked", if: chosen.contains(field.name))\(fixed, if: field.name == entity.labelField)>\(field.label)</label>
                """
        }
        return """
            <details class="menu end"><summary class="button square" aria-label="Columns">\(Icon.named("columns"))</summary><div class="panel"><h2>Columns, in this order</h2><div data-sort-items>\(ticks)</div>\
            <div class="row"><button class="button compact primary" form="columns">Apply</button><button class="button compact plain" form="columns" name="reset" value="1">As at first</button></div></div></details>
            """
    }
}

/// The form of the column choice stands apart, since it changes a preference and forms do not nest.
enum ColumnForm {
    static func html(_ state: ListState, csrf: String) -> HTML {
        """
        <form id="columns" method="post" action="\(state.base)/columns">\(csrfField(csrf))<input type="hidden" name="back" value="\(state.query.without("columns").href(state.base))"></form>
        """
    }
}

/// List or one of the boards.
enum ViewSwitch {
    static func html(_ entity: EntityModel, _ query: QueryState, board: BoardView?) -> HTML {
        guard !entity.boards.isEmpty else { return "" }
        let base = "/admin/\(entity.path)"
        let kept = query.without("sort", "columns", "add", "within", "board", "rows")
        let here: HTML = " aria-current=\"page\""
        let boards = entity.boards.html { one in
            let query = one.name == BoardView.standardName ? kept : kept.with("board", one.name)
            let icon = Icon.named(one.isByMonth ? "calendar" : "board")
            return "<a href=\"\(query.href(base + "/board"))\"\(here, if: board?.name == one.name)>\(icon)\(one.title)</a>"
        }
        return """
            <nav class="switch" aria-label="Layout"><a href="\(kept.href(base))"\(here, if: board == nil)>\(Icon.named("list"))List</a>\(boards)</nav>
            """
    }
}

/// The buttons at the head of a list or a board.
struct ListActions {
    let visit: Visit
    let entity: EntityModel
    let query: QueryState

    var html: HTML {
        let actor = visit.actor
        var items = HTML()
        if actor.can("import", on: entity.name) {
            items += "<a class=\"item\" href=\"/admin/imports/new?entity=\(entity.path)\">\(Icon.named("upload"))Import a file…</a>"
        }
        if actor.can("export", on: entity.name) {
            let exported = query.without("view", "saved", "add", "columns")
            items += "<a class=\"item\" href=\"\(exported.with("format", "csv").href("/api/v1/\(entity.path)/export"))\" download>\(Icon.named("download"))Export as CSV</a>"
            items += "<a class=\"item\" href=\"\(exported.with("format", "json").href("/api/v1/\(entity.path)/export"))\" download>\(Icon.named("download"))Export as JSON</a>"
        }
        if !entity.duplicates.isEmpty, actor.can("edit", on: entity.name) {
            items += "<a class=\"item\" href=\"/admin/\(entity.path)/duplicates\">\(Icon.named("users"))Find duplicates</a>"
        }
        let menu: HTML = """
            <details class="menu end"><summary class="button square" aria-label="More">\(Icon.named("more"))</summary><div class="panel">\(items)</div></details>
            """
        let create = Parts.link(
            "New \(entity.title.lowercased())", "/admin/\(entity.path)/new", icon: "plus", classes: "primary grow-small", dialog: true,
            extra: " data-create-here")
        return "\(menu, if: !items.isEmpty)\(create, if: actor.can("create", on: entity.name))"
    }
}

/// The tabs above a list: all, those that come with the plugin, and those that people saved.
struct ViewTabs {
    let visit: Visit
    let state: ListState
    let target: String

    func html(_ transaction: StoreTransaction) throws -> HTML {
        let saved = try transaction.savedViews(of: state.entity)
        let chosen = state.query["saved"]
        let preset = state.query["view"]
        let here: HTML = " aria-current=\"page\""
        let isAll = chosen == nil && preset == nil
        // The tabs of a board stay on it.
        let kept = state.query.keeping("board", "rows")
        let all: HTML = "<a href=\"\(kept.href(target))\"\(here, if: isAll)>All</a>"
        let presets = state.entity.presets.html { view in
            let key = ListState.key(view)
            return "<a href=\"\(kept.with("view", key).href(target))\"\(here, if: chosen == nil && preset == key)>\(view.title)</a>"
        }
        let own = saved.html { view in
            let href = QueryState(parsing: view.query).with("saved", String(view.id)).href(target)
            return "<a href=\"\(href)\"\(here, if: chosen == String(view.id))>\(view.title)</a>"
        }
        let current = saved.first { String($0.id) == chosen }
        return """
            <div class="viewbar"><nav class="tabs" aria-label="Views">\(all)\(presets)\(own)</nav>\(menu(current))</div>\(ColumnForm.html(state, csrf: visit.csrf))
            """
    }

    private func menu(_ current: SavedView?) -> HTML {
        let base = "/admin/\(state.entity.path)/views"
        let remove: HTML = current.map { view in
            Parts.post("Remove “\(view.title)”", "\(base)/\(view.id)/delete", csrf: visit.csrf, icon: "trash", classes: "compact plain danger", confirm: "Remove this view?")
        } ?? ""
        let query = state.query.without("saved", "add").text
        return """
            <details class="menu end"><summary class="button plain compact">\(Icon.named("star"))Save view</summary><div class="panel padded"><form method="post" class="form" action="\(base)">\(csrfField(visit.csrf))\
            <input type="hidden" name="query" value="\(query)"><input type="hidden" name="target" value="\(target)"><div class="field"><label for="view-title">Name of the view</label><input id="view-title" name="title" maxlength="60" required autocomplete="off"></div>\
            <label class="tick"><input type="checkbox" name="shared" value="true">Share with everyone</label><div class="row"><button class="button primary compact">Save</button></div></form>\(remove)</div></details>
            """
    }
}
