import PluginAPI

extension StoreTransaction {
    /// Puts a card of the entity's first board into a column.
    func moveCard(_ entity: EntityModel, _ id: RecordID, to key: Value, below: RecordID?) throws -> RecordData {
        try move(id, on: try board(of: entity), to: key, below: below)
    }

    /// Puts a card into a column below another card, or on top when `below` is nil. Changing the column is an ordinary
    /// change of the record, with its rules and hooks, together with other values that the column asks for; the order within a
    /// column is not part of the record's history. On a board by months, the order is that of the days.
    func move(
        _ id: RecordID, on query: BoardQuery, to key: Value, below: RecordID?, with values: [(field: FieldModel, value: Value)] = []
    ) throws -> RecordData {
        let (entity, field) = (query.entity, query.field)
        var record = try editable(entity, id)
        if query.key(of: record) != key || !values.isEmpty {
            guard !field.description.isReadOnly else {
                throw CRMError(.forbidden, "\(field.label.lowercased()) cannot be changed by dragging")
            }
            if query.key(of: record) != key { record.values[field.place] = try value(of: key, on: query, for: record) }
            for (field, value) in values { record.values[field.place] = value }
            record = try save(entity.name, record)
        }
        if !query.board.isByMonth {
            try core.changing(entity.pluralTitle.lowercased()) {
                let rank = try newRank(query, record, below: below)
                try connection.execute(
                    "UPDATE \(quoted(entity.name)) SET \"rank\" = ? WHERE \"id\" = ?", [.integer(rank), .integer(id.raw)])
            }
        }
        core.touch(entity.name, id.raw)
        return record
    }

    /// The card that stands above another one in its column, or nil when that is the first: for boards that days order.
    func card(before record: RecordData, on query: BoardQuery) throws -> Int64? {
        let key: Value = query.key(of: record)
        let order: [String] = query.order(in: key)
        let place: SQLValue = order[0] == "id" ? .integer(record.id.raw) : record.values[query.field.place].column
        let list: String = order.map { "t." + quoted($0) }.joined(separator: ", ")
        var select: SQLFragment = try compiler(query.entity).condition(.all([query.holds(key), query.cards]))
        select = "SELECT t.\"id\" FROM \(quoted(query.entity.name)) t WHERE " + select
        select = select + SQLFragment(" AND (\(list)) < (?, ?)", [place, .integer(record.id.raw)])
        select = select + " ORDER BY \(order.map { "t." + quoted($0) + " DESC" }.joined(separator: ", ")) LIMIT 1"
        return try connection.integer(select.sql, select.arguments)
    }

    /// What the field gets in a column.
    private func value(of key: Value, on query: BoardQuery, for record: RecordData) throws -> Value {
        guard query.board.isByMonth, key != .null else { return key }
        if let now = query.now, case .text(let text) = key, query.isOver(text) {
            throw CRMError.refused(
                "nothing can be put into a month that is over", hint: "Put it into \(now.title) or a month after it, or change the day itself.")
        }
        guard case .text(let text) = key, let month = BoardMonth(text) else {
            throw CRMError(
                .invalid, "there is no such column", problems: [Problem(field: "column", "must be a month such as \(BoardMonth(of: today).key)")])
        }
        var old: Day?
        if case .day(let day) = record.values[query.field.place] { old = day }
        return .day(month.day(from: old, today: today))
    }

    /// A rank between the card above and the one below it; makes room when there is none. What the user cannot see has its
    /// place in the column as well.
    private func newRank(_ query: BoardQuery, _ record: RecordData, below: RecordID?) throws -> Int64 {
        let entity: EntityModel = query.entity
        let column = Filter.all([query.holds(record.values[query.field.place]), query.board.cards, .not(.id(record.id))])
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

    /// The rank of a card that the user may see, or nil.
    private func rank(_ entity: EntityModel, _ filter: Filter) throws -> Int64? {
        let query = "SELECT t.\"rank\" FROM \(quoted(entity.name)) t WHERE " + (try compiler(entity).condition(filter))
        return try connection.integer(query.sql, query.arguments)
    }
}
