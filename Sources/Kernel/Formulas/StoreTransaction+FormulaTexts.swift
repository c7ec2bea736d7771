import PluginAPI

/// Fields whose text is a formula: read when they are saved, so that nobody meets a wrong one later.
extension StoreTransaction {
    /// What is wrong with the formulas of a record that were changed, each with its line and column. A field that is hidden from
    /// the user is unknown to the formulas that the user writes.
    func formulaProblems(_ entity: EntityModel, _ change: ChangeData) -> [Problem] {
        var problems: [Problem] = []
        for field in entity.fields[SystemSlots.count...] where field.isStored {
            guard let demand = field.description.formulaOn, case .text(let text) = change.new.values[field.place] else { continue }
            if let old = change.old, old.values[field.place] == .text(text) { continue }
            // While the plugin of that entity is off there is nothing to read the formula with.
            guard let model = registry.entity(demand.entity) else { continue }
            do {
                let formula: Formula = try registry.formula(text, on: model, for: actor)
                try formula.require(demand.result)
            } catch let refusal as FormulaRefusal {
                problems.append(Problem(field: field.name, refusal.told))
            } catch { problems.append(Problem(field: field.name, "cannot be read as a formula")) }
        }
        return problems
    }
}

extension Formula {
    /// Throws unless it comes to a type; a whole number is a number, too.
    func require(_ type: FormulaType) throws {
        switch type {
        case .boolean: return try requireCondition()
        case .number where kind.type == .integer: return
        default: if kind.type == type { return }
        }
        let problem = FormulaProblem(
            "\(FormulaKind.word(for: type)) is expected, and this is \(kind.word)", hint: "", at: node.place)
        throw FormulaRefusal(problem: problem, text: text)
    }
}

extension FormulaKind {
    /// A type as it is asked for, with its article.
    static func word(for type: FormulaType) -> String {
        switch type {
        case .text: "a text"
        case .number: "a number"
        case .integer: "a whole number"
        case .boolean: "a yes or no"
        case .date: "a date"
        case .moment: "a moment"
        case .money: "an amount of money"
        case .id: "a link"
        @unknown default: "something else"
        }
    }
}

extension FormulaRefusal {
    /// The message with what to do about it, for places that have room for one text only.
    var told: String {
        guard let first = problem.hint.first else { return message }
        var hint: String = first.lowercased() + problem.hint.dropFirst()
        if hint.hasSuffix(".") { hint.removeLast() }
        return "\(message): \(hint)"
    }
}
