import PluginAPI

/// Where people begin: the numbers of all plugins, and what belongs to the reader.
struct HomeScreen {
    let visit: Visit

    func respond() async throws -> FrontResponse {
        let tiles = try await self.tiles()
        let boxes = try await visit.store.read(as: visit.actor) { try mine($0) }
        let first = visit.userName.split(separator: " ").first.map(String.init) ?? visit.userName
        let metrics: HTML = "<div class=\"tiles\">\(tiles)</div>"
        let lists: HTML = "<div class=\"halves\">\(boxes)</div>"
        let nothing = tiles.isEmpty && boxes.isEmpty
        let start = visit.actor.can(.managePlugins) ? Parts.link("Open the plugins", "/admin/plugins", icon: "plugin", classes: "primary") : ""
        let empty = Parts.empty("home", "Nothing to show yet", "As soon as a plugin is enabled and has records, its numbers stand here.", actions: start)
        let content: HTML = "\(Parts.head("Hello, \(first)"))\(metrics, if: !tiles.isEmpty)\(lists, if: !boxes.isEmpty)\(empty, if: nothing)"
        return try await visit.page(Page(title: "Home", current: "/admin", content: content))
    }

    // MARK: Numbers

    private func tiles() async throws -> HTML {
        let known = try await visit.front.api(visit, "GET", ["metrics"])
        var html = HTML()
        // What stands above a list of options is of interest there alone.
        let apart = Set(visit.registry.entities.filter(\.schema.isLookup).flatMap(\.extras.cards))
        for metric in known["data"]?.array ?? [] {
            guard let key = metric["key"]?.text, !apart.contains(key) else { continue }
            let period: [FrontRequest.QueryItem] = metric["dated"]?.bool == true ? [.init(name: "period", value: "month"), .init(name: "series", value: "12")] : []
            guard let figure = try? await visit.front.api(visit, "GET", ["metrics", key], query: period) else { continue }
            html += tile(metric["title"]?.text ?? key, figure, isDated: metric["dated"]?.bool == true)
        }
        return html
    }

    private func tile(_ title: String, _ figure: JSONValue, isDated: Bool) -> HTML {
        let value = HomeScreen.text(figure["value"])
        let previous = HomeScreen.text(figure["previous"])
        let aside: HTML = isDated ? "<span class=\"aside\">this month\(previous.isEmpty ? "" : ", \(previous) last month")</span>" : "<span class=\"aside\">now</span>"
        let inside: HTML = "<span class=\"name\">\(title)</span><span class=\"value\">\(value.isEmpty ? "–" : value)</span>\(aside)\(spark(figure["series"]))"
        guard let list = figure["list"]?.text, list.hasPrefix("/admin") else { return "<div class=\"tile\">\(inside)</div>" }
        return "<a class=\"tile\" href=\"\(list)\">\(inside)</a>"
    }

    /// A number, an amount, or amounts of several currencies.
    static func text(_ value: JSONValue?) -> String {
        switch value {
        case .number(let text): return Display.grouped(text)
        case .string(let text): return text
        case .object:
            guard let amount = value?["amount"]?.text, let currency = value?["currency"]?.text.flatMap({ Currency($0) }), let money = Money(amount, currency) else { return "" }
            return Display.short(money)
        case .array(let items): return items.map { text($0) }.filter { !$0.isEmpty }.joined(separator: " + ")
        default: return ""
        }
    }

    private func spark(_ series: JSONValue?) -> HTML {
        let values = (series?.array ?? []).compactMap { point -> Double? in
            let value = point["value"]
            return (value?.text ?? value?["amount"]?.text ?? value?.array?.first?["amount"]?.text).flatMap { Double($0) }
        }
        guard values.count > 1, let most = values.max(), most > 0 else { return "" }
        let step = 100 / Double(values.count - 1)
        let points = values.enumerated().map { place, value in
            let x = Int(Double(place) * step)
            let y = Int(26 - value / most * 24)
            return "\(x),\(y)"
        }.joined(separator: " ")
        return """
            <svg class="spark" viewBox="0 0 100 28" preserveAspectRatio="none" aria-hidden="true"><polyline points="\(points)" fill="none" stroke="currentColor" stroke-width="1.5" vector-effect="non-scaling-stroke"/></svg>
            """
    }

    // MARK: What is the reader's

    private func mine(_ transaction: StoreTransaction) throws -> HTML {
        var html = HTML()
        for entity in visit.registry.entities where !entity.schema.isLookup && entity.plugin != "kernel" && visit.actor.can("view", on: entity.name) {
            guard let owner = entity.ownerField, visit.actor.mask(owner.name, of: entity.name) != .hidden else { continue }
            html += try list(entity, owner, transaction)
        }
        for entity in visit.registry.entities where visit.actor.can("view", on: entity.name) {
            guard let board = entity.board else { continue }
            html += try BoardSummary(visit: visit, entity: entity, board: board).html(transaction)
        }
        return html
    }

    private func list(_ entity: EntityModel, _ owner: FieldModel, _ transaction: StoreTransaction) throws -> HTML {
        // What a board shows is what is under way.
        let open = entity.board?.cards ?? .everything
        let filter = Filter.all([.compare(owner.name, .equal, .currentUser), open])
        let count = try transaction.count(entity, where: filter)
        guard count > 0 else { return "" }
        let records = try transaction.all(entity.name, where: filter, sort: [Sort(field: "updated_at", descending: true)], limit: 7)
        let names = [entity.board?.by, entity.board?.sum].compactMap { $0 }
        let fields = names.compactMap { entity.field($0) }.filter { visit.actor.mask($0.name, of: entity.name) != .hidden }
        let labels = LabelCache(transaction)
        try labels.load(records, fields)
        let markup = visit.markup(transaction, labels: labels)
        let rows = records.html { record in
            let cells = fields.html { field in
                "<td data-label=\"\(field.label)\"\(" class=\"num\"", if: field.isNumeric)>\(markup.html(record.values[field.place], field.description))</td>"
            }
            return "<tr><th scope=\"row\"><a href=\"/admin/\(entity.path)/\(record.id)\">\(RecordChoices.label(record, entity))</a></th>\(cells)</tr>"
        }
        var items: [FrontRequest.QueryItem] = [.init(name: owner.name, value: "me")]
        items += ListQuery.items(open) ?? []
        let all = Parts.link("Open the list", "/admin/\(entity.path)?\(items.encoded)", classes: "compact plain")
        return Parts.box(
            "My \(entity.pluralTitle.lowercased())", count: count, actions: all,
            "<div class=\"scroll\"><table class=\"rows\"><tbody>\(rows)</tbody></table></div>")
    }
}
