import PluginAPI

extension FormulaFunction {
    static let texts: [FormulaFunction] = [
        FormulaFunction("text(value) → text", "The value written out.", "text(date(2026, 1, 31))", "2026-01-31", arity: 1...1, { call, _ in
            guard let written = call[0].written else { throw call.misfit(0, "a value that can be written out") }
            return call.node(.text, .text(written))
        }),
        FormulaFunction("length(text) → whole number", "How many characters a text has; nothing has none.", #"length("Zoë")"#, "3", arity: 1...1, { call, _ in
            let text = try call.text(0)
            return call.node(.integer, .number { Int64(try text(&$0)?.count ?? 0) })
        }),
        changing("lower", "In small letters.", #"lower("ABC")"#, "abc", sql: "lower") { $0.lowercased() },
        changing("upper", "In capital letters.", #"upper("abc")"#, "ABC", sql: nil) { $0.uppercased() },
        changing("trim", "Without space at its ends.", #"trim("  a b ")"#, "a b", sql: nil) { $0.trimmed },
        searching("contains", "Whether a text has another in it, without regard to case.", #"contains("Berlin", "LIN")"#, anywhere: true) {
            $0.contains($1)
        },
        searching("starts_with", "Whether a text begins with another, without regard to case.", #"starts_with("Berlin", "ber")"#, anywhere: false) {
            $0.hasPrefix($1)
        },
        searching("ends_with", "Whether a text ends with another, without regard to case.", #"ends_with("Berlin", "lin")"#, anywhere: nil) {
            $0.hasSuffix($1)
        },
        cutting("left", "The first so many characters.", #"left("Berlin", 3)"#, "Ber") { $0.prefix($1) },
        cutting("right", "The last so many characters.", #"right("Berlin", 3)"#, "lin") { $0.suffix($1) },
        FormulaFunction(
            "middle(text, start, count) → text", "So many characters from a place on; the first is 1.", #"middle("Berlin", 2, 3)"#, "erl",
            arity: 3...3,
            { call, _ in
                let (text, start, count) = (try call.text(0), try call.whole(1), try call.whole(2))
                return call.node(
                    .text,
                    .text { frame in
                        guard let text = try text(&frame), let start = try start(&frame), let count = try count(&frame) else { return nil }
                        let from: Int64 = max(1, start)
                        let rest: Substring = text.dropFirst(Int(clamping: from - 1))
                        return try FormulaTexts.checked(String(rest.prefix(Int(clamping: max(0, count)))), &frame)
                    })
            }),
        FormulaFunction(
            "replace(text, part, by) → text", "With another text in every place of a part.", #"replace("a-b-c", "-", "+")"#, "a+b+c",
            arity: 3...3,
            { call, _ in
                let (text, part, by) = (try call.text(0), try call.text(1), try call.text(2))
                return call.node(
                    .text,
                    .text { frame in
                        guard let text = try text(&frame) else { return nil }
                        guard let part = try part(&frame), !part.isEmpty else { return text }
                        let new: String = try by(&frame) ?? ""
                        // What the result may grow to, before it is made.
                        try frame.spend(text.utf8.count / max(1, part.utf8.count) * new.utf8.count / 16)
                        return try FormulaTexts.checked(text.replacing(part, with: new), &frame)
                    })
            }),
    ]

    private static func changing(
        _ name: String, _ summary: String, _ example: String, _ result: String, sql: String?,
        _ change: @escaping @Sendable (String) -> String
    ) -> FormulaFunction {
        FormulaFunction("\(name)(text) → text", summary, example, result, arity: 1...1) { call, _ in
            let text = try call.text(0)
            let node: FormulaNode = call[0]
            let query: FormulaQuery? = sql.map { name in .term { FormulaTerm(pieced("\(name)(\(try node.term($0).sql))")) } }
            return call.node(
                .text,
                .text { frame in
                    guard let text = try text(&frame) else { return nil }
                    return try FormulaTexts.checked(change(text), &frame)
                }, query: query)
        }
    }

    /// `anywhere` tells how a database looks for it; nil when it cannot.
    private static func searching(
        _ name: String, _ summary: String, _ example: String, anywhere: Bool?, _ matches: @escaping @Sendable (String, String) -> Bool
    ) -> FormulaFunction {
        FormulaFunction("\(name)(text, part) → yes or no", summary, example, "yes", arity: 2...2) { call, _ in
            let (text, part) = (try call.text(0), try call.text(1))
            let code: FormulaCode = .boolean { frame in
                guard let text = try text(&frame), let part = try part(&frame) else { return false }
                try frame.spend(1 + text.utf8.count / 16)
                return matches(text.lowercased(), part.lowercased())
            }
            let (whole, piece) = (call[0], call[1])
            let query: FormulaQuery? = anywhere.map { anywhere in
                .term { compiler in
                    guard let constant = try piece.term(compiler).constant else {
                        throw FormulaProblem("only a fixed text can be looked for in the database", at: piece.place)
                    }
                    guard case .text(let text) = constant, !text.isEmpty else { return FormulaTerm(.never) }
                    let column: SQLFragment = try whole.term(compiler).sql
                    let pattern = SQLValue.text(likePattern(text, anywhere: anywhere))
                    return FormulaTerm(SQLFragment(compiler.dialect.like(column.sql), column.arguments + [pattern]))
                }
            }
            return call.node(.boolean, code, query: query)
        }
    }

    private static func cutting(
        _ name: String, _ summary: String, _ example: String, _ result: String, _ cut: @escaping @Sendable (String, Int) -> Substring
    ) -> FormulaFunction {
        FormulaFunction("\(name)(text, count) → text", summary, example, result, arity: 2...2) { call, _ in
            let (text, count) = (try call.text(0), try call.whole(1))
            return call.node(
                .text,
                .text { frame in
                    guard let text = try text(&frame), let count = try count(&frame) else { return nil }
                    return try FormulaTexts.checked(String(cut(text, Int(clamping: max(0, count)))), &frame)
                })
        }
    }
}
