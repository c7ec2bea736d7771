import PluginAPI

/// What a query reads of an entity, and where each field stands in the result: id and version first, then the fields that
/// the user may see, each reference with the label of its record where the user may see that record.
///
/// An object, because each request takes the one that it needs from memory: a structure of so many parts would be copied part by part.
final class Projection: Sendable {
    /// One field.
    struct Item: Sendable {
        let field: FieldModel
        let column: Int
        /// Where the label of the record is that it points at.
        let label: Label?
    }

    /// Where a label comes from.
    enum Label: Sendable {
        /// A column of the row: the record is joined to it.
        case column(Int)
        /// Memory, by the record's id (``KnownLabels``).
        case known(EntityModel)
    }

    /// What references bring besides an id.
    enum Labels: Hashable, Sendable {
        case none
        /// Their labels as this transaction sees them.
        case joined
        /// The same, from memory where they change seldom: for transactions that change nothing.
        case known
    }

    /// A way to read the entity's rows.
    struct Reading: Sendable {
        fileprivate let head, table: String
        /// What its expressions and joins are sent, before what the condition is.
        let arguments: [SQLValue]
        /// The column of the key by which rows are sorted, where there is an order: the last.
        let keyColumn: Int

        /// `SELECT … FROM …`, up to where the condition begins; led by an index that gives ids, its rows first, each with its record.
        func select(from source: SearchSource?) -> String {
            // CROSS JOIN, so that no planner turns it around.
            head + (source.map { $0.table + " CROSS JOIN " } ?? "") + table
        }
    }

    /// What tells one projection from another in what it makes of a row: users with the same rights have the same, whatever the order.
    struct Identity: Hashable, Sendable {
        let columns, joins: String
        let arguments: [SQLValue]
        /// The names of what is written, labels from memory included.
        let names: [UInt8]
    }

    let entity: EntityModel
    let items: [Item]
    let identity: Identity
    /// The number that stands for the identity (``ProjectionCache``), by which rows that were written are found.
    let number: Int
    /// How a row of it becomes JSON.
    let plan: RowPlan
    /// All that is read.
    let rows: Reading
    /// Nothing but id, version and key; nil where the key is a label.
    let stamps: Reading?
    /// The beginning of a query for ``rows``, up to the condition.
    private let select: String
    /// How rows are sorted, and whether they may have nothing to be sorted by.
    let key: (expression: String, mayBeNull: Bool)?

    /// Reads `fields` (all that are visible when nil).
    init(
        _ compiler: QueryCompiler, fields: Set<String>? = nil, registry: Registry, labels wanted: Labels, sort: Sort? = nil
    ) throws {
        let (entity, actor) = (compiler.entity, compiler.actor)
        var items: [Item] = []
        var plan = RowPlan()
        var columns = "t.\"id\", t.\"version\""
        var joins = SQLFragment("")
        var labels: [String: String] = [:]
        var lookedUp: [SQLValue] = []
        var next = 2

        func join(_ field: FieldModel) -> String? {
            guard case .reference(let target) = field.type, let model = registry.entity(target) else { return nil }
            if let known = labels[field.name] { return known }
            let alias = "r\(field.place)"
            joins = joins + " LEFT JOIN \(quoted(target)) \(alias) ON \(alias).\"id\" = t.\(quoted(field.name))"
            if let scope = QueryCompiler.visibility(of: model, alias: alias, actor: actor, dialect: compiler.dialect) {
                joins = joins + " AND " + scope
            }
            labels[field.name] = Projection.label(of: model, alias: alias, actor: actor)
            return labels[field.name]
        }
        /// The label of the record that a row points at, where it points at one.
        func lookUp(_ field: FieldModel) -> SQLFragment? {
            guard case .reference(let target) = field.type, let model = registry.entity(target) else { return nil }
            let alias = "r\(field.place)"
            let link = "t.\(quoted(field.name))"
            var query = SQLFragment("\(alias).\"id\" = \(link)")
            if let scope = QueryCompiler.visibility(of: model, alias: alias, actor: actor, dialect: compiler.dialect) { query = query + " AND " + scope }
            let label: String = Projection.label(of: model, alias: alias, actor: actor)
            return "CASE WHEN \(link) IS NOT NULL THEN (SELECT \(label) FROM \(quoted(target)) \(alias) WHERE " + query + ") END"
        }
        for field in entity.fields where field.isStored {
            if let fields, !fields.contains(field.name) { continue }
            guard actor.mask(field.name, of: entity.name) != .hidden else { continue }
            let column = next
            for name in compiler.columns(field) {
                columns += ", " + name
                next += 1
            }
            var label: Label?
            if wanted == .known, let target = Projection.known(field, registry, actor) {
                label = .known(target)
            } else if wanted != .none, compiler.dialect.looksUpLabels, sort?.field != field.name, let expression = lookUp(field) {
                columns += ", " + expression.sql
                lookedUp += expression.arguments
                label = .column(next)
                next += 1
            } else if wanted != .none, let expression = join(field) {
                columns += ", " + expression
                label = .column(next)
                next += 1
            }
            items.append(Item(field: field, column: column, label: label))
            plan.add(field, column: column, label: label)
        }
        identity = Identity(columns: columns, joins: joins.sql, arguments: lookedUp + joins.arguments, names: plan.keys)
        var isPlain = true
        key = try sort.map { sort in
            let field = entity.field(sort.field)
            let label: String? = field?.isStored == true ? field.flatMap(join) : nil
            isPlain = label == nil
            return try compiler.order(sort, label: label)
        }
        if let key { columns += ", " + key.expression }
        rows = Reading(
            head: "SELECT " + columns + " FROM ", table: quoted(entity.name) + " t" + joins.sql, arguments: lookedUp + joins.arguments, keyColumn: next)
        stamps =
            isPlain
            ? Reading(
                head: "SELECT t.\"id\", t.\"version\"" + (key.map { ", " + $0.expression } ?? "") + " FROM ", table: quoted(entity.name) + " t",
                arguments: [], keyColumn: 2)
            : nil
        select = rows.select(from: nil)
        number = registry.projections.number(of: identity)
        self.entity = entity
        self.items = items
        self.plan = plan
    }

    /// The entity that a field points at, if its labels are the same for all who see it, and this user sees all of them.
    private static func known(_ field: FieldModel, _ registry: Registry, _ actor: Actor) -> EntityModel? {
        guard case .reference(let name) = field.type, let target = registry.entity(name), target.hasKnownLabels,
            actor.owners("view", on: name) == nil, actor.mask(target.labelField, of: name) != .hidden
        else { return nil }
        return target
    }

    /// The expression of a record's label as text.
    static func label(of entity: EntityModel, alias: String, actor: Actor) -> String {
        guard let field = entity.field(entity.labelField), field.type == .text, field.isStored,
            actor.mask(field.name, of: entity.name) != .hidden
        else { return "'#' || \(alias).\"id\"" }
        return alias + "." + quoted(field.name)
    }

    /// Whether nothing is asked besides to write a row but labels that are mostly known.
    var isOneQuestion: Bool { plan.lists.isEmpty }

    /// The question for ``rows``: their beginning is the longer part by far, so that the rest is put together first.
    func query(_ rest: SQLFragment) -> SQLFragment { SQLFragment(select + rest.sql, rows.arguments + rest.arguments) }

    func item(_ field: String) -> Item? { items.first { $0.field.name == field } }

    /// A whole record; fields that were not read are empty.
    func record(_ row: any Row) -> RecordData {
        var data = RecordData(id: RecordID(row.integer(0)), version: row.integer(1), layout: entity.layout)
        for item in items { data.values[item.field.place] = item.field.read(row, at: item.column) }
        return data
    }
}
