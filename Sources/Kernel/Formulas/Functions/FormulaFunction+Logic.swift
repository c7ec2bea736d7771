import PluginAPI

extension FormulaFunction {
    static let logic: [FormulaFunction] = [
        FormulaFunction(
            "if(condition, value, …, otherwise) → value",
            "The value after the first condition that holds; the last one when none does, or nothing.",
            #"if(1 > 2, "a", 2 > 1, "b", "c")"#, "b", arity: 2...199, { call, _ in try choice(call) }),
        FormulaFunction(
            "default(value, otherwise) → value", "The first value that is not empty.", "default(null, 7)", "7", arity: 2...20,
            { call, _ in try fallback(call) }),
        FormulaFunction(
            "is_empty(value) → yes or no", "Whether there is nothing.", #"is_empty("")"#, "yes", arity: 1...1,
            { call, _ in
                let isEmpty = call[0].code.isEmpty
                return call.node(
                    .boolean, .boolean { try isEmpty(&$0) },
                    query: FormulaNode.comparison(call[0], "=", FormulaNode(.empty, .empty, at: call.place, isConstant: true)))
            }),
        FormulaFunction(
            "if_error(value, otherwise) → value", "The second value where the first cannot be worked out, as in a division by zero.",
            "if_error(round(1 / 0), -1)", "-1", arity: 2...2, { call, _ in try rescue(call) }),
        FormulaFunction("me() → link", "The user who asks: in conditions and filters only.", arity: 0...0, { call, uses in
            guard call.purpose == .condition else {
                throw FormulaProblem("me() differs from one user to the next, and the value is stored for all of them", at: call.place)
            }
            uses.user = true
            return call.changing(.id("user"), .id { $0.user })
        }),
        FormulaFunction("count(links) → whole number", "How many records a field of several links points at.", arity: 1...1, { call, _ in
            guard case .list(let list) = call[0].code else { throw call.misfit(0, "a list of links") }
            return call.node(.integer, .number { Int64(try list(&$0)?.count ?? 0) })
        }),
    ]

    /// Condition and value by turns; what is left over at the end is for all other records.
    private static func choice(_ call: FormulaCall) throws -> FormulaNode {
        let pairs: Int = call.count / 2
        let conditions = try (0..<pairs).map { try call.condition($0 * 2) }
        let hasOtherwise: Bool = call.count % 2 == 1
        let indices: [Int] = (0..<pairs).map { $0 * 2 + 1 } + (hasOtherwise ? [call.count - 1] : [])
        let kind: FormulaKind = try call.joined(indices)
        let codes: [FormulaCode] = indices.map { call[$0].code(as: kind) }
        let code: FormulaCode = FormulaCode.picking(kind, codes) { frame in
            for (index, condition) in conditions.enumerated() where try condition(&frame) { return index }
            return hasOtherwise ? codes.count - 1 : nil
        }
        return call.node(kind, code, query: cases(call, indices, kind))
    }

    private static func cases(_ call: FormulaCall, _ indices: [Int], _ kind: FormulaKind) -> FormulaQuery {
        switch kind {
        case .boolean, .number, .text, .date, .moment, .id: break
        default: return .none("if() with \(kind.word)")
        }
        let nodes: [FormulaNode] = call.arguments
        return .term { compiler in
            func value(_ index: Int) throws -> SQLFragment {
                let term: FormulaTerm = try nodes[index].term(compiler)
                if kind == .boolean { return pieced("coalesce(\(try nodes[index].holds(compiler)), 1 = 0)") }
                return term.scaled(by: (kind.scale ?? 0) - (nodes[index].kind.scale ?? kind.scale ?? 0), compiler.dialect)
            }
            var text: SQLFragment = SQLFragment("CASE")
            for index in indices {
                if index % 2 == 1 {
                    text = pieced("\(text) WHEN \(try nodes[index - 1].holds(compiler)) THEN \(try value(index))")
                } else {
                    text = pieced("\(text) ELSE \(try value(index))")
                }
            }
            return FormulaTerm(pieced("\(text) END"), isCalculated: kind.scale != nil)
        }
    }

    private static func fallback(_ call: FormulaCall) throws -> FormulaNode {
        let kind: FormulaKind = try call.joined(Array(0..<call.count))
        let codes: [FormulaCode] = call.arguments.map { $0.code(as: kind) }
        let areEmpty = codes.map(\.isEmpty)
        let code: FormulaCode = FormulaCode.picking(kind, codes) { frame in
            for (index, isEmpty) in areEmpty.enumerated() where try !isEmpty(&frame) { return index }
            return nil
        }
        let nodes: [FormulaNode] = call.arguments
        let query: FormulaQuery
        switch kind {
        case .number, .text, .date, .moment, .id:
            query = .term { compiler in
                let values: [SQLFragment] = try nodes.map { node in
                    let term: FormulaTerm = try node.term(compiler)
                    let value: SQLFragment = term.scaled(by: (kind.scale ?? 0) - (node.kind.scale ?? kind.scale ?? 0), compiler.dialect)
                    return kind.isText ? pieced("nullif(\(value), '')") : value
                }
                let list: SQLFragment = values.dropFirst().reduce(values[0]) { pieced("\($0), \($1)") }
                return FormulaTerm(pieced("coalesce(\(list))"), isCalculated: kind.scale != nil)
            }
        default: query = .none("default() with \(kind.word)")
        }
        return call.node(kind, code, query: query)
    }

    private static func rescue(_ call: FormulaCall) throws -> FormulaNode {
        let kind: FormulaKind = try call.joined([0, 1])
        let codes: [FormulaCode] = [call[0].code(as: kind), call[1].code(as: kind)]
        let isEmpty = codes[0].isEmpty
        let code: FormulaCode = FormulaCode.picking(kind, codes) { frame in
            do {
                _ = try isEmpty(&frame)
                return 0
            } catch is FormulaFault { return 1 }
        }
        return call.node(kind, code)
    }
}

extension FormulaCode {
    /// The part that is chosen for a record; nothing when none is. All are of one kind.
    static func picking(
        _ kind: FormulaKind, _ codes: [FormulaCode], _ choose: @escaping @Sendable (inout FormulaFrame) throws -> Int?
    ) -> FormulaCode {
        func picked<T>(_ steps: [FormulaStep<T>]) -> FormulaStep<T> {
            { frame in
                guard let index = try choose(&frame) else { return nil }
                return try steps[index](&frame)
            }
        }
        switch kind {
        case .empty: return .empty
        case .boolean: return .boolean(picked(codes.map { if case .boolean(let step) = $0 { step } else { { _ in nil } } }))
        case .number: return .number(picked(codes.map { if case .number(let step) = $0 { step } else { { _ in nil } } }))
        case .fraction: return .fraction(picked(codes.map { if case .fraction(let step) = $0 { step } else { { _ in nil } } }))
        case .money: return .money(picked(codes.map { if case .money(let step) = $0 { step } else { { _ in nil } } }))
        case .share: return .share(picked(codes.map { if case .share(let step) = $0 { step } else { { _ in nil } } }))
        case .text: return .text(picked(codes.map { if case .text(let step) = $0 { step } else { { _ in nil } } }))
        case .date: return .date(picked(codes.map { if case .date(let step) = $0 { step } else { { _ in nil } } }))
        case .moment: return .moment(picked(codes.map { if case .moment(let step) = $0 { step } else { { _ in nil } } }))
        case .id: return .id(picked(codes.map { if case .id(let step) = $0 { step } else { { _ in nil } } }))
        case .list: return .list(picked(codes.map { if case .list(let step) = $0 { step } else { { _ in nil } } }))
        }
    }
}
