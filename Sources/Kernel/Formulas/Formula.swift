import PluginAPI

/// A formula that was read, typed and made to run: once for each text, however often it is evaluated.
struct Formula: Sendable {
    let text: String
    let entity: String
    let kind: FormulaKind
    let uses: FormulaUses
    let node: FormulaNode

    /// The decimals of a number.
    var scale: Int { kind.scale ?? 0 }

    /// Reads a formula over the records of an entity; throws ``FormulaRefusal`` with the place of what is wrong.
    init(
        _ text: String, on entity: EntityModel, in registry: Registry, for purpose: FormulaTyper.Purpose = .condition,
        isVisible: @escaping @Sendable (String, String) -> Bool = { _, _ in true }
    ) throws {
        do {
            let syntax: FormulaSyntax = try FormulaParser.parse(text)
            var typer = FormulaTyper(entity, registry, purpose, isVisible: isVisible)
            let node: FormulaNode = try typer.node(syntax)
            try Self.requireWhole(node)
            self.text = text
            self.entity = entity.name
            self.node = node
            kind = node.kind
            uses = typer.uses
        } catch let problem as FormulaProblem { throw FormulaRefusal(problem: problem, text: text) }
    }

    /// A result that is a step on the way only is none.
    private static func requireWhole(_ node: FormulaNode) throws {
        switch node.kind {
        case .fraction:
            throw FormulaProblem("the result has to be rounded", hint: "Say to how many decimals: round(…, 2).", at: node.place)
        case .share:
            throw FormulaProblem("the amount has to be rounded", hint: "Write round(…) around it.", at: node.place)
        default: break
        }
    }

    /// What it comes to for a record; throws ``FormulaFault`` when it comes to nothing.
    func value(_ frame: inout FormulaFrame) throws -> Value { try node.code.value(&frame, scale: scale) }

    /// Whether it holds for a record. Nothing counts as no.
    func holds(_ frame: inout FormulaFrame) throws -> Bool { try value(&frame) == .boolean(true) }

    /// Throws unless it is a condition.
    func requireCondition() throws {
        guard kind == .boolean else {
            let problem = FormulaProblem(
                "a condition is expected, and this is \(kind.word)", hint: "Compare it with something, such as = or >.", at: node.place)
            throw FormulaRefusal(problem: problem, text: text)
        }
    }
}
