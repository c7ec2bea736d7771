import PluginAPI

/// Puts a card into another column: by dragging, by keys, or through a small form. Where the column asks for something that the
/// card does not have, a form asks for it.
struct MoveScreen {
    let visit: Visit
    let entity: EntityModel
    let id: RecordID

    /// The state of the board from which the card is moved, in the address of its move or in the form that moves it.
    private var state: QueryState {
        visit.isPost ? QueryState(parsing: visit.form.text("board")) : visit.query.without("to", "below")
    }
    private var base: String { "/admin/\(entity.path)" }
    private var href: String { "\(base)/\(id)/move" }
    /// Where whoever moves the card came from: its own page, or the board.
    private var back: String { state["from"] == "record" ? "\(base)/\(id)" : state.without("from").href(base + "/board") }

    func respond() async throws -> FrontResponse {
        guard BoardScreen.board(state["board"], of: entity) != nil else {
            throw CRMError(.notFound, "\(entity.pluralTitle.lowercased()) have no such board")
        }
        guard visit.isPost else { return try await ask() }
        do { return try await move() } catch let error as CRMError where asked(by: error) != nil {
            guard visit.fragment == "json" else { return try await form(error, to: visit.form.text("to"), below: visit.form.text("after")) }
            let address = dialog
            return .json(JSONWriter.object { $0.field("dialog", address) })
        }
    }

    /// The board on which the card is moved, and of several the one that the card is on.
    private func query(_ transaction: StoreTransaction, _ record: RecordData) throws -> BoardQuery {
        var query = try transaction.board(state["board"], of: entity)
        if let name = query.board.within, !query.board.isByMonth, case .integer(let picked) = record[name] { query.within = picked }
        return query
    }

    /// The fields that a refusal asks for, where all that it names can be filled in; nil otherwise.
    private func asked(by error: CRMError) -> [FieldModel]? {
        guard error.code == .invalid, !error.problems.isEmpty, error.links.isEmpty else { return nil }
        let by = BoardScreen.board(state["board"], of: entity)?.by
        let fields: [FieldModel] = entity.editableFields(for: visit.actor)
        var asked: [FieldModel] = []
        for problem in error.problems {
            guard problem.field != by, let field = fields.first(where: { $0.name == problem.field }) else { return nil }
            if !asked.contains(where: { $0.name == field.name }) { asked.append(field) }
        }
        return asked
    }

    // MARK: Asking

    /// The address of the form that asks for what a column needs.
    private var dialog: String {
        let to = visit.form.text("to")
        return state.with("to", to.isEmpty ? "none" : to).with("below", visit.form.text("after")).href(href)
    }

    private struct Tried: Error {}

    /// Without a column: to which one. With one: what it asks for, found out by trying.
    private func ask() async throws -> FrontResponse {
        guard let to = visit.query["to"].map({ $0 == "none" ? "" : $0 }) else { return try await choose(nil) }
        do {
            try await visit.store.write(as: visit.actor) { transaction in
                let query = try query(transaction, try transaction.require(entity, id))
                _ = try transaction.move(id, on: query, to: try query.key(to), below: nil)
                // Nothing is kept: the form is there to be sent.
                throw Tried()
            }
        } catch is Tried { return try await choose(to) } catch let error as CRMError where asked(by: error) != nil {
            return try await form(error, to: to, below: visit.query["below"] ?? "")
        }
        return try await choose(to)
    }

    private func choose(_ to: String?) async throws -> FrontResponse {
        let (title, body) = try await visit.store.read(as: visit.actor) { transaction -> (String, HTML) in
            let record = try transaction.require(entity, id)
            var query = try query(transaction, record)
            query.filter = .id(id)
            let chosen: String = to ?? ValueText.plain(query.key(of: record))
            // Nothing is put into what is over; a card that stands there stays until it is moved on.
            let options = try transaction.columns(query, limit: 0).filter { $0.key != BoardQuery.earlier || query.now == nil || $0.key == query.key(of: record) }.html { column in
                let key: String = ValueText.plain(column.key)
                return "<option value=\"\(key)\"\(" selected", if: key == chosen)>\(column.title)</option>"
            }
            let body: HTML = """
                <form class="form" method="post" action="\(href)">\(hidden)<div class="field"><label for="to">\(query.field.label)</label><select id="to" name="to" autofocus>\(options)</select></div>\(foot)</form>
                """
            return ("Move \(RecordChoices.label(record, entity))", body)
        }
        return try await visit.dialog(title, current: base, body)
    }

    /// What the column asks for, with what the card has.
    private func form(_ error: CRMError, to: String, below: String) async throws -> FrontResponse {
        let sent: [String] = visit.isPost ? visit.form.values("asked") : []
        let (title, body) = try await visit.store.read(as: visit.actor) { transaction -> (String, HTML) in
            let record = try transaction.require(entity, id)
            var fields: [FieldModel] = sent.compactMap(entity.field)
            for field in asked(by: error) ?? [] where !fields.contains(where: { $0.name == field.name }) { fields.append(field) }
            var probe = try query(transaction, record)
            let key: Value = try probe.key(to)
            probe.filter = .id(id)
            let column: String = try transaction.columns(probe, limit: 0).first { $0.key == key }?.title ?? ""
            let form = FieldForm(transaction, problems: error.problems, typed: visit.isPost ? visit.form : nil)
            let controls: HTML = try form.controls(fields) { record.values[$0.place] }
            let names: HTML = fields.html { "<input type=\"hidden\" name=\"asked\" value=\"\($0.name)\">" }
            let place: HTML = "<input type=\"hidden\" name=\"to\" value=\"\(to)\"><input type=\"hidden\" name=\"after\" value=\"\(below)\">"
            let trouble: HTML = FieldForm.summary(error, fields: fields)
            let body: HTML = """
                <form class="form" method="post" action="\(href)" data-guard>\(hidden)\(place)\(names)\(trouble)\(controls)\(foot)</form>
                """
            return ("\(column.isEmpty ? "Move" : "To " + column): \(RecordChoices.label(record, entity))", body)
        }
        return try await visit.dialog(title, current: base, status: visit.isPost ? Problems.status(error.code) : 200, body)
    }

    private var hidden: HTML { "\(csrfField(visit.csrf))<input type=\"hidden\" name=\"board\" value=\"\(state.text)\">" }

    private var foot: HTML {
        """
        <div class="form-foot"><a class="button plain" href="\(back)" data-close>Cancel</a><button class="button primary">Move</button></div>
        """
    }

    // MARK: Moving

    private func move() async throws -> FrontResponse {
        let below = Int64(visit.form.text("after")).map { RecordID($0) }
        let (before, record) = try await visit.store.write(as: visit.actor) { transaction in
            let before = try transaction.require(entity, id)
            let query = try query(transaction, before)
            let editable: [FieldModel] = entity.editableFields(for: visit.actor)
            let fields: [FieldModel] = visit.form.values("asked").compactMap { name in editable.first { $0.name == name } }
            let values = try FieldForm.values(visit.form, fields, transaction)
            return (before, try transaction.move(id, on: query, to: try query.key(visit.form.text("to")), below: below, with: values))
        }
        let undo = record.version == before.version ? "" : "\(base)/\(id)/undo?version=\(record.version)"
        guard visit.fragment == "json" else { return visit.done(back, "\(entity.title) moved.", undo: undo) }
        return try await answer(from: before, to: record, undo)
    }

    /// The card's version, the figures of both columns for the board that shows them, and the card's place where days decide it.
    private func answer(from before: RecordData, to record: RecordData, _ undo: String) async throws -> FrontResponse {
        let bytes = try await visit.store.read(as: visit.actor) { transaction in
            var query = try query(transaction, record)
            query.filter = try ListState(entity: entity, query: state.without("from")).query(transaction).filter
            if query.board.isByMonth { query.within = state["within"].flatMap { Int64($0) } }
            let keys: Set<Value> = [query.key(of: before), query.key(of: record)]
            let sums = transaction.summed(query)
            let columns = try transaction.columns(query, limit: 0).filter { keys.contains($0.key) }
            let isByMonth = query.board.isByMonth
            let above = isByMonth ? try transaction.card(before: record, on: query) : nil
            return JSONWriter.object { json in
                json.field("version", String(record.version))
                if !undo.isEmpty { json.field("undo", undo) }
                if isByMonth { json.field("above", above.map { String($0) } ?? "") }
                json.key("columns")
                json.beginArray()
                for column in columns {
                    json.beginObject()
                    json.field("value", ValueText.plain(column.key))
                    json.field("n", column.count)
                    json.field("count", Display.grouped(String(column.count)))
                    json.field("sums", BoardSums.texts(column.figure, sums))
                    json.endObject()
                }
                json.endArray()
            }
        }
        return .json(bytes)
    }
}
