import PluginAPI

/// Where people begin: the numbers of all plugins, and what belongs to the reader.
struct HomeScreen {
    let visit: Visit

    func respond() async throws -> FrontResponse {
        let (tiles, boxes) = try await visit.store.read(as: visit.actor, mayLag: true) { (try self.tiles($0), try mine($0)) }
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

    /// What happened this month, and what is the case now unless a dashboard tells it or it stands above a list of options.
    private func tiles(_ transaction: StoreTransaction) throws -> HTML {
        let reader = MetricReader(transaction: transaction)
        let dashboards = Set(DashboardReader(transaction).readable().map(\.body.name))
        let told = Set(visit.registry.widgets.filter { dashboards.contains($0.body.dashboard) }.flatMap { $0.body.widget.series.map(\.metric) })
        let apart = Set(visit.registry.entities.filter(\.schema.isLookup).flatMap(\.extras.cards))
        // What is looked after rather than worked with says in the menu that somebody is waited for.
        let lookedAfter = Set(visit.registry.entities.filter { $0.schema.isAdministration || $0.schema.isLookup }.map(\.name))
        return try reader.readable().map(\.body).filter { !apart.contains($0.key) && !lookedAfter.contains($0.entity) && ($0.date != nil || !told.contains($0.key)) }.html { metric in
            tile(try reader.read(metric, .month, series: metric.date == nil ? 0 : 12))
        }
    }

    private func tile(_ reading: MetricReading) -> HTML {
        let path = visit.registry.entity(reading.metric.entity)?.path ?? reading.metric.entity
        let previous = reading.previous.map { ", \(MetricMarkup.short($0.value)) last month" } ?? ""
        let aside = reading.metric.date == nil ? "now" : "this month" + previous
        return """
            <a class="tile" href="\(MetricMarkup.href(path, reading.query))"><span class="name">\(reading.metric.title)</span><span class="value">\(MetricMarkup.short(reading.figure.value))</span><span class="aside">\(aside)</span>\(spark(reading))</a>
            """
    }

    /// How the figure ran over the year: of amounts in several currencies the one that stands first.
    private func spark(_ reading: MetricReading) -> HTML {
        let currency: Currency? = if case .amounts(let amounts) = reading.figure.value { amounts.first?.currency } else { nil }
        let values = reading.series.map { step -> Double in
            switch step.figure.value {
            case .number(let number): Double(number.description) ?? 0
            case .amounts(let amounts): amounts.first { $0.currency == currency ?? $0.currency }.flatMap { Double($0.amount) } ?? 0
            case .nothing: 0
            }
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
        for entity in visit.registry.entities where !entity.schema.isLookup && !entity.schema.isAdministration && entity.plugin != "kernel" && visit.actor.can("view", on: entity.name) {
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
