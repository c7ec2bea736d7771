import PluginAPI

/// A board of an entity: a column for each value of a field or each month of a day, the first cards of each, figures over all of
/// them; or, where figures are asked for, a table of them.
struct BoardScreen {
    let visit: Visit
    let entity: EntityModel
    let board: BoardView

    init(visit: Visit, entity: EntityModel) throws {
        guard let board = BoardScreen.board(visit.query["board"], of: entity) else {
            throw CRMError(.notFound, "\(entity.pluralTitle.lowercased()) have no such board")
        }
        self.visit = visit
        self.entity = entity
        self.board = board
    }

    static func board(_ name: String?, of entity: EntityModel) -> BoardView? {
        name.map { name in entity.boards.first { $0.name == name } } ?? entity.boards.first
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
        let content = try await visit.store.read(as: visit.actor, mayLag: true) { try html($0) }
        let title = board.name == BoardView.standardName ? entity.pluralTitle : "\(board.title) of \(entity.pluralTitle.lowercased())"
        return try await visit.page(Page(title: title, current: "/admin/\(entity.path)", fillsWindow: true, content: content))
    }

    private func html(_ transaction: StoreTransaction) throws -> HTML {
        let state = self.state
        let choices = RecordChoices(transaction)
        let picked = try pickedBoard(transaction)
        var query = try transaction.board(board.name, of: entity)
        query.filter = try state.checkedQuery(transaction).filter
        query.within = picked?.chosen
        let tabs = try ViewTabs(visit: visit, state: state, target: target).html(transaction)
        let bar = try FilterBar(state: state, choices: choices, transaction: transaction, target: target).html()
        let labels = LabelCache(transaction, choices: choices)
        let total: Int
        let results: HTML
        if let rows = try rowField(query) {
            let table = try transaction.table(query, by: rows)
            total = table.columns.reduce(0) { $0 + $1.count }
            results = BoardTablePart(
                entity: entity, query: query, rows: rows, table: table, sums: transaction.summed(query), filters: state.filters,
                markup: visit.markup(transaction, labels: labels)
            ).html
        } else {
            let columns = try transaction.columns(query, limit: BoardScreen.cardsPerColumn)
            total = columns.reduce(0) { $0 + $1.count }
            let cards = columns.flatMap(\.cards)
            try labels.load(cards, cardFields)
            let shown = CardMarkup(
                values: visit.markup(transaction, labels: labels), marks: try transaction.marks(entity, cards.map(\.id.raw)),
                sums: transaction.summed(query), now: board.isByMonth ? BoardMonth(of: transaction.today).key : "")
            results = frame(columns.html { column($0, shown) })
        }
        let head = Parts.head(
            entity.pluralTitle, count: total,
            beside: "\(ViewSwitch.html(entity, state.query, board: board))\(picked.map(picker))\(rowSwitch)",
            actions: ListActions(visit: visit, entity: entity, query: state.query).html)
        return "\(head)\(tabs)\(bar)\(results)"
    }

    private func frame(_ body: HTML) -> HTML {
        let drag: HTML = " data-move=\"/admin/\(entity.path)/{id}/move\""
        let by = entity.field(board.by)?.label.lowercased() ?? board.by
        let ordered: HTML = " data-ordered"
        return """
            <div id="results" class="board-frame"><div class="board" id="board" role="group" aria-label="\(entity.pluralTitle) by \(by)"\(drag, if: canMove)\(ordered, if: board.isByMonth)>\(body)</div></div>
            """
    }

    // MARK: Several boards, and tables of their figures

    private func pickedBoard(_ transaction: StoreTransaction) throws -> BoardPick.Choice? {
        let asked = visit.query["within"] ?? (board.isByMonth ? nil : board.within.flatMap { visit.query[$0] })
        return try BoardPick(visit: visit, entity: entity, board: board, asked: asked).read(transaction)
    }

    private func picker(_ picked: BoardPick.Choice) -> HTML {
        guard picked.options.count > 1 else { return "" }
        let field = board.within.flatMap { entity.field($0) }
        let all: HTML = board.isByMonth ? "<option value=\"\">All \((field?.target.flatMap { visit.registry.entity($0)?.pluralTitle } ?? "").lowercased())</option>" : ""
        let options = picked.options.html { option in
            "<option value=\"\(option.key)\"\(" selected", if: option.key == picked.chosen?.description)>\(option.label)</option>"
        }
        return """
            <form action="\(target)" class="row">\(state.query.without("within").hidden())<label class="hidden-text" for="within">\(field?.label ?? "")</label><select id="within" name="within" data-submit>\(all)\(options)</select><noscript><button class="button compact">Show</button></noscript></form>
            """
    }

    private func rowField(_ query: BoardQuery) throws -> FieldModel? {
        guard let name = visit.query["rows"] else { return nil }
        let field = try query.rowField(name)
        guard visit.actor.mask(name, of: entity.name) != .hidden else { throw CRMError(.notFound, "there is no such table") }
        return field
    }

    /// Cards, or the figures by a field.
    private var rowSwitch: HTML {
        let fields = board.rows.compactMap { entity.field($0) }.filter { visit.actor.mask($0.name, of: entity.name) != .hidden }
        guard !fields.isEmpty else { return "" }
        let here: HTML = " aria-current=\"page\""
        let query = state.query.without("rows")
        let links = fields.html { field in
            "<a href=\"\(query.with("rows", field.name).href(target))\"\(here, if: visit.query["rows"] == field.name)>By \(field.label.lowercased())</a>"
        }
        return """
            <nav class="switch" aria-label="Cards or figures"><a href="\(query.href(target))"\(here, if: visit.query["rows"] == nil)>Cards</a>\(links)</nav>
            """
    }

    // MARK: Columns and cards

    /// What cards and columns are shown with.
    struct CardMarkup {
        var values: ValueMarkup
        var marks: [Int64: [MarkModel]]
        var sums: [FieldModel?]
        /// The key of the column that the page begins with; empty for the first.
        var now = ""
    }

    private var cardFields: [FieldModel] {
        board.card.compactMap { entity.field($0) }.filter {
            $0.name != entity.labelField && $0.name != board.by && visit.actor.mask($0.name, of: entity.name) != .hidden
        }
    }

    private func column(_ column: BoardColumn, _ markup: CardMarkup) -> HTML {
        let key = ValueText.plain(column.key)
        let id = "column-" + (key.isEmpty ? "none" : key)
        let dot: HTML = column.color.isEmpty ? "" : Icon.dot(column.color)
        let cards = column.cards.html { card($0, markup) }
        let now: HTML = " data-now"
        return """
            <section class="column" aria-labelledby="\(id)"\(now, if: !key.isEmpty && key == markup.now)><header>\(dot)<h2 id="\(id)">\(column.title)</h2><span class="count" data-n="\(column.count)">\(Display.grouped(String(column.count)))</span>\(BoardSums.html(column.figure, markup.sums))</header>\
            <ol class="cards" data-value="\(key)" tabindex="0" aria-labelledby="\(id)">\(cards)\(more(column.hasMore, key, column.cards.last?.id))</ol></section>
            """
    }

    func card(_ record: RecordData, _ markup: CardMarkup) -> HTML {
        let href = "/admin/\(entity.path)/\(record.id)"
        let title = RecordChoices.label(record, entity)
        var lines = HTML()
        var foot = HTML()
        for field in cardFields {
            let value = record.values[field.place]
            if value.isEmpty { continue }
            if field.target == "user", case .integer(let id) = value {
                guard let name = markup.values.label("user", id)?.text else { continue }
                foot += "<span class=\"owner\" title=\"\(name)\">\(Icon.avatar(name))<span class=\"hidden-text\">\(name)</span></span>"
            } else if field.isNumeric || field.type == .day {
                foot += "<span title=\"\(field.label)\">\(markup.values.html(value, field.description, short: true))</span>"
            } else {
                lines += "<p>\(markup.values.html(value, field.description))</p>"
            }
        }
        let marks: HTML = MarkBadges.html(markup.marks[record.id.raw] ?? [])
        let way = state.query.with("board", board.name).href(href + "/move")
        let move = Parts.link("", way, icon: "move", classes: "plain square move", dialog: true, extra: " aria-label=\"Move \(title)\"")
        return """
            <li class="card" data-id="\(record.id.raw)" data-version="\(record.version)"><a class="title" href="\(href)">\(title)</a>\(lines)\(marks)<footer>\(foot)</footer>\(move, if: canMove)</li>

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
        let rest = state.query.without("within", "column", "board", "rows")
        if !board.earlier.isEmpty, .text(key) == BoardQuery.earlier {
            return rest.with(board.by + ".lt", BoardMonth(of: visit.today).first.description).href(base)
        }
        if let month = board.isByMonth ? BoardMonth(key) : nil {
            return rest.with(board.by + ".gte", month.first.description).with(board.by + ".lt", month.end.description).href(base)
        }
        return rest.with(key.isEmpty ? board.by + ".empty" : board.by, key.isEmpty ? "true" : key).href(base)
    }

    private func moreCards(_ transaction: StoreTransaction) throws -> HTML {
        let asked = visit.query["column"] ?? ""
        let state = ListState(entity: entity, query: visit.query.without("after"))
        var query = try transaction.board(board.name, of: entity)
        query.filter = try state.query(transaction).filter
        query.within = try pickedBoard(transaction)?.chosen
        let key = try query.key(asked == "none" ? "" : asked)
        let page = try transaction.moreCards(query, key, after: visit.query["after"].flatMap { Int64($0) }, limit: BoardScreen.cardsPerColumn)
        let labels = LabelCache(transaction)
        try labels.load(page.cards, cardFields)
        let markup = CardMarkup(
            values: visit.markup(transaction, labels: labels), marks: try transaction.marks(entity, page.cards.map(\.id.raw)), sums: [])
        return "\(page.cards.html { card($0, markup) })\(more(page.hasMore, ValueText.plain(key), page.cards.last?.id))"
    }
}

extension BoardQuery {
    /// The value that a column stands for, as its address says it.
    func key(_ text: String) throws -> Value {
        if text.isEmpty { return .null }
        if board.isByMonth {
            guard BoardMonth(text) != nil || isOver(text) else { throw CRMError(.malformed, "there is no column \(text.prefix(60))") }
            return .text(text)
        }
        if case .reference = field.type {
            guard let id = Int64(text) else { throw CRMError(.malformed, "there is no column \(text.prefix(60))") }
            return .integer(id)
        }
        return .text(text)
    }
}

/// What a column adds up to: its first sum beside the count, others below it with their names.
enum BoardSums {
    static func texts(_ figure: BoardCount, _ sums: [FieldModel?]) -> [String] {
        sums.enumerated().compactMap { place, field in
            guard let field else { return nil }
            return figure.sums[place].map { Display.figure($0, field) }.joined(separator: " + ")
        }
    }

    static func html(_ figure: BoardCount, _ sums: [FieldModel?]) -> HTML {
        let names = sums.compactMap { $0?.label }
        return Array(zip(names, texts(figure, sums)).enumerated()).html { place, sum in
            place == 0
                ? "<span class=\"sum\" title=\"\(sum.0)\">\(sum.1)</span>"
                : "<span class=\"more-sums\"><span>\(sum.0)</span><span class=\"sum\">\(sum.1)</span></span>"
        }
    }
}

/// The marks that a record carries.
enum MarkBadges {
    static func html(_ marks: [MarkModel]) -> HTML {
        if marks.isEmpty { return "" }
        let badges = marks.html { mark in "<span class=\"mark\" title=\"\(mark.help)\">\(Badge.colored(mark.title, mark.color))</span>" }
        return "<span class=\"marks\">\(badges)</span>"
    }
}
