import PluginAPI

/// The column by which rows are put in another order: dragged by a handle, or moved by a step up or down.
enum ListOrder {
    /// While the list stands in its order, whole but for filters.
    static func isOffered(_ state: ListState, _ actor: Actor) -> Bool {
        guard let field = state.entity.positionField, actor.can("edit", on: state.entity.name) else { return false }
        let isInOrder: Bool = state.sort.field == field.name && !state.sort.descending
        return isInOrder && state.query["q"] == nil && state.query["cursor"] == nil && actor.mask(field.name, of: state.entity.name) == .none
    }

    static let head: HTML = "<th class=\"order\" scope=\"col\"><span class=\"hidden-text\">Order</span></th>"

    static func cell(_ id: Int64, _ name: String, base: String) -> HTML {
        func step(_ by: String, _ word: String, _ icon: String) -> HTML {
            """
            <button class="button plain" form="\(CellForm.id)" formaction="\(base)/order?id=\(id)&amp;by=\(by)" data-step="\(by)" aria-label="Move \(name) \(word)">\(Icon.named(icon))</button>
            """
        }
        return """
            <td class="order" data-label="Order"><span class="handle" data-handle aria-hidden="true">\(Icon.named("grip"))</span>\(step("-1", "up", "arrow-up"))\(step("1", "down", "arrow-down"))</td>
            """
    }
}
