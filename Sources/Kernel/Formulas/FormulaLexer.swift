import PluginAPI

/// A piece of a formula.
struct FormulaToken: Sendable, Equatable {
    enum Kind: Sendable, Equatable {
        case number(String)
        case text(String)
        case name(String)
        case sign(String)
        case end
    }

    let kind: Kind
    let place: Range<Int>

    /// As it is quoted in messages.
    var word: String {
        switch kind {
        case .number(let text), .name(let text), .sign(let text): "\"\(text)\""
        case .text: "a text"
        case .end: "the end"
        }
    }

    func isName(_ word: String) -> Bool { kind == .name(word) }
    func isSign(_ sign: String) -> Bool { kind == .sign(sign) }
}

/// Cuts a formula into pieces. Places count characters as people see them.
struct FormulaLexer {
    private let characters: [Character]
    private var at = 0

    private static let signs: [String] = ["<=", ">=", "!=", "==", "<>", "(", ")", ",", ".", "+", "-", "*", "/", "&", "=", "<", ">"]
    /// Signs of other languages, and what stands for them here.
    private static let strangers: [(sign: String, hint: String)] = [
        ("&&", "Write and."), ("||", "Write or."), ("!", "Write not."), ("%", "Write / 100."), ("^", "Multiply instead."),
        ("?", "Write if(condition, value, otherwise)."), (";", "Separate arguments with a comma."),
        ("[", "Write the field's name alone."), ("{", "Write the field's name alone."),
    ]

    init(_ characters: [Character]) { self.characters = characters }

    static func tokens(of text: String) throws -> [FormulaToken] {
        let characters: [Character] = Array(text)
        guard characters.count <= FormulaLimits.length else {
            throw FormulaProblem(
                "the formula is longer than \(FormulaLimits.length) characters", at: FormulaLimits.length..<characters.count)
        }
        var lexer = FormulaLexer(characters)
        var tokens: [FormulaToken] = []
        while true {
            let token: FormulaToken = try lexer.next()
            tokens.append(token)
            if token.kind == .end { return tokens }
        }
    }

    private mutating func next() throws -> FormulaToken {
        while at < characters.count, characters[at].isWhitespace { at += 1 }
        guard at < characters.count else { return FormulaToken(kind: .end, place: at..<at) }
        let start: Int = at
        let character: Character = characters[at]
        if Self.isDigit(character) { return try number(start) }
        if Self.isLetter(character) {
            while at < characters.count, Self.isLetter(characters[at]) || Self.isDigit(characters[at]) { at += 1 }
            return FormulaToken(kind: .name(String(characters[start..<at])), place: start..<at)
        }
        if character == "\"" || character == "'" { return try text(character, start) }
        for (sign, hint) in Self.strangers where begins(sign) {
            if sign == "!", begins("!=") { continue }
            throw FormulaProblem("formulas have no sign \(sign)", hint: hint, at: start..<start + sign.count)
        }
        for sign in Self.signs where begins(sign) {
            at += sign.count
            return FormulaToken(kind: .sign(sign), place: start..<at)
        }
        throw FormulaProblem("formulas have no sign \(Self.shown(character))", at: start..<start + 1)
    }

    private func begins(_ sign: String) -> Bool { characters[at...].starts(with: sign) }

    private mutating func number(_ start: Int) throws -> FormulaToken {
        while at < characters.count, Self.isDigit(characters[at]) { at += 1 }
        if at + 1 < characters.count, characters[at] == ".", Self.isDigit(characters[at + 1]) {
            at += 1
            while at < characters.count, Self.isDigit(characters[at]) { at += 1 }
        }
        if at < characters.count, Self.isLetter(characters[at]) {
            while at < characters.count, Self.isLetter(characters[at]) || Self.isDigit(characters[at]) { at += 1 }
            throw FormulaProblem("\(String(characters[start..<at])) is neither a number nor a name", at: start..<at)
        }
        return FormulaToken(kind: .number(String(characters[start..<at])), place: start..<at)
    }

    private mutating func text(_ quote: Character, _ start: Int) throws -> FormulaToken {
        var content = ""
        at += 1
        while at < characters.count {
            let character: Character = characters[at]
            at += 1
            if character == quote { return FormulaToken(kind: .text(content), place: start..<at) }
            guard character == "\\" else {
                content.append(character)
                continue
            }
            guard at < characters.count else { break }
            switch characters[at] {
            case "\\", "\"", "'": content.append(characters[at])
            case "n": content.append("\n")
            case "t": content.append("\t")
            default:
                throw FormulaProblem(
                    "texts have no sign \\\(Self.shown(characters[at]))", hint: "Write \\\\ for a backslash.", at: at - 1..<at + 1)
            }
            at += 1
        }
        throw FormulaProblem("the text that begins here has no end", hint: "Close it with \(quote).", at: start..<characters.count)
    }

    private static func isDigit(_ character: Character) -> Bool { character >= "0" && character <= "9" && character.isASCII }

    private static func isLetter(_ character: Character) -> Bool {
        character.isASCII && character.isLetter || character == "_"
    }

    private static func shown(_ character: Character) -> String {
        character.unicodeScalars.contains { $0.value < 32 } ? "of this kind" : String(character)
    }
}
