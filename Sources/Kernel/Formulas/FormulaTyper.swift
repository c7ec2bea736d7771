import PluginAPI

/// Gives the parts of a formula their types and makes them run. One file for each kind of part: names, signs, calls.
struct FormulaTyper {
    /// What the formula is for: decides what it may read besides the record.
    enum Purpose: Sendable, Hashable {
        /// Evaluated when it is asked for, for whoever asks.
        case condition
        /// Evaluated when a record is stored, for everyone.
        case field
    }

    let entity: EntityModel
    let registry: Registry
    let purpose: Purpose
    /// Whether a field may be named: what is hidden from the asking user is as unknown as what is not there.
    let isVisible: @Sendable (_ entity: String, _ field: String) -> Bool
    var uses = FormulaUses()

    init(
        _ entity: EntityModel, _ registry: Registry, _ purpose: Purpose,
        isVisible: @escaping @Sendable (String, String) -> Bool = { _, _ in true }
    ) {
        self.entity = entity
        self.registry = registry
        self.purpose = purpose
        self.isVisible = isVisible
    }

    mutating func node(_ syntax: FormulaSyntax) throws -> FormulaNode {
        switch syntax.form {
        case .literal(let value):
            return FormulaNode(Self.kind(of: value), FormulaCode(value), at: syntax.place, isConstant: true, literal: value)
        case .path(let names): return try field(names, syntax.place)
        case .call(let name, let arguments): return try call(name, arguments, syntax.place)
        case .unary(let sign, let operand):
            let operand: FormulaNode = try node(operand)
            return sign.text == "not" ? try negation(operand, syntax.place) : try minus(operand, syntax.place)
        case .binary(let sign, let left, let right):
            let (left, right) = (try node(left), try node(right))
            switch sign.text {
            case "and", "or": return try logic(sign, left, right, syntax.place)
            case "&": return try joined(left, right, syntax.place)
            case "+", "-", "*", "/": return try arithmetic(sign, left, right, syntax.place)
            default: return try comparison(sign.text, left, right, syntax.place)
            }
        case .among(let value, let items, let isNegated):
            let (value, items) = (try node(value), try items.map { try node($0) })
            let found: FormulaNode = try among(value, items, syntax.place)
            return isNegated ? try negation(found, syntax.place) : found
        }
    }

    private static func kind(of value: Value) -> FormulaKind {
        switch value {
        case .null: .empty
        case .text: .text
        case .integer: .integer
        case .boolean: .boolean
        case .decimal(let number): .number(scale: number.scale)
        case .money: .money
        case .day: .date
        case .moment: .moment
        case .list: .list("")
        }
    }
}

/// What a formula needs besides the record's own row.
struct FormulaUses: Sendable, Hashable {
    /// A field that is read, by way of links where it is another record's.
    struct Read: Sendable, Hashable {
        struct Step: Sendable, Hashable {
            let entity: String
            let field: String
        }
        /// The links, each with the entity that has it; then the field with its entity.
        let steps: [Step]
        let place: Range<Int>

        var isOwn: Bool { steps.count == 1 }
        var field: String { steps[steps.count - 1].field }
    }

    var reads: [Read] = []
    /// The functions of plugins, with the plugin of each.
    var functions: [String: String] = [:]
    var today = false
    var now = false
    var user = false
}

// MARK: Names

extension FormulaTyper {
    mutating func field(_ names: [FormulaSyntax.Name], _ place: Range<Int>) throws -> FormulaNode {
        var owner: EntityModel = entity
        var links: [(place: Int, target: String)] = []
        var steps: [FormulaUses.Read.Step] = []
        for (index, name) in names.enumerated() {
            let isLast: Bool = index == names.count - 1
            if name.text == "id", isLast { return try identity(owner, links, steps, place) }
            guard let field = owner.field(name.text), isVisible(owner.name, name.text), let kind = FormulaKind(field.type) else {
                throw unknown(name, owner)
            }
            guard field.isStored else {
                throw FormulaProblem(
                    "the field \(name.text) points at \(field.target ?? "an entity") that is switched off", hint: "Switch its plugin on.",
                    at: name.place)
            }
            steps.append(.init(entity: owner.name, field: name.text))
            guard !isLast else { return read(field, kind, owner, links, steps, place) }
            guard case .reference(let target) = field.type, let next = registry.entity(target) else {
                throw FormulaProblem(
                    "\(name.text) is \(kind.word), and only a link has fields of its own", at: name.place.lowerBound..<place.upperBound)
            }
            links.append((field.place, target))
            guard links.count <= FormulaLimits.links else {
                throw FormulaProblem("more than \(FormulaLimits.links) links follow one another", at: place)
            }
            owner = next
        }
        throw FormulaProblem("a field is expected here", at: place)
    }

    /// The record's own id, or that of a record it points at: the link itself.
    private mutating func identity(
        _ owner: EntityModel, _ links: [(place: Int, target: String)], _ steps: [FormulaUses.Read.Step], _ place: Range<Int>
    ) throws -> FormulaNode {
        guard let last = links.last else {
            guard purpose == .condition else {
                throw FormulaProblem("a new record has no id when its fields are worked out", at: place)
            }
            return FormulaNode(
                .id(owner.name), .id { $0.record.id == .none ? nil : $0.record.id.raw }, at: place, isConstant: false,
                query: .term { _ in FormulaTerm(SQLFragment("t.\"id\"")) })
        }
        uses.reads.append(.init(steps: steps, place: place))
        let before: [(place: Int, target: String)] = Array(links.dropLast())
        return FormulaNode(
            .id(owner.name), FormulaCode(reading: Self.reader(before, last.place), .id(owner.name)), at: place, isConstant: false,
            query: Self.query(steps, .id(owner.name)))
    }

    private mutating func read(
        _ field: FieldModel, _ kind: FormulaKind, _ owner: EntityModel, _ links: [(place: Int, target: String)],
        _ steps: [FormulaUses.Read.Step], _ place: Range<Int>
    ) -> FormulaNode {
        uses.reads.append(.init(steps: steps, place: place))
        return FormulaNode(
            kind, FormulaCode(reading: Self.reader(links, field.place), kind), at: place, isConstant: false,
            query: Self.query(steps, kind))
    }

    private static func reader(
        _ links: [(place: Int, target: String)], _ place: Int
    ) -> @Sendable (inout FormulaFrame) throws -> Value {
        if links.isEmpty { return { $0.value(at: place) } }
        return { try $0.value(by: links, at: place) }
    }

    /// A field as a column, or as a query of its own where links are followed. The records on the way have to be within sight.
    private static func query(_ steps: [FormulaUses.Read.Step], _ kind: FormulaKind) -> FormulaQuery {
        .term { compiler in
            let column: (String) throws -> SQLFragment = { suffix in try compiler.column(by: steps, suffix: suffix) }
            let sql: SQLFragment = try column("")
            if case .boolean = kind { return FormulaTerm(pieced("\(sql) = 1")) }
            return FormulaTerm(sql, currency: kind == .money ? try column("_currency") : nil)
        }
    }

    private func unknown(_ name: FormulaSyntax.Name, _ owner: EntityModel) -> FormulaProblem {
        let names: [String] = owner.fields
            .filter { $0.isStored && isVisible(owner.name, $0.name) && FormulaKind($0.type) != nil }.map(\.name) + ["id"]
        let near: [String] = Suggestion.nearest(to: name.text, among: names)
        let hint: String
        if !near.isEmpty {
            hint = "Did you mean \(near.joined(separator: " or "))?"
        } else if FormulaFunction.named[name.text] != nil || registry.functions[name.text] != nil {
            hint = "\(name.text) is a function: write \(name.text)(…)."
        } else {
            hint = "A text stands in quotes: \"\(name.text)\"."
        }
        return FormulaProblem("\(owner.pluralTitle.lowercased()) have no field \(name.text)", hint: hint, at: name.place)
    }
}
