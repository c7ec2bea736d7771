extension TransactionBackend {
    /// Kernels before formulas know none.
    public func evaluate(_ formula: String, on entity: String, _ record: RecordData) throws -> Value {
        throw CRMError(.unavailable, "formulas cannot be evaluated here", hint: "Use a newer release of the product.")
    }
}

extension Transaction {
    /// What a formula comes to for a record, within the rights of the user for whom the work is done: `total * 2`,
    /// `company.name`, `due < today()`. It is read once for each text, however often it is evaluated.
    ///
    /// Throws `invalid` when the text is wrong, with its line and column, and `refused` when it cannot be worked out for this
    /// record, as in a division by zero.
    public func evaluate<E: Entity>(_ formula: String, on record: Record<E>) throws -> Value {
        try backend.evaluate(formula, on: E.schema.name, record.data)
    }

    /// Whether a condition holds for a record. Nothing counts as no; otherwise as ``evaluate(_:on:)``.
    public func holds<E: Entity>(_ condition: String, for record: Record<E>) throws -> Bool {
        switch try evaluate(condition, on: record) {
        case .boolean(let flag): return flag
        case .null: return false
        default:
            throw CRMError(
                .invalid, "the formula is not a condition", hint: "Compare it with something, such as = or >.",
                problems: [Problem(field: "formula", "is not a condition")])
        }
    }
}
