/// Why a file cannot be read as comma separated values, and where.
///
/// A file that breaks the grammar is refused as a whole: past a broken quote nothing can be trusted to be
/// in its column. What concerns one row alone (a wrong number of cells) is a `CSVProblem` instead.
struct CSVError: Error, Hashable, Sendable {
    enum Code: String, Sendable {
        case unreadable, empty, notText, invalidText, brokenQuote, cellTooLong, rowTooLong, tooManyColumns
    }

    var code: Code
    /// Physical line, counted from 1; for a broken quote the line on which the quote was opened.
    var line: Int
    /// The cell's place in its row, counted from 1.
    var column: Int?
    /// A lower-case fact without a full stop.
    var message: String
    /// What to do about it, as a sentence.
    var hint: String

    init(_ code: Code, line: Int, column: Int? = nil, _ message: String, hint: String) {
        self.code = code
        self.line = line
        self.column = column
        self.message = message
        self.hint = hint
    }
}

extension CSVError: CustomStringConvertible {
    var description: String {
        var place: String = "line \(line)"
        if let column { place += ", column \(column)" }
        return "\(place): \(message)"
    }
}

/// What is wrong with one row, or one cell of it; the rows around it are fine.
struct CSVProblem: Hashable, Sendable {
    /// Physical line on which the row starts.
    var line: Int
    var column: Int?
    var message: String
}
