extension TransactionBackend {
    /// Kernels before names of fields as values know none.
    public func emptyFields(_ entity: String, _ record: RecordData, among names: String) throws -> [FieldDescription] { [] }
}

extension Transaction {
    /// Which of the fields that a text of the rule ``FieldRule/fieldNames(of:)`` names are empty in a record, in the order of the
    /// text. Names of fields that are not there (any more) do not count.
    public func emptyFields<E: Entity>(of record: Record<E>, among names: String) throws -> [FieldDescription] {
        try backend.emptyFields(E.schema.name, record.data, among: names)
    }
}
