import PluginAPI

/// On a plugin's page: what it did beyond its own records, and what was refused to it.
struct PluginUsesPart {
    let visit: Visit

    func html(_ plugin: String) async throws -> HTML {
        let uses = try await visit.front.api(visit, "GET", ["plugins", plugin, "uses"])["data"]?.array ?? []
        if uses.isEmpty { return "" }
        let rows: HTML = try await visit.store.read(as: visit.actor) { transaction in
            let markup = visit.markup(transaction)
            return uses.html { row($0, markup) }
        }
        let heads: [HTML] = [Parts.th("What"), Parts.th("Times", numeric: true), Parts.th("Last"), Parts.th("State")]
        return Parts.box("Beyond its own records", count: uses.count, Parts.table("Beyond its own records", heads: heads, rows))
    }

    private func row(_ use: JSONValue, _ markup: ValueMarkup) -> HTML {
        let state: HTML = use["refused"]?.bool == true ? Badge.word("Refused", .bad) : Badge.word("Approved", .good)
        let last: HTML = Moment(use["last_at"]?.text ?? "").map { markup.ago($0) } ?? ""
        let words: String = String((use["words"]?.text ?? "").asSentence.dropLast())
        return """
            <tr><th scope="row">\(words)</th><td class="num" data-label="Times">\(use["count"]?.text ?? "")</td><td data-label="Last">\(last)</td><td data-label="State">\(state)</td></tr>
            """
    }
}
