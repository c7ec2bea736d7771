extension Registrar {
    /// Figures above the entity's list: the keys of metrics, each a card that opens the records behind it.
    ///
    /// ```swift
    /// crm.cards(Project.self, "projects.total", "projects.late")
    /// ```
    public mutating func cards<E: Entity>(_: E.Type, _ metrics: String...) {
        note { $0.listCards.append(.init(entity: E.schema.name, metrics: metrics)) }
    }

    /// A column of the entity's list that counts the records pointing at each row, as many of them as the reader may see; it opens
    /// them. The title is the name made readable unless given.
    ///
    /// ```swift
    /// crm.counts(Project.self, "tasks", Task.project)
    /// ```
    public mutating func counts<E: Entity, C: Entity>(
        _: E.Type, _ name: String, _ field: EntityField<C, Reference<E>?>, title: String = ""
    ) {
        count(E.schema.name, name, title, C.schema.name, field.name)
    }

    /// The same over a reference that every record has.
    public mutating func counts<E: Entity, C: Entity>(
        _: E.Type, _ name: String, _ field: EntityField<C, Reference<E>>, title: String = ""
    ) {
        count(E.schema.name, name, title, C.schema.name, field.name)
    }

    private mutating func count(_ entity: String, _ name: String, _ title: String, _ child: String, _ field: String) {
        let words: String = title.isEmpty ? name.readable : title
        note { $0.countColumns.append(.init(entity: entity, name: name, title: words, child: child, field: field)) }
    }

    /// Which columns the records have that point at a record, on its page; and in which order. Lists that are declared stand first, in
    /// the order of declaration; what else points at a record follows as it is.
    ///
    /// ```swift
    /// crm.related(Project.self, Task.project, columns: [Task.state, Task.due])
    /// ```
    public mutating func related<E: Entity, C: Entity>(
        _: E.Type, _ field: EntityField<C, Reference<E>?>, title: String = "", columns: [any AnyField], sort: Sort? = nil
    ) {
        relate(E.schema.name, C.schema.name, field.name, title, columns, sort)
    }

    /// The same over a reference that every record has.
    public mutating func related<E: Entity, C: Entity>(
        _: E.Type, _ field: EntityField<C, Reference<E>>, title: String = "", columns: [any AnyField], sort: Sort? = nil
    ) {
        relate(E.schema.name, C.schema.name, field.name, title, columns, sort)
    }

    private mutating func relate(
        _ entity: String, _ child: String, _ field: String, _ title: String, _ columns: [any AnyField], _ sort: Sort?
    ) {
        note {
            $0.relatedLists.append(
                .init(entity: entity, child: child, field: field, title: title, columns: columns.map(\.name), sort: sort))
        }
    }
}
