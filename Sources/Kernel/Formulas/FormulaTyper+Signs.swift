import PluginAPI

// MARK: Logic

extension FormulaTyper {
    /// A part as a condition; throws when it is none.
    func condition(_ node: FormulaNode) throws -> @Sendable (inout FormulaFrame) throws -> Bool {
        guard let condition = node.condition else {
            throw FormulaProblem(
                "a condition is expected here, not \(node.kind.word)", hint: "Compare it with something, such as = or >.", at: node.place)
        }
        return condition
    }

    func negation(_ operand: FormulaNode, _ place: Range<Int>) throws -> FormulaNode {
        let condition = try condition(operand)
        return FormulaNode(
            .boolean, .boolean { try !condition(&$0) }, at: place, isConstant: operand.isConstant,
            query: .term { FormulaTerm(FormulaTerm.not(try operand.holds($0))) })
    }

    func logic(_ sign: FormulaSyntax.Name, _ left: FormulaNode, _ right: FormulaNode, _ place: Range<Int>) throws -> FormulaNode {
        let (a, b) = (try condition(left), try condition(right))
        let isAnd: Bool = sign.text == "and"
        let code: FormulaCode
        if isAnd {
            code = .boolean { frame in
                if try !a(&frame) { return false }
                return try b(&frame)
            }
        } else {
            code = .boolean { frame in
                if try a(&frame) { return true }
                return try b(&frame)
            }
        }
        return FormulaNode(
            .boolean, code, at: place, isConstant: left.isConstant && right.isConstant,
            query: .term { FormulaTerm(FormulaTerm.joined(try left.holds($0), isAnd ? "AND" : "OR", try right.holds($0))) })
    }

    /// A value that is one of several, or one of those in a list field.
    func among(_ value: FormulaNode, _ items: [FormulaNode], _ place: Range<Int>) throws -> FormulaNode {
        if items.count == 1, case .list(let entity) = items[0].kind, case .list(let list) = items[0].code {
            guard let id = value.id, value.kind == .integer || value.kind == .id(entity) || value.kind == .id(nil) else {
                throw FormulaProblem("\(value.kind.word) cannot be in a list of links", at: value.place)
            }
            let code: FormulaCode = .boolean { frame in
                guard let id = try id(&frame) else { return false }
                return try list(&frame)?.contains(RecordID(id)) ?? false
            }
            return FormulaNode(.boolean, code, at: place, isConstant: false, query: Self.member(value, items[0]))
        }
        var found: FormulaNode?
        for item in items {
            let equal: FormulaNode = try comparison("=", value, item, item.place)
            found = try found.map { try logic(.init(text: "or", place: place), $0, equal, place) } ?? equal
        }
        return found ?? FormulaNode(.boolean, .boolean { _ in false }, at: place, isConstant: true)
    }

    private static func member(_ value: FormulaNode, _ list: FormulaNode) -> FormulaQuery {
        .term { compiler in
            guard let constant = try value.term(compiler).constant else {
                throw FormulaProblem("only a fixed value can be looked for in a list", at: value.place)
            }
            guard case .integer(let id) = constant else { return FormulaTerm(.never) }
            let column: SQLFragment = try list.term(compiler).sql
            return FormulaTerm(QueryCompiler.member(column, id))
        }
    }
}

// MARK: Calculating

extension FormulaTyper {
    func minus(_ operand: FormulaNode, _ place: Range<Int>) throws -> FormulaNode {
        func made(_ code: FormulaCode, _ query: FormulaQuery) -> FormulaNode {
            var node = FormulaNode(operand.kind, code, at: place, isConstant: operand.isConstant, query: query)
            if case .integer(let number)? = operand.literal { node.literal = .integer(-number) }
            return node
        }
        let negative: FormulaQuery = .term { compiler in
            let term: FormulaTerm = try operand.term(compiler)
            return FormulaTerm(pieced("(- \(term.operand(compiler.dialect)))"), currency: term.currency, isCalculated: true)
        }
        switch operand.code {
        case .number(let step): return made(.number(FormulaCode.one(step) { try Self.negated($0) }), negative)
        case .fraction(let step): return made(.fraction(FormulaCode.one(step) { try $0.negated() }), .none("a quotient"))
        case .money(let step):
            return made(.money(FormulaCode.one(step) { Money(minor: try Self.negated($0.minor), $0.currency) }), negative)
        case .share(let step):
            return made(
                .share(FormulaCode.one(step) { MoneyFraction(minor: try $0.minor.negated(), currency: $0.currency) }), .none("a quotient"))
        case .empty: return made(.empty, negative)
        default: throw FormulaProblem("\(operand.kind.word) has no negative", at: place)
        }
    }

    private static func negated(_ number: Int64) throws -> Int64 {
        let (result, overflow) = Int64(0).subtractingReportingOverflow(number)
        if overflow { throw FormulaFault.overflow }
        return result
    }

    func arithmetic(_ sign: FormulaSyntax.Name, _ left: FormulaNode, _ right: FormulaNode, _ place: Range<Int>) throws -> FormulaNode {
        let isConstant: Bool = left.isConstant && right.isConstant
        func made(_ kind: FormulaKind, _ code: FormulaCode, _ query: FormulaQuery) -> FormulaNode {
            FormulaNode(kind, code, at: place, isConstant: isConstant, query: query)
        }
        if left.kind == .empty || right.kind == .empty {
            throw FormulaProblem("null cannot be calculated with", at: left.kind == .empty ? left.place : right.place)
        }
        let isSum: Bool = sign.text == "+" || sign.text == "-"
        let isMinus: Bool = sign.text == "-"
        let isProduct: Bool = sign.text == "*"
        switch (left.kind, right.kind) {
        case (.number(let a), .number(let b)) where isSum:
            let scale: Int = max(a, b)
            guard let x = left.number(scale: scale), let y = right.number(scale: scale) else { break }
            return made(.number(scale: scale), .number(isMinus ? FormulaMath.difference(x, y) : FormulaMath.sum(x, y)), FormulaNode.calculation(left, sign.text, right))
        case (.number(let a), .number(let b)) where sign.text == "*" && a + b <= 9:
            guard let x = left.number(scale: a), let y = right.number(scale: b) else { break }
            return made(.number(scale: a + b), .number(FormulaMath.product(x, y)), FormulaNode.calculation(left, "*", right))
        case (.number, .number), (.fraction, .number), (.number, .fraction), (.fraction, .fraction):
            guard let x = left.fraction, let y = right.fraction else { break }
            return made(.fraction, .fraction(FormulaMath.fractions(x, sign.text, y)), .none("a quotient"))
        case (.money, .money) where isSum:
            guard let x = left.money, let y = right.money else { break }
            return made(.money, .money(FormulaMath.amounts(x, isMinus: isMinus, y)), FormulaNode.amounts(left, sign.text, right))
        case (.money, .money), (.share, .money), (.money, .share), (.share, .share):
            guard sign.text != "*" else {
                throw FormulaProblem("two amounts of money cannot be multiplied", hint: "Multiply an amount with a number.", at: place)
            }
            guard let x = left.share, let y = right.share else { break }
            if sign.text == "/" { return made(.fraction, .fraction(FormulaMath.ratio(x, y)), .none("a quotient")) }
            return made(.share, .share(FormulaMath.shares(x, isMinus: isMinus, y)), .none("an amount that is not rounded"))
        case (.money, .number(0)) where sign.text == "*":
            guard let x = left.money, let y = right.number(scale: 0) else { break }
            return made(.money, .money(FormulaMath.times(x, y)), FormulaNode.multiple(left, right))
        case (.number(0), .money) where sign.text == "*":
            guard let x = left.number(scale: 0), let y = right.money else { break }
            return made(.money, .money(FormulaMath.times(y, x)), FormulaNode.multiple(right, left))
        case (.money, .number) where !isSum, (.money, .fraction) where !isSum, (.share, .number) where !isSum, (.share, .fraction) where !isSum:
            guard let x = left.share, let y = right.fraction else { break }
            return made(.share, .share(FormulaMath.part(x, sign.text, y)), .none("an amount that is not rounded"))
        case (.number, .money) where isProduct, (.number, .share) where isProduct, (.fraction, .money) where isProduct,
            (.fraction, .share) where isProduct:
            guard let x = left.fraction, let y = right.share else { break }
            return made(.share, .share(FormulaMath.part(y, "*", x)), .none("an amount that is not rounded"))
        case (.date, .date) where isMinus:
            guard let x = left.date, let y = right.date else { break }
            return made(.integer, .number(FormulaCode.both(x, y) { Int64($0.number) - Int64($1.number) }), FormulaNode.days(from: right, to: left))
        case (.date, .number(0)) where isSum:
            guard let x = left.date, let y = right.whole else { break }
            return made(.date, .date(FormulaCode.both(x, y) { try FormulaDates.add(days: isMinus ? FormulaDates.negative($1) : $1, to: $0) }), .none("a date that is calculated"))
        default: break
        }
        throw Self.misfit(sign, left, right, place)
    }

    private static func misfit(_ sign: FormulaSyntax.Name, _ left: FormulaNode, _ right: FormulaNode, _ place: Range<Int>) -> FormulaProblem {
        var hint = ""
        let kinds: [FormulaKind] = [left.kind, right.kind]
        if kinds.contains(where: \.isText), sign.text == "+" {
            hint = "To join texts, write &."
        } else if kinds.contains(.money), kinds.contains(where: { $0.scale != nil }), sign.text == "+" || sign.text == "-" {
            hint = "Write the number as an amount: money(…)."
        } else if kinds.contains(.moment) {
            hint = "Use add_days, add_hours or days_between."
        }
        let word: String = ["+": "added to", "-": "taken from", "*": "multiplied with", "/": "divided by"][sign.text] ?? sign.text
        let (first, second) = sign.text == "+" || sign.text == "-" ? (right.kind, left.kind) : (left.kind, right.kind)
        return FormulaProblem("\(first.word) cannot be \(word) \(second.word)", hint: hint, at: place)
    }

    /// Texts written one after the other; nothing counts as no text.
    func joined(_ left: FormulaNode, _ right: FormulaNode, _ place: Range<Int>) throws -> FormulaNode {
        guard let a = left.written else { throw FormulaProblem("\(left.kind.word) cannot be joined to a text", at: left.place) }
        guard let b = right.written else { throw FormulaProblem("\(right.kind.word) cannot be joined to a text", at: right.place) }
        let code: FormulaCode = .text { frame in
            let text: String = try (a(&frame) ?? "") + (b(&frame) ?? "")
            return try FormulaTexts.checked(text, &frame)
        }
        return FormulaNode(.text, code, at: place, isConstant: left.isConstant && right.isConstant, query: .none("a joined text"))
    }
}

// MARK: Comparing

extension FormulaTyper {
    func comparison(_ sign: String, _ left: FormulaNode, _ right: FormulaNode, _ place: Range<Int>) throws -> FormulaNode {
        let isEquality: Bool = sign == "=" || sign == "!="
        func made(_ step: @escaping FormulaStep<Bool>) -> FormulaNode {
            FormulaNode(
                .boolean, .boolean(step), at: place, isConstant: left.isConstant && right.isConstant,
                query: FormulaNode.comparison(left, sign, right))
        }
        if left.kind == .empty || right.kind == .empty {
            guard isEquality else { throw FormulaProblem("nothing is less or greater than null", hint: "Use = null or != null.", at: place) }
            let isEmpty = left.kind == .empty ? right.code.isEmpty : left.code.isEmpty
            if sign == "=" { return made { frame in try isEmpty(&frame) } }
            return made { frame in try !isEmpty(&frame) }
        }
        switch (left.kind, right.kind) {
        case (.number(let a), .number(let b)):
            let scale: Int = max(a, b)
            if let x = left.number(scale: scale), let y = right.number(scale: scale) { return made(FormulaOrder.values(x, sign, y)) }
        case (.number, .fraction), (.fraction, .number), (.fraction, .fraction):
            if let x = left.fraction, let y = right.fraction { return made(FormulaOrder.ordered(x, sign, y) { try $0.compared(with: $1) }) }
        case (.money, .money), (.share, .money), (.money, .share), (.share, .share):
            if let x = left.share, let y = right.share { return made(FormulaOrder.amounts(x, sign, y)) }
        case (.money, .number), (.money, .fraction), (.share, .number), (.share, .fraction):
            if let x = left.share, let y = right.fraction { return made(FormulaOrder.amount(x, sign, y)) }
        case (.number, .money), (.fraction, .money), (.number, .share), (.fraction, .share):
            if let x = left.fraction, let y = right.share { return made(FormulaOrder.amount(y, FormulaNode.mirrored(sign), x)) }
        case (.text, .text):
            try checkOption(left, right)
            try checkOption(right, left)
            if let x = left.text, let y = right.text { return made(FormulaOrder.texts(x, sign, y)) }
        case (.boolean, .boolean) where isEquality:
            guard let x = left.condition, let y = right.condition else { break }
            if sign == "=" { return made { frame in try x(&frame) == y(&frame) } }
            return made { frame in try x(&frame) != y(&frame) }
        case (.date, .date):
            if let x = left.date, let y = right.date { return made(FormulaOrder.values(x, sign, y)) }
        case (.moment, .moment):
            if let x = left.moment, let y = right.moment { return made(FormulaOrder.values(x, sign, y)) }
        case (.moment, .date):
            if let x = left.moment, let y = right.date { return made(FormulaOrder.values(FormulaDates.day(of: x), sign, y)) }
        case (.date, .moment):
            if let x = left.date, let y = right.moment { return made(FormulaOrder.values(x, sign, FormulaDates.day(of: y))) }
        case (.id, .id) where isEquality && left.kind.joined(right.kind) != nil, (.id, .number(0)) where isEquality,
            (.number(0), .id) where isEquality:
            if let x = left.id, let y = right.id { return made(FormulaOrder.values(x, sign, y)) }
        default: break
        }
        throw misfit(left, right, isEquality: isEquality, place)
    }

    /// The key of a choice that there is not is a slip of the pen.
    private func checkOption(_ choice: FormulaNode, _ text: FormulaNode) throws {
        guard case .text(let options?) = choice.kind, case .text(let key)? = text.literal, !options.contains(key) else { return }
        let near: [String] = Suggestion.nearest(to: key, among: options)
        throw FormulaProblem(
            "there is no option \"\(key)\"",
            hint: near.isEmpty ? "There are " + options.joined(separator: ", ") + "." : "Did you mean \(near.map { "\"\($0)\"" }.joined(separator: " or "))?",
            at: text.place)
    }

    private func misfit(_ left: FormulaNode, _ right: FormulaNode, isEquality: Bool, _ place: Range<Int>) -> FormulaProblem {
        var hint = ""
        let kinds: [FormulaKind] = [left.kind, right.kind]
        if kinds.contains(where: \.isText) {
            if kinds.contains(.date) { hint = "Write the date as date(\"2026-01-31\")." }
            if kinds.contains(.moment) { hint = "Write the moment as moment(\"2026-01-31T09:00:00Z\")." }
            if case .id(let target)? = kinds.first(where: { if case .id = $0 { true } else { false } }),
                let label = target.flatMap({ registry.entity($0) })?.labelField
            {
                hint = "A link is compared with an id; to compare its name, go on with .\(label)."
            }
        } else if !isEquality, left.kind == right.kind {
            return FormulaProblem("\(left.kind.word) is neither less nor greater than another", hint: "Use = or !=.", at: place)
        }
        return FormulaProblem("\(left.kind.word) cannot be compared with \(right.kind.word)", hint: hint, at: place)
    }
}
