import PluginAPI

/// How a database works out a part of a formula.
enum FormulaQuery: Sendable {
    /// It cannot: what has no counterpart there, as a message begins with it.
    case none(String)
    /// Worked out here once, and sent.
    case constant(FormulaKind, FormulaCode)
    case term(@Sendable (QueryCompiler) throws -> FormulaTerm)
}

/// A part of a formula as SQL.
struct FormulaTerm: Sendable {
    /// For a condition: true where it holds; false or NULL elsewhere.
    var sql: SQLFragment
    /// Beside an amount: its currency.
    var currency: SQLFragment?
    /// The value, where it is the same for all rows.
    var constant: Value?
    /// Whether it was calculated, so that it may have left the range of whole numbers.
    var isCalculated = false

    init(_ sql: SQLFragment, currency: SQLFragment? = nil, constant: Value? = nil, isCalculated: Bool = false) {
        self.sql = sql
        self.currency = currency
        self.constant = constant
        self.isCalculated = isCalculated
    }
}

extension FormulaNode {
    /// The part as SQL; throws ``FormulaProblem`` when the database cannot work it out.
    func term(_ compiler: QueryCompiler) throws -> FormulaTerm {
        switch query {
        case .none(let what):
            throw FormulaProblem(
                "\(what) cannot be looked up in the database", hint: "Make it a formula field and filter by that.", at: place)
        case .constant(let kind, let code):
            var frame = FormulaFrame(
                RecordData(layout: compiler.entity.layout), now: compiler.now, calendar: compiler.calendar, currency: compiler.currency,
                user: compiler.actor.userID)
            do {
                let value: Value = try code.value(&frame, scale: kind.scale ?? 0)
                return FormulaTerm(constant: value)
            } catch let fault as FormulaFault { throw FormulaProblem(fault.message, at: place) }
        case .term(let make): return try make(compiler)
        }
    }

    /// A part that is a condition as SQL.
    func holds(_ compiler: QueryCompiler) throws -> SQLFragment {
        let term: FormulaTerm = try term(compiler)
        guard let constant = term.constant else { return term.sql }
        return constant == .boolean(true) ? .always : .never
    }
}

extension FormulaTerm {
    init(constant value: Value) {
        let currency: SQLFragment? =
            if case .money(let money) = value { SQLFragment("?", [.text(money.currency.code)]) } else { nil }
        self.init(SQLFragment("?", [value.column]), currency: currency, constant: value)
    }

    /// A part joined with another by a sign.
    static func joined(_ left: SQLFragment, _ sign: String, _ right: SQLFragment) -> SQLFragment {
        pieced("(\(left) \(sign) \(right))")
    }

    static func not(_ condition: SQLFragment) -> SQLFragment { pieced("NOT coalesce((\(condition)), 1 = 0)") }

    /// The number with more decimals.
    func scaled(by places: Int, _ dialect: any Dialect) -> SQLFragment {
        places == 0 ? sql : pieced("(\(operand(dialect)) * \(Fraction.power(places).description))")
    }

    /// The number as part of a calculation, where it may leave the range of whole numbers on the way.
    func operand(_ dialect: any Dialect) -> SQLFragment { isCalculated ? sql : dialect.calculated(sql) }

    /// NULL where a calculation left the range of whole numbers.
    func exact(_ sql: SQLFragment, _ dialect: any Dialect) -> SQLFragment { isCalculated ? dialect.whole(sql) : sql }
}

extension FormulaNode {
    /// `left sign right` for two parts of one kind, as they are compared when a formula is evaluated: nothing is equal to
    /// nothing only, and neither less nor greater than anything.
    static func comparison(_ left: FormulaNode, _ sign: String, _ right: FormulaNode) -> FormulaQuery {
        .term { compiler in
            let (a, b) = (try left.term(compiler), try right.term(compiler))
            if a.constant == .null || b.constant == .null {
                let other: FormulaTerm = a.constant == .null ? b : a
                if other.constant == .null { return FormulaTerm(sign == "=" ? .always : .never) }
                let kind: FormulaKind = a.constant == .null ? right.kind : left.kind
                switch sign {
                case "=": return FormulaTerm(emptiness(other, kind))
                case "!=": return FormulaTerm(FormulaTerm.not(emptiness(other, kind)))
                default: return FormulaTerm(.never)
                }
            }
            if case .boolean = left.kind, case .boolean = right.kind {
                let (x, y) = (try left.holds(compiler), try right.holds(compiler))
                return FormulaTerm(pieced("(coalesce(\(x), 1 = 0) \(sign == "=" ? "=" : "<>") coalesce(\(y), 1 = 0))"))
            }
            if left.kind == .moment, right.kind == .date { return try compiler.moment(a, sign, b, right.place) }
            if left.kind == .date, right.kind == .moment { return try compiler.moment(b, mirrored(sign), a, left.place) }
            if left.kind == .money || right.kind == .money { return FormulaTerm(amounts(left, a, sign, right, b, compiler)) }
            let scale: Int = max(left.kind.scale ?? 0, right.kind.scale ?? 0)
            let x: SQLFragment = a.exact(a.scaled(by: scale - (left.kind.scale ?? scale), compiler.dialect), compiler.dialect)
            let y: SQLFragment = b.exact(b.scaled(by: scale - (right.kind.scale ?? scale), compiler.dialect), compiler.dialect)
            return FormulaTerm(compared(x, sign, y, hasConstant: a.constant != nil || b.constant != nil))
        }
    }

    static func mirrored(_ sign: String) -> String {
        ["<": ">", "<=": ">=", ">": "<", ">=": "<="][sign] ?? sign
    }

    private static func emptiness(_ term: FormulaTerm, _ kind: FormulaKind) -> SQLFragment {
        switch kind {
        case .text: pieced("(\(term.sql) IS NULL OR \(term.sql) = '')")
        case .list: pieced("(\(term.sql) IS NULL OR \(term.sql) = '[]')")
        default: pieced("(\(term.sql) IS NULL)")
        }
    }

    private static func compared(_ x: SQLFragment, _ sign: String, _ y: SQLFragment, hasConstant: Bool) -> SQLFragment {
        switch (sign, hasConstant) {
        case ("=", true): return FormulaTerm.joined(x, "=", y)
        case ("=", false): return pieced("coalesce(\(x) = \(y), \(x) IS NULL AND \(y) IS NULL)")
        case ("!=", true): return pieced("coalesce(\(x) <> \(y), 1 = 1)")
        case ("!=", false): return pieced("coalesce(\(x) <> \(y), (\(x) IS NULL) <> (\(y) IS NULL))")
        default: return FormulaTerm.joined(x, sign, y)
        }
    }

    /// Amounts are compared within one currency; a plain number stands for that of the deployment.
    private static func amounts(
        _ left: FormulaNode, _ a: FormulaTerm, _ sign: String, _ right: FormulaNode, _ b: FormulaTerm, _ compiler: QueryCompiler
    ) -> SQLFragment {
        let own = SQLFragment("?", [.text(compiler.currency.code)])
        let scales: (Int, Int) = left.kind == .money && right.kind == .money
            ? (0, 0) : (left.kind.scale ?? compiler.currency.minorDigits, right.kind.scale ?? compiler.currency.minorDigits)
        let scale: Int = max(scales.0, scales.1)
        let x: SQLFragment = a.exact(a.scaled(by: scale - scales.0, compiler.dialect), compiler.dialect)
        let y: SQLFragment = b.exact(b.scaled(by: scale - scales.1, compiler.dialect), compiler.dialect)
        let same: SQLFragment = pieced("\(a.currency ?? own) = \(b.currency ?? own)")
        let hasConstant: Bool = a.constant != nil || b.constant != nil
        let both: SQLFragment = pieced("(\(x) = \(y) AND \(same))")
        let equal: SQLFragment = hasConstant ? both : pieced("coalesce(\(both), \(x) IS NULL AND \(y) IS NULL)")
        switch sign {
        case "=": return equal
        case "!=": return FormulaTerm.not(equal)
        default: return pieced("(\(x) \(sign) \(y) AND \(same))")
        }
    }
}

extension FormulaNode {
    /// How many days after one date another is.
    static func days(from start: FormulaNode, to end: FormulaNode) -> FormulaQuery {
        .term { compiler in
            let numbers: [SQLFragment] = try [end, start].map { node in
                let term: FormulaTerm = try node.term(compiler)
                switch term.constant {
                case .day(let day)?: return SQLFragment("?", [.integer(Int64(day.number))])
                case nil: return compiler.dialect.dayNumber(term.sql)
                default: return SQLFragment("NULL")
                }
            }
            return FormulaTerm(FormulaTerm.joined(numbers[0], "-", numbers[1]))
        }
    }
}

extension QueryCompiler {
    /// A moment compared with a day, which stands for all of it.
    fileprivate func moment(_ moment: FormulaTerm, _ sign: String, _ day: FormulaTerm, _ place: Range<Int>) throws -> FormulaTerm {
        guard case .day(let constant)? = day.constant else {
            throw FormulaProblem("a moment compared with a date of the record cannot be looked up in the database", at: place)
        }
        guard let comparison = Comparison(sign: sign) else { return FormulaTerm(.never) }
        if case .moment(let known)? = moment.constant {
            let other: Day = calendar.day(of: known)
            return FormulaTerm(FormulaTerm.holds(comparison, other < constant ? -1 : other > constant ? 1 : 0) ? .always : .never)
        }
        let parts: SQLFragment = dayOnMoment(moment.sql.sql, comparison, constant)
        // The moment's own arguments come before each mention of it; a column has none.
        guard moment.sql.arguments.isEmpty else {
            throw FormulaProblem("this moment cannot be looked up in the database", at: place)
        }
        return FormulaTerm(parts)
    }
}

extension FormulaTerm {
    fileprivate static func holds(_ comparison: Comparison, _ order: Int) -> Bool {
        switch comparison {
        case .equal: order == 0
        case .notEqual: order != 0
        case .less: order < 0
        case .lessOrEqual: order <= 0
        case .greater: order > 0
        case .greaterOrEqual: order >= 0
        case .contains, .startsWith: false
        }
    }
}

extension Comparison {
    init?(sign: String) {
        switch sign {
        case "=": self = .equal
        case "!=": self = .notEqual
        case "<": self = .less
        case "<=": self = .lessOrEqual
        case ">": self = .greater
        case ">=": self = .greaterOrEqual
        default: return nil
        }
    }
}
