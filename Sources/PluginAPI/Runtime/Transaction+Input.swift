/// What kernels before it, and test doubles, do not have.
extension TransactionBackend {
    /// Throws: fields are not known here.
    public func fields(of entity: String) throws -> [FieldDescription] { throw noInput }
    /// Throws: texts are not read here.
    public func value(of text: String, for field: String, of entity: String) throws -> Value { throw noInput }
    /// Knows of nothing that was done before.
    public func recall(_ key: String, of request: [UInt8]) throws -> String? { nil }
    /// Forgets it.
    public func remember(_ key: String, of request: [UInt8], _ answer: String) throws {}

    private var noInput: CRMError {
        CRMError(.unavailable, "input cannot be read here", hint: "Use a newer release of the product.")
    }
}

extension Transaction {
    /// The fields of an entity as they are in this deployment, those that administrators made included, without the fields
    /// that are hidden from the user for whom the work is done.
    public func fields<E: Entity>(of _: E.Type) throws -> [FieldDescription] { try backend.fields(of: E.schema.name) }

    /// What a text that somebody wrote means for a field: `12.50 EUR` for an amount, the name of a record for a link. Empty
    /// text is no value. Throws `invalid` with the field's name when it does not fit.
    public func value<E: Entity>(of text: String, for field: String, of _: E.Type) throws -> Value {
        try backend.value(of: text, for: field, of: E.schema.name)
    }

    /// Does a piece of work once for a key of the plugin's own, however often it is asked for, and gives what came of it the
    /// first time: for requests that are sent again because their answer was lost. It is stored with the work and kept for a
    /// day; nothing is stored when the work throws. Throws `invalid` when the same key comes with another request.
    public func once(_ key: String, of request: [UInt8], _ work: () throws -> String) throws -> String {
        if let answer = try backend.recall(key, of: request) { return answer }
        let answer = try work()
        try backend.remember(key, of: request, answer)
        return answer
    }
}
