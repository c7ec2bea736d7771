/// Rows that are wrong in the same way: told once, with how many they are and the first of them.
struct ProblemGroup: Codable, Hashable, Sendable {
    /// What the cells of some rows say.
    struct Sample: Codable, Hashable, Sendable {
        var text: String
        var count: Int
    }

    var column: String?
    var field: String?
    var message: String
    /// What to do about it, as a sentence.
    var hint: String?
    /// How many rows.
    var count: Int = 0
    /// The lines on which the first of them start.
    var rows: [Int] = []
    /// The first different texts of the cells.
    var values: [Sample] = []
    /// Cells say other things, too.
    var hasMoreValues: Bool = false

    static let keptRows: Int = 10
    static let keptValues: Int = 5
    static let valueLength: Int = 60

    /// Rows come in the order of the file, and one that has the same fault twice counts once.
    fileprivate mutating func add(_ fault: RowFault, isNewRow: Bool) {
        if isNewRow {
            count += 1
            if rows.count < Self.keptRows { rows.append(fault.row) }
        }
        guard let value = fault.value, !value.isEmpty else { return }
        let text: String = value.count > Self.valueLength ? String(value.prefix(Self.valueLength)) + "…" : value
        if let known = values.firstIndex(where: { $0.text == text }) {
            values[known].count += 1
        } else if values.count < Self.keptValues {
            values.append(Sample(text: text, count: 1))
        } else {
            hasMoreValues = true
        }
    }
}

/// The problems of a file, the same ones together.
struct ProblemGroups: Sendable {
    private struct Key: Hashable, Sendable {
        var column: String?
        var field: String?
        var common: String
    }

    /// A file in which everything is wrong in another way is told of in part.
    static let kept: Int = 50

    private var groups: [ProblemGroup] = []
    private var places: [Key: Int] = [:]
    private var lastRows: [Int] = []

    mutating func add(_ fault: RowFault) {
        let key = Key(column: fault.column, field: fault.field, common: fault.common)
        let place: Int
        if let known = places[key] {
            place = known
        } else {
            guard groups.count < Self.kept else { return }
            place = groups.count
            places[key] = place
            groups.append(ProblemGroup(column: fault.column, field: fault.field, message: key.common, hint: fault.hint))
            lastRows.append(-1)
        }
        groups[place].add(fault, isNewRow: lastRows[place] != fault.row)
        lastRows[place] = fault.row
    }

    /// The most frequent first, then in the order of the file.
    var sorted: [ProblemGroup] {
        groups.enumerated().sorted { ($1.element.count, $0.offset) < ($0.element.count, $1.offset) }.map(\.element)
    }
}
