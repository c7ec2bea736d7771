extension Registrar {
    /// One board for each record that `within` points at, with several sums: the figures of a column are its count and what each of
    /// `sums` comes to over all its cards.
    public mutating func board<E: Entity, C: Entity, V: FieldValue, W: FieldValue, X: FieldValue>(
        _: E.Type, by field: EntityField<E, V>, within: EntityField<E, W>, columnWithin: EntityField<C, X>,
        card: [any AnyField], sums: [any AnyField], cards: Condition<E> = Condition(.everything), rows: [any AnyField] = []
    ) {
        var board = BoardView(
            entity: E.schema.name, by: field.name, card: card.map(\.name), sum: sums.first?.name, columns: .everything,
            cards: cards.filter, within: within.name, columnWithin: columnWithin.name)
        board.sums = sums.map(\.name)
        board.rows = rows.map(\.name)
        note { $0.boards.append(board) }
    }

    /// One more board of an entity, by its name: `?board=name` in addresses, `board name` on the command line.
    public mutating func board<E: Entity, V: FieldValue>(
        _: E.Type, _ name: String, _ title: String, by field: EntityField<E, V>, card: [any AnyField], sums: [any AnyField] = [],
        columns: Filter = .everything, cards: Condition<E> = Condition(.everything), rows: [any AnyField] = []
    ) {
        var board = BoardView(
            entity: E.schema.name, by: field.name, card: card.map(\.name), sum: sums.first?.name, columns: columns, cards: cards.filter,
            within: nil, columnWithin: nil)
        board.name = name
        board.title = title
        board.sums = sums.map(\.name)
        board.rows = rows.map(\.name)
        note { $0.boards.append(board) }
    }

    /// A board whose columns are the months of a day: first the cards without a day, then earlier months that hold cards, then this
    /// month and at least the five after it. Cards stand in the order of their days. Dragging a card to another month keeps the day
    /// of the month as far as that month has it, and never sets a day of this month that is over; a card without a day gets the
    /// month's last.
    ///
    /// With `within`, a picker above the board shows the cards of one of the records that this field points at, or of all. With
    /// `rows`, the figures are shown as a table, too: a row for each value of one of these fields, a column for each month.
    public mutating func board<E: Entity>(
        _: E.Type, _ name: String, _ title: String, months day: EntityField<E, Day?>, within: (any AnyField)? = nil,
        card: [any AnyField], sums: [any AnyField] = [], cards: Condition<E> = Condition(.everything), rows: [any AnyField] = []
    ) {
        var board = BoardView(
            entity: E.schema.name, by: day.name, card: card.map(\.name), sum: sums.first?.name, columns: .everything, cards: cards.filter,
            within: within?.name, columnWithin: nil)
        board.name = name
        board.title = title
        board.sums = sums.map(\.name)
        board.isByMonth = true
        board.rows = rows.map(\.name)
        note { $0.boards.append(board) }
    }

    /// The same with one column, called `earlier`, for all months that are over: what stands there is late rather than planned. Cards can
    /// be dragged out of it and not into it.
    public mutating func board<E: Entity>(
        _: E.Type, _ name: String, _ title: String, months day: EntityField<E, Day?>, earlier: String, within: (any AnyField)? = nil,
        card: [any AnyField], sums: [any AnyField] = [], cards: Condition<E> = Condition(.everything), rows: [any AnyField] = []
    ) {
        var board = BoardView(
            entity: E.schema.name, by: day.name, card: card.map(\.name), sum: sums.first?.name, columns: .everything, cards: cards.filter,
            within: within?.name, columnWithin: nil)
        board.name = name
        board.title = title
        board.sums = sums.map(\.name)
        board.isByMonth = true
        board.earlier = earlier
        board.rows = rows.map(\.name)
        note { $0.boards.append(board) }
    }

    /// A mark for the records that meet a condition: a word on cards, in lists and on the record page, `marks` in JSON, and a filter
    /// (`mark=name`). The name is snake_case.
    public mutating func mark<E: Entity>(
        _: E.Type, _ name: String, _ title: String, when condition: Condition<E>, color: String = "", help: String = ""
    ) {
        note {
            $0.marks.append(
                .init(entity: E.schema.name, name: name, title: title, help: help, color: color, filter: condition.filter, formula: ""))
        }
    }

    /// The same with the condition as a formula, which may go on to records that the record points at:
    /// `today() - stage_since >= pipeline.rotting_days`.
    public mutating func mark<E: Entity>(
        _: E.Type, _ name: String, _ title: String, when formula: String, color: String = "", help: String = ""
    ) {
        note {
            $0.marks.append(
                .init(entity: E.schema.name, name: name, title: title, help: help, color: color, filter: .everything, formula: formula))
        }
    }
}

extension Condition {
    /// The records that carry a mark.
    public static func marked(_ name: String) -> Condition { Condition(.compare("mark", .equal, .value(.text(name)))) }
}
