import PluginAPI

/// What is wrong with the text of a formula, and where.
struct FormulaProblem: Error, Sendable, Equatable {
    /// In lower case, without a full stop.
    let message: String
    /// A sentence, or empty.
    let hint: String
    /// The characters that it is about, within the text; empty at its end.
    let place: Range<Int>

    init(_ message: String, hint: String = "", at place: Range<Int>) {
        self.message = message
        self.hint = hint
        self.place = place
    }
}

/// A formula that was not accepted: what is wrong, and the text, so that the place can be shown.
struct FormulaRefusal: Error, Sendable, Equatable {
    let problem: FormulaProblem
    let text: String

    /// Where the problem begins, both from 1: characters as people count them.
    var position: (line: Int, column: Int) {
        var (line, column) = (1, 1)
        for character in text.prefix(problem.place.lowerBound) {
            if character.isNewline { (line, column) = (line + 1, 1) } else { column += 1 }
        }
        return (line, column)
    }

    /// `line 1, column 9: there is no field …`
    var message: String { "line \(position.line), column \(position.column): \(problem.message)" }

    /// The line of the problem with a mark below it.
    var excerpt: String {
        let (line, column) = position
        let lines: [Substring] = text.split(omittingEmptySubsequences: false) { $0.isNewline }
        guard line <= lines.count else { return "" }
        let length: Int = max(1, min(problem.place.count, lines[line - 1].count - column + 1))
        return lines[line - 1] + "\n" + String(repeating: " ", count: column - 1) + String(repeating: "^", count: length)
    }

    /// The same as an answer about a parameter or a field.
    func error(in field: String) -> CRMError {
        CRMError(
            .invalid, "the formula cannot be used", hint: problem.hint, problems: [Problem(field: field, message)], cause: self)
    }
}

/// Why a formula comes to nothing for a record: an overflow, a division by zero.
struct FormulaFault: Error, Sendable, Equatable {
    let message: String

    init(_ message: String) { self.message = message }

    static let overflow = FormulaFault("the result is too large")
    static let divisionByZero = FormulaFault("division by zero")
    static let outsideCalendar = FormulaFault("the date is outside the years 1 to 9999")
    static let tooLong = FormulaFault("the text is longer than \(FormulaLimits.resultLength) characters")
    static let tooManySteps = FormulaFault("the formula takes too many steps")

    static func currencies(_ left: Currency, _ right: Currency) -> FormulaFault {
        FormulaFault("\(left) and \(right) are different currencies")
    }
}

/// What keeps a formula small and quick, whoever wrote it.
enum FormulaLimits {
    /// Characters of a formula.
    static let length = 4000
    /// Parts of a formula: values, signs, calls.
    static let parts = 1000
    /// How deep parts stand within each other.
    static let depth = 80
    /// Links followed one after the other.
    static let links = 4
    /// Characters of a text that a formula makes.
    static let resultLength = 10_000
    /// Work in one evaluation: characters made, records read and functions called, each with its weight.
    static let steps = 100_000
}
