import PluginAPI

/// The figures that are kept for boards are those that counting gives.
struct BoardCheck {
    let tx: StoreTransaction

    func finding() throws -> Finding {
        var (wrong, mends, count): ([String], [Mend], Int) = ([], [], 0)
        for entity in tx.registry.entities {
            for figures in entity.figures where try isKept(figures, entity) {
                count += 1
                let counted: [BoardFigures.Cell: BoardFigures.Figure] = try tx.counted(figures, of: entity)
                guard try kept(figures, entity) != counted.filter({ $0.value.count != 0 }) else { continue }
                wrong.append(figures.board.isEmpty ? entity.name : "\(entity.name) by \(figures.board)")
                if mends.last != .figures(entity.name) { mends.append(.figures(entity.name)) }
            }
        }
        guard !wrong.isEmpty else { return .ok("boards", "the figures of \(count) \(count == 1 ? "board" : "boards") are those of the records") }
        return Finding(
            state: .failed, check: "boards", message: "kept figures are not those of the records: \(listed(wrong))",
            hint: "`tenon doctor --fix` counts them anew.", mends: mends)
    }

    /// Whether the figures on record are those that this release keeps: others are not read.
    private func isKept(_ figures: BoardFigures, _ entity: EntityModel) throws -> Bool {
        let plan: String? = try tx.connection.first(
            "SELECT \"plan\" FROM \"tenon_board\" WHERE \"entity\" = ? AND \"board\" = ?", [.text(entity.name), .text(figures.board)]
        ) { $0.text(0) }
        return plan == figures.plan
    }

    private func kept(_ figures: BoardFigures, _ entity: EntityModel) throws -> [BoardFigures.Cell: BoardFigures.Figure] {
        var kept: [BoardFigures.Cell: BoardFigures.Figure] = [:]
        try tx.connection.query(
            """
            SELECT "within", "value", "owner", "measure", "currency", "count", "high", "low" FROM "tenon_board_figure" \
            WHERE "entity" = ? AND "board" = ?
            """, [.text(entity.name), .text(figures.board)]
        ) { row in
            let cell = BoardFigures.Cell(
                within: row.integer(0), column: row.text(1), owner: row.integer(2), measure: row.text(3), currency: row.text(4))
            let figure = BoardFigures.Figure(count: row.integer(5), high: row.integer(6), low: row.integer(7))
            if figure.count != 0 { kept[cell] = figure }
            return true
        }
        return kept
    }
}
