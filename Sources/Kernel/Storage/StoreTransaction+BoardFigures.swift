import PluginAPI

extension StoreTransaction {
    /// The figures of a board by column, and by the values of another field where one is given: from those that are kept where they
    /// answer the question, counted otherwise.
    func figures(_ query: BoardQuery, by rows: FieldModel? = nil) throws -> [BoardPlace: BoardCount] {
        let sums: [FieldModel?] = summed(query)
        var figures: [BoardPlace: BoardCount] = try kept(query, by: rows, sums) ?? counted(query, by: rows, sums)
        fold(&figures, query)
        for place in figures.keys { figures[place]?.settle() }
        return figures.filter { $0.value.count > 0 }
    }

    /// Puts the months that are over into one column, where the board has one for them.
    private func fold(_ figures: inout [BoardPlace: BoardCount], _ query: BoardQuery) {
        guard query.now != nil else { return }
        for (place, figure) in figures {
            guard case .text(let text) = place.column, let month = BoardMonth(text), query.key(of: month) == BoardQuery.earlier else { continue }
            figures[place] = nil
            let all = BoardPlace(column: BoardQuery.earlier, row: place.row)
            var sum: BoardCount = figures[all] ?? BoardCount(fields: figure.sums.count)
            sum.add(figure.count)
            for (field, parts) in figure.sums.enumerated() { for part in parts { sum.add(part, at: field) } }
            figures[all] = sum
        }
    }

    /// The fields that a board adds up; nil for those that the user may not see.
    func summed(_ query: BoardQuery) -> [FieldModel?] {
        query.board.sums.map { name in
            guard let field = query.entity.field(name), field.isStored, actor.mask(name, of: query.entity.name) != .hidden else { return nil }
            return field
        }
    }

    // MARK: Counting

    private func counted(_ query: BoardQuery, by rows: FieldModel?, _ sums: [FieldModel?]) throws -> [BoardPlace: BoardCount] {
        let entity: EntityModel = query.entity
        let added: [(place: Int, field: FieldModel)] = sums.enumerated().compactMap { place, field in field.map { (place, $0) } }
        let row: String = rows.map { "t." + quoted($0.name) } ?? "NULL"
        let columns: String = added.map { ", " + BoardQuery.columns(of: $0.field) }.joined()
        let groups: String = added.indices.map { ", \(4 + 4 * $0)" }.joined()
        let select: String = "SELECT \(BoardQuery.key(query.board)), \(row), count(*)\(columns) FROM \(quoted(entity.name)) t WHERE "
        var sql: SQLFragment = try compiler(entity).condition(query.cards)
        sql = select + sql + " GROUP BY 1, 2\(groups)"
        var figures: [BoardPlace: BoardCount] = [:]
        try connection.query(sql.sql, sql.arguments) { line in
            let place = BoardPlace(column: BoardQuery.read(line, query.board, entity), row: rows.map { $0.read(line, at: 1) } ?? .null)
            var count: BoardCount = figures[place] ?? BoardCount(fields: sums.count)
            count.add(Int(line.integer(2)))
            for (index, sum) in added.enumerated() { count.add(Aggregate(line, at: 3 + 4 * index), at: sum.place) }
            figures[place] = count
            return true
        }
        return figures
    }

    // MARK: Kept figures

    private func kept(_ query: BoardQuery, by rows: FieldModel?, _ sums: [FieldModel?]) throws -> [BoardPlace: BoardCount]? {
        let entity: EntityModel = query.entity
        guard let figures = entity.figures.first(where: { $0.board == query.board.name }) else { return nil }
        let owner: String = entity.ownerField?.name ?? "created_by"
        let rowColumn: String
        switch rows?.name {
        case nil: rowColumn = "NULL"
        case owner: rowColumn = "\"owner\""
        case query.board.within: rowColumn = "\"within\""
        default: return nil
        }
        guard let conditions = KeptConditions(query.filter, owner: owner, within: query.board.within, user: actor.userID) else { return nil }
        // What the user may not see in a condition is as unknown as in a query.
        let compiler: QueryCompiler = compiler(entity)
        for name in query.cards.namedFields { _ = try compiler.visible(name) }
        if core.isWriting { try writeFigures() }
        let plan: String? = try connection.first(
            "SELECT \"plan\" FROM \"tenon_board\" WHERE \"entity\" = ? AND \"board\" = ?", [.text(entity.name), .text(figures.board)]
        ) { $0.text(0) }
        guard plan == figures.plan else { return nil }

        var sql = SQLFragment(
            """
            SELECT "value", \(rowColumn), "measure", "currency", sum("count"), sum("high"), sum("low") FROM "tenon_board_figure"
            WHERE "entity" = ? AND "board" = ?
            """, [.text(entity.name), .text(figures.board)])
        if let within = query.within { sql = sql + SQLFragment(" AND \"within\" = ?", [.integer(within)]) }
        if let withins = conditions.withins { sql = sql + " AND " + dialect.among("\"within\"", withins.sorted()) }
        if let owners = conditions.owners { sql = sql + " AND " + dialect.among("\"owner\"", owners.sorted()) }
        // Records that belong to nobody are within nobody's scope.
        if let seen = actor.owners("view", on: entity.name) { sql = sql + " AND " + dialect.among("\"owner\"", seen.filter { $0 != 0 }) }
        sql = sql + " GROUP BY 1, 2, 3, 4"
        var found: [BoardPlace: BoardCount] = [:]
        try connection.query(sql.sql, sql.arguments) { line in
            let id: Int64? = line.optionalInteger(1)
            let row: Value = id.map { $0 == 0 ? .null : .integer($0) } ?? .null
            let place = BoardPlace(column: query.value(ofKept: line.text(0)), row: row)
            var count: BoardCount = found[place] ?? BoardCount(fields: sums.count)
            let measure: String = line.text(2)
            if measure.isEmpty {
                count.add(Int(line.integer(4)))
            } else if let at = sums.firstIndex(where: { $0?.name == measure }) {
                let sum: Int64 = Aggregate.whole(high: line.integer(5), low: line.integer(6))
                count.add(Aggregate(currency: Currency(line.text(3)), count: Int(line.integer(4)), sum: sum), at: at)
            }
            found[place] = count
            return true
        }
        return found
    }
}

/// Where a figure of a board stands.
struct BoardPlace: Hashable, Sendable {
    var column: Value
    /// The value of the field by which columns are broken down; null where they are not.
    var row: Value
}

/// The conditions that kept figures can answer: whose cards, and of which of several boards.
private struct KeptConditions {
    /// 0 for nobody; nil for all.
    var owners: Set<Int64>?
    var withins: Set<Int64>?
    private let owner: String
    private let within: String?
    private let user: Int64?

    init?(_ filter: Filter, owner: String, within: String?, user: Int64?) {
        self.owner = owner
        self.within = within
        self.user = user
        guard take(filter) else { return nil }
    }

    private mutating func take(_ filter: Filter) -> Bool {
        switch filter {
        case .all(let parts):
            for part in parts where !take(part) { return false }
            return true
        case .compare(let name, .equal, let operand): return take(name, [operand])
        case .oneOf(let name, let operands): return take(name, operands)
        case .empty(let name): return take(name, ids: [0])
        default: return false
        }
    }

    private mutating func take(_ name: String, _ operands: [Operand]) -> Bool {
        var ids: Set<Int64> = []
        for operand in operands {
            switch operand {
            case .currentUser where name == owner: if let user { ids.insert(user) }
            case .value(.integer(let id)): if id != 0 { ids.insert(id) }
            default: return false
            }
        }
        return take(name, ids: ids)
    }

    private mutating func take(_ name: String, ids: Set<Int64>) -> Bool {
        guard name == owner || name == within else { return false }
        if name == owner { owners = owners?.intersection(ids) ?? ids } else { withins = withins?.intersection(ids) ?? ids }
        return true
    }
}

extension BoardQuery {
    /// The column's key that a kept figure names.
    fileprivate func value(ofKept text: String) -> Value {
        if text.isEmpty { return .null }
        if !board.isByMonth, case .reference = field.type { return Int64(text).map(Value.integer) ?? .null }
        return .text(text)
    }
}
