import PluginAPI

/// The table of an entity: columns by the types of its fields, indexes by how its lists and boards ask.
struct EntityTable {
    let entity: EntityModel
    let dialect: any Dialect

    init(_ entity: EntityModel, _ dialect: any Dialect) {
        self.entity = entity
        self.dialect = dialect
    }

    var plan: TablePlan {
        var plan = TablePlan(entity.name)
        addSystemColumns(to: &plan)
        for field in entity.fields where !field.isSystem { addColumns(of: field, to: &plan) }
        addUniqueIndexes(to: &plan)
        addListIndexes(to: &plan)
        addBoardIndexes(to: &plan)
        for names in entity.schema.indexedSets where names.allSatisfy(isIndexable) { plan.index(names) }
        addPlainIndexes(to: &plan)
        return plan
    }

    /// The columns of the search index.
    var searchColumns: [String] { entity.searchFields.map(\.name) }

    /// Nothing is NOT NULL but what the kernel fills in by itself: a field added to a table with rows has no value there.
    private func addSystemColumns(to plan: inout TablePlan) {
        plan.idColumn(dialect)
        plan.column("version", dialect.integerType + " NOT NULL")
        plan.column("created_at", dialect.integerType + " NOT NULL")
        plan.column("created_by", dialect.integerType)
        plan.column("updated_at", dialect.integerType + " NOT NULL")
        plan.column("updated_by", dialect.integerType)
        if !entity.boards.isEmpty { plan.column("rank", dialect.integerType + " NOT NULL DEFAULT 0") }
    }

    private func addColumns(of field: FieldModel, to plan: inout TablePlan) {
        for (name, definition) in Self.columns(of: field, dialect) { plan.column(name, definition) }
    }

    /// The columns that hold a field, with their types.
    static func columns(of field: FieldModel, _ dialect: any Dialect) -> [(name: String, definition: String)] {
        let own: (name: String, definition: String) = (field.name, columnType(field.type, dialect))
        return field.type == .money ? [own, (field.currencyColumn, dialect.textType)] : [own]
    }

    private static func columnType(_ type: FieldType, _ dialect: any Dialect) -> String {
        switch type {
        case .text, .choice, .json, .day, .references: dialect.textType
        case .integer, .boolean, .decimal, .money, .moment, .reference: dialect.integerType
        }
    }

    private func isText(_ field: FieldModel) -> Bool { Self.columnType(field.type, dialect) == dialect.textType }

    private func addUniqueIndexes(to plan: inout TablePlan) {
        let single: [[String]] = entity.fields.filter(\.description.isUnique).map { [$0.name] }
        for names in single + entity.schema.uniqueSets {
            let fields: [FieldModel] = names.compactMap(entity.field)
            guard fields.count == names.count else { continue }
            var terms: [String] = []
            var conditions: [String] = []
            for field in fields {
                let column: String = quoted(field.name)
                terms.append(isText(field) ? "lower(\(column))" : column)
                conditions.append("\(column) IS NOT NULL" + (isText(field) ? " AND \(column) <> ''" : ""))
            }
            plan.unique(names, terms: terms, where: conditions.joined(separator: " AND "))
        }
    }

    /// A page of a list is: these values of a filter, in the list's order, from a place on.
    private func addListIndexes(to plan: inout TablePlan) {
        plan.index(["created_at", "id"])
        let order: String = entity.list.sort.field
        let sort: FieldModel? = entity.field(order)
        if let sort { plan.index([sort.name, "id"]) }
        let tail: String = sort?.name ?? "created_at"
        var filters: [String] = entity.list.filters
        if let owner = entity.ownerField { filters.append(owner.name) }
        for name in filters where name != tail && isIndexable(name) { plan.index([name, tail, "id"]) }
    }

    private func isIndexable(_ name: String) -> Bool {
        guard let field = entity.field(name) else { return false }
        switch field.type {
        case .json, .references: return false
        case .text: return field.description.format != .multiline
        default: return true
        }
    }

    /// The cards of a column in their order; and the same for one user, who sees nobody else's.
    private func addBoardIndexes(to plan: inout TablePlan) {
        for board in entity.boards {
            let fixed: [String] = board.cards.plainEqualities
            let owner: [String] = entity.ownerField.map { [$0.name] } ?? []
            for owner in owner.isEmpty ? [[]] : [[], owner] {
                plan.index(board.isByMonth ? fixed + owner + [board.by, "id"] : [board.by] + fixed + owner + ["rank", "id"])
            }
        }
    }

    /// Fields that are looked up and do not already begin another index.
    private func addPlainIndexes(to plan: inout TablePlan) {
        for field in entity.fields where !field.isSystem && isIndexable(field.name) {
            let isLookedUp: Bool = field.description.isIndexed || field.description.isOwner || field.target != nil
            let beginning: String = "(\(quoted(field.name)),"
            guard isLookedUp, !plan.indexes.contains(where: { $0.sql.contains(beginning) }) else { continue }
            // Nobody looks for what is empty by such an index; a list that is sorted by it has those rows behind, in the order of their ids.
            if field.description.isRequired { plan.index([field.name]) } else { plan.index(sparse: field.name) }
        }
    }
}
