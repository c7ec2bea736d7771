import PluginAPI

extension StoreTransaction {
    func evaluate(_ formula: String, on entity: String, _ record: RecordData) throws -> Value {
        let model: EntityModel = try registry.require(entity)
        do {
            let formula: Formula = try registry.formula(formula, on: model, for: actor)
            var frame = frame(of: record)
            return try formula.value(&frame)
        } catch let refusal as FormulaRefusal { throw refusal.error(in: "formula") } catch let fault as FormulaFault {
            throw CRMError(.refused, "the formula cannot be worked out: \(fault.message)", cause: fault)
        }
    }

    /// What a formula is evaluated over, within this user's rights.
    func frame(of record: RecordData) -> FormulaFrame {
        var frame = FormulaFrame(record, now: now, calendar: settings.calendar, currency: currency, user: actor.userID) { entity, id in
            self.hasEntity(entity) ? try self.find(entity, id) : nil
        }
        frame.call = { site, body in try self.calling(site, body) }
        return frame
    }
}

extension Filter {
    /// The name that stands for a formula where filters name a field: no field can be called so.
    static let formulaName = "="

    /// A condition as a formula.
    static func formula(_ text: String) -> Filter { .compare(formulaName, .equal, .value(.text(text))) }
}

extension QueryCompiler {
    /// A formula as a condition of the database. Throws `invalid`: the text is wrong, or has parts that a database does not
    /// know. Nothing is looked through record by record instead.
    func condition(formula text: String) throws -> Fragment {
        do {
            let formula: Formula = try registry.formula(text, on: entity, for: actor)
            try formula.requireCondition()
            do { return pieced("(\(try formula.node.holds(self)))") } catch let problem as FormulaProblem {
                throw FormulaRefusal(problem: problem, text: text)
            }
        } catch let refusal as FormulaRefusal { throw refusal.error(in: "where") }
    }
}
