/// What a row may have in common with others of its file, as plain texts.
struct RowRelations {
    /// What no two records may have, or by which a record is found again.
    var marks: [String] = []
    /// By what other rows may name it.
    var names: [String] = []
    /// The names of records of its own kind that it points at.
    var wanted: [String] = []
}

/// The rows of a file that mean something to one another: the same e-mail address in two of them, one that names another as its
/// parent. Where rows are tried apart from the others, these stay together.
struct RelatedRows {
    /// The lines on which they start.
    private(set) var lines: Set<Int> = []
    private var marks: [String: Int] = [:]
    /// Names are many, and few are pointed at: lines by name, and the other way round.
    private var names: [String: [Int]] = [:]
    private var wanted: [String: [Int]] = [:]
    private let pointsAtItself: Bool

    /// - Parameter pointsAtItself: rows may name other rows.
    init(pointsAtItself: Bool) { self.pointsAtItself = pointsAtItself }

    mutating func add(_ relations: RowRelations, line: Int) {
        for mark in relations.marks {
            if let other = marks.updateValue(line, forKey: mark) { lines.formUnion([other, line]) }
        }
        guard pointsAtItself else { return }
        for name in relations.names { names[name, default: []].append(line) }
        for name in relations.wanted { wanted[name, default: []].append(line) }
    }

    /// To be called after the last row.
    mutating func finish() {
        for (name, pointing) in wanted {
            guard let named = names[name] else { continue }
            lines.formUnion(pointing)
            lines.formUnion(named)
        }
        (marks, names, wanted) = ([:], [:], [:])
    }
}
