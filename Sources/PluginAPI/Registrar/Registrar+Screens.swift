extension Registrar {
    /// The entity's list. Without it, a list of the first fields is made.
    public mutating func list<E: Entity>(
        _: E.Type, columns: [any AnyField], filters: [any AnyField] = [], sort: Sort = .descending(E.createdAt)
    ) {
        note {
            $0.lists.append(
                .init(entity: E.schema.name, columns: columns.map(\.name), filters: filters.map(\.name), sort: sort))
        }
    }

    /// A named filter: a tab above the list, for everyone.
    public mutating func view<E: Entity>(_: E.Type, _ title: String, where condition: Condition<E>, sort: Sort? = nil) {
        note { $0.presets.append(.init(entity: E.schema.name, title: title, filter: condition.filter, sort: sort)) }
    }

    /// A board with a column for each record (or option) that a field can point at. Dragging a card sets the field.
    public mutating func board<E: Entity, V: FieldValue>(
        _: E.Type, by field: EntityField<E, V>, card: [any AnyField], sum: (any AnyField)? = nil,
        columns: Filter = .everything, cards: Condition<E> = Condition(.everything)
    ) {
        note {
            $0.boards.append(
                .init(
                    entity: E.schema.name, by: field.name, card: card.map(\.name), sum: sum?.name, columns: columns,
                    cards: cards.filter, within: nil, columnWithin: nil, sums: sum.map { [$0.name] } ?? []))
        }
    }

    /// One board for each record that `within` points at: `columnWithin` is the field of the column's record that points
    /// at the same one.
    public mutating func board<E: Entity, C: Entity, V: FieldValue, W: FieldValue, X: FieldValue>(
        _: E.Type, by field: EntityField<E, V>, within: EntityField<E, W>, columnWithin: EntityField<C, X>,
        card: [any AnyField], sum: (any AnyField)? = nil
    ) {
        note {
            $0.boards.append(
                .init(
                    entity: E.schema.name, by: field.name, card: card.map(\.name), sum: sum?.name, columns: .everything,
                    cards: .everything, within: within.name, columnWithin: columnWithin.name, sums: sum.map { [$0.name] } ?? []))
        }
    }

    /// How the record page and the form group their fields. Without it, all fields stand in one group.
    public mutating func detail<E: Entity>(_: E.Type, _ sections: FieldSection...) {
        note { $0.details.append(.init(entity: E.schema.name, sections: sections)) }
    }

    /// An action on records of one of this plugin's entities.
    public mutating func action<A: Action>(_: A.Type) {
        note {
            var entry = Contributions.ActionEntry(
                entity: A.Target.schema.name, name: A.name, title: A.title, summary: A.summary, style: A.style,
                fields: A.form.fields.map(\.description), isExtension: false,
                isAvailable: { A.isAvailable(Record($0)) },
                prefill: { data, transaction in try A.typed(&data) { try A.prefill(&$0, transaction) } },
                complete: { data, transaction in try A.typed(&data) { try A.complete(&$0, transaction) } },
                run: { data, transaction in try A.typed(&data) { try A.run(&$0, transaction) } })
            entry.suggest = { data, transaction in try A.typed(&data) { try A.suggest(&$0, transaction) } }
            $0.actions.append(entry)
        }
    }

    /// More fields and more work for another plugin's action, while that plugin is enabled.
    public mutating func extend<X: ActionExtension>(_: X.Type) {
        note {
            var entry = Contributions.ActionEntry(
                entity: X.Target.schema.name, name: X.action, title: "", summary: "", style: .plain,
                fields: X.form.fields.map(\.description), isExtension: true, isAvailable: { _ in true },
                prefill: { data, transaction in try X.typed(&data) { try X.prefill(&$0, transaction) } },
                complete: { data, transaction in try X.typed(&data) { try X.complete(&$0, transaction) } },
                run: { data, transaction in try X.typed(&data) { try X.run(&$0, transaction) } })
            entry.suggest = { data, transaction in try X.typed(&data) { try X.suggest(&$0, transaction) } }
            $0.actions.append(entry)
        }
    }

    /// A number over records: a card on the home page or a dashboard, a figure in JSON and on the command line. The key is
    /// `<plugin>.<name>`.
    public mutating func metric<E: Entity>(
        _ key: String, _ title: String, over: E.Type, _ measure: Measure, where condition: Condition<E> = Condition(.everything),
        date: (any AnyField)? = nil
    ) {
        note {
            $0.metrics.append(
                .init(
                    key: key, title: title, entity: E.schema.name, measure: measure, filter: condition.filter,
                    date: date?.name))
        }
    }

    /// A page of figures, charts and short lists, in the menu: `/admin/dashboards/<name>`, `/api/v1/dashboards/<name>`,
    /// `tenon dashboard show <name>`. The name is in dashed words and belongs to one plugin; widgets may come from any.
    public mutating func dashboard(_ name: String, _ title: String) {
        note { $0.dashboards.append(DashboardView(name: name, title: title)) }
    }

    /// A part of a dashboard, of this plugin's or another's. Lower orders stand earlier; leave room between yours.
    public mutating func widget(_ dashboard: String, _ widget: Widget, order: Int = 500) {
        note { $0.widgets.append(.init(dashboard: dashboard, order: order, widget: widget)) }
    }

    /// A setting of the deployment that this plugin reads.
    public mutating func setting<V>(_ setting: Setting<V>) {
        note {
            $0.settings.append(.init(key: setting.key, field: setting.field, fallback: setting.fallback.value))
        }
    }

    /// An address of this plugin's own, below `/plugins/<id>/`.
    public mutating func route(
        _ method: HTTPMethod, _ path: String, requires access: RouteAccess,
        _ body: @escaping @Sendable (RouteRequest, Context) async throws -> RouteResponse
    ) {
        note { $0.routes.append(.init(method: method, path: path, access: access, body: body)) }
    }
}

extension FieldOwner {
    static func typed(
        _ data: inout Contributions.ActionData, _ body: (inout ActionCall<Self>) throws -> Void
    ) throws {
        var call = ActionCall<Self>(target: data.target, input: Record(data.input))
        call.results = data.results
        call.message = data.message
        call.opens = data.opens
        try body(&call)
        data.input = call.input.data
        data.results = call.results
        data.message = call.message
        data.opens = call.opens
    }
}
