import PluginAPI

/// The records of small entities, as options of a form or a filter; and their colours.
final class RecordChoices {
    /// Above so many, a field looks up as one types.
    static let most = 100
    private let transaction: StoreTransaction
    private var known: [String: [FieldChoice]?] = [:]
    private var colors: [String: [Int64: String]] = [:]

    init(_ transaction: StoreTransaction) { self.transaction = transaction }

    /// The options of an entity in their order; nil when there are too many to list.
    func all(_ entityName: String) throws -> [FieldChoice]? {
        if let found = known[entityName] { return found }
        let found = try load(entityName)
        known[entityName] = .some(found)
        return found
    }

    private func load(_ entityName: String) throws -> [FieldChoice]? {
        guard let entity = transaction.registry.entity(entityName), transaction.actor.can("view", on: entityName) else { return [] }
        let sort = entity.field("position") != nil ? Sort(field: "position", descending: false) : Sort(field: entity.labelField, descending: false)
        let filter: Filter = entity.field("active") != nil ? .compare("active", .notEqual, .value(.boolean(false))) : .everything
        let records = try transaction.all(entityName, where: filter, sort: [sort], limit: RecordChoices.most + 1)
        guard records.count <= RecordChoices.most else { return nil }
        let color = RecordChoices.colorField(entity)
        let choices = records.map { record in
            FieldChoice(
                key: record.id.description, label: RecordChoices.label(record, entity),
                color: color.map { ValueText.plain(record[$0]) } ?? "")
        }
        return try grouped(choices, records, entity)
    }

    /// Names that are unique only together with a link (a step of one of several ways) stand under what they are linked to.
    private func grouped(_ choices: [FieldChoice], _ records: [RecordData], _ entity: EntityModel) throws -> [FieldChoice] {
        let beside: [String] = entity.schema.uniqueSets.first { $0.contains(entity.labelField) } ?? []
        guard let field = beside.compactMap(entity.field).first(where: { $0.target != nil && $0.isStored }), let target = field.target,
            target != entity.name, let groups = try all(target)
        else { return choices }
        var grouped: [(place: Int, choice: FieldChoice)] = []
        for (choice, record) in zip(choices, records) {
            let key: String = ValueText.plain(record.values[field.place])
            let place: Int = groups.firstIndex { $0.key == key } ?? groups.count
            var choice: FieldChoice = choice
            if place < groups.count { choice.group = groups[place].label }
            grouped.append((place, choice))
        }
        return grouped.enumerated().sorted { ($0.element.place, $0.offset) < ($1.element.place, $1.offset) }.map(\.element.choice)
    }

    /// The colour of a record, where its entity has one.
    func color(_ entityName: String, _ id: Int64) throws -> String {
        if let found = colors[entityName] { return found[id] ?? "" }
        var found: [Int64: String] = [:]
        if let entity = transaction.registry.entity(entityName), let field = RecordChoices.colorField(entity) {
            let records = try transaction.withRights(for: "colours of marks").all(
                entityName, where: .not(.empty(field)), sort: [], limit: 500)
            for record in records { found[record.id.raw] = ValueText.plain(record[field]) }
        }
        colors[entityName] = found
        return found[id] ?? ""
    }

    static func colorField(_ entity: EntityModel) -> String? {
        entity.fields.first { $0.description.format == .color }?.name
    }

    static func label(_ record: RecordData, _ entity: EntityModel) -> String {
        let text = ValueText.plain(record[entity.labelField])
        return text.isEmpty ? "#\(record.id)" : text
    }
}
