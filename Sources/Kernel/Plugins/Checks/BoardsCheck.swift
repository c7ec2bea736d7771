import PluginAPI

/// A board's columns come from a reference or a choice, and all its fields are there.
enum BoardsCheck: CompositionCheck {
    static func problems(in composition: Composition) -> [PluginProblem] {
        composition.parts.flatMap { part -> [PluginProblem] in
            part.contributions.boards.filter { composition.has($0.entity) }.flatMap { board in
                messages(board, composition).map { PluginProblem(part.id, "\(board.name == BoardView.standardName ? "the board" : "the board \(board.name)") of \(board.entity) \($0)") }
            }
        }
    }

    private static func messages(_ board: BoardView, _ composition: Composition) -> [String] {
        var messages: [String] = []
        var named: [String] = [board.by] + board.card + board.sums + board.rows
        if let within = board.within { named.append(within) }
        for name in named + board.cards.namedFields where !composition.knows(name, of: board.entity) {
            messages.append("names the field \(name), which it does not have")
        }
        guard let by = composition.field(board.by, of: board.entity) else { return messages }
        switch FieldType(by.kind) {
        case .day where board.isByMonth: break
        case _ where board.isByMonth: messages.append("has months of \(board.by), which is not a day")
        case .choice: break
        case .reference(let target) where composition.has(target):
            let names: [String] = board.columns.namedFields + [board.columnWithin].compactMap { $0 }
            for name in names where !composition.knows(name, of: target) {
                messages.append("names the field \(target).\(name), which is not there")
            }
        case .reference: break
        default: messages.append("has its columns by \(board.by), which is neither a reference nor a choice")
        }
        for name in board.sums {
            if let sum = composition.field(name, of: board.entity), !FieldModel(sum, place: 0, plugin: "").isNumeric {
                messages.append("adds up \(name), which is not a number")
            }
        }
        for name in board.rows + [board.within].compactMap({ $0 }) {
            guard let field = composition.field(name, of: board.entity) else { continue }
            switch FieldType(field.kind) {
            case .reference: break
            case .choice where board.rows.contains(name): break
            default: messages.append("is divided by \(name), which is no reference")
            }
        }
        return messages
    }
}
