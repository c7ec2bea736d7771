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
    /// The labels of the records that the cards' fields point at, by field and id.
    var hasMore: Bool
}

/// A figure over records: for money one for each currency.
struct Aggregate: Sendable, Equatable {
    var currency: Currency?
    var count: Int
    /// In minor units, or units of the field's scale; 0 for counts.
    var sum: Int64
}

extension StoreTransaction {
    /// The columns of a board in their order, with figures.
    /// - Parameters:
    ///   - within: the record that picks one board among several, where the board asks for one.
    ///   - limit: how many cards of each column to read.
    func boardColumns(_ entity: EntityModel, filter: Filter, within: Int64?, limit: Int) throws -> [BoardColumn] {
        guard let board = entity.board, let field = entity.field(board.by) else {
            throw CRMError(.notFound, "\(entity.pluralTitle.lowercased()) have no board")
        }
        var conditions = [board.cards, filter]
        if let name = board.within, let within { conditions.append(.compare(name, .equal, .value(.integer(within)))) }
        let cards = Filter.all(conditions)
        let figures = try figures(entity, field, board, cards)
        var columns: [BoardColumn] = []
        for head in try heads(entity, field, board, within) {
            columns.append(try column(entity, field, head, figures[head.key] ?? [], cards, limit))
        }
        if let loose = figures[.null], loose.contains(where: { $0.count > 0 }) {
            columns.append(try column(entity, field, Head(key: .null, title: "None", color: ""), loose, cards, limit))
        }
        return columns
    }

    /// More cards of one column: those that follow a card.
    func boardCards(_ entity: EntityModel, filter: Filter, key: Value, after: Int64?, limit: Int) throws -> (cards: [RecordData], hasMore: Bool) {
        guard let board = entity.board, let field = entity.field(board.by) else {
            throw CRMError(.notFound, "\(entity.pluralTitle.lowercased()) have no board")
        }
        return try cardPage(entity, field, .all([board.cards, filter]), key, after, limit)
    }

    private struct Head {
        var key: Value
        var title: String
        var color: String
    }

    private func heads(_ entity: EntityModel, _ field: FieldModel, _ board: BoardView, _ within: Int64?) throws -> [Head] {
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
        let condition = try compiler(entity).condition(cards)
        let by = "t." + quoted(field.name)
        let sum = board.sum.flatMap(entity.field).flatMap { actor.mask($0.name, of: entity.name) == .hidden ? nil : $0 }
        let currency = sum.flatMap { $0.type == .money ? "t." + quoted($0.currencyColumn) : nil } ?? "NULL"
        let total = sum.map { "coalesce(sum(t.\(quoted($0.name))), 0)" } ?? "0"
        let sql = """
            SELECT \(by), \(currency), count(*), \(total) FROM \(quoted(entity.name)) t WHERE \(condition.sql) GROUP BY 1, 2
            """
        var figures: [Value: [Aggregate]] = [:]
        try connection.query(sql, condition.arguments) { row in
            figures[field.read(row, at: 0), default: []].append(
                Aggregate(currency: row.optionalText(1).flatMap { Currency($0) }, count: Int(row.integer(2)), sum: row.integer(3)))
            return true
        }
        return figures
    }

    private func column(
        _ entity: EntityModel, _ field: FieldModel, _ head: Head, _ figures: [Aggregate], _ cards: Filter, _ limit: Int
    ) throws -> BoardColumn {
        let count = figures.reduce(0) { $0 + $1.count }
        let page = count == 0 ? (cards: [], hasMore: false) : try cardPage(entity, field, cards, head.key, nil, limit)
        return BoardColumn(
            key: head.key, title: head.title, color: head.color, count: count, sums: figures.filter { $0.sum != 0 },
            cards: page.cards, hasMore: page.hasMore)
    }

    private func cardPage(
        _ entity: EntityModel, _ field: FieldModel, _ cards: Filter, _ key: Value, _ after: Int64?, _ limit: Int
    ) throws -> (cards: [RecordData], hasMore: Bool) {
        let projection = Projection(entity, fields: nil, actor: actor, registry: registry, withLabels: false)
        let inColumn: Filter = key == .null ? .empty(field.name) : .compare(field.name, .equal, .value(key))
        let condition = try compiler(entity).condition(.all([inColumn, cards]))
        var sql = "SELECT \(projection.columns) FROM \(quoted(entity.name)) t WHERE \(condition.sql)"
        var arguments = condition.arguments
        if let after, let rank = try rank(entity, after) {
            sql += " AND (t.\"rank\", t.\"id\") > (?, ?)"
            arguments += [.integer(rank), .integer(after)]
        }
        sql += " ORDER BY t.\"rank\", t.\"id\" LIMIT \(limit + 1)"
        let records = try connection.all(sql, arguments) { projection.record($0) }
        return (Array(records.prefix(limit)), records.count > limit)
    }

    private func rank(_ entity: EntityModel, _ id: Int64) throws -> Int64? {
        try connection.integer("SELECT \"rank\" FROM \(quoted(entity.name)) WHERE \"id\" = ?", [.integer(id)])
    }

    // MARK: Dragging

    /// Puts a card into a column below another card, or on top when `below` is nil. Changing the column is an ordinary
    /// change of the record, with its rules and hooks; the order within a column is not part of the record's history.
    func moveCard(_ entity: EntityModel, _ id: RecordID, to key: Value, below: RecordID?) throws -> RecordData {
        guard let board = entity.board, let field = entity.field(board.by) else {
            throw CRMError(.notFound, "\(entity.pluralTitle.lowercased()) have no board")
        }
        var record = try editable(entity, id)
        if record.values[field.place] != key {
            guard !field.description.isReadOnly else {
                throw CRMError(.forbidden, "\(field.label.lowercased()) cannot be changed by dragging")
            }
            record.values[field.place] = key
            record = try save(entity.name, record)
        }
        let rank = try rank(entity, field, board, record, below: below)
        try connection.execute(
            "UPDATE \(quoted(entity.name)) SET \"rank\" = ? WHERE \"id\" = ?", [.integer(rank), .integer(id.raw)])
        core.effects.touched.append(.init(entity: entity.name, id: id.raw))
        return record
    }

    /// A rank between the card above and the one below it; makes room when there is none.
    private func rank(_ entity: EntityModel, _ field: FieldModel, _ board: BoardView, _ record: RecordData, below: RecordID?) throws -> Int64 {
        let whole = withRights(for: "ordering a board")
        var conditions: [Filter] = [.not(.compare("id", .equal, .value(.integer(record.id.raw))))]
        let key = record.values[field.place]
        conditions.append(key == .null ? .empty(field.name) : .compare(field.name, .equal, .value(key)))
        let condition = try whole.compiler(entity).condition(.all(conditions))
        let table = quoted(entity.name)

        func neighbour(_ more: String, _ arguments: [SQLValue]) throws -> (rank: Int64, id: Int64)? {
            let sql = "SELECT t.\"rank\", t.\"id\" FROM \(table) t WHERE \(condition.sql)\(more) ORDER BY t.\"rank\", t.\"id\" LIMIT 1"
            return try connection.first(sql, condition.arguments + arguments) { ($0.integer(0), $0.integer(1)) }
        }
        guard let below, let above = try self.rank(entity, below.raw) else {
            let first = try neighbour("", [])
            return min((first?.rank ?? 0) - BoardRank.gap, BoardRank.top(at: now))
        }
        let after: [SQLValue] = [.integer(above), .integer(below.raw)]
        guard let next = try neighbour(" AND (t.\"rank\", t.\"id\") > (?, ?)", after) else { return above + BoardRank.gap }
        if next.rank - above > 1 { return above + (next.rank - above) / 2 }
        // No room: everything from the next card on moves down by a gap, in one statement.
        let shift = condition.sql.replacing("t.\"", with: "\"")
        try connection.execute(
            "UPDATE \(table) SET \"rank\" = \"rank\" + \(2 * BoardRank.gap) WHERE \(shift) AND (\"rank\", \"id\") > (?, ?)",
            condition.arguments + after)
        return above + BoardRank.gap
    }
}
