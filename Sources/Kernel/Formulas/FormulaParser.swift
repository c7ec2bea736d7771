import PluginAPI

/// Reads a formula by the strength of its signs, the weakest first: or; and; not; = != < <= > >= in; &; + -; * /; the minus
/// before a value.
struct FormulaParser {
    private let tokens: [FormulaToken]
    private var at = 0
    private var parts = 0
    private var nesting = 0

    private static let words: Set<String> = ["and", "or", "not", "in", "true", "false", "null"]
    private static let comparisons: Set<String> = ["=", "==", "!=", "<>", "<", "<=", ">", ">="]

    private enum Strength {
        static let or = 1, and = 2, not = 3, comparison = 4, join = 5, sum = 6, product = 7
    }

    private init(_ tokens: [FormulaToken]) { self.tokens = tokens }

    /// Reads the whole text; throws ``FormulaProblem``.
    static func parse(_ text: String) throws -> FormulaSyntax {
        var parser = FormulaParser(try FormulaLexer.tokens(of: text))
        if parser.token.kind == .end { throw FormulaProblem("the formula is empty", hint: "Write a value, such as a field's name.", at: parser.token.place) }
        let syntax: FormulaSyntax = try parser.expression()
        guard parser.token.kind == .end else { throw parser.unexpected("the end or a sign such as + or =") }
        return syntax
    }

    private var token: FormulaToken { tokens[at] }

    private mutating func advance() -> FormulaToken {
        let current: FormulaToken = tokens[at]
        if at + 1 < tokens.count { at += 1 }
        return current
    }

    private func unexpected(_ wanted: String) -> FormulaProblem {
        var hint = ""
        if case .name(let word) = token.kind, ["AND", "OR", "NOT", "IN"].contains(word) { hint = "Write \(word.lowercased())." }
        return FormulaProblem("\(wanted) is expected here, not \(token.word)", hint: hint, at: token.place)
    }

    private mutating func make(_ form: FormulaSyntax.Form, _ place: Range<Int>, depth: Int = 1) throws -> FormulaSyntax {
        parts += 1
        guard parts <= FormulaLimits.parts else {
            throw FormulaProblem("the formula has more than \(FormulaLimits.parts) parts", at: place)
        }
        guard depth <= FormulaLimits.depth else { throw Self.tooDeep(place) }
        return FormulaSyntax(form: form, place: place, depth: depth)
    }

    private static func tooDeep(_ place: Range<Int>) -> FormulaProblem {
        FormulaProblem("the formula has more than \(FormulaLimits.depth) parts within each other", hint: "Make it of several shorter ones.", at: place)
    }

    // MARK: Signs

    private mutating func expression(_ least: Int = Strength.or) throws -> FormulaSyntax {
        nesting += 1
        defer { nesting -= 1 }
        guard nesting <= FormulaLimits.depth else { throw Self.tooDeep(token.place) }
        var left: FormulaSyntax = try prefix(least)
        while let (strength, name) = sign(), strength >= least {
            if strength == Strength.comparison {
                left = try comparison(left, name)
                if let (next, sign) = sign(), next == Strength.comparison {
                    throw FormulaProblem(
                        "comparisons cannot follow one another", hint: "Join two comparisons with and.", at: sign.place)
                }
                continue
            }
            _ = advance()
            let right: FormulaSyntax = try expression(strength + 1)
            left = try make(
                .binary(name, left, right), left.place.lowerBound..<right.place.upperBound, depth: max(left.depth, right.depth) + 1)
        }
        return left
    }

    /// The sign at this place that joins two values, with its strength.
    private func sign() -> (Int, FormulaSyntax.Name)? {
        switch token.kind {
        case .name("or"): (Strength.or, .init(text: "or", place: token.place))
        case .name("and"): (Strength.and, .init(text: "and", place: token.place))
        case .name("in"), .name("not"): (Strength.comparison, .init(text: "in", place: token.place))
        case .sign(let text) where Self.comparisons.contains(text):
            (Strength.comparison, .init(text: text == "==" ? "=" : text == "<>" ? "!=" : text, place: token.place))
        case .sign("&"): (Strength.join, .init(text: "&", place: token.place))
        case .sign(let text) where text == "+" || text == "-": (Strength.sum, .init(text: text, place: token.place))
        case .sign(let text) where text == "*" || text == "/": (Strength.product, .init(text: text, place: token.place))
        default: nil
        }
    }

    private mutating func comparison(_ left: FormulaSyntax, _ name: FormulaSyntax.Name) throws -> FormulaSyntax {
        let first: FormulaToken = advance()
        guard name.text == "in" else {
            let right: FormulaSyntax = try expression(Strength.join)
            return try make(
                .binary(name, left, right), left.place.lowerBound..<right.place.upperBound, depth: max(left.depth, right.depth) + 1)
        }
        let isNegated: Bool = first.isName("not")
        if isNegated {
            guard token.isName("in") else { throw unexpected("in") }
            _ = advance()
        }
        if token.isSign("(") {
            let (items, end) = try list(closing: advance())
            guard !items.isEmpty else { throw FormulaProblem("a value is expected between ( and )", at: end - 1..<end) }
            let depth: Int = max(left.depth, items.map(\.depth).max() ?? 0) + 1
            return try make(.among(left, items, isNegated: isNegated), left.place.lowerBound..<end, depth: depth)
        }
        let right: FormulaSyntax = try expression(Strength.join)
        return try make(
            .among(left, [right], isNegated: isNegated), left.place.lowerBound..<right.place.upperBound,
            depth: max(left.depth, right.depth) + 1)
    }

    private mutating func prefix(_ least: Int) throws -> FormulaSyntax {
        if token.isName("not") {
            let word: FormulaToken = advance()
            guard least <= Strength.not else {
                throw FormulaProblem("not cannot stand here", hint: "Put the part with not in parentheses.", at: word.place)
            }
            let operand: FormulaSyntax = try expression(Strength.not)
            return try make(
                .unary(.init(text: "not", place: word.place), operand), word.place.lowerBound..<operand.place.upperBound,
                depth: operand.depth + 1)
        }
        if token.isSign("-") {
            nesting += 1
            defer { nesting -= 1 }
            guard nesting <= FormulaLimits.depth else { throw Self.tooDeep(token.place) }
            let sign: FormulaToken = advance()
            let operand: FormulaSyntax = try prefix(Strength.product + 1)
            return try make(
                .unary(.init(text: "-", place: sign.place), operand), sign.place.lowerBound..<operand.place.upperBound,
                depth: operand.depth + 1)
        }
        return try value()
    }

    // MARK: Values

    private mutating func value() throws -> FormulaSyntax {
        let first: FormulaToken = token
        switch first.kind {
        case .number(let text):
            _ = advance()
            return try make(.literal(try Self.number(text, first.place)), first.place)
        case .text(let text):
            _ = advance()
            return try make(.literal(text.isEmpty ? .null : .text(text)), first.place)
        case .name("true"), .name("false"):
            _ = advance()
            return try make(.literal(.boolean(first.isName("true"))), first.place)
        case .name("null"):
            _ = advance()
            return try make(.literal(.null), first.place)
        case .name(let name) where !Self.words.contains(name):
            _ = advance()
            return token.isSign("(") ? try call(.init(text: name, place: first.place)) : try path(.init(text: name, place: first.place))
        case .sign("("):
            _ = advance()
            let inner: FormulaSyntax = try expression()
            guard token.isSign(")") else { throw unclosed(first) }
            let end: Int = advance().place.upperBound
            return FormulaSyntax(form: inner.form, place: first.place.lowerBound..<end, depth: inner.depth)
        default: throw unexpected("a value")
        }
    }

    private mutating func call(_ name: FormulaSyntax.Name) throws -> FormulaSyntax {
        let (arguments, end) = try list(closing: advance())
        let depth: Int = (arguments.map(\.depth).max() ?? 0) + 1
        return try make(.call(name, arguments), name.place.lowerBound..<end, depth: depth)
    }

    /// Values with commas between them, up to the closing parenthesis, and where that ends.
    private mutating func list(closing open: FormulaToken) throws -> ([FormulaSyntax], Int) {
        var items: [FormulaSyntax] = []
        if token.isSign(")") { return (items, advance().place.upperBound) }
        while true {
            items.append(try expression())
            if token.isSign(")") { return (items, advance().place.upperBound) }
            guard token.isSign(",") else { throw unclosed(open) }
            _ = advance()
        }
    }

    private func unclosed(_ open: FormulaToken) -> FormulaProblem {
        token.kind == .end
            ? FormulaProblem("this ( is not closed", hint: "Add a ).", at: open.place) : unexpected("\")\" or a sign such as + or =")
    }

    private mutating func path(_ first: FormulaSyntax.Name) throws -> FormulaSyntax {
        var names: [FormulaSyntax.Name] = [first]
        while token.isSign(".") {
            _ = advance()
            guard case .name(let name) = token.kind else { throw unexpected("the name of a field") }
            names.append(.init(text: name, place: advance().place))
        }
        return try make(.path(names), first.place.lowerBound..<names[names.count - 1].place.upperBound)
    }

    private static func number(_ text: String, _ place: Range<Int>) throws -> Value {
        let decimals: Int = text.firstIndex(of: ".").map { text.distance(from: $0, to: text.endIndex) - 1 } ?? 0
        guard decimals <= 9 else { throw FormulaProblem("a number has at most 9 decimals", at: place) }
        guard let number = FixedDecimal(text, scale: decimals) else { throw FormulaProblem("the number is too large", at: place) }
        return decimals == 0 ? .integer(number.units) : .decimal(number)
    }
}
