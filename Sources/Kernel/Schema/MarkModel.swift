import PluginAPI

/// A mark in the frozen registry: a word that the records of an entity carry while a condition holds.
struct MarkModel: Sendable {
    let name: String
    let title: String
    let help: String
    let color: String
    let filter: Filter

    init(_ view: MarkView) {
        name = view.name
        title = view.title
        help = view.help
        color = view.color
        filter = view.formula.isEmpty ? view.filter : .formula(view.formula)
    }
}
