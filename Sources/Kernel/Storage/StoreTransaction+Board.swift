import PluginAPI

/// One column of a board: its figures over all its cards, and the first cards only.
struct BoardColumn: Sendable {
    /// What the field has in this column: an id, an option's key, a month (`2026-11`), or null for cards that have nothing.
    var key: Value
    var title: String
    var color: String
    var figure: BoardCount
    var cards: [RecordData]
    /// Whether the column holds more cards than were read.
    var hasMore: Bool

    var count: Int { figure.count }
    /// What the cards add up to by the board's first sum: a figure for each currency (or one without for plain numbers).
    var sums: [Aggregate] { figure.sums.first ?? [] }
}

/// The figures of a board's columns, broken down by the values of a field.
struct BoardTable: Sendable {
    struct Row: Sendable {
        var key: Value
        var title: String
        /// A figure for each column, in their order.
        var cells: [BoardCount]
        var total: BoardCount
    }
    var columns: [BoardColumn]
    var rows: [Row]
}

extension StoreTransaction {
    /// A board by its name; the entity's first without one.
    func board(_ name: String? = nil, of entity: EntityModel) throws -> BoardQuery {
        guard let first = entity.boards.first else { throw CRMError(.notFound, "\(entity.pluralTitle.lowercased()) have no board") }
        guard let board = name.map({ name in entity.boards.first { $0.name == name } }) ?? first else {
            throw CRMError(
                .notFound, "\(entity.pluralTitle.lowercased()) have no board \(name?.prefix(60) ?? "")",
                hint: "There is \(entity.boards.map(\.name).joined(separator: ", ")).")
        }
        var query = BoardQuery(entity: entity, board: board, field: try compiler(entity).visible(board.by))
        if board.isByMonth, !board.earlier.isEmpty { query.now = BoardMonth(of: today) }
        return query
    }

    /// The columns of an entity's first board. `within` is the record that picks one board among several.
    func boardColumns(_ entity: EntityModel, filter: Filter, within: Int64?, limit: Int) throws -> [BoardColumn] {
        var query = try board(of: entity)
        query.filter = filter
        query.within = within
        return try columns(query, limit: limit)
    }

    /// The columns of a board in their order, with figures.
    /// - Parameter limit: how many cards of each column to read; none for figures alone.
    func columns(_ query: BoardQuery, limit: Int) throws -> [BoardColumn] {
        let figures: [BoardPlace: BoardCount] = try figures(query)
        let nothing = BoardCount(fields: query.board.sums.count)
        return try heads(query, Set(figures.keys.map(\.column))).map { head in
            let figure: BoardCount = figures[BoardPlace(column: head.key, row: .null)] ?? nothing
            var column = BoardColumn(key: head.key, title: head.title, color: head.color, figure: figure, cards: [], hasMore: figure.count > 0)
            if limit > 0, figure.count > 0 {
                column.hasMore = try cards(query, head.key, limit: limit) { column.cards.append($1.record($0)) }
            }
            return column
        }
    }

    /// The same figures as a table: a row for each value of a field.
    func table(_ query: BoardQuery, by rows: FieldModel) throws -> BoardTable {
        let figures: [BoardPlace: BoardCount] = try figures(query, by: rows)
        let columns: [BoardColumn] = try columns(query, limit: 0)
        let nothing = BoardCount(fields: query.board.sums.count)
        let shown: Set<Value> = Set(columns.map(\.key))
        let keys: Set<Value> = Set(figures.keys.filter { shown.contains($0.column) }.map(\.row))
        let titles: [Value: String] = try titles(of: keys, rows)
        var lines: [BoardTable.Row] = keys.map { key in
            var row = BoardTable.Row(key: key, title: titles[key] ?? "", cells: [], total: nothing)
            for column in columns {
                let cell: BoardCount = figures[BoardPlace(column: column.key, row: key)] ?? nothing
                row.cells.append(cell)
                row.total.add(cell.count)
                for (place, sums) in cell.sums.enumerated() { for sum in sums { row.total.add(sum, at: place) } }
            }
            row.total.settle()
            return row
        }
        lines.sort { ($0.key == .null ? 1 : 0, $0.title.lowercased(), $0.title) < ($1.key == .null ? 1 : 0, $1.title.lowercased(), $1.title) }
        return BoardTable(columns: columns, rows: lines)
    }

    private func titles(of keys: Set<Value>, _ field: FieldModel) throws -> [Value: String] {
        var titles: [Value: String] = [.null: "None"]
        switch field.type {
        case .reference(let target):
            let ids: [Int64] = keys.compactMap { if case .integer(let id) = $0 { id } else { nil } }
            let labels: [Int64: String] = try self.labels(target, ids)
            for id in ids { titles[.integer(id)] = labels[id] ?? "#\(id)" }
        case .choice(let options):
            for key in keys {
                if case .text(let text) = key { titles[key] = options.first { $0.key == text }?.label ?? text }
            }
        default: for key in keys where key != .null { titles[key] = ValueText.plain(key) }
        }
        return titles
    }

    // MARK: Columns

    private struct Head {
        var key: Value
        var title: String
        var color: String
    }

    private func heads(_ query: BoardQuery, _ present: Set<Value>) throws -> [Head] {
        if query.board.isByMonth {
            let months: [BoardMonth] = present.compactMap { if case .text(let text) = $0 { BoardMonth(text) } else { nil } }
            let now = BoardMonth(of: today)
            let earlier = Head(key: BoardQuery.earlier, title: query.board.earlier, color: "#b45309")
            return [Head(key: .null, title: "No date", color: "")] + (present.contains(BoardQuery.earlier) ? [earlier] : [])
                + BoardMonth.shown(holding: months, today: today).map { month in
                    Head(key: .text(month.key), title: month.title, color: month < now ? "#b45309" : month == now ? "#2563eb" : "")
                }
        }
        var heads: [Head] = try columnRecords(query)
        if present.contains(.null) { heads.append(Head(key: .null, title: "None", color: "")) }
        return heads
    }

    private func columnRecords(_ query: BoardQuery) throws -> [Head] {
        switch query.field.type {
        case .choice(let options):
            return options.map { Head(key: .text($0.key), title: $0.label, color: $0.color) }
        case .reference(let target):
            let model = try registry.require(target)
            var conditions = [query.board.columns]
            if let name = query.board.columnWithin, let within = query.within {
                conditions.append(.compare(name, .equal, .value(.integer(within))))
            }
            let sort = model.field("position") == nil ? [] : [Sort(field: "position", descending: false)]
            return try all(target, where: .all(conditions), sort: sort, limit: 200).map { record in
                var color = ""
                if case .text(let text) = record["color"] { color = text }
                var title = "#\(record.id)"
                if case .text(let text) = record[model.labelField] { title = text }
                return Head(key: .integer(record.id.raw), title: title, color: color)
            }
        default:
            throw CRMError(.internalError, "a board by \(query.field.name) has no columns")
        }
    }

    // MARK: Cards

    /// More cards of one column of the first board: those that follow a card.
    func boardCards(
        _ entity: EntityModel, filter: Filter, key: Value, after: Int64?, limit: Int
    ) throws -> (cards: [RecordData], hasMore: Bool) {
        var query = try board(of: entity)
        query.filter = filter
        return try moreCards(query, key, after: after, limit: limit)
    }

    /// The cards of one column that follow a card.
    func moreCards(_ query: BoardQuery, _ key: Value, after: Int64?, limit: Int) throws -> (cards: [RecordData], hasMore: Bool) {
        var found: [RecordData] = []
        let hasMore = try cards(query, key, after: after, limit: limit) { found.append($1.record($0)) }
        return (found, hasMore)
    }

    /// Hands over the first cards of one column, or those after a card, and tells whether there are more.
    func cards(
        _ query: BoardQuery, _ key: Value, after: Int64? = nil, limit: Int, withLabels: Bool = false, _ each: (any Row, Projection) throws -> Void
    ) throws -> Bool {
        let entity: EntityModel = query.entity
        let projection = try projection(entity, withLabels: withLabels)
        let order: [String] = query.order(in: key).map { "t." + quoted($0) }
        var condition: SQLFragment = try compiler(entity).condition(.all([query.holds(key), query.cards]))
        if let after, let place = try place(of: after, query.order(in: key)[0], entity) {
            condition = condition + SQLFragment(" AND (\(order.joined(separator: ", "))) > (?, ?)", [place, .integer(after)])
        }
        let sorted: String = " ORDER BY " + order.joined(separator: ", ")
        if let ids = try first(limit + 1, for: query, order, condition, sorted) { condition = dialect.among("t.\"id\"", ids) }
        let whole: SQLFragment = projection.query(" WHERE " + condition + sorted + .limit(limit + 1, isSearch: query.cards.isSearch))
        var delivered = 0
        try connection.query(whole.sql, whole.arguments) { row in
            delivered += 1
            if delivered <= limit { try each(row, projection) }
            return delivered <= limit
        }
        return delivered > limit
    }

    /// Whoever sees the cards of several people reads the first of each, with an index for each, instead of looking through
    /// everybody's: the ids of those that come first, or nil where one look does.
    private func first(_ limit: Int, for query: BoardQuery, _ order: [String], _ condition: SQLFragment, _ sorted: String) throws -> [Int64]? {
        guard let owners = actor.owners("view", on: query.entity.name), (2...StoreTransaction.mostLooks).contains(owners.count) else { return nil }
        let column: String = "t." + quoted(query.entity.ownerField?.name ?? "created_by")
        let table: String = quoted(query.entity.name)
        var found: [(key: SQLValue, id: Int64)] = []
        for owner in owners {
            let look = SQLFragment("SELECT \(order.joined(separator: ", ")) FROM \(table) t WHERE \(column) = ? AND ", [.integer(owner)]) + condition
                + sorted + .limit(limit, isSearch: query.cards.isSearch)
            found += try connection.all(look.sql, look.arguments) { ($0.value(0), $0.integer(1)) }
        }
        found.sort { left, right in
            switch (left.key, right.key) {
            case (.integer(let a), .integer(let b)) where a != b: a < b
            case (.text(let a), .text(let b)) where a != b: a < b
            default: left.id < right.id
            }
        }
        return found.prefix(limit).map(\.id)
    }

    private static let mostLooks = 60

    /// What a card that the user may see is in order by, or nil.
    private func place(of id: Int64, _ column: String, _ entity: EntityModel) throws -> SQLValue? {
        let select = "SELECT t.\(quoted(column)) FROM \(quoted(entity.name)) t WHERE " + (try compiler(entity).condition(.id(RecordID(id))))
        return try connection.first(select.sql, select.arguments) { $0.value(0) }
    }
}
