/// What a file holds, found out in one pass over all of it.
struct FileAnalysis: Sendable {
    struct Column: Sendable {
        var header: String
        /// The first different values.
        var samples: [String] = []
        /// How many rows have a value.
        var filled: Int = 0
        /// How many rows have a text that other programs write for no value.
        var nulls: Int = 0
        var dates: DateFormatGuess.Decision = .empty
        /// Some values in which day and month could be either.
        var unclearDates: [String] = []
        var hasTimes: Bool = false
        var numbers: NumberFormatGuess.Decision = .empty
    }

    static let keptSamples: Int = 20
    static let keptProblems: Int = 100
    static let keptRows: Int = 10
    /// Texts for no value in the files of other programs.
    static let nullTexts: Set<String> = ["NULL", "\\N"]

    var format: CSVFormat
    var rowCount: Int = 0
    var columns: [Column] = []
    /// The first rows as they are, for a preview.
    var firstRows: [[String]] = []
    /// Rows with a wrong number of cells: the first ones, and how many in all.
    var problems: [CSVProblem] = []
    var problemCount: Int = 0

    /// Reads a whole file. Throws where it breaks the grammar, before anything is decided about it.
    init(_ source: CSVSource, options: CSVOptions) throws(CSVError) {
        var reader = try CSVReader(source, options: options)
        format = reader.format
        let header: [String] = try reader.readHeader()
        var studies: [ColumnStudy] = header.map { ColumnStudy(header: $0) }
        var row = CSVRow()
        while try reader.next(&row) {
            rowCount += 1
            if firstRows.count < Self.keptRows { firstRows.append(row.texts) }
            if let problem = reader.problem(in: row) {
                problemCount += 1
                if problems.count < Self.keptProblems { problems.append(problem) }
                continue
            }
            for index in studies.indices { studies[index].add(row, index) }
        }
        columns = studies.map(\.result)
        leanOnEachOther()
    }

    /// Columns of one file are mostly written alike: what one of them shows makes the same order the likelier one in the others.
    private mutating func leanOnEachOther() {
        let shown: Set<DateFormat.Order> = Set(columns.compactMap { column in
            guard case .decided(let format) = column.dates, format.order != .yearMonthDay, format.style != .named else { return nil }
            return format.order
        })
        guard shown.count == 1, let order = shown.first else { return }
        for index in columns.indices {
            guard case .ambiguous(let formats) = columns[index].dates else { continue }
            columns[index].dates = .ambiguous(formats.filter { $0.order == order } + formats.filter { $0.order != order })
        }
    }

    var importColumns: [ImportColumn] {
        columns.map { ImportColumn(header: $0.header, samples: $0.samples) }
    }
}

/// Collects what is to be known of one column.
private struct ColumnStudy {
    private var column: FileAnalysis.Column
    private var seen: Set<String> = []
    private var dates = DateFormatGuess()
    private var numbers = NumberFormatGuess()
    private var mayBeDates: Bool = true
    private var mayBeNumbers: Bool = true

    /// After so many values of which none fits, a column is not asked any more.
    private static let patience: Int = 200

    init(header: String) {
        column = FileAnalysis.Column(header: header)
    }

    mutating func add(_ row: CSVRow, _ index: Int) {
        if row.isEmpty(index) { return }
        let text: String = row[index].trimmed
        if text.isEmpty { return }
        if FileAnalysis.nullTexts.contains(text) {
            column.nulls += 1
            return
        }
        column.filled += 1
        if seen.count < FileAnalysis.keptSamples, seen.insert(text).inserted { column.samples.append(text) }
        if mayBeDates { dates.add(text, line: row.line) }
        if mayBeNumbers { numbers.add(text, line: row.line) }
        if column.filled == Self.patience {
            if dates.decision == .none { mayBeDates = false }
            if numbers.decision == .none { mayBeNumbers = false }
        }
    }

    var result: FileAnalysis.Column {
        var result: FileAnalysis.Column = column
        result.dates = mayBeDates ? dates.decision : .none
        result.unclearDates = dates.unclear
        result.hasTimes = dates.hasTimes
        result.numbers = mayBeNumbers ? numbers.decision : .none
        return result
    }
}
