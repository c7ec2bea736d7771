import PluginAPI

extension StoreTransaction {
    func evaluate(_ formula: String, on entity: String, _ record: RecordData) throws -> Value {
        try evaluate(formula, on: entity, record) { _ in }
    }

    /// `mayRead` is asked before a record of another entity is read, and throws when it may not be.
    func evaluate(
        _ formula: String, on entity: String, _ record: RecordData, _ mayRead: @escaping (String) throws -> Void
    ) throws -> Value {
        let model: EntityModel = try registry.require(entity)
        do {
            let formula: Formula = try registry.formula(formula, on: model, for: actor)
            var frame = frame(of: record, mayRead)
            return try formula.value(&frame)
        } catch let refusal as FormulaRefusal { throw refusal.error(in: "formula") } catch let fault as FormulaFault {
            throw CRMError(.refused, "the formula cannot be worked out: \(fault.message)", cause: fault)
        }
    }

    /// What a formula is evaluated over, within this user's rights.
    func frame(of record: RecordData, _ mayRead: @escaping (String) throws -> Void = { _ in }) -> FormulaFrame {
        var frame = FormulaFrame(record, now: now, calendar: settings.calendar, currency: currency, user: actor.userID) { entity, id in
            guard self.hasEntity(entity) else { return nil }
            try mayRead(entity)
            return try self.find(entity, id)
        }
        frame.call = { site, body in try self.calling(site, body) }
        return frame
    }
}

extension Filter {
    /// The name that stands for a formula where filters name a field: no field can be called so.
    static let formulaName = "="
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
