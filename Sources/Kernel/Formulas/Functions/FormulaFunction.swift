import PluginAPI

/// A function of the language. Its text is the documentation: `tenon formulas functions`, the reference and the tests read it.
struct FormulaFunction: Sendable {
    let name: String
    /// `round(number, places) → number`
    let signature: String
    /// A sentence.
    let summary: String
    /// A call that needs no record, and what it comes to; empty where there is none.
    let example: String
    let result: String
    let arity: ClosedRange<Int>
    let make: @Sendable (FormulaCall, inout FormulaUses) throws -> FormulaNode

    init(
        _ signature: String, _ summary: String, _ example: String = "", _ result: String = "", arity: ClosedRange<Int>,
        _ make: @escaping @Sendable (FormulaCall, inout FormulaUses) throws -> FormulaNode
    ) {
        name = String(signature.prefix { $0 != "(" })
        self.signature = signature
        self.summary = summary
        self.example = example
        self.result = result
        self.arity = arity
        self.make = make
    }

    static let all: [FormulaFunction] = logic + numbers + amounts + texts + dates

    static let named: [String: FormulaFunction] = Dictionary(all.map { ($0.name, $0) }) { first, _ in first }

    static func isTaken(_ name: String) -> Bool { named[name] != nil || ["and", "or", "not", "in", "true", "false", "null"].contains(name) }
}

/// A call of a function with the parts that it is given.
struct FormulaCall: Sendable {
    let name: String
    let arguments: [FormulaNode]
    let place: Range<Int>
    let purpose: FormulaTyper.Purpose

    var count: Int { arguments.count }
    subscript(index: Int) -> FormulaNode { arguments[index] }
    var isConstant: Bool { arguments.allSatisfy(\.isConstant) }

    /// What the call comes to.
    func node(_ kind: FormulaKind, _ code: FormulaCode, query: FormulaQuery? = nil) -> FormulaNode {
        FormulaNode(kind, code, at: place, isConstant: isConstant, query: query ?? .none(name + "()"))
    }

    /// The same for a call that gives another result at another moment or to another user.
    func changing(_ kind: FormulaKind, _ code: FormulaCode) -> FormulaNode {
        FormulaNode(kind, code, at: place, isConstant: true)
    }

    func misfit(_ index: Int, _ wanted: String) -> FormulaProblem {
        FormulaProblem("\(name) takes \(wanted) here, not \(arguments[index].kind.word)", at: arguments[index].place)
    }

    // MARK: Arguments by type

    func number(_ index: Int, scale: Int) throws -> FormulaStep<Int64> {
        guard let step = arguments[index].number(scale: scale) else { throw misfit(index, "a number") }
        return step
    }

    func whole(_ index: Int) throws -> FormulaStep<Int64> {
        guard let step = arguments[index].whole else { throw misfit(index, "a whole number") }
        return step
    }

    func text(_ index: Int) throws -> FormulaStep<String> {
        guard let step = arguments[index].text else { throw misfit(index, "a text") }
        return step
    }

    func money(_ index: Int) throws -> FormulaStep<Money> {
        guard let step = arguments[index].money else { throw misfit(index, "an amount of money") }
        return step
    }

    func condition(_ index: Int) throws -> @Sendable (inout FormulaFrame) throws -> Bool {
        guard let step = arguments[index].condition else { throw misfit(index, "a condition") }
        return step
    }

    /// The day of a date or of a moment.
    func day(_ index: Int) throws -> FormulaStep<Day> {
        if let step = arguments[index].moment, arguments[index].kind == .moment { return FormulaDates.day(of: step) }
        guard let step = arguments[index].date else { throw misfit(index, "a date or a moment") }
        return step
    }

    /// A whole number that is written down, such as the decimals of a result.
    func fixed(_ index: Int, _ what: String, _ bounds: ClosedRange<Int64>, otherwise: Int) throws -> Int {
        guard index < count else { return otherwise }
        guard case .integer(let number)? = arguments[index].literal, bounds.contains(number) else {
            throw FormulaProblem(
                "\(name) takes \(what) here: a number from \(bounds.lowerBound) to \(bounds.upperBound), written out", at: arguments[index].place)
        }
        return Int(number)
    }

    /// What two or more parts have in common.
    func joined(_ indices: [Int]) throws -> FormulaKind {
        var kind: FormulaKind = .empty
        for index in indices {
            guard let both = kind.joined(arguments[index].kind) else {
                throw FormulaProblem(
                    "\(name) takes values of one type, not \(kind.word) and \(arguments[index].kind.word)", at: arguments[index].place)
            }
            kind = both
        }
        return kind
    }
}

extension FormulaTyper {
    mutating func call(_ name: FormulaSyntax.Name, _ arguments: [FormulaSyntax], _ place: Range<Int>) throws -> FormulaNode {
        let nodes: [FormulaNode] = try arguments.map { try node($0) }
        let call = FormulaCall(name: name.text, arguments: nodes, place: place, purpose: purpose)
        if let function = FormulaFunction.named[name.text] {
            guard function.arity.contains(nodes.count) else {
                throw FormulaProblem("\(name.text) takes \(Self.words(function.arity)), not \(nodes.count)", hint: "It is \(function.signature).", at: place)
            }
            return try function.make(call, &uses)
        }
        if let function = registry.functions[name.text] {
            uses.functions[name.text] = function.plugin
            return try PluginFunction(function).node(call)
        }
        let near: [String] = Suggestion.nearest(to: name.text, among: FormulaFunction.all.map(\.name) + registry.functions.keys)
        var hint: String = near.isEmpty ? "See tenon formulas functions." : "Did you mean \(near.joined(separator: " or "))?"
        if entity.field(name.text) != nil, isVisible(entity.name, name.text) { hint = "\(name.text) is a field: write it without parentheses." }
        throw FormulaProblem("there is no function \(name.text)", hint: hint, at: name.place)
    }

    private static func words(_ arity: ClosedRange<Int>) -> String {
        func word(_ count: Int) -> String { count == 1 ? "1 argument" : "\(count) arguments" }
        if arity.lowerBound == arity.upperBound { return arity.lowerBound == 0 ? "no argument" : word(arity.lowerBound) }
        return arity.upperBound > 100 ? "at least " + word(arity.lowerBound) : "\(arity.lowerBound) to \(word(arity.upperBound))"
    }
}
