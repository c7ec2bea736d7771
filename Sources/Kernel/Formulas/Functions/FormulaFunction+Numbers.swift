import PluginAPI

extension FormulaFunction {
    static let numbers: [FormulaFunction] = [
        rounding("round", "The nearest number with so many decimals (none unless given); a half goes away from zero.", "round(7 / 3, 2)", "2.33", .nearest),
        rounding("round_even", "The same; a half goes to the even digit.", "round_even(2.5)", "2", .even),
        rounding("round_up", "The next greater number with so many decimals.", "round_up(7 / 3, 1)", "2.4", .up),
        rounding("round_down", "The next smaller number with so many decimals.", "round_down(-7 / 3, 1)", "-2.4", .down),
        FormulaFunction("abs(number or money) → the same", "Without its sign.", "abs(-3.5)", "3.5", arity: 1...1, { call, _ in
            switch call[0].code {
            case .number(let step): return call.node(call[0].kind, .number(FormulaCode.one(step) { try magnitude($0) }))
            case .money(let step):
                return call.node(.money, .money(FormulaCode.one(step) { Money(minor: try magnitude($0.minor), $0.currency) }))
            default: throw call.misfit(0, "a number or an amount of money")
            }
        }),
        extreme("min", "The least of the values; empty ones do not count.", "min(3, 1.5, null)", "1.5", least: true),
        extreme("max", "The greatest of the values; empty ones do not count.", "max(3, 1.5, null)", "3.0", least: false),
        FormulaFunction(
            "remainder(number, divisor) → whole number", "What is left of a whole number after a division; never negative.",
            "remainder(-7, 3)", "2", arity: 2...2,
            { call, _ in
                call.node(
                    .integer,
                    .number(
                        FormulaCode.both(try call.whole(0), try call.whole(1)) { number, divisor in
                            guard divisor != 0 else { throw FormulaFault.divisionByZero }
                            guard divisor != -1 else { return 0 }
                            let rest: Int64 = number % divisor
                            return rest < 0 ? rest + Int64(clamping: divisor.magnitude) : rest
                        }))
            }),
        FormulaFunction(
            "number(text, places) → number", "The number that a text says, with so many decimals (none unless given).",
            #"number("12.50", 2)"#, "12.50", arity: 1...2,
            { call, _ in
                let scale: Int = try call.fixed(1, "the count of decimals", 0...9, otherwise: 0)
                return call.node(
                    .number(scale: scale),
                    .number(
                        FormulaCode.one(try call.text(0)) { text in
                            guard let number = FixedDecimal(text.trimmed, scale: scale) else {
                                throw FormulaFault("\"\(text.prefix(40))\" is not a number with at most \(scale) decimals")
                            }
                            return number.units
                        }))
            }),
    ]

    private static func magnitude(_ number: Int64) throws -> Int64 {
        guard let magnitude = Int64(exactly: number.magnitude) else { throw FormulaFault.overflow }
        return magnitude
    }

    private static func rounding(
        _ name: String, _ summary: String, _ example: String, _ result: String, _ rule: Fraction.Rounding
    ) -> FormulaFunction {
        FormulaFunction("\(name)(number, places) → number", summary, example, result, arity: 1...2) { call, _ in
            if let share = call[0].share, call[0].kind == .share || call[0].kind == .money {
                guard call.count == 1 else {
                    throw FormulaProblem("an amount of money is rounded to its currency's smallest unit", hint: "Leave the decimals out.", at: call[1].place)
                }
                return call.node(
                    .money, .money(FormulaCode.one(share) { Money(minor: try $0.minor.rounded(rule, scale: 0), $0.currency) }))
            }
            let scale: Int = try call.fixed(1, "the count of decimals", 0...9, otherwise: 0)
            guard let fraction = call[0].fraction else { throw call.misfit(0, "a number or an amount of money") }
            return call.node(.number(scale: scale), .number(FormulaCode.one(fraction) { try $0.rounded(rule, scale: scale) }))
        }
    }

    private static func extreme(_ name: String, _ summary: String, _ example: String, _ result: String, least: Bool) -> FormulaFunction {
        FormulaFunction("\(name)(value, value, …) → value", summary, example, result, arity: 2...50) { call, _ in
            let kind: FormulaKind = try call.joined(Array(0..<call.count))
            let codes: [FormulaCode] = call.arguments.map { $0.code(as: kind) }
            func best<T>(_ steps: [FormulaStep<T>], _ precedes: @escaping @Sendable (T, T) throws -> Bool) -> FormulaStep<T> {
                { frame in
                    var best: T?
                    for step in steps {
                        guard let value = try step(&frame) else { continue }
                        guard let current = best else {
                            best = value
                            continue
                        }
                        if try least ? precedes(value, current) : precedes(current, value) { best = value }
                    }
                    return best
                }
            }
            switch kind {
            case .number:
                return call.node(kind, .number(best(codes.compactMap { if case .number(let step) = $0 { step } else { nil } }, <)))
            case .date: return call.node(kind, .date(best(codes.compactMap { if case .date(let step) = $0 { step } else { nil } }, <)))
            case .moment:
                return call.node(kind, .moment(best(codes.compactMap { if case .moment(let step) = $0 { step } else { nil } }, <)))
            case .money:
                return call.node(
                    kind,
                    .money(
                        best(codes.compactMap { if case .money(let step) = $0 { step } else { nil } }) { left, right in
                            guard left.currency == right.currency else { throw FormulaFault.currencies(left.currency, right.currency) }
                            return left.minor < right.minor
                        }))
            default: throw call.misfit(0, "numbers, amounts of money, dates or moments")
            }
        }
    }

    static let amounts: [FormulaFunction] = [
        FormulaFunction(
            "money(number, currency) → money", "An amount; in the deployment's currency unless one is given.", #"money(12.5, "EUR")"#,
            "12.50 EUR", arity: 1...2,
            { call, _ in
                guard case .number(let scale) = call[0].kind else { throw call.misfit(0, "a number") }
                let number: FormulaStep<Int64> = try call.number(0, scale: scale)
                let currency: FormulaStep<Currency>
                if call.count == 2 {
                    if case .text(let code)? = call[1].literal, Currency(code) == nil {
                        throw FormulaProblem("\"\(code)\" is not a currency", hint: "Write its three letters, such as \"EUR\".", at: call[1].place)
                    }
                    currency = FormulaCode.one(try call.text(1)) { code in
                        guard let currency = Currency(code) else { throw FormulaFault("\"\(code.prefix(20))\" is not a currency") }
                        return currency
                    }
                } else {
                    currency = { $0.currency }
                }
                let code: FormulaCode = .money(
                    FormulaCode.both(number, currency) { units, currency in
                        guard let minor = FixedDecimal(units: units, scale: scale).rescaled(to: currency.minorDigits) else {
                            throw FormulaFault("the amount has more decimals than \(currency) has, or is too large")
                        }
                        return Money(minor: minor.units, currency)
                    })
                return call.node(.money, code)
            }),
        FormulaFunction(
            "amount(money, places) → number", "The number of an amount, with so many decimals (2 unless given).",
            #"amount(money(12.5, "EUR"))"#, "12.50", arity: 1...2,
            { call, _ in
                let scale: Int = try call.fixed(1, "the count of decimals", 0...9, otherwise: 2)
                return call.node(
                    .number(scale: scale),
                    .number(
                        FormulaCode.one(try call.money(0)) { money in
                            guard let number = FixedDecimal(units: money.minor, scale: money.currency.minorDigits).rescaled(to: scale) else {
                                throw FormulaFault("the amount has more than \(scale) decimals, or is too large")
                            }
                            return number.units
                        }))
            }),
        FormulaFunction(
            "currency(money) → text", "The three letters of an amount's currency.", #"currency(money(1, "USD"))"#, "USD", arity: 1...1,
            { call, _ in
                let node: FormulaNode = call[0]
                return call.node(
                    .text, .text(FormulaCode.one(try call.money(0)) { $0.currency.code }),
                    query: .term { FormulaTerm(try node.term($0).currency ?? SQLFragment("NULL")) })
            }),
    ]
}
