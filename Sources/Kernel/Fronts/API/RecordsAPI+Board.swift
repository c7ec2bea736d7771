import PluginAPI

extension RecordsAPI {
    /// The columns of a board (`?board=name`, the first without it) with their figures and first cards; with `?rows=field` the
    /// figures by the values of that field instead of cards.
    func board(_ request: FrontRequest, _ caller: Caller) async throws -> FrontResponse {
        try caller.actor.require("view", on: entity)
        let entity = entity
        let bytes = try await kernel.store.read(as: caller.actor, mayLag: true) { tx in
            let limit = try APIFront.number("limit", request, usual: 20, 0...100)
            let query = try RecordsAPI.query(request, entity, tx)
            if let name = request.parameter("rows"), !name.isEmpty {
                return try RecordsAPI.write(try tx.table(query, by: try query.rowField(name)), query, tx.summed(query))
            }
            let columns = try tx.columns(query, limit: 0)
            let labels = LinkLabels(tx)
            let sums = tx.summed(query)
            return try JSONWriter.object { json in
                RecordsAPI.write(&json, query)
                json.key("data")
                json.beginArray()
                for column in columns {
                    json.beginObject()
                    RecordsAPI.write(&json, column)
                    RecordsAPI.write(&json, column.figure, query.board, sums)
                    json.key("cards")
                    json.beginArray()
                    var cards = MarkedRecords(entity, tx)
                    var hasMore: Bool = column.count > 0
                    if hasMore, limit > 0 {
                        hasMore = try tx.cards(query, column.key, limit: limit, withLabels: true) { row, projection in
                            try cards.write(row.integer(0), to: &json) { try row.write(projection.plan, labels, to: &$0) }
                        }
                    }
                    try cards.finish(&json)
                    json.endArray()
                    json.field("has_more", hasMore)
                    json.endObject()
                }
                json.endArray()
            }
        }
        return .json(bytes)
    }

    private static func query(_ request: FrontRequest, _ entity: EntityModel, _ tx: StoreTransaction) throws -> BoardQuery {
        var query = try tx.board(request.parameter("board").flatMap { $0.isEmpty ? nil : $0 }, of: entity)
        query.filter = try ListQuery(request.query.filter { $0.name != "limit" }, entity: entity, transaction: tx).filter
        query.within = try request.parameter("within").flatMap { text -> Int64? in
            if text.isEmpty || text == "all" { return nil }
            guard let target = query.board.within.flatMap(entity.field)?.target, let id = try tx.resolve(target, text) else {
                throw CRMError(.invalid, "there is no such board", problems: [Problem(field: "within", "names no board")])
            }
            return id
        }
        return query
    }

    private static func write(_ json: inout JSONWriter, _ query: BoardQuery) {
        json.field("board", query.board.name)
        json.field("title", query.board.title)
    }

    private static func write(_ json: inout JSONWriter, _ column: BoardColumn) {
        json.key("key")
        json.value(column.key)
        json.field("title", column.title)
        json.field("color", column.color)
    }

    /// Count, the first sum, and all sums by their fields.
    private static func write(_ json: inout JSONWriter, _ figure: BoardCount, _ board: BoardView, _ fields: [FieldModel?]) {
        json.field("count", figure.count)
        json.key("sums")
        json.beginArray()
        for sum in figure.sums.first ?? [] { json.figure(sum, fields.first ?? nil) }
        json.endArray()
        json.key("totals")
        json.beginObject()
        for (place, field) in fields.enumerated() {
            guard let field else { continue }
            json.key(field.name)
            json.beginArray()
            for sum in figure.sums[place] { json.figure(sum, field) }
            json.endArray()
        }
        json.endObject()
    }

    private static func write(_ table: BoardTable, _ query: BoardQuery, _ sums: [FieldModel?]) throws -> [UInt8] {
        JSONWriter.object { json in
            write(&json, query)
            json.key("columns")
            json.beginArray()
            for column in table.columns {
                json.beginObject()
                write(&json, column)
                write(&json, column.figure, query.board, sums)
                json.endObject()
            }
            json.endArray()
            json.key("data")
            json.beginArray()
            for row in table.rows {
                json.beginObject()
                json.key("key")
                json.value(row.key)
                json.field("title", row.title)
                write(&json, row.total, query.board, sums)
                json.key("cells")
                json.beginArray()
                for cell in row.cells {
                    json.beginObject()
                    write(&json, cell, query.board, sums)
                    json.endObject()
                }
                json.endArray()
                json.endObject()
            }
            json.endArray()
        }
    }

    /// Puts a card into a `column` (where it is, unless given) of a `board` (the first, unless given), `below` another card or on
    /// top, together with other `values` that the column asks for.
    func move(_ request: FrontRequest, _ caller: Caller, _ id: RecordID) async throws -> FrontResponse {
        let body = try APIFront.body(request)
        let entity = entity
        let bytes = try await kernel.store.write(as: caller.actor) { tx in
            let query = try tx.board(body["board"]?.text, of: entity)
            let input = RecordInput(transaction: tx)
            let key = try body["column"].map { try RecordsAPI.key($0, query, input) } ?? query.key(of: tx.require(entity, id))
            let values = try (body["values"]?.members ?? []).map { member -> (field: FieldModel, value: Value) in
                guard let field = entity.field(member.name), !field.isSystem, !field.description.isReadOnly else {
                    throw CRMError(.invalid, "the card cannot be moved so", problems: [Problem(field: member.name, "is not a field that can be set")])
                }
                return (field, try input.value(field, json: member.value))
            }
            _ = try tx.move(id, on: query, to: key, below: try RecordsAPI.below(body), with: values)
            return try tx.json(entity, id).bytes
        }
        return .json(bytes)
    }

    private static func key(_ json: JSONValue, _ query: BoardQuery, _ input: RecordInput) throws -> Value {
        guard query.board.isByMonth else { return try input.value(query.field, json: json) }
        if json == .null { return .null }
        guard let text = json.text, BoardMonth(text) != nil || query.isOver(text) else {
            throw CRMError(.invalid, "there is no such column", problems: [Problem(field: "column", "must be a month such as 2026-11, or null")])
        }
        return .text(text)
    }

    private static func below(_ body: JSONValue) throws -> RecordID? {
        guard let given = body["below"], given != .null else { return nil }
        guard let id = given.int else {
            throw CRMError(.invalid, "there is no such card", problems: [Problem(field: "below", "must be the id of a card")])
        }
        return RecordID(id)
    }
}

extension BoardQuery {
    /// By which fields the figures can be had: of this board, or of another one where it has none.
    private var rowsHint: String {
        if !board.rows.isEmpty { return "There is \(board.rows.joined(separator: ", "))." }
        let others: [String] = entity.boards.filter { !$0.rows.isEmpty }.map { "\($0.name) by \($0.rows.joined(separator: ", "))" }
        return others.isEmpty
            ? "No board of \(entity.pluralTitle.lowercased()) is broken down into rows; ask for it without rows."
            : "It shows cards alone. Others have rows: \(others.joined(separator: "; "))."
    }

    /// A field by which the figures may be broken down.
    func rowField(_ name: String) throws -> FieldModel {
        guard board.rows.contains(name), let field = entity.field(name) else {
            throw CRMError(
                .invalid, "the board has no rows by \(name.prefix(60))",
                hint: rowsHint, problems: [Problem(field: "rows", "is not a field of its rows")])
        }
        return field
    }
}
