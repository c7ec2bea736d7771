import PluginAPI

/// Calculations on exact numbers, as closures.
enum FormulaMath {
    static func sum(_ x: @escaping FormulaStep<Int64>, _ y: @escaping FormulaStep<Int64>) -> FormulaStep<Int64> {
        FormulaCode.both(x, y) { a, b in try whole(a.addingReportingOverflow(b)) }
    }

    static func difference(_ x: @escaping FormulaStep<Int64>, _ y: @escaping FormulaStep<Int64>) -> FormulaStep<Int64> {
        FormulaCode.both(x, y) { a, b in try whole(a.subtractingReportingOverflow(b)) }
    }

    static func product(_ x: @escaping FormulaStep<Int64>, _ y: @escaping FormulaStep<Int64>) -> FormulaStep<Int64> {
        FormulaCode.both(x, y) { a, b in try whole(a.multipliedReportingOverflow(by: b)) }
    }

    @inline(__always)
    static func whole(_ result: (partialValue: Int64, overflow: Bool)) throws -> Int64 {
        if result.overflow { throw FormulaFault.overflow }
        return result.partialValue
    }

    static func fractions(
        _ x: @escaping FormulaStep<Fraction>, _ sign: String, _ y: @escaping FormulaStep<Fraction>
    ) -> FormulaStep<Fraction> {
        switch sign {
        case "+": FormulaCode.both(x, y) { try $0 + $1 }
        case "-": FormulaCode.both(x, y) { try $0 - $1 }
        case "*": FormulaCode.both(x, y) { try $0 * $1 }
        default: FormulaCode.both(x, y) { try $0 / $1 }
        }
    }

    static func amounts(_ x: @escaping FormulaStep<Money>, isMinus: Bool, _ y: @escaping FormulaStep<Money>) -> FormulaStep<Money> {
        FormulaCode.both(x, y) { a, b in
            guard a.currency == b.currency else { throw FormulaFault.currencies(a.currency, b.currency) }
            let sum = isMinus ? a.minor.subtractingReportingOverflow(b.minor) : a.minor.addingReportingOverflow(b.minor)
            return Money(minor: try whole(sum), a.currency)
        }
    }

    static func times(_ x: @escaping FormulaStep<Money>, _ y: @escaping FormulaStep<Int64>) -> FormulaStep<Money> {
        FormulaCode.both(x, y) { a, b in Money(minor: try whole(a.minor.multipliedReportingOverflow(by: b)), a.currency) }
    }

    static func shares(
        _ x: @escaping FormulaStep<MoneyFraction>, isMinus: Bool, _ y: @escaping FormulaStep<MoneyFraction>
    ) -> FormulaStep<MoneyFraction> {
        FormulaCode.both(x, y) { a, b in
            guard a.currency == b.currency else { throw FormulaFault.currencies(a.currency, b.currency) }
            return MoneyFraction(minor: isMinus ? try a.minor - b.minor : try a.minor + b.minor, currency: a.currency)
        }
    }

    static func part(
        _ x: @escaping FormulaStep<MoneyFraction>, _ sign: String, _ y: @escaping FormulaStep<Fraction>
    ) -> FormulaStep<MoneyFraction> {
        let divides: Bool = sign == "/"
        return FormulaCode.both(x, y) { a, b in
            MoneyFraction(minor: divides ? try a.minor / b : try a.minor * b, currency: a.currency)
        }
    }

    static func ratio(_ x: @escaping FormulaStep<MoneyFraction>, _ y: @escaping FormulaStep<MoneyFraction>) -> FormulaStep<Fraction> {
        FormulaCode.both(x, y) { a, b in
            guard a.currency == b.currency else { throw FormulaFault.currencies(a.currency, b.currency) }
            return try a.minor / b.minor
        }
    }
}

/// Comparisons, as closures. Nothing is equal to nothing only, and neither less nor greater than anything.
enum FormulaOrder {
    static func values<T: Comparable & SendableMetatype>(_ x: @escaping FormulaStep<T>, _ sign: String, _ y: @escaping FormulaStep<T>) -> FormulaStep<Bool> {
        switch sign {
        case "=": { frame in try x(&frame) == y(&frame) }
        case "!=": { frame in try x(&frame) != y(&frame) }
        case "<": orderly(x, y) { $0 < $1 }
        case "<=": orderly(x, y) { $0 <= $1 }
        case ">": orderly(x, y) { $0 > $1 }
        default: orderly(x, y) { $0 >= $1 }
        }
    }

    private static func orderly<T>(
        _ x: @escaping FormulaStep<T>, _ y: @escaping FormulaStep<T>, _ holds: @escaping @Sendable (T, T) throws -> Bool
    ) -> FormulaStep<Bool> {
        { frame in
            guard let a = try x(&frame), let b = try y(&frame) else { return false }
            return try holds(a, b)
        }
    }

    /// By an order that is less than zero, zero or more; nil when the two have none.
    static func ordered<A, B>(
        _ x: @escaping FormulaStep<A>, _ sign: String, _ y: @escaping FormulaStep<B>, _ order: @escaping @Sendable (A, B) throws -> Int?
    ) -> FormulaStep<Bool> {
        { frame in
            let (a, b) = (try x(&frame), try y(&frame))
            guard let a, let b else { return sign == "=" ? a == nil && b == nil : sign == "!=" ? (a == nil) != (b == nil) : false }
            let found: Int? = try order(a, b)
            switch sign {
            case "=": return found == 0
            case "!=": return found != 0
            default: break
            }
            guard let found else { return false }
            switch sign {
            case "<": return found < 0
            case "<=": return found <= 0
            case ">": return found > 0
            default: return found >= 0
            }
        }
    }

    /// By the bytes of the texts, as databases do.
    static func texts(_ x: @escaping FormulaStep<String>, _ sign: String, _ y: @escaping FormulaStep<String>) -> FormulaStep<Bool> {
        func filled(_ step: @escaping FormulaStep<String>) -> FormulaStep<String> {
            { frame in
                guard let text = try step(&frame), !text.isEmpty else { return nil }
                return text
            }
        }
        return ordered(filled(x), sign, filled(y)) { a, b in
            a.utf8.elementsEqual(b.utf8) ? 0 : a.utf8.lexicographicallyPrecedes(b.utf8) ? -1 : 1
        }
    }

    static func amounts(
        _ x: @escaping FormulaStep<MoneyFraction>, _ sign: String, _ y: @escaping FormulaStep<MoneyFraction>
    ) -> FormulaStep<Bool> {
        ordered(x, sign, y) { a, b in a.currency == b.currency ? try a.minor.compared(with: b.minor) : nil }
    }

    /// An amount with a number, which stands for an amount in the deployment's currency.
    static func amount(_ x: @escaping FormulaStep<MoneyFraction>, _ sign: String, _ y: @escaping FormulaStep<Fraction>) -> FormulaStep<Bool> {
        let own: FormulaStep<MoneyFraction> = { frame in
            guard let number = try y(&frame) else { return nil }
            let minor = try number * Fraction(units: Int64(Fraction.power(frame.currency.minorDigits)), scale: 0)
            return MoneyFraction(minor: minor, currency: frame.currency)
        }
        return amounts(x, sign, own)
    }
}

// MARK: In a database

extension FormulaNode {
    /// `left sign right` for numbers, as SQL.
    static func calculation(_ left: FormulaNode, _ sign: String, _ right: FormulaNode) -> FormulaQuery {
        .term { compiler in
            let (a, b) = (try left.term(compiler), try right.term(compiler))
            let (x, y) = (left.kind.scale ?? 0, right.kind.scale ?? 0)
            let scale: Int = sign == "*" ? 0 : max(x, y)
            let dialect = compiler.dialect
            let sql: SQLFragment = sign == "*"
                ? FormulaTerm.joined(a.operand(dialect), "*", b.operand(dialect))
                : FormulaTerm.joined(FormulaTerm(a.scaled(by: scale - x, dialect), isCalculated: scale > x).operand(dialect), sign, b.scaled(by: scale - y, dialect))
            return FormulaTerm(sql, isCalculated: true)
        }
    }

    /// The sum or difference of amounts of one currency; nothing where the currencies differ.
    static func amounts(_ left: FormulaNode, _ sign: String, _ right: FormulaNode) -> FormulaQuery {
        .term { compiler in
            let (a, b) = (try left.term(compiler), try right.term(compiler))
            guard let x = a.currency, let y = b.currency else { return FormulaTerm(SQLFragment("NULL"), currency: SQLFragment("NULL")) }
            let sum: SQLFragment = pieced("CASE WHEN \(x) = \(y) THEN \(a.operand(compiler.dialect)) \(sign) \(b.operand(compiler.dialect)) END")
            return FormulaTerm(sum, currency: pieced("CASE WHEN \(x) = \(y) THEN \(x) END"), isCalculated: true)
        }
    }

    static func multiple(_ money: FormulaNode, _ number: FormulaNode) -> FormulaQuery {
        .term { compiler in
            let (a, b) = (try money.term(compiler), try number.term(compiler))
            return FormulaTerm(FormulaTerm.joined(a.operand(compiler.dialect), "*", b.operand(compiler.dialect)), currency: a.currency, isCalculated: true)
        }
    }
}
