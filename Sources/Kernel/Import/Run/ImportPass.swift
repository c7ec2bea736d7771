import PluginAPI

/// One pass over the rows of a file: what has been stored, and what is wrong with the rest.
struct ImportPass: Sendable {
    private(set) var counts: ImportRecord.Counts
    /// The first bad rows.
    private(set) var faults: [RowFault] = []
    private(set) var groups = ProblemGroups()
    /// The rows that made records, to be named by later rows that are the same.
    private var makers: [RecordID: Int] = [:]
    /// Those of the rows that are being stored together. The pass as it was before these is kept to go back to, and to change what grows with
    /// the file meanwhile would be to copy it each time.
    private var newMakers: [(record: RecordID, row: Int)] = []
    private var waiting: [CSVRow] = []
    private var stored: Set<Int> = []
    /// How many records were assigned to each user.
    private var assigned: [Int64: Int] = [:]
    private(set) var problemFile: ProblemFile
    private var rows: RowImporter
    /// The import that the ledger is kept for; nil in a dry run, which leaves nothing to take back.
    private var importID: Int64?
    /// Whether the last rows were all good, so that the next ones may well be.
    private var isGoingWell = true

    /// A row of the file, and what is wrong with it as such.
    typealias Line = (row: CSVRow, problem: CSVProblem?)
    /// So many rows are stored without being set apart from one another.
    static let together: Int = 250

    init(rows: RowImporter, importID: Int64?, total: Int, header: [String], delimiter: UInt8) {
        self.rows = rows
        self.importID = importID
        counts = ImportRecord.Counts(total: total)
        problemFile = ProblemFile(header: header, delimiter: delimiter)
    }

    /// Goes on where an earlier run over the same file stopped: what that stored is counted, not stored again.
    mutating func resume(storedRows: Set<Int>, created: Int, updated: Int) {
        stored = storedRows
        (counts.created, counts.updated, counts.done) = (created, updated, storedRows.count)
    }

    /// Stores rows, or notes why not: a bad row is undone alone. A row that points at one further down waits for it. Throws
    /// only what no row is to blame for, or that the run is to end.
    mutating func store(_ lines: [Line], in tx: StoreTransaction, _ progress: ImportProgress) throws {
        for start in stride(from: 0, to: lines.count, by: Self.together) {
            let some: ArraySlice<Line> = lines[start..<min(start + Self.together, lines.count)]
            let isExpectedWell: Bool = isGoingWell && !some.contains { $0.problem != nil }
            if try isExpectedWell && storeTogether(some, tx, progress) {
                for maker in newMakers { makers[maker.record] = maker.row }
                continue
            }
            let bad: Int = counts.failed + waiting.count
            for line in some { try store(line, isApart: true, tx, progress) }
            isGoingWell = counts.failed + waiting.count == bad
        }
    }

    /// Stores rows of which none is expected to be bad. False when one is: then all of them are undone, to be stored one by one. To set
    /// each apart from the beginning would cost a fifth of the time, most of it for writing the search index row by row.
    private mutating func storeTogether(_ lines: ArraySlice<Line>, _ tx: StoreTransaction, _ progress: ImportProgress) throws -> Bool {
        newMakers = []
        let before: ImportPass = self
        do {
            try tx.wholly {
                for line in lines { try store(line, isApart: false, tx, progress) }
            }
            return true
        } catch is RowImporter.Failure {
            self = before
            return false
        }
    }

    private mutating func store(_ line: Line, isApart: Bool, _ tx: StoreTransaction, _ progress: ImportProgress) throws {
        let row: CSVRow = line.row
        if stored.contains(row.line) { return }
        defer { progress.set(counts) }
        try progress.goOn()
        if let problem = line.problem {
            let hint: String = "Look for separators or quotes that are missing from these rows, or too many."
            fail(row, [RowFault(row: row.line, column: nil, field: nil, message: problem.message, hint: hint)])
        } else {
            try attempt(row, isApart: isApart, isLastTurn: false, tx)
        }
    }

    /// Goes on, as a dry run, after what was stored so far has been undone: none of it can be found any more.
    mutating func goOnDry() {
        importID = nil
        makers = [:]
        rows.forgetMade()
    }

    /// Whether rows may name others of the file.
    var pointsAtItself: Bool { rows.pointsAtItself }

    /// What a row may have in common with others.
    func relations(of row: CSVRow) -> RowRelations { rows.relations(of: row) }

    /// At the end of the file: stores the rows that waited for others, as long as that gets any further, and names the rest.
    mutating func finish(in tx: StoreTransaction) throws {
        while !waiting.isEmpty {
            let turn: [CSVRow] = waiting
            waiting = []
            for row in turn { try attempt(row, isApart: true, isLastTurn: false, tx) }
            if waiting.count == turn.count {
                waiting = []
                for row in turn { try attempt(row, isApart: true, isLastTurn: true, tx) }
            }
        }
        try tellOwners(tx)
    }

    /// One notice for each user, however many records of the file are theirs.
    private func tellOwners(_ tx: StoreTransaction) throws {
        let who: String = tx.actor.userID.flatMap { tx.actor.rights.people[$0]?.name } ?? "Tenon"
        for (user, count) in assigned.sorted(by: { $0.key < $1.key }) {
            let noun: String = count == 1 ? "1 \(rows.entity.title.lowercased())" : "\(count) \(rows.entity.pluralTitle.lowercased())"
            try tx.notify(RecordID(user), "\(who) assigned you \(noun) by an import", about: nil)
        }
    }

    /// Stores a row. Where it stands apart, a failure is undone and noted; else it is thrown.
    private mutating func attempt(_ row: CSVRow, isApart: Bool, isLastTurn: Bool, _ tx: StoreTransaction) throws {
        WriterWatch.shared.goOn()
        tx.core.bulkAssignments = assigned
        defer { tx.core.bulkAssignments = nil }
        do {
            let outcome: RowImporter.Outcome =
                if isApart {
                    try tx.wholly { try rows.store(row, isLastTurn: isLastTurn, in: tx) }
                } else {
                    try rows.store(row, isLastTurn: isLastTurn, in: tx)
                }
            switch outcome {
            case .created(let record):
                counts.created += 1
                if isApart { makers[record.id] = row.line } else { newMakers.append((record.id, row.line)) }
            case .updated: counts.updated += 1
            case .unchanged: counts.unchanged += 1
            }
            counts.done += 1
            assigned = tx.core.bulkAssignments ?? assigned
            for touch in rows.touches(of: outcome, row: row.line) {
                guard let importID else { continue }
                try ImportLedger.add(touch, to: importID, tx.connection)
            }
        } catch let failure as RowImporter.Failure where isApart {
            rows.undo()
            if failure.mayFollow && !isLastTurn { waiting.append(row) } else { fail(row, named(failure, tx)) }
        }
    }

    /// The faults of a row. One that is the same as an earlier row is told so: in a dry run nobody could find the record that the
    /// earlier row would have made.
    private func named(_ failure: RowImporter.Failure, _ tx: StoreTransaction) -> [RowFault] {
        var faults: [RowFault] = failure.faults
        for (place, rival) in failure.rivals {
            let id: RecordID?
            switch rival {
            case .record(let known): id = known
            case .holder(let field, let value):
                // Whoever may not look for it is told what the store has said.
                id = (try? tx.all(rows.entity.name, where: .compare(field, .equal, .value(value)), sort: [], limit: 1))?.first?.id
            }
            guard let row = id.flatMap({ makers[$0] }) else { continue }
            faults[place].message = "is the same as in row \(row) of this file"
            faults[place].fact = "is the same as in an earlier row of this file"
            faults[place].hint = "Keep one of the rows, or have the import change the records that match."
        }
        return faults
    }

    private mutating func fail(_ row: CSVRow, _ found: [RowFault]) {
        counts.done += 1
        counts.failed += 1
        let room: Int = ImportRecord.keptFaults - faults.count
        if room > 0 { faults.append(contentsOf: found.prefix(room)) }
        for fault in found { groups.add(fault) }
        problemFile.add(line: row.line, cells: row.texts, problem: found.map(\.text).joined(separator: "; "))
    }
}
