import PluginAPI

/// The board of an entity: a column for each value of a field, the first cards of each, figures over all of them.
struct BoardScreen {
    let visit: Visit
    let entity: EntityModel
    let board: BoardView

    init(visit: Visit, entity: EntityModel) throws {
        guard let board = entity.board else {
            throw CRMError(.notFound, "\(entity.pluralTitle.lowercased()) have no board")
        }
        self.visit = visit
        self.entity = entity
        self.board = board
    }

    /// How many cards of a column are read at once.
    static let cardsPerColumn = 25
    private var target: String { "/admin/\(entity.path)/board" }
    private var state: ListState { ListState(entity: entity, query: visit.query) }
    private var canMove: Bool {
        visit.actor.can("edit", on: entity.name) && visit.actor.mask(board.by, of: entity.name) == .none
            && entity.field(board.by)?.description.isReadOnly == false
    }

    func respond() async throws -> FrontResponse {
        if visit.fragment == "cards" { return visit.part(try await visit.store.read(as: visit.actor) { try moreCards($0) }) }
        let content = try await visit.store.read(as: visit.actor) { try html($0) }
        return try await visit.page(
            Page(title: entity.pluralTitle, current: "/admin/\(entity.path)", fillsWindow: true, content: content))
    }

    private func html(_ transaction: StoreTransaction) throws -> HTML {
        let state = self.state
        let choices = RecordChoices(transaction)
        let within = try pickedBoard(transaction)
        let filter = try state.checkedQuery(transaction).filter
        let columns = try transaction.boardColumns(entity, filter: filter, within: within?.chosen, limit: BoardScreen.cardsPerColumn)
        let total = columns.reduce(0) { $0 + $1.count }
        let labels = LabelCache(transaction, choices: choices)
        try labels.load(columns.flatMap(\.cards), cardFields)
        let markup = visit.markup(transaction, labels: labels)
        let head = Parts.head(
            entity.pluralTitle, count: total,
            beside: "\(ViewSwitch.html(entity, state.query, isBoard: true))\(within.map(picker))",
            actions: ListActions(visit: visit, entity: entity, query: state.query).html)
        let tabs = try ViewTabs(visit: visit, state: state, target: target).html(transaction)
        let bar = try FilterBar(state: state, choices: choices, transaction: transaction, target: target).html()
        let drag: HTML = " data-move=\"/admin/\(entity.path)/{id}/move\""
        let by = entity.field(board.by)?.label.lowercased() ?? board.by
        let body = columns.html { column($0, markup) }
        return """
            \(head)\(tabs)\(bar)<div id="results" class="board-frame"><div class="board" id="board" role="group" aria-label="\(entity.pluralTitle) by \(by)"\(drag, if: canMove)>\(body)</div></div>
            """
    }

    // MARK: Several boards

    private func pickedBoard(_ transaction: StoreTransaction) throws -> BoardPick.Choice? {
        let asked = visit.query["within"] ?? board.within.flatMap { visit.query[$0] }
        return try BoardPick(visit: visit, entity: entity, board: board, asked: asked).read(transaction)
    }

    private func picker(_ picked: BoardPick.Choice) -> HTML {
        guard picked.options.count > 1 else { return "" }
        let name = board.within.flatMap { entity.field($0)?.label } ?? ""
        let options = picked.options.html { option in
            "<option value=\"\(option.key)\"\(" selected", if: option.key == picked.chosen?.description)>\(option.label)</option>"
        }
        return """
            <form action="\(target)" class="row">\(state.query.without("within").hidden())<label class="hidden-text" for="within">\(name)</label><select id="within" name="within" data-submit>\(options)</select><noscript><button class="button compact">Show</button></noscript></form>
            """
    }

    // MARK: Columns and cards

    private var cardFields: [FieldModel] {
        board.card.compactMap { entity.field($0) }.filter {
            $0.name != entity.labelField && $0.name != board.by && visit.actor.mask($0.name, of: entity.name) != .hidden
        }
    }

    private func column(_ column: BoardColumn, _ markup: ValueMarkup) -> HTML {
        let key = ValueText.plain(column.key)
        let id = "column-" + (key.isEmpty ? "none" : key)
        let dot: HTML = column.color.isEmpty ? "" : Icon.dot(column.color)
        let cards = column.cards.html { card($0, markup) }
        return """
            <section class="column" aria-labelledby="\(id)"><header>\(dot)<h2 id="\(id)">\(column.title)</h2><span class="count" data-n="\(column.count)">\(Display.grouped(String(column.count)))</span><span class="sum">\(sum(column))</span></header>\
            <ol class="cards" data-value="\(key)" tabindex="0" aria-labelledby="\(id)">\(cards)\(more(column.hasMore, key, column.cards.last?.id))</ol></section>
            """
    }

    private func sum(_ column: BoardColumn) -> String {
        guard let field = board.sum.flatMap({ entity.field($0) }) else { return "" }
        return column.sums.map { Display.figure($0, field) }.joined(separator: " + ")
    }

    func card(_ record: RecordData, _ markup: ValueMarkup) -> HTML {
        let href = "/admin/\(entity.path)/\(record.id)"
        let title = RecordChoices.label(record, entity)
        var lines = HTML()
        var foot = HTML()
        for field in cardFields {
            let value = record.values[field.place]
            if value.isEmpty { continue }
            if field.target == "user", case .integer(let id) = value {
                guard let name = markup.label("user", id)?.text else { continue }
                foot += "<span class=\"owner\" title=\"\(name)\">\(Icon.avatar(name))<span class=\"hidden-text\">\(name)</span></span>"
            } else if field.isNumeric || field.type == .day {
                foot += "<span>\(markup.html(value, field.description, short: true))</span>"
            } else {
                lines += "<p>\(markup.html(value, field.description))</p>"
            }
        }
        let move = Parts.link("", href + "/move", icon: "move", classes: "plain square move", dialog: true, extra: " aria-label=\"Move \(title)\"")
        return """
            <li class="card" data-id="\(record.id.raw)" data-version="\(record.version)"><a class="title" href="\(href)">\(title)</a>\(lines)<footer>\(foot)</footer>\(move, if: canMove)</li>

            """
    }

    private func more(_ hasMore: Bool, _ key: String, _ last: RecordID?) -> HTML {
        guard hasMore, let last else { return "" }
        let href = state.query.with("column", key.isEmpty ? "none" : key).with("after", last.description).href(target)
        return """
            <li class="more"><a class="button compact plain" href="\(listHref(key))" data-fragment="cards" hx-get="\(href)" hx-target="closest li" hx-swap="outerHTML" hx-trigger="click, intersect once">Show more</a></li>
            """
    }

    /// The column as a list: where the link goes without script.
    private func listHref(_ key: String) -> String {
        let base = "/admin/\(entity.path)"
        return state.query.without("within", "column").with(key.isEmpty ? board.by + ".empty" : board.by, key.isEmpty ? "true" : key).href(base)
    }

    private func moreCards(_ transaction: StoreTransaction) throws -> HTML {
        let asked = visit.query["column"] ?? ""
        let key = try BoardScreen.key(asked == "none" ? "" : asked, entity, board)
        let state = ListState(entity: entity, query: visit.query.without("after"))
        var filter = try state.query(transaction).filter
        if let name = board.within, let picked = try pickedBoard(transaction)?.chosen {
            filter = .all([filter, .compare(name, .equal, .value(.integer(picked)))])
        }
        let page = try transaction.boardCards(
            entity, filter: filter, key: key, after: visit.query["after"].flatMap { Int64($0) }, limit: BoardScreen.cardsPerColumn)
        let labels = LabelCache(transaction)
        try labels.load(page.cards, cardFields)
        let markup = visit.markup(transaction, labels: labels)
        return "\(page.cards.html { card($0, markup) })\(more(page.hasMore, ValueText.plain(key), page.cards.last?.id))"
    }

    /// The value that a column stands for.
    static func key(_ text: String, _ entity: EntityModel, _ board: BoardView) throws -> Value {
        guard let field = entity.field(board.by) else { throw CRMError(.notFound, "there is no such board") }
        if text.isEmpty { return .null }
        if case .reference = field.type {
            guard let id = Int64(text) else { throw CRMError(.malformed, "there is no column \(text)") }
            return .integer(id)
        }
        return .text(text)
    }
}
