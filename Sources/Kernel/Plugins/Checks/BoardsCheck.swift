import PluginAPI

/// A board's columns come from a reference or a choice, and all its fields are there.
enum BoardsCheck: CompositionCheck {
    static func problems(in composition: Composition) -> [PluginProblem] {
        composition.parts.flatMap { part -> [PluginProblem] in
            part.contributions.boards.filter { composition.has($0.entity) }.flatMap { board in
                messages(board, composition).map { PluginProblem(part.id, "the board of \(board.entity) \($0)") }
            }
        }
    }

    private static func messages(_ board: BoardView, _ composition: Composition) -> [String] {
        var messages: [String] = []
        let optional: [String] = [board.sum, board.within].compactMap { $0 }
        for name in [board.by] + board.card + optional + board.cards.namedFields where !composition.knows(name, of: board.entity) {
            messages.append("names the field \(name), which it does not have")
        }
        guard let by = composition.field(board.by, of: board.entity) else { return messages }
        switch FieldType(by.kind) {
        case .choice: break
        case .reference(let target) where composition.has(target):
            let names: [String] = board.columns.namedFields + [board.columnWithin].compactMap { $0 }
            for name in names where !composition.knows(name, of: target) {
                messages.append("names the field \(target).\(name), which is not there")
            }
        case .reference: break
        default: messages.append("has its columns by \(board.by), which is neither a reference nor a choice")
        }
        if let sum = board.sum.flatMap({ composition.field($0, of: board.entity) }), !FieldModel(sum, place: 0, plugin: "").isNumeric {
            messages.append("adds up \(sum.name), which is not a number")
        }
        return messages
    }
}
