import PluginAPI

/// The kept figures of one board: count and sums by column, by the record that picks the board, and by the user to whom the cards
/// belong, so that reading a board costs the same with a thousand cards and with a million. Every change of a record is added in
/// its own transaction; what cannot be kept (cards by a condition on the moment or on other records) is counted when it is asked for.
struct BoardFigures: Sendable {
    let board: String
    /// How the figures were worked out: while this is what is on record, they hold.
    let plan: String
    private let by: FieldModel
    private let isByMonth: Bool
    private let within: FieldModel?
    private let ownerPlace: Int
    private let sums: [FieldModel]
    private let cards: PlainFilter

    /// Nil when the board's figures cannot be kept.
    init?(_ board: BoardView, _ fields: [String: FieldModel], owner: FieldModel?) {
        guard let owner, let by = fields[board.by], let cards = PlainFilter(board.cards, fields) else { return nil }
        let within: FieldModel? = board.within.flatMap { fields[$0] }
        let sums: [FieldModel] = board.sums.compactMap { fields[$0] }
        let all: [FieldModel] = [by, owner] + [within].compactMap { $0 } + sums
        guard all.allSatisfy({ $0.isStored && $0.formula == nil }), sums.count == board.sums.count else { return nil }
        if let within, within.target == nil { return nil }
        self.board = board.name
        self.by = by
        self.within = within
        self.sums = sums
        self.cards = cards
        isByMonth = board.isByMonth
        ownerPlace = owner.place
        let names: String = all.map { "\($0.name) \($0.type.name)" }.joined(separator: ", ")
        plan = "1: \(isByMonth ? "months of " : "")\(names) where \(board.cards)"
    }

    /// What one figure is about.
    struct Cell: Hashable, Comparable {
        /// The record that picks the board, 0 for none.
        var within: Int64
        var column: String
        /// 0 for nobody.
        var owner: Int64
        /// The field that is added up; empty for the count.
        var measure: String
        var currency: String

        static func < (left: Cell, right: Cell) -> Bool {
            (left.column, left.within, left.owner, left.measure, left.currency)
                < (right.column, right.within, right.owner, right.measure, right.currency)
        }
    }

    /// A count, and a sum in two parts that fit where the whole does not.
    struct Figure: Equatable {
        var count: Int64 = 0
        var high: Int64 = 0
        var low: Int64 = 0

        init(count: Int64 = 0, high: Int64 = 0, low: Int64 = 0) {
            self.count = count
            self.high = high
            self.low = low
        }

        static func + (left: Figure, right: Figure) -> Figure {
            Figure(count: left.count + right.count, high: left.high &+ right.high, low: left.low &+ right.low)
        }
        static prefix func - (figure: Figure) -> Figure { Figure(count: -figure.count, high: 0 &- figure.high, low: 0 &- figure.low) }
    }

    /// A column's key as text; empty for cards that have nothing.
    static func text(_ key: Value) -> String {
        switch key {
        case .integer(let id): String(id)
        case .text(let text): text
        default: ""
        }
    }

    /// What a record adds to which figures.
    private func cells(of record: RecordData?) -> [Cell: Figure] {
        guard let record, cards.holds(record) else { return [:] }
        var cell = Cell(within: 0, column: "", owner: 0, measure: "", currency: "")
        if let within, case .integer(let id) = record.values[within.place] { cell.within = id }
        if case .integer(let id) = record.values[ownerPlace] { cell.owner = id }
        if isByMonth, case .day(let day) = record.values[by.place] {
            cell.column = BoardMonth(of: day).key
        } else {
            cell.column = Self.text(record.values[by.place])
        }
        var cells: [Cell: Figure] = [cell: Figure(count: 1)]
        for field in sums {
            guard let (amount, currency) = Self.amount(record.values[field.place]) else { continue }
            cell.measure = field.name
            cell.currency = currency
            cells[cell] = Figure(count: 1, high: amount >> Aggregate.part, low: amount & (1 << Aggregate.part - 1))
        }
        return cells
    }

    private static func amount(_ value: Value) -> (Int64, String)? {
        switch value {
        case .money(let money): (money.minor, money.currency.code)
        case .decimal(let number): (number.units, "")
        case .integer(let number): (number, "")
        default: nil
        }
    }

    /// What a change does to the figures: nothing for most changes.
    func changes(from old: RecordData?, to new: RecordData?) -> [(cell: Cell, change: Figure)] {
        var changes: [Cell: Figure] = cells(of: new)
        for (cell, figure) in cells(of: old) { changes[cell] = (changes[cell] ?? Figure()) + -figure }
        // Always in the same order: two transactions never wait for each other crosswise.
        return changes.filter { $0.value != Figure() }.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}

extension StoreTransaction {
    /// Gathers what a stored change does to the kept figures of the entity's boards, and forgets what was read of the entity before it.
    func tally(_ entity: EntityModel, old: RecordData?, new: RecordData?) throws {
        if entity.schema.isKeptInMemory { registry.kept.touch(entity.name) }
        guard entity.hasDeclaredBoard else { return }
        if core.gathered.touch(entity.name) { try askForPlans(entity) }
        for figures in entity.figures {
            for (cell, change) in figures.changes(from: old, to: new) {
                core.gathered.add(change, to: .init(entity: entity.name, board: figures.board, cell: cell))
            }
        }
    }

    /// Writes the figures that were gathered: at the end of the transaction, and before somebody reads them in it. Looks first whether the
    /// figures on record are those that this release keeps, and counts anew where they are not.
    func writeFigures() throws {
        for (name, changes) in core.gathered.take() {
            guard let entity = registry.entity(name) else { continue }
            let ready: Set<String> = try settleFigures(entity)
            try add(changes.filter { ready.contains($0.place.board) })
        }
    }

    private static let plans = "SELECT \"board\", \"plan\" FROM \"tenon_board\" WHERE \"entity\" = ?"

    /// Asks for what is wanted at the end: the answer costs no wait of its own.
    private func askForPlans(_ entity: EntityModel) throws {
        let (gathered, name) = (core.gathered, entity.name)
        try connection.ask(StoreTransaction.plans, [.text(name)], columns: 2) { rows in
            gathered.note(Dictionary(rows.map { ($0[0], $0[1]) }) { first, _ in first }, of: name)
        }
    }

    /// The boards whose figures hold but for what was gathered; the others are counted anew, with it.
    private func settleFigures(_ entity: EntityModel) throws -> Set<String> {
        if core.gathered.plans(of: entity.name) == nil {
            try connection.settle()
            if core.gathered.plans(of: entity.name) == nil { try askForPlans(entity) }
            try connection.settle()
        }
        let recorded: [String: String] = core.gathered.plans(of: entity.name) ?? [:]
        let wanted: [String: String] = Dictionary(entity.figures.map { ($0.board, $0.plan) }) { first, _ in first }
        if recorded != wanted { core.gathered.forgetPlans(of: entity.name) }
        for board in recorded.keys.sorted() where recorded[board] != wanted[board] { try forgetFigures(entity.name, board) }
        var ready: Set<String> = []
        for figures in entity.figures {
            if recorded[figures.board] == figures.plan { ready.insert(figures.board) } else { try count(figures, of: entity) }
        }
        return ready
    }

    private func forgetFigures(_ entity: String, _ board: String) throws {
        for table in ["tenon_board", "tenon_board_figure"] {
            try connection.execute("DELETE FROM \(quoted(table)) WHERE \"entity\" = ? AND \"board\" = ?", [.text(entity), .text(board)])
        }
    }

    /// Counts the figures of all boards of an entity anew.
    func recount(_ entity: EntityModel) throws {
        try writeFigures()
        core.gathered.forgetPlans(of: entity.name)
        try connection.execute("DELETE FROM \"tenon_board\" WHERE \"entity\" = ?", [.text(entity.name)])
        try connection.execute("DELETE FROM \"tenon_board_figure\" WHERE \"entity\" = ?", [.text(entity.name)])
        for figures in entity.figures { try count(figures, of: entity) }
    }

    private func count(_ figures: BoardFigures, of entity: EntityModel) throws {
        try forgetFigures(entity.name, figures.board)
        let all: [BoardFigures.Cell: BoardFigures.Figure] = try counted(figures, of: entity)
        let there = all.filter { $0.value != BoardFigures.Figure() }.sorted { $0.key < $1.key }
        try add(there.map { (Gathered.Place(entity: entity.name, board: figures.board, cell: $0.key), $0.value) })
        try connection.execute(
            "INSERT INTO \"tenon_board\" (\"entity\", \"board\", \"plan\") VALUES (?, ?, ?)",
            [.text(entity.name), .text(figures.board), .text(figures.plan)])
    }

    /// What the figures of a board are, from the records themselves.
    func counted(_ figures: BoardFigures, of entity: EntityModel) throws -> [BoardFigures.Cell: BoardFigures.Figure] {
        guard let board = entity.boards.first(where: { $0.name == figures.board }) else { return [:] }
        let whole = withRights(for: "counting all cards of a board")
        let sums: [FieldModel] = board.sums.compactMap(entity.field)
        let owner: String = entity.ownerField?.name ?? "created_by"
        let within: String = board.within.map { "t." + quoted($0) } ?? "NULL"
        let added: String = sums.map { ", " + BoardQuery.columns(of: $0) }.joined()
        let groups: String = sums.indices.map { ", \(5 + 4 * $0)" }.joined()
        let select: String = "SELECT \(BoardQuery.key(board)), \(within), t.\(quoted(owner)), count(*)\(added) FROM \(quoted(entity.name)) t WHERE "
        var query: SQLFragment = try whole.compiler(entity).condition(board.cards)
        query = select + query + " GROUP BY 1, 2, 3\(groups)"
        var totals: [BoardFigures.Cell: BoardFigures.Figure] = [:]
        try connection.query(query.sql, query.arguments) { row in
            var cell = BoardFigures.Cell(
                within: row.optionalInteger(1) ?? 0, column: BoardFigures.text(BoardQuery.read(row, board, entity)),
                owner: row.optionalInteger(2) ?? 0, measure: "", currency: "")
            totals[cell, default: .init()] = (totals[cell] ?? .init()) + .init(count: row.integer(3))
            for (index, field) in sums.enumerated() {
                let at: Int = 4 + 4 * index
                if field.type == .money, row.isNull(at) { continue }
                cell.measure = field.name
                cell.currency = row.optionalText(at) ?? ""
                totals[cell, default: .init()] =
                    (totals[cell] ?? .init()) + .init(count: row.integer(at + 1), high: row.integer(at + 2), low: row.integer(at + 3))
            }
            return true
        }
        return totals
    }

    /// So many figures are written by one statement, the most first: each count of them is a statement of its own.
    private static let figuresPerInsert = [32, 8, 2, 1]

    private func add(_ changes: [(place: Gathered.Place, change: BoardFigures.Figure)]) throws {
        var rest: ArraySlice<(place: Gathered.Place, change: BoardFigures.Figure)> = changes[...]
        while !rest.isEmpty {
            let count: Int = StoreTransaction.figuresPerInsert.first { $0 <= min(rest.count, dialect.rowsPerInsert) } ?? 1
            try insert(rest.prefix(count))
            rest = rest.dropFirst(count)
        }
        // What nobody is in any more goes: months pass, people leave.
        for (place, change) in changes where change.count < 0 {
            try connection.post(
                """
                DELETE FROM "tenon_board_figure" WHERE "entity" = ? AND "board" = ? AND "within" = ? AND "value" = ? AND "owner" = ?
                AND "measure" = ? AND "currency" = ? AND "count" = 0
                """, StoreTransaction.key(place))
        }
    }

    private func insert(_ some: ArraySlice<(place: Gathered.Place, change: BoardFigures.Figure)>) throws {
        var arguments: [SQLValue] = []
        arguments.reserveCapacity(10 * some.count)
        for (place, change) in some {
            arguments += StoreTransaction.key(place)
            arguments += [.integer(change.count), .integer(change.high), .integer(change.low)]
        }
        try connection.post(some.count == 1 ? StoreTransaction.figureInsertion : StoreTransaction.insertion(ofFigures: some.count), arguments)
    }

    private static let figureInsertion: String = insertion(ofFigures: 1)

    private static func insertion(ofFigures count: Int) -> String {
        let row = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        return """
            INSERT INTO "tenon_board_figure" ("entity", "board", "within", "value", "owner", "measure", "currency", "count", "high", "low")
            VALUES \(row + String(repeating: ", " + row, count: count - 1))
            ON CONFLICT ("entity", "board", "within", "value", "owner", "measure", "currency")
            DO UPDATE SET "count" = "tenon_board_figure"."count" + excluded."count", "high" = "tenon_board_figure"."high" + excluded."high",
            "low" = "tenon_board_figure"."low" + excluded."low"
            """
    }

    private static func key(_ place: Gathered.Place) -> [SQLValue] {
        let cell: BoardFigures.Cell = place.cell
        return [
            .text(place.entity), .text(place.board), .integer(cell.within), .text(cell.column), .integer(cell.owner), .text(cell.measure),
            .text(cell.currency),
        ]
    }
}
