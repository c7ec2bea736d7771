import PluginAPI

/// What the records of one group have in common.
enum GroupKey: Sendable, Hashable {
    case value(Value)
    /// The field is empty.
    case none
    /// They point at records that the reader may not see.
    case hidden
    /// All that has no group of its own.
    case others
}

/// The values of one field as groups: what they are called, in what order they stand, and which the reader may not tell apart.
struct Grouping {
    let field: FieldModel
    private var labels: [Value: String] = [:]
    private var colors: [Value: String] = [:]
    /// Where a value stands, when their order is given.
    private(set) var places: [Value: Int] = [:]
    /// The records of the group's entity in order, when that order is given; without those that are out of use.
    private(set) var current: [RecordData] = []
    /// The values that point at records out of sight, when there are any.
    private(set) var hidden: [Value] = []
    /// The values that have a group; the rest are ``GroupKey/others``. Nil when all have one.
    private(set) var shown: [Value]?

    /// Throws `invalid` when records cannot be grouped by the field.
    static func check(_ field: FieldModel) throws {
        let isFit: Bool = switch field.type {
        case .reference, .choice, .boolean: true
        case .text: field.description.format != .multiline
        default: false
        }
        guard isFit, field.isStored else {
            throw CRMError(
                .invalid, "\(field.name) is nothing to group by",
                hint: "Group by a link, a choice, a yes or no, or a text of few values.",
                problems: [Problem(field: "group", "names \(field.name), which is nothing to group by")])
        }
    }

    /// Reads what the values are called, with one query. `isAlone` says that nothing else tells two records of one name apart.
    init(_ field: FieldModel, _ values: Set<Value>, isAlone: Bool, _ transaction: StoreTransaction) throws {
        self.field = field
        switch field.type {
        case .reference(let target):
            try load(target, values, transaction)
            if isAlone { tellApart() }
        case .choice(let options):
            for (place, option) in options.enumerated() {
                labels[.text(option.key)] = option.label
                colors[.text(option.key)] = option.color
                places[.text(option.key)] = place
            }
        case .boolean:
            labels = [.boolean(true): "Yes", .boolean(false): "No"]
            places = [.boolean(true): 0, .boolean(false): 1]
        default: break
        }
    }

    private mutating func load(_ target: String, _ values: Set<Value>, _ transaction: StoreTransaction) throws {
        let model = try transaction.registry.require(target)
        let ids = values.compactMap { value -> Int64? in if case .integer(let id) = value { id } else { nil } }
        if let position = model.field("position"), transaction.actor.can("view", on: target), (try? transaction.compiler(model).visible("position")) != nil {
            let colorField = RecordChoices.colorField(model)
            let all = try transaction.all(target, where: .everything, sort: [Sort(field: position.name, descending: false)], limit: 500)
            for record in all {
                let key = Value.integer(record.id.raw)
                places[key] = places.count
                labels[key] = RecordChoices.label(record, model)
                if let colorField { colors[key] = ValueText.plain(record[colorField]) }
            }
            current = all.filter { model.field("active") == nil || $0["active"] != .boolean(false) }
        }
        let unknown = ids.filter { labels[.integer($0)] == nil }
        for (id, label) in try transaction.labels(target, unknown) { labels[.integer(id)] = label.isEmpty ? "#\(id)" : label }
        hidden = ids.map(Value.integer).filter { labels[$0] == nil }
    }

    /// Records of one name get their numbers as well.
    private mutating func tellApart() {
        for (label, keys) in Dictionary(grouping: labels.keys, by: { labels[$0] ?? "" }) where keys.count > 1 {
            for key in keys { labels[key] = "\(label) (#\(ValueText.plain(key)))" }
        }
    }

    /// Leaves groups to these values alone. What the reader may not see joins the rest, so that nothing says how much it is.
    mutating func keep(_ values: [Value]) {
        shown = values
        hidden = []
    }

    func key(of value: Value) -> GroupKey {
        if value == .null { return .none }
        if let shown { return shown.contains(value) ? .value(value) : .others }
        return hidden.contains(value) ? .hidden : .value(value)
    }

    func label(_ key: GroupKey) -> String {
        switch key {
        case .none: "None"
        case .hidden: "(hidden)"
        case .others: "Others"
        case .value(let value): labels[value] ?? ValueText.plain(value)
        }
    }

    func color(_ key: GroupKey) -> String {
        if case .value(let value) = key { colors[value] ?? "" } else { "" }
    }

    /// The condition for exactly the records of a group.
    func filter(_ key: GroupKey) -> Filter {
        switch key {
        case .none: .empty(field.name)
        case .value(let value): .compare(field.name, .equal, .value(value))
        case .hidden: .oneOf(field.name, hidden.map { .value($0) })
        case .others: .all((shown ?? []).map { .compare(field.name, .notEqual, .value($0)) } + [.not(.empty(field.name))])
        }
    }

    /// Where a group stands: by the given order, else by size; what is no single value comes last.
    func rank(_ key: GroupKey, size: Int64) -> (Int, Int, Int64, String) {
        switch key {
        case .value(let value): (0, places.isEmpty ? 0 : places[value] ?? .max, places.isEmpty ? -size : 0, label(key))
        case .none: (1, 0, 0, "")
        case .hidden: (2, 0, 0, "")
        case .others: (3, 0, 0, "")
        }
    }
}
