import PluginAPI

/// One column of a board: its figures over all its cards, and the first cards only.
struct BoardColumn: Sendable {
    /// What the field has in this column: an id, an option's key, or null for cards that have nothing.
    var key: Value
    var title: String
    var color: String
    var count: Int
    /// What the cards add up to, a sum for each currency (or one without for plain numbers).
    var sums: [Aggregate]
    var cards: [RecordData]
    /// Whether the column holds more cards than were read.
    var hasMore: Bool
}

extension StoreTransaction {
    /// The columns of a board in their order, with figures.
    /// - Parameters:
    ///   - within: the record that picks one board among several, where the board asks for one.
    ///   - limit: how many cards of each column to read; none for figures alone.
    func boardColumns(_ entity: EntityModel, filter: Filter, within: Int64?, limit: Int) throws -> [BoardColumn] {
        let (board, field) = try board(of: entity)
        let cards = StoreTransaction.cards(board, filter, within)
        let figures = try figures(entity, field, board, cards)
        var heads = try heads(field, board, within)
        if figures[.null] != nil { heads.append(Head(key: .null, title: "None", color: "")) }
        return try heads.map { head in
            let figures = figures[head.key] ?? []
            let count = figures.reduce(0) { $0 + $1.count }
            var column = BoardColumn(
                key: head.key, title: head.title, color: head.color, count: count, sums: figures.filter { $0.sum != 0 }, cards: [],
                hasMore: count > 0)
            if limit > 0, count > 0 {
                column.hasMore = try cardPage(entity, field, cards, head.key, nil, limit) { column.cards.append($1.record($0)) }
            }
            return column
        }
    }

    /// More cards of one column: those that follow a card.
    func boardCards(
        _ entity: EntityModel, filter: Filter, key: Value, after: Int64?, limit: Int
    ) throws -> (cards: [RecordData], hasMore: Bool) {
        let (board, field) = try board(of: entity)
        var cards: [RecordData] = []
        let hasMore = try cardPage(entity, field, .all([board.cards, filter]), key, after, limit) { cards.append($1.record($0)) }
        return (cards, hasMore)
    }

    /// Hands over the first cards of one column with the labels of what they point at, and tells whether there are more.
    func boardCards(
        _ entity: EntityModel, filter: Filter, within: Int64?, key: Value, limit: Int, _ each: (any Row, Projection) throws -> Void
    ) throws -> Bool {
        let (board, field) = try board(of: entity)
        return try cardPage(entity, field, StoreTransaction.cards(board, filter, within), key, nil, limit, withLabels: true, each)
    }

    private func board(of entity: EntityModel) throws -> (board: BoardView, field: FieldModel) {
        guard let board = entity.board else { throw CRMError(.notFound, "\(entity.pluralTitle.lowercased()) have no board") }
        return (board, try compiler(entity).visible(board.by))
    }

    private static func cards(_ board: BoardView, _ filter: Filter, _ within: Int64?) -> Filter {
        var conditions = [board.cards, filter]
        if let name = board.within, let within { conditions.append(.compare(name, .equal, .value(.integer(within)))) }
        return .all(conditions)
    }

    private struct Head {
        var key: Value
        var title: String
        var color: String
    }

    private func heads(_ field: FieldModel, _ board: BoardView, _ within: Int64?) throws -> [Head] {
        switch field.type {
        case .choice(let options):
            return options.map { Head(key: .text($0.key), title: $0.label, color: $0.color) }
        case .reference(let target):
            let model = try registry.require(target)
            var conditions = [board.columns]
            if let name = board.columnWithin, let within { conditions.append(.compare(name, .equal, .value(.integer(within)))) }
            let sort = model.field("position") == nil ? [] : [Sort(field: "position", descending: false)]
            return try all(target, where: .all(conditions), sort: sort, limit: 200).map { record in
                var color = ""
                if case .text(let text) = record["color"] { color = text }
                var title = "#\(record.id)"
                if case .text(let text) = record[model.labelField] { title = text }
                return Head(key: .integer(record.id.raw), title: title, color: color)
            }
        default:
            throw CRMError(.internalError, "a board by \(field.name) has no columns")
        }
    }

    private func figures(_ entity: EntityModel, _ field: FieldModel, _ board: BoardView, _ cards: Filter) throws -> [Value: [Aggregate]] {
        let sum = board.sum.flatMap(entity.field).flatMap { $0.isStored && actor.mask($0.name, of: entity.name) != .hidden ? $0 : nil }
        let query = "SELECT t.\(quoted(field.name)), \(Aggregate.columns(sum, compiler(entity))) FROM \(quoted(entity.name)) t WHERE "
            + (try compiler(entity).condition(cards)) + " GROUP BY 1, 2"
        var figures: [Value: [Aggregate]] = [:]
        try connection.query(query.sql, query.arguments) { row in
            figures[field.read(row, at: 0), default: []].append(Aggregate(row, at: 1))
            return true
        }
        return figures
    }

    private func cardPage(
        _ entity: EntityModel, _ field: FieldModel, _ cards: Filter, _ key: Value, _ after: Int64?, _ limit: Int, withLabels: Bool = false,
        _ each: (any Row, Projection) throws -> Void
    ) throws -> Bool {
        let projection = try projection(entity, withLabels: withLabels)
        var query = projection.select + " WHERE " + (try compiler(entity).condition(.all([field.holds(key), cards])))
        if let after, let rank = try rank(entity, .id(RecordID(after))) {
            query = query + SQLFragment(" AND (t.\"rank\", t.\"id\") > (?, ?)", [.integer(rank), .integer(after)])
        }
        query = query + SQLFragment(" ORDER BY t.\"rank\", t.\"id\" LIMIT ?", [.integer(Int64(limit) + 1)])
        var delivered = 0
        try connection.query(query.sql, projection.arguments + query.arguments) { row in
            delivered += 1
            if delivered <= limit { try each(row, projection) }
            return delivered <= limit
        }
        return delivered > limit
    }

    /// The rank of a card that the user may see, or nil.
    private func rank(_ entity: EntityModel, _ filter: Filter) throws -> Int64? {
        let query = "SELECT t.\"rank\" FROM \(quoted(entity.name)) t WHERE " + (try compiler(entity).condition(filter))
        return try connection.integer(query.sql, query.arguments)
    }

    // MARK: Dragging

    /// Puts a card into a column below another card, or on top when `below` is nil. Changing the column is an ordinary
    /// change of the record, with its rules and hooks; the order within a column is not part of the record's history.
    func moveCard(_ entity: EntityModel, _ id: RecordID, to key: Value, below: RecordID?) throws -> RecordData {
        let (_, field) = try board(of: entity)
        var record = try editable(entity, id)
        if record.values[field.place] != key {
            guard !field.description.isReadOnly else {
                throw CRMError(.forbidden, "\(field.label.lowercased()) cannot be changed by dragging")
            }
            record.values[field.place] = key
            record = try save(entity.name, record)
        }
        try core.changing(entity.pluralTitle.lowercased()) {
            let rank = try newRank(entity, field, record, below: below)
            try connection.execute(
                "UPDATE \(quoted(entity.name)) SET \"rank\" = ? WHERE \"id\" = ?", [.integer(rank), .integer(id.raw)])
        }
        core.effects.touched.append(.init(entity: entity.name, id: id.raw))
        return record
    }

    /// A rank between the card above and the one below it; makes room when there is none. What the user cannot see has its
    /// place in the column as well.
    private func newRank(_ entity: EntityModel, _ field: FieldModel, _ record: RecordData, below: RecordID?) throws -> Int64 {
        let column = Filter.all([field.holds(record.values[field.place]), .not(.id(record.id))])
        let others = try withRights(for: "ordering a board").compiler(entity).condition(column)
        let table = quoted(entity.name)
        guard let below else {
            let first = try connection.integer("SELECT min(t.\"rank\") FROM \(table) t WHERE \(others.sql)", others.arguments)
            return min((first ?? 0) - BoardRank.gap, BoardRank.top(at: now))
        }
        guard let above = try rank(entity, .all([column, .id(below)])) else {
            throw CRMError(
                .invalid, "there is no such card in this column",
                problems: [Problem(field: "below", "is not another \(entity.title.lowercased()) in this column")])
        }
        let following = others + SQLFragment(" AND (t.\"rank\", t.\"id\") > (?, ?)", [.integer(above), .integer(below.raw)])
        let next = try connection.integer("SELECT min(t.\"rank\") FROM \(table) t WHERE \(following.sql)", following.arguments)
        guard let next else { return above + BoardRank.gap }
        if next - above > 1 { return above + (next - above) / 2 }
        // No room: everything from the next card on moves down, in one statement.
        try connection.execute(
            "UPDATE \(table) AS t SET \"rank\" = t.\"rank\" + \(2 * BoardRank.gap) WHERE \(following.sql)", following.arguments)
        return above + BoardRank.gap
    }
}

extension FieldModel {
    /// The condition for records that hold a value here, or nothing.
    fileprivate func holds(_ value: Value) -> Filter { value == .null ? .empty(name) : .compare(name, .equal, .value(value)) }
}
