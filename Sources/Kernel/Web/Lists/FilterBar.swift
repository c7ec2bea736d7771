import PluginAPI

/// The bar above a list: a search field and one chip a filter, each a small form in a drop-down. One form with GET, so that
/// the state of the list is its address, with script or without.
struct FilterBar {
    let state: ListState
    let choices: RecordChoices
    let transaction: StoreTransaction
    /// At the end of the bar: the choice of columns.
    var end: HTML = ""
    /// Where it goes: the list or the board.
    var target: String

    private var entity: EntityModel { state.entity }
    private var query: QueryState { state.query }

    func html() throws -> HTML {
        var names = entity.list.filters
        for item in state.filters {
            let name = ListState.field(item.name)
            if !names.contains(name) { names.append(name) }
        }
        if let added = query["add"], !names.contains(added) { names.append(added) }
        let fields = names.compactMap { entity.field($0) }.filter { transaction.actor.mask($0.name, of: entity.name) != .hidden }
        var chips = HTML()
        for field in fields { chips += try chip(field) }
        chips += marks
        let clear: HTML = state.filters.isEmpty && query["q"] == nil
            ? "" : "<a class=\"button plain compact clear\" href=\"\(query.keeping("view", "layout", "within", "board", "rows").href(target))\">Clear all</a>"
        let carried = query.keeping("view", "sort", "columns", "layout", "within", "board", "rows").hidden()
        let trailing: HTML = end.isEmpty ? "" : "<div class=\"end\">\(end)</div>"
        return """
            <form class="filters" action="\(target)" aria-label="Filters">\(carried)\(search)\(chips)\(formula)\(more(fields))\(clear)\(trailing)</form>
            """
    }

    /// The records that carry a mark.
    private var marks: HTML {
        let marks: [MarkModel] = transaction.visibleMarks(entity)
        if marks.isEmpty { return "" }
        let (words, panel) = ticks(Filter.markName, marks.map { FieldChoice(key: $0.name, label: $0.title, color: $0.color) })
        let summary: HTML = words.map { "Mark <b>\($0)</b>" } ?? "Mark\(Icon.named("chevron-down"))"
        let clear: HTML = words == nil ? "" : "<a class=\"button compact plain\" href=\"\(query.withoutFilter(Filter.markName).href(target))\">Clear</a>"
        let row: HTML = "<div class=\"row\"><button class=\"button compact primary\">Apply</button>\(clear)</div>"
        return "<details class=\"menu chip\(" set", if: words != nil)\"><summary>\(summary)</summary><div class=\"panel\">\(panel)\(row)</div></details>"
    }

    private var search: HTML {
        guard !entity.searchFields.isEmpty else { return "" }
        let live: HTML = """
             hx-get="\(target)" hx-include="closest form" hx-target="#results" hx-select="#results" hx-select-oob="#total" hx-swap="outerHTML" hx-push-url="true" hx-trigger="input changed delay:200ms, search"
            """
        let what = "Find in \(entity.pluralTitle.lowercased())"
        return """
            <div class="find">\(Icon.named("search"))<input type="search" name="q" value="\(query["q"] ?? "")" placeholder="\(what)" aria-label="\(what)"\(live)></div>
            """
    }

    /// A condition as a formula: what is wrong with it stands below, with the place marked.
    private var formula: HTML {
        let text: String = query["where"] ?? ""
        let refusal: FormulaRefusal? = text.isEmpty ? nil : self.refusal(of: text)
        let opened: HTML = " open"
        let short: String = text.count > 40 ? text.prefix(39) + "…" : text
        let summary: HTML = text.isEmpty ? "Where\(Icon.named("chevron-down"))" : "Where <b>\(short)</b>"
        let clear: HTML = text.isEmpty ? "" : "<a class=\"button compact plain\" href=\"\(query.without("where", "cursor").href(target))\">Clear</a>"
        let wrong: HTML = refusal == nil ? "" : " aria-invalid=\"true\" aria-describedby=\"where-problem\""
        let told: HTML = refusal.map { FormulaMarkup.problem($0, id: "where-problem") } ?? ""
        return """
            <details class="menu chip\(" set", if: !text.isEmpty)"\(opened, if: refusal != nil)><summary>\(summary)</summary><div class="panel formula"><label for="where">Condition as a formula</label><textarea id="where" name="where" rows="2" spellcheck="false" autocomplete="off" placeholder="created_at &gt; today() - 30"\(wrong)>
            \(text)</textarea>\(told)<div class="row"><button class="button compact primary">Apply</button>\(clear)</div></div></details>
            """
    }

    private func refusal(of text: String) -> FormulaRefusal? {
        do {
            _ = try transaction.compiler(entity).condition(formula: text)
            return nil
        } catch { return (error as? CRMError)?.cause as? FormulaRefusal }
    }

    private func chip(_ field: FieldModel) throws -> HTML {
        let (words, panel) = try content(field)
        let opened: HTML = " open"
        let apply: HTML = words == nil ? "" : "<a class=\"button compact plain\" href=\"\(query.withoutFilter(field.name).href(target))\">Clear</a>"
        let row: HTML = "<div class=\"row\"><button class=\"button compact primary\">Apply</button>\(apply)</div>"
        let summary: HTML = words.map { "\(field.label) <b>\($0)</b>" } ?? "\(field.label)\(Icon.named("chevron-down"))"
        return """
            <details class="menu chip\(" set", if: words != nil)"\(opened, if: query["add"] == field.name)><summary>\(summary)</summary><div class="panel">\(panel)\(row)</div></details>
            """
    }

    /// What is chosen in words (nil when nothing is) and the controls to choose.
    private func content(_ field: FieldModel) throws -> (String?, HTML) {
        let name = field.name
        switch field.type {
        case .choice(let options):
            return ticks(name, options.map { FieldChoice(key: $0.key, label: $0.label, color: $0.color) })
        case .reference(let target), .references(let target):
            guard let all = try choices.all(target) else { return try lookup(field, target) }
            let me = FieldChoice(key: "me", label: "Me")
            return ticks(name, target == "user" ? [me] + all : all, emptiable: !field.description.isRequired)
        case .boolean:
            return ticks(name, [FieldChoice(key: "true", label: "Yes"), FieldChoice(key: "false", label: "No")])
        case .money, .integer, .decimal: return range(name, control: "inputmode=\"decimal\" size=\"12\"")
        case .day, .moment: return dates(name)
        case .text, .json: return contains(name)
        }
    }

    private func ticks(_ name: String, _ options: [FieldChoice], emptiable: Bool = false) -> (String?, HTML) {
        let chosen = Set(query.values(name) + (query[name + ".in"]?.split(separator: ",").map(String.init) ?? []))
        var words = options.filter { chosen.contains($0.key) }.map(\.label)
        let items = options.html { option in
            """
            <label class="tick"><input type="checkbox" name="\(name)" value="\(option.key)"\(" checked", if: chosen.contains(option.key))>\(Badge.option(option))</label>
            """
        }
        let isEmpty = query[name + ".empty"] != nil
        if isEmpty { words.append("empty") }
        let none: HTML = "<label class=\"tick\"><input type=\"checkbox\" name=\"\(name).empty\" value=\"true\"\(" checked", if: isEmpty)><span class=\"muted\">Empty</span></label>"
        if words.isEmpty, !chosen.isEmpty { words = chosen.sorted() }
        return (words.isEmpty ? nil : words.joined(separator: ", "), "\(items)\(none, if: emptiable)")
    }

    private func lookup(_ field: FieldModel, _ target: String) throws -> (String?, HTML) {
        let chosen = query[field.name] ?? ""
        let label = try Int64(chosen).flatMap { try transaction.label(target, $0) } ?? chosen
        let path = transaction.registry.entity(target)?.path ?? target
        return (
            chosen.isEmpty ? nil : label,
            """
            <div class="padded"><div class="lookup"><input id="filter-\(field.name)" name="\(field.name)" aria-label="\(field.label)" data-lookup="/admin/lookup/\(path)" data-id="\(chosen)" value="\(label)"></div></div>
            """
        )
    }

    private func range(_ name: String, control: HTML) -> (String?, HTML) {
        let low = query[name + ".gte"] ?? ""
        let high = query[name + ".lte"] ?? ""
        let exact = query[name] ?? ""
        var words: [String] = exact.isEmpty ? [] : [exact]
        if !low.isEmpty { words.append("from \(low)") }
        if !high.isEmpty { words.append("to \(high)") }
        let stray: HTML = exact.isEmpty ? "" : "<input type=\"hidden\" name=\"\(name)\" value=\"\(exact)\">"
        return (
            words.isEmpty ? nil : words.joined(separator: " "),
            """
            <div class="range"><label for="\(name)-from">From</label><input id="\(name)-from" name="\(name).gte" value="\(low)" \(control)><label for="\(name)-to">To</label><input id="\(name)-to" name="\(name).lte" value="\(high)" \(control)>\(stray)</div>
            """
        )
    }

    /// Between two days, or more than so many days ago.
    private func dates(_ name: String) -> (String?, HTML) {
        let (words, between) = range(name, control: "type=\"date\"")
        let days: String = query[name + ".older"] ?? ""
        let told: String? = days.isEmpty ? nil : "more than \(days) \(days == "1" ? "day" : "days") ago"
        let all: [String] = [words, told].compactMap(\.self)
        return (
            all.isEmpty ? nil : all.joined(separator: ", "),
            """
            \(between)<div class="range"><label for="\(name)-older">More than … days ago</label><input id="\(name)-older" name="\(name).older" value="\(days)" type="number" min="0" max="40000" inputmode="numeric"></div>
            """
        )
    }

    private func contains(_ name: String) -> (String?, HTML) {
        let text = query[name + ".contains"] ?? query[name] ?? ""
        return (
            text.isEmpty ? nil : "“\(text)”",
            """
            <div class="range"><label for="\(name)-has">Contains</label><input id="\(name)-has" name="\(name).contains" value="\(text)"></div>
            """
        )
    }

    /// The fields that are no chips yet.
    private func more(_ shown: [FieldModel]) -> HTML {
        let names = Set(shown.map(\.name))
        let others = entity.fields.filter { field in
            if names.contains(field.name) || field.type == .json || field.name == "updated_by" { return false }
            return transaction.actor.mask(field.name, of: entity.name) != .hidden
        }
        let links = others.html { "<a class=\"item\" href=\"\(query.with("add", $0.name).href(target))\">\($0.label)</a>" }
        return """
            <details class="menu chip"><summary>\(Icon.named("plus"))Filter</summary><div class="panel"><h2>Add a filter</h2>\(links)</div></details>
            """
    }
}

extension Badge {
    static func option(_ choice: FieldChoice) -> HTML {
        choice.color.isEmpty ? HTML(choice.label) : colored(choice.label, choice.color)
    }
}

extension QueryState {
    /// Only some names.
    func keeping(_ names: String...) -> QueryState { QueryState(items.filter { names.contains($0.name) }) }

    /// Without every condition on a field.
    func withoutFilter(_ field: String) -> QueryState {
        QueryState(items.filter { ListState.field($0.name) != field && $0.name != "cursor" && $0.name != "add" })
    }
}
