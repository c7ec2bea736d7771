import PluginAPI

/// How a row becomes a JSON object, made once for a projection: writing a row walks over plain numbers and touches no
/// object, so it costs little more than reading the columns.
struct RowPlan: Sendable {
    enum Form: Sendable {
        case text, raw, integer, boolean, moment, decimal, money, list, label
    }

    /// One member of the object.
    struct Step: Sendable {
        let form: Form
        let column: Int32
        /// Where its name with the colon ends in ``keys``.
        let nameEnd: Int32
        /// The digits after the point of an exact number; the place in ``lists`` of a list of links, in ``targets`` of a known label.
        let detail: Int32
    }

    /// A list of links: its labels are looked up, and stand under a name of their own.
    struct LinkList: Sendable {
        let target: String
        let labelKey: [UInt8]
    }

    private(set) var steps: [Step] = []
    /// `"name":null,"name":null…`: a row without anything.
    private(set) var keys: [UInt8] = []
    fileprivate static let null = Array("null".utf8)
    private(set) var lists: [LinkList] = []
    /// The entities whose labels are known.
    private(set) var targets: [EntityModel] = []
    /// The columns that point at records whose labels are part of the row: what such a row says may change without it.
    private(set) var links: [Int] = []

    init() {
        add("id", .integer, 0)
        add("version", .integer, 1)
    }

    private mutating func add(_ name: String, _ form: Form, _ column: Int, detail: Int = 0) {
        if !steps.isEmpty { keys.append(UInt8(ascii: ",")) }
        keys += JSONWriter.prepared(name)
        steps.append(Step(form: form, column: Int32(column), nameEnd: Int32(keys.count), detail: Int32(detail)))
        keys += RowPlan.null
    }

    /// A field that begins at a column, and where the label of what it points at is.
    mutating func add(_ field: FieldModel, column: Int, label: Projection.Label?) {
        switch field.type {
        case .text, .choice, .day: add(field.name, .text, column)
        case .json: add(field.name, .raw, column)
        case .integer, .reference: add(field.name, .integer, column)
        case .boolean: add(field.name, .boolean, column)
        case .moment: add(field.name, .moment, column)
        case .money: add(field.name, .money, column)
        case .decimal(let scale): add(field.name, .decimal, column, detail: scale)
        case .references(let target):
            add(field.name, .list, column, detail: lists.count)
            links.append(column)
            lists.append(LinkList(target: target, labelKey: JSONWriter.prepared(field.name + "_label")))
        }
        switch label {
        case .column(let place):
            add(field.name + "_label", .text, place)
            links.append(column)
        case .known(let target):
            add(field.name + "_label", .label, column, detail: targets.count)
            targets.append(target)
        case nil: break
        }
    }
}

extension Row {
    /// Records as the API shows them: snake_case fields, references as ids with an `…_label` beside them, money as an
    /// object. A requirement of the protocol with this body, so that each engine's row gets a version of its own in which
    /// reading a column is a plain call.
    func write(_ plan: RowPlan, _ labels: LinkLabels, to json: inout JSONWriter) throws {
        json.beginObject()
        try plan.keys.withUnsafeBufferPointer { keys in
            try plan.steps.withUnsafeBufferPointer { steps in
                // Most columns of most rows hold nothing: their names and nulls go out with the next name, in one piece.
                var from = 0
                for step in steps {
                    let cell = cell(Int(step.column))
                    if cell.isNull, step.form != .list { continue }
                    let to = Int(step.nameEnd)
                    json.members(UnsafeBufferPointer(rebasing: keys[from..<to]))
                    from = to + RowPlan.null.count
                    switch step.form {
                    case .text: cell.withText { json.string(utf8: $0) }
                    case .raw: cell.withText { json.raw($0) }
                    case .integer: json.integer(cell.integer)
                    case .boolean: json.boolean(cell.integer != 0)
                    case .moment: json.moment(cell.integer)
                    case .decimal: json.decimal(units: cell.integer, scale: Int(step.detail))
                    case .money:
                        let minor: Int64 = cell.integer
                        withText(Int(step.column) + 1) { json.money(minor: minor, code: $0) }
                    case .list: try write(plan.lists[Int(step.detail)], cell, labels, to: &json)
                    case .label: try labels.write(plan.targets[Int(step.detail)], cell.integer, to: &json)
                    }
                }
                json.members(UnsafeBufferPointer(rebasing: keys[from...]))
            }
        }
        json.endObject()
    }

    private func write(_ list: RowPlan.LinkList, _ cell: Cell, _ labels: LinkLabels, to json: inout JSONWriter) throws {
        let ids = cell.isNull ? [] : cell.withText(FieldModel.ids)
        json.beginArray()
        for id in ids { json.integer(id.raw) }
        json.endArray()
        let texts = try labels.of(list.target, ids)
        json.key(prepared: list.labelKey)
        json.beginArray()
        for id in ids { if let label = texts[id.raw] { json.string(label) } else { json.null() } }
        json.endArray()
    }
}
