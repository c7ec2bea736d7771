import PluginAPI

/// A board, and what of it somebody asks for.
struct BoardQuery: Sendable {
    let entity: EntityModel
    let board: BoardView
    /// The field of the columns.
    let field: FieldModel
    /// Conditions besides the board's own.
    var filter: Filter = .everything
    /// The record that picks one board among several, or nil.
    var within: Int64?
    /// The month that is running, on a board that puts all months before it into one column; nil on any other.
    var now: BoardMonth?

    /// The key of that column.
    static let earlier = Value.text("earlier")

    /// The key of a month's column.
    func key(of month: BoardMonth) -> Value { now.map { month < $0 } ?? false ? Self.earlier : .text(month.key) }

    /// Whether a column's key stands for months that are over, and are one column.
    func isOver(_ key: String) -> Bool {
        guard now != nil else { return false }
        return .text(key) == Self.earlier || BoardMonth(key).map(self.key) == Self.earlier
    }

    /// All conditions on the cards.
    var cards: Filter {
        var conditions: [Filter] = [board.cards, filter]
        if let name = board.within, let within { conditions.append(.compare(name, .equal, .value(.integer(within)))) }
        return .all(conditions)
    }

    /// The condition for the cards of one column.
    func holds(_ key: Value) -> Filter {
        if key == .null { return .empty(field.name) }
        if let now, key == Self.earlier { return .compare(field.name, .less, .value(.day(now.first))) }
        guard board.isByMonth, case .text(let text) = key else { return .compare(field.name, .equal, .value(key)) }
        return BoardMonth(text)?.filter(on: field.name) ?? .any([])
    }

    /// The column in which a record stands.
    func key(of record: RecordData) -> Value {
        let value: Value = record.values[field.place]
        guard board.isByMonth, case .day(let day) = value else { return value }
        return self.key(of: BoardMonth(of: day))
    }

    /// The columns by which the cards of a column are in order.
    func order(in key: Value) -> [String] {
        if board.isByMonth { return [key == .null ? "id" : field.name, "id"] }
        return ["rank", "id"]
    }

    // MARK: Figures as SQL

    /// A column's key.
    static func key(_ board: BoardView) -> String {
        board.isByMonth ? "substr(t.\(quoted(board.by)), 1, 7)" : "t." + quoted(board.by)
    }

    /// The key that stands in the first column of a row.
    static func read(_ row: any Row, _ board: BoardView, _ entity: EntityModel) -> Value {
        if row.isNull(0) { return .null }
        if board.isByMonth { return .text(row.text(0)) }
        return entity.field(board.by).map { $0.read(row, at: 0) } ?? .null
    }

    /// Currency, count of values, and the sum in two parts.
    static func columns(of field: FieldModel) -> String {
        let column: String = "t." + quoted(field.name)
        let currency: String = field.type == .money ? "t." + quoted(field.currencyColumn) : "NULL"
        let part: Int64 = Aggregate.part
        return "\(currency), count(\(column)), coalesce(sum(\(column) >> \(part)), 0), coalesce(sum(\(column) & \(1 << part - 1)), 0)"
    }
}

/// What is told of a column, or of one row of it: how many cards, and what they add up to.
struct BoardCount: Sendable, Equatable {
    var count = 0
    /// The sums of each field that the board adds up, one for each currency, in the fields' order.
    var sums: [[Aggregate]]

    init(fields: Int) { sums = Array(repeating: [], count: fields) }

    mutating func add(_ count: Int) { self.count += count }

    mutating func add(_ figure: Aggregate, at field: Int) {
        guard let place = sums[field].firstIndex(where: { $0.currency == figure.currency }) else { return sums[field].append(figure) }
        let (sum, overflow) = sums[field][place].sum.addingReportingOverflow(figure.sum)
        sums[field][place].sum = overflow ? (figure.sum < 0 ? .min : .max) : sum
        sums[field][place].count += figure.count
    }

    /// The currencies with the most cards first, and nothing that comes to nothing.
    mutating func settle() {
        for place in sums.indices {
            sums[place] = sums[place].filter { $0.sum != 0 }.sorted {
                ($1.count, $0.currency?.code ?? "") < ($0.count, $1.currency?.code ?? "")
            }
        }
    }
}
