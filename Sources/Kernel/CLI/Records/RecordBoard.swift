import PluginAPI

/// `board`: the columns of a board with their figures and first cards, or its figures by a field.
struct RecordBoard: Sendable {
    let command: RecordCommand
    init(_ command: RecordCommand) { self.command = command }

    static let specs: [OptionSpec] = [
        OptionSpec("within", .one("id|name"), "Whose board, where there are several: the default one unless given; all for all."),
        OptionSpec("rows", .one("field"), "The figures by this field, a column each, instead of cards."),
        OptionSpec("cards", short: "n", .one("count"), "So many cards of each column (0)."),
        OptionSpec("search", short: "q", .one("text"), "Only records in which the text is found."),
        OptionSpec("where", short: "w", .many("condition"), "A condition, as in `list`."),
        OptionSpec("mark", .one("name"), "Only records that carry a mark."),
    ]

    private var entity: EntityInfo { command.entity }
    private var style: TextStyle { command.session.style }

    func run(_ arguments: [String]) async throws {
        let name = "\(command.command) board"
        let options = RecordBoard.specs + RecordFilter.specs(entity).filter { $0.name != "mark" } + ClientOptions.specs
        let read = try ArgumentReader.read(arguments, options: options, command: name)
        guard !entity.boards.isEmpty else { throw UsageError("\(entity.pluralTitle.lowercased()) have no board") }
        guard read.words.count <= 1 else { throw UsageError("\(name) takes one name of a board", hint: "See `\(name) --help`.") }
        let board = try self.board(read.words.first)
        var query = try RecordFilter(command: command).query(read)
        query.append(APIRequest.QueryItem("board", board.name))
        if let mark = read.value("mark") { query.append(APIRequest.QueryItem("mark", mark)) }
        let picked = try await within(board, read, &query)
        if let rows = read.value("rows") {
            query.append(APIRequest.QueryItem("rows", rows.underscored))
        } else {
            query.append(APIRequest.QueryItem("limit", String(try cards(read))))
        }
        let response = try await command.session.client.send(.get(entity.path, "board", query: query))
        if command.session.options.json { return command.session.terminal.print(json: response.body) }
        let document = try APIClient.document(response)
        let heading = style(.bold, entity.pluralTitle) + style(.dim, "  " + [board.title, picked].filter { !$0.isEmpty }.joined(separator: ", "))
        command.session.terminal.print(heading + "\n")
        if let rows = read.value("rows") { table(document, board, rows) } else { await columns(document, board) }
    }

    private func board(_ word: String?) throws -> BoardInfo {
        guard let word else { return entity.boards[0] }
        guard let board = entity.boards.first(where: { $0.name == word.underscored }) else {
            throw UsageError(
                "\(entity.pluralTitle.lowercased()) have no board \(word)",
                hint: Suggestion.hint(for: word, among: entity.boards.map(\.name), otherwise: "There is \(entity.boards.map(\.name).joined(separator: ", "))."))
        }
        return board
    }

    private func cards(_ read: ReadArguments) throws -> Int {
        guard let text = read.value("cards") else { return 0 }
        guard let count = Int(text), (0...100).contains(count) else { throw UsageError("--cards takes a number from 0 to 100") }
        return count
    }

    /// Whose board it is, in words; the query gains it. A board for each of something shows the default one unless told otherwise.
    private func within(_ board: BoardInfo, _ read: ReadArguments, _ query: inout [APIRequest.QueryItem]) async throws -> String {
        guard !board.within.isEmpty, let field = entity.field(board.within) else { return "" }
        // `--field x` picks the board as well as `--within x`.
        let chosen: String? = read.value("within") ?? (board.isByMonth ? nil : read.all(field.option).last)
        if let chosen {
            if chosen != "all" { query.append(APIRequest.QueryItem("within", chosen)) }
            return chosen == "all" ? "" : chosen
        }
        guard !board.isByMonth, let target = command.schema.entity(named: field.target) else { return "" }
        var request = APIRequest.get(target.path, query: [APIRequest.QueryItem("limit", "1")])
        if target.field("is_default") != nil { request.query.append(APIRequest.QueryItem("sort", "-is_default")) }
        guard let first = try await command.session.client.read(request)["data"].elements.first else { return "" }
        query.append(APIRequest.QueryItem("within", first["id"].scalar))
        return first[target.labelField].scalar.tame
    }

    // MARK: Columns

    private func columns(_ document: JSONValue, _ board: BoardInfo) async {
        let sums = board.sums.compactMap(entity.field)
        let number = TextTable.Column(title: entity.pluralTitle, alignsRight: true, canShrink: false)
        var table = TextTable(
            [TextTable.Column(title: board.isByMonth ? "Month" : entity.field(board.by)?.label ?? board.by), number]
                + sums.map { TextTable.Column(title: $0.label, alignsRight: true, canShrink: false) })
        let columns = document["data"].elements
        for column in columns {
            let color = column["color"].scalar
            let title = color.isEmpty ? TextTable.Cell(column["title"].scalar) : TextTable.Cell(column["title"].scalar, hex: color)
            let count = TextTable.Cell(TerminalText.grouped(column["count"].scalar))
            table.add([title, count] + sums.map { TextTable.Cell(RecordBoard.sum(column["totals"][$0.name])) })
        }
        command.session.terminal.write(Array(table.text(style: style, width: command.session.terminal.width).utf8))
        let fields = sums.prefix(1) + [entity.fields.first { $0.kind == .reference && $0.target == "user" && !$0.isSystem }].compactMap { $0 }
        for column in columns where !column["cards"].elements.isEmpty {
            command.session.terminal.print("\n" + style(.accent, column["title"].scalar))
            var list = TextTable(
                [TextTable.Column(title: "ID", alignsRight: true, canShrink: false), TextTable.Column(title: entity.title, least: 24)]
                    + fields.map { TextTable.Column(title: $0.label, alignsRight: $0.isNumeric, canShrink: !$0.isNumeric) } + [TextTable.Column(title: "")])
            for card in column["cards"].elements {
                list.add(
                    [TextTable.Cell(card["id"].scalar, .dim), TextTable.Cell(command.label(card))]
                        + fields.map { TerminalText.cell($0, of: card) } + [TextTable.Cell(command.marks(card), .dim)])
            }
            command.session.terminal.write(Array(list.text(style: style, width: command.session.terminal.width).utf8))
            if column["has_more"].bool == true { command.session.terminal.note(style(.dim, "more with --cards")) }
        }
    }

    /// `1,250.00 EUR + 20.00 USD`.
    static func sum(_ parts: JSONValue?) -> String {
        parts.elements.map { part in part["amount"] == nil ? TerminalText.grouped(part.scalar) : TerminalText.money(part) }.joined(separator: " + ")
    }

    // MARK: A table of figures

    private func table(_ document: JSONValue, _ board: BoardInfo, _ rows: String) {
        let sum = board.sums.first
        let label = entity.field(rows.underscored)?.label ?? rows
        let columns = document["columns"].elements
        let shown = columns.indices.filter { !columns[$0]["key"].isNull || (columns[$0]["count"].int ?? 0) > 0 }
        var table = TextTable(
            [TextTable.Column(title: label, least: 8), TextTable.Column(title: "Total", alignsRight: true, canShrink: false)]
                + shown.map { TextTable.Column(title: columns[$0]["title"].scalar, alignsRight: true, canShrink: false) })
        func figure(_ node: JSONValue?) -> String {
            guard (node["count"].int ?? 0) > 0 else { return "" }
            return sum.map { RecordBoard.short(node["totals"][$0]) } ?? node["count"].scalar
        }
        for row in document["data"].elements {
            let cells = row["cells"].elements
            table.add([TextTable.Cell(row["title"].scalar), TextTable.Cell(figure(row), .bold)] + shown.map { TextTable.Cell(figure(cells[$0])) })
        }
        table.add([TextTable.Cell("Total", .bold), TextTable.Cell("")] + shown.map { TextTable.Cell(figure(columns[$0]), .bold) })
        let dropped = table.dropColumns(toFit: command.session.terminal.width)
        command.session.terminal.write(Array(table.text(style: style, width: command.session.terminal.width).utf8))
        let what = (sum.flatMap(entity.field)?.label ?? entity.pluralTitle) + "; k stands for thousands, M for millions"
        command.session.terminal.note(style(.dim, what))
        if !dropped.isEmpty { command.session.terminal.note(style(.dim, "no room for \(dropped.joined(separator: ", ")); --json has all")) }
    }

    /// An amount in few characters: `12.5k`, `1.25M`. The currency is told where it is not the deployment's.
    static func short(_ parts: JSONValue?) -> String {
        parts.elements.map { part in
            let text = part["amount"]?.scalar ?? part.scalar
            let currency = part["currency"].scalar
            return short(text) + (currency.isEmpty || parts.elements.count == 1 ? "" : " " + currency)
        }.joined(separator: " + ")
    }

    private static func short(_ number: String) -> String {
        guard let whole = Int64(number.prefix { $0 != "." }) else { return number }
        switch whole.magnitude {
        case 10_000_000...: return "\(whole / 1_000_000)M"
        case 1_000_000...: return FixedDecimal(units: whole / 10_000, scale: 2).description + "M"
        case 10_000...: return "\(whole / 1000)k"
        case 1000...: return FixedDecimal(units: whole / 100, scale: 1).description + "k"
        default: return String(whole)
        }
    }
}

extension RecordCommand {
    /// The marks that a record carries, as people read them.
    func marks(_ record: JSONValue) -> String {
        record["marks"].strings.map { name in entity.marks.first { $0.name == name }?.title ?? name }.joined(separator: ", ")
    }
}
