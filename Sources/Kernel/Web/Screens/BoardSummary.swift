import PluginAPI

/// A board in short, for the home page: how many cards stand in each column and what they add up to. Each line opens the
/// list of those cards.
struct BoardSummary {
    let visit: Visit
    let entity: EntityModel
    let board: BoardView

    func html(_ transaction: StoreTransaction) throws -> HTML {
        guard visit.actor.mask(board.by, of: entity.name) != .hidden else { return "" }
        let within = try BoardPick(visit: visit, entity: entity, board: board, asked: nil).read(transaction)?.chosen
        let columns = try transaction.boardColumns(entity, filter: .everything, within: within, limit: 0)
        let most = columns.map(\.count).max() ?? 0
        guard most > 0 else { return "" }
        let summed = board.sum.flatMap { entity.field($0) }
        let lines = columns.html { column in
            let figure = column.sums.map { Display.figure($0, summed) }.joined(separator: " + ")
            let dot: HTML = column.color.isEmpty ? "" : Icon.dot(column.color)
            let width = column.count * 100 / most
            return """
                <li><a href="\(href(column))"><span class="person">\(dot)\(column.title)</span><span class="num">\(Display.grouped(String(column.count)))</span><span class="num muted">\(figure)</span></a>\
                <svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect width="100" height="8"/><rect width="\(width)" height="8"/></svg></li>
                """
        }
        let by = entity.field(board.by)?.label.lowercased() ?? board.by
        let open = Parts.link("Open the board", "/admin/\(entity.path)/board", classes: "compact plain")
        return Parts.box("\(entity.pluralTitle) by \(by)", actions: open, "<ul class=\"body steps-list\">\(lines)</ul>")
    }

    private func href(_ column: BoardColumn) -> String {
        let key = ValueText.plain(column.key)
        var items: [FrontRequest.QueryItem] = [.init(name: key.isEmpty ? board.by + ".empty" : board.by, value: key.isEmpty ? "true" : key)]
        items += ListQuery.items(board.cards) ?? []
        return "/admin/\(entity.path)?\(items.encoded)"
    }
}

/// Which board, where an entity has several: the one asked for, or the default, or the first.
struct BoardPick {
    let visit: Visit
    let entity: EntityModel
    let board: BoardView
    let asked: String?

    struct Choice {
        var options: [FieldChoice]
        var chosen: Int64?
    }

    func read(_ transaction: StoreTransaction) throws -> Choice? {
        guard let name = board.within, let target = entity.field(name)?.target, let model = transaction.registry.entity(target) else { return nil }
        let options = try RecordChoices(transaction).all(target) ?? []
        if let asked, let id = Int64(asked), options.contains(where: { $0.key == asked }) { return Choice(options: options, chosen: id) }
        // The months show all that there is until one is picked.
        if board.isByMonth { return Choice(options: options, chosen: nil) }
        var first = options.first?.key
        if model.field("is_default") != nil {
            let defaults = try transaction.all(target, where: .compare("is_default", .equal, .value(.boolean(true))), sort: [], limit: 1)
            first = defaults.first?.id.description ?? first
        }
        return Choice(options: options, chosen: first.flatMap { Int64($0) })
    }
}
