/// The query of an address, to be read and to make other addresses from: every state of a list is a link.
struct QueryState: Sendable {
    var items: [FrontRequest.QueryItem]

    init(_ items: [FrontRequest.QueryItem] = []) { self.items = items.filter { !$0.value.isEmpty } }

    /// Reads `a=1&b=2`, as a saved view keeps it.
    init(parsing text: String) {
        let pairs = (try? FormBody(query: text))?.fields ?? []
        self.init(pairs.map { FrontRequest.QueryItem(name: $0.name, value: $0.value) })
    }

    subscript(name: String) -> String? { items.last { $0.name == name }?.value }

    func values(_ name: String) -> [String] { items.compactMap { $0.name == name ? $0.value : nil } }

    /// Without some names, and without the place in the list, which belongs to the old query.
    func without(_ names: String...) -> QueryState {
        QueryState(items.filter { !names.contains($0.name) && $0.name != "cursor" })
    }

    func with(_ name: String, _ value: String) -> QueryState {
        var copy = without(name)
        copy.items.append(.init(name: name, value: value))
        return copy
    }

    /// `a=1&b=2`, encoded.
    var text: String {
        items.encoded
    }

    func href(_ path: String) -> String { items.isEmpty ? path : path + "?" + text }

    /// Hidden fields that carry the query through a form, but for the names that the form has itself.
    func hidden(except names: Set<String> = []) -> HTML {
        items.filter { !names.contains($0.name) }.html { "<input type=\"hidden\" name=\"\($0.name)\" value=\"\($0.value)\">" }
    }
}
