import PluginAPI

/// The table of a list: its head with orders, its rows, and the way to the next ones.
struct ListTable {
    let state: ListState
    let columns: [FieldModel]
    let choices: RecordChoices
    let transaction: StoreTransaction
    let markup: ValueMarkup
    /// Whether rows can be ticked for a common change.
    let canPick: Bool
    /// Whether rows can be put in another order.
    var canOrder = false

    private var entity: EntityModel { state.entity }

    /// The rows of one page as markup, and the cursor of the next.
    func rows(_ request: ListRequest) throws -> (HTML, next: String?, count: Int) {
        var html = HTML()
        html.bytes.reserveCapacity(40_000)
        var count = 0
        let page = try PageFacts(request, in: transaction)
        var names: [(id: Int64, end: Int)] = []
        let labels = LinkLabels(transaction)
        let next = try transaction.page(request) { row, projection in
            count += 1
            try append(row, projection, page, labels, to: &html, &names)
        }
        return (try marked(html, names), next, count)
    }

    /// The rows with the marks that their records carry, behind their names.
    private func marked(_ html: HTML, _ names: [(id: Int64, end: Int)]) throws -> HTML {
        let marks: [Int64: [MarkModel]] = try transaction.marks(entity, names.map(\.id))
        guard !marks.isEmpty else { return html }
        var whole = HTML()
        var start = 0
        for name in names {
            guard let own = marks[name.id] else { continue }
            whole.bytes += html.bytes[start..<name.end]
            whole += MarkBadges.html(own)
            start = name.end
        }
        whole.bytes += html.bytes[start...]
        return whole
    }

    private func append(
        _ row: any Row, _ projection: Projection, _ page: PageFacts, _ labels: LinkLabels, to html: inout HTML,
        _ names: inout [(id: Int64, end: Int)]
    ) throws {
        let id = row.integer(0)
        let labelItem = projection.item(entity.labelField)
        let label = labelItem.map { ValueText.plain($0.field.read(row, at: $0.column)) } ?? ""
        let name = label.isEmpty ? "#\(id)" : label
        html += "<tr data-id=\"\(id)\" data-href=\"\(state.base)/\(id)\">"
        let mayEdit = page.mayEdit(id)
        if canPick {
            // Whoever may not change a record may not have it become one with another.
            let apart: HTML = " data-apart"
            html += "<td class=\"pick\"><input type=\"checkbox\" name=\"id\" value=\"\(id)\" aria-label=\"Select \(name)\"\(apart, if: entity.isMergeable && !mayEdit)></td>"
        }
        if canOrder { html += ListOrder.cell(id, name, base: state.base) }
        for field in columns {
            if field.name == entity.labelField {
                html += "<th scope=\"row\"><a href=\"\(state.base)/\(id)\">\(name)</a>"
                names.append((id, html.bytes.count))
                html += "</th>"
                continue
            }
            guard let item = projection.item(field.name) else { continue }
            let value = item.field.read(row, at: item.column)
            let label: String? = try labels.text(item, of: row)
            html += cell(field, value, label: label, id: id, name: name, mayEdit: mayEdit)
        }
        if let counts = page.counts { html += counts.columns.html { count(counts.of(id, $0), $0, id) } }
        html += "</tr>\n"
    }

    /// One cell of a row.
    func cell(
        _ field: FieldModel, _ value: Value, label: String?, id: Int64, name: String, mayEdit: Bool = true, extra: HTML = ""
    ) -> HTML {
        let numeric: HTML = field.isNumeric ? " class=\"num\"" : ""
        let isEditable: Bool = mayEdit && canEdit(field)
        if isEditable, field.description.isToggle {
            return "<td data-label=\"\(field.label)\" class=\"stick\"\(extra)>\(toggle(field, value == .boolean(true), id, name))</td>"
        }
        let edit: HTML = isEditable ? " data-edit=\"\(field.name)\"" : ""
        return "<td data-label=\"\(field.label)\"\(numeric)\(edit)\(extra)>\(content(field, value, label: label))</td>"
    }

    /// A switch that is a form of one button without script. Its form stands apart, since forms do not nest.
    private func toggle(_ field: FieldModel, _ isOn: Bool, _ id: Int64, _ name: String) -> HTML {
        """
        <button class="toggle" role="switch" aria-checked="\(isOn ? "true" : "false")" aria-label="\(field.label): \(name)" form="\(CellForm.id)" formaction="\(state.base)/\(id)/toggle/\(field.name)" name="value" value="\(isOn ? "false" : "true")" data-toggle><span class="knob" aria-hidden="true"></span></button>
        """
    }

    /// How many records point at a row, as the way to them.
    private func count(_ number: Int, _ column: CountColumn, _ id: Int64) -> HTML {
        let text: String = Display.grouped(String(number))
        guard number > 0, let child = transaction.registry.entity(column.child) else {
            return "<td data-label=\"\(column.title)\" class=\"num muted\">\(text)</td>"
        }
        return "<td data-label=\"\(column.title)\" class=\"num\"><a href=\"/admin/\(child.path)?\(column.field)=\(id)\">\(text)</a></td>"
    }

    private func content(_ field: FieldModel, _ value: Value, label: String?) -> HTML {
        if case .reference(let target) = field.type, case .integer(let id) = value {
            guard let label else { return "<span class=\"muted\">#\(id)</span>" }
            if target == "user" { return Icon.person(label) }
            let color = (try? choices.color(target, id)) ?? ""
            return color.isEmpty ? HTML(label) : Badge.colored(label, color)
        }
        return markup.html(value, field.description)
    }

    func canEdit(_ field: FieldModel) -> Bool {
        if field.isSystem || field.description.isReadOnly || field.name == entity.labelField { return false }
        if case .references = field.type { return false }
        if field.description.namesFieldsOf != nil { return false }
        if case .json = field.type { return false }
        return transaction.actor.can("edit", on: entity.name) && transaction.actor.mask(field.name, of: entity.name) == .none
    }

    var head: HTML {
        let pick: HTML = "<th class=\"pick\" scope=\"col\"><input type=\"checkbox\" data-pick-all aria-label=\"Select all rows\"></th>"
        let counts = RecordCounts.columns(entity, transaction.registry, transaction.actor).html { Parts.th($0.title, numeric: true) }
        return "<thead><tr>\(pick, if: canPick)\(ListOrder.head, if: canOrder)\(columns.html(heading))\(counts)</tr></thead>"
    }

    private func heading(_ field: FieldModel) -> HTML {
        let numeric: HTML = field.description.isToggle ? " class=\"stick\"" : " class=\"num\""
        if field.type == .json || field.isList { return Parts.th(field.label) }
        let sort = state.sort
        let isCurrent = sort.field == field.name
        let next = isCurrent && !sort.descending ? "-" + field.name : field.name
        let direction: HTML = isCurrent ? " aria-sort=\"\(sort.descending ? "descending" : "ascending")\"" : ""
        let arrow: HTML = isCurrent ? Icon.named(sort.descending ? "arrow-down" : "arrow-up") : ""
        return """
            <th scope="col"\(numeric, if: field.isNumeric || field.description.isToggle)\(direction)><a href="\(state.query.with("sort", next).href(state.base))">\(field.label)\(arrow)</a></th>
            """
    }

    /// The row that fetches the next ones: by itself when it comes into view, by a click, or as a link to the next page.
    func moreRow(_ cursor: String?) -> HTML {
        guard let cursor else { return "" }
        let href = state.query.with("cursor", cursor).href(state.base)
        let counts = RecordCounts.columns(entity, transaction.registry, transaction.actor).count
        let span = columns.count + counts + (canPick ? 1 : 0) + (canOrder ? 1 : 0)
        return """
            <tr class="more-row"><td colspan="\(span)"><a class="button compact" href="\(href)" data-fragment="rows" hx-get="\(href)" hx-target="closest tr" hx-swap="outerHTML" hx-trigger="click, intersect once">Load more</a></td></tr>
            """
    }
}
