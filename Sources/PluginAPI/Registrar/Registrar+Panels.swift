extension Registrar {
    /// A sentence and a small table that the plugin works out for a record when somebody looks at it: a box on the record's
    /// page, `GET /api/v1/<plural>/{id}/panels/<name>`, `tenon <plural> panel ID <name>`.
    ///
    /// The name is dashed and unique among the entity's panels. It runs with the rights of the reader and only reads; it is
    /// not shown when it is empty, and when it throws `notFound` or `forbidden`. The entity may be another plugin's.
    public mutating func panel<E: Entity>(
        _: E.Type, _ name: String, _ title: String, _ body: @escaping @Sendable (Record<E>, Transaction) throws -> Panel
    ) {
        note {
            $0.panels.append(
                .init(entity: E.schema.name, name: name, title: title) { data, transaction in try body(Record(data), transaction) })
        }
    }

    /// The same above the fields of the record: for what most people come for.
    public mutating func leadingPanel<E: Entity>(
        _: E.Type, _ name: String, _ title: String, _ body: @escaping @Sendable (Record<E>, Transaction) throws -> Panel
    ) {
        var entry = Contributions.PanelEntry(entity: E.schema.name, name: name, title: title) { data, transaction in
            try body(Record(data), transaction)
        }
        entry.standsFirst = true
        note { $0.panels.append(entry) }
    }
}
