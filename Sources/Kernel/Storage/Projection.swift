import PluginAPI

/// What a query reads of an entity, and where each field stands in the result: id and version first, then the fields that
/// the user may see, each reference with the label of its record where the user may see that record.
struct Projection: Sendable {
    struct Item: Sendable {
        let field: FieldModel
        let column: Int
        /// The column with the label of the record that it points at.
        let labelColumn: Int?
        /// `"name":` and `"name_label":`, made once.
        let key: [UInt8]
        let labelKey: [UInt8]
    }

    let entity: EntityModel
    let items: [Item]
    let columns: String
    let joins: String
    /// The label expression of each joined reference, to sort by.
    let labels: [String: String]

    /// Reads `fields` (all that are visible when nil). With `labels`, references bring their labels.
    init(_ entity: EntityModel, fields: Set<String>?, actor: Actor, registry: Registry, withLabels: Bool) {
        var items: [Item] = []
        var columns = "t.\"id\", t.\"version\""
        var joins = ""
        var labels: [String: String] = [:]
        var next = 2
        for field in entity.fields where field.isStored {
            if let fields, !fields.contains(field.name) { continue }
            guard actor.mask(field.name, of: entity.name) != .hidden else { continue }
            let column = next
            for name in field.columns {
                columns += ", t." + name
                next += 1
            }
            var labelColumn: Int?
            if withLabels, case .reference(let target) = field.type, let model = registry.entity(target) {
                let alias = "r\(field.place)"
                let label = Projection.label(of: model, alias: alias, actor: actor)
                joins += " LEFT JOIN \(quoted(target)) \(alias) ON \(alias).\"id\" = t.\(quoted(field.name))"
                joins += QueryCompiler.visibility(of: model, alias: alias, right: "view", actor: actor).map { " AND " + $0 } ?? ""
                columns += ", " + label
                labels[field.name] = label
                labelColumn = next
                next += 1
            }
            items.append(
                Item(
                    field: field, column: column, labelColumn: labelColumn, key: JSONWriter.prepared(field.name),
                    labelKey: labelColumn != nil || field.isList ? JSONWriter.prepared(field.name + "_label") : []))
        }
        self.entity = entity
        self.items = items
        self.columns = columns
        self.joins = joins
        self.labels = labels
    }

    /// The expression of a record's label as text.
    static func label(of entity: EntityModel, alias: String, actor: Actor) -> String {
        guard let field = entity.field(entity.labelField), field.type == .text,
            actor.mask(field.name, of: entity.name) != .hidden
        else { return "'#' || \(alias).\"id\"" }
        return alias + "." + quoted(field.name)
    }

    func item(_ field: String) -> Item? { items.first { $0.field.name == field } }

    /// A whole record; fields that were not read are empty.
    func record(_ row: any Row) -> RecordData {
        var data = RecordData(id: RecordID(row.integer(0)), version: row.integer(1), layout: entity.layout)
        for item in items { data.values[item.field.place] = item.field.read(row, at: item.column) }
        return data
    }
}
