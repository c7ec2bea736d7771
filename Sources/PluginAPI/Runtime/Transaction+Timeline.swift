extension TransactionBackend {
    /// Kernels before notes have none.
    public func addNote(_ entity: String, _ id: RecordID, _ text: String) throws -> RecordID {
        throw CRMError(.unavailable, "notes cannot be kept here", hint: "Use a newer release of the product.")
    }
    /// Kernels before this go on without it.
    public func continueTimeline(from source: (entity: String, id: RecordID), to follower: (entity: String, id: RecordID)) throws {}
}

extension Transaction {
    /// Leaves a note on a record, at most 10,000 characters: as if the user for whom the work is done had written it. Gives
    /// the note's id. Throws `invalid` when the text is empty or too long, `notFound` when the user may not see the record.
    @discardableResult
    public func addNote<E: Entity>(_ text: String, to record: Record<E>) throws -> RecordID {
        try backend.addNote(E.schema.name, record.id, text)
    }

    /// Has the timeline of one record go on in that of another: whoever looks at `follower` sees what happened to `source`
    /// and its notes there, too, as far as `source` itself is to be seen. Once is enough; the same again changes nothing.
    public func continueTimeline<S: Entity, F: Entity>(from source: Record<S>, to follower: Record<F>) throws {
        try backend.continueTimeline(from: (S.schema.name, source.id), to: (F.schema.name, follower.id))
    }
}
