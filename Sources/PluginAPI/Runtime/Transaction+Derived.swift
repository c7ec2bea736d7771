extension TransactionBackend {
    /// Kernels before derived fields store none.
    public func derive(_ entity: String, _ record: RecordData) throws {
        throw CRMError(.unavailable, "derived fields cannot be stored here", hint: "Use a newer release of the product.")
    }

    /// Counts them all where nothing better is known.
    public func count(_ entity: String, where filter: Filter, atMost limit: Int) throws -> Int {
        min(limit, try count(entity, where: filter))
    }
}

extension Transaction {
    /// Stores the fields of a stored record that are marked `.derived`, and nothing else of it: the record keeps its version, no
    /// rule and no hook runs, and the timeline says nothing. For scores, counts and the like that follow from other things, in
    /// `onSave` and in jobs. Nothing happens when nothing changed.
    ///
    /// Throws `notFound` when the record is gone, and `invalid` when a value does not fit its field.
    public func derive<E: Entity>(_ record: Record<E>) throws { try backend.derive(E.schema.name, record.data) }

    /// How many records meet a condition, counted up to a limit: whether there are ten or more is answered without counting
    /// the thousands.
    public func count<E: Entity>(_: E.Type, where condition: Condition<E>, atMost limit: Int) throws -> Int {
        try backend.count(E.schema.name, where: condition.filter, atMost: limit)
    }
}
