import PluginAPI

/// Code of plugins that took longer than its time budget.
struct SlowTable {
    let items: [JSONValue]
    let markup: ValueMarkup
    var showsPlugin = true

    var html: HTML {
        let rows = items.html { item -> HTML in
            func number(_ name: String, _ label: String) -> HTML { Parts.td(label, HTML(Display.grouped(item[name]?.text ?? "")), numeric: true) }
            let last = item["last_at"]?.text.flatMap { Moment($0) }.map { markup.ago($0) } ?? ""
            let plugin: HTML = showsPlugin ? Parts.td("Plugin", HTML(item["plugin"]?.text ?? "")) : ""
            let kind = (item["kind"]?.text ?? "").readable
            return """
                <tr><th scope="row"><code>\(item["name"]?.text ?? "")</code></th>\(plugin)\(Parts.td("Kind", HTML(kind)))\(number("count", "Times"))\(number("worst_ms", "Worst (ms)"))\(number("last_ms", "Last (ms)"))\(number("budget_ms", "Budget (ms)"))\(Parts.td("Last", last))</tr>
                """
        }
        let plugin: [HTML] = showsPlugin ? [Parts.th("Plugin")] : []
        let numbers = ["Times", "Worst (ms)", "Last (ms)", "Budget (ms)"].map { Parts.th($0, numeric: true) }
        return Parts.table("Slow code", heads: [Parts.th("Code")] + plugin + [Parts.th("Kind")] + numbers + [Parts.th("Last")], rows)
    }
}
