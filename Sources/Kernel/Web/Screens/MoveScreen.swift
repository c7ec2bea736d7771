import PluginAPI

/// Puts a card into another column: by dragging, by keys, or through a small form.
struct MoveScreen {
    let visit: Visit
    let entity: EntityModel
    let id: RecordID

    func respond() async throws -> FrontResponse {
        guard let board = entity.board else { throw CRMError(.notFound, "\(entity.pluralTitle.lowercased()) have no board") }
        return visit.isPost ? try await move(board) : try await ask(board)
    }

    private func ask(_ board: BoardView) async throws -> FrontResponse {
        let (title, body) = try await visit.store.read(as: visit.actor) { transaction -> (String, HTML) in
            let record = try transaction.require(entity, id)
            let within = board.within.flatMap { name -> Int64? in
                if case .integer(let picked) = record[name] { return picked }
                return nil
            }
            let columns = try transaction.boardColumns(entity, filter: .compare("id", .equal, .value(.integer(id.raw))), within: within, limit: 0)
            let options = columns.html { column in
                "<option value=\"\(ValueText.plain(column.key))\"\(" selected", if: column.key == record[board.by])>\(column.title)</option>"
            }
            let label = entity.field(board.by)?.label ?? board.by
            return (
                "Move \(RecordChoices.label(record, entity))",
                """
                <form class="form" method="post" action="/admin/\(entity.path)/\(id.raw)/move">\(csrfField(visit.csrf))<div class="field"><label for="to">\(label)</label><select id="to" name="to" autofocus>\(options)</select></div>\
                <div class="form-foot"><a class="button plain" href="/admin/\(entity.path)/board" data-close>Cancel</a><button class="button primary">Move</button></div></form>
                """
            )
        }
        return try await visit.dialog(title, current: "/admin/\(entity.path)", body)
    }

    private func move(_ board: BoardView) async throws -> FrontResponse {
        let key = try BoardScreen.key(visit.form.text("to"), entity, board)
        let below = Int64(visit.form.text("after")).map { RecordID($0) }
        let (before, record) = try await visit.store.write(as: visit.actor) { transaction in
            let before = try transaction.require(entity, id)
            return (before, try transaction.moveCard(entity, id, to: key, below: below))
        }
        guard visit.fragment == "json" else {
            let undo = record.version == before.version ? "" : "/admin/\(entity.path)/\(id)/undo?version=\(record.version)"
            return visit.done("/admin/\(entity.path)/board", "\(entity.title) moved.", undo: undo)
        }
        return try await answer(record, board, touching: [before[board.by], record[board.by]])
    }

    /// The card's version and the figures of both columns, for the board that shows them.
    private func answer(_ record: RecordData, _ board: BoardView, touching keys: [Value]) async throws -> FrontResponse {
        let figures = try await visit.store.read(as: visit.actor) { transaction in
            let within = board.within.flatMap { name -> Int64? in
                if case .integer(let picked) = record[name] { return picked }
                return nil
            }
            return try transaction.boardColumns(entity, filter: try boardFilter(transaction), within: within, limit: 0).filter { keys.contains($0.key) }
        }
        var json = JSONWriter()
        json.beginObject()
        json.key("version")
        json.string(String(record.version))
        json.key("columns")
        json.beginArray()
        for column in figures {
            json.beginObject()
            json.key("value")
            json.string(ValueText.plain(column.key))
            json.key("n")
            json.integer(Int64(column.count))
            json.key("count")
            json.string(Display.grouped(String(column.count)))
            json.key("sum")
            let summed = board.sum.flatMap { entity.field($0) }
            json.string(summed == nil ? "" : column.sums.map { Display.figure($0, summed) }.joined(separator: " + "))
            json.endObject()
        }
        json.endArray()
        json.endObject()
        return .json(json.bytes)
    }

    /// The filter of the board that the card was dragged on, as its address says.
    private func boardFilter(_ transaction: StoreTransaction) throws -> Filter {
        try ListState(entity: entity, query: QueryState(parsing: visit.form.text("board"))).query(transaction).filter
    }
}
