import PluginAPI

/// What a list shows, as its address says: tab, filters, order, columns.
struct ListState {
    let entity: EntityModel
    let query: QueryState
    /// Names in the query that are no filters.
    static let reserved: Set<String> = [
        "q", "sort", "cursor", "limit", "columns", "col", "view", "saved", "add", "fields", "count", "within", "column", "after", "format", "csrf",
        "board", "rows", "set_aside",
    ]

    var base: String { "/admin/\(entity.path)" }

    /// The filters' part of the query.
    var filters: [FrontRequest.QueryItem] { query.items.filter { !ListState.reserved.contains($0.name) } }

    /// What the list asks of the store: the filters of the address within the preset's.
    func query(_ transaction: StoreTransaction) throws -> ListQuery {
        let plain = filters + query.items.filter { ["q", "cursor", "sort", "set_aside"].contains($0.name) }
        var parsed = try ListQuery(plain, entity: entity, transaction: transaction)
            .leavingAside(entity, naming: preset?.filter.namedFields ?? [])
        if query["sort"] == nil { parsed.sort = parsed.search == nil ? sort : sort.forSearch }
        if let preset { parsed.filter = .all([preset.filter, parsed.filter]) }
        return parsed
    }

    /// Whether the formula of the address is not one.
    func isWrong(_ transaction: StoreTransaction) -> Bool {
        guard let text = query["where"], !text.trimmed.isEmpty else { return false }
        return (try? transaction.compiler(entity).condition(formula: text)) == nil
    }

    /// The same, and nothing at all while the formula of the address is not one: what is wrong stands beside it.
    func checkedQuery(_ transaction: StoreTransaction) throws -> ListQuery {
        do { return try query(transaction) } catch let error as CRMError where error.problems.contains(where: { $0.field == "where" }) {
            var parsed = try ListState(entity: entity, query: query.without("where", "cursor")).query(transaction)
            parsed.filter = .any([])
            return parsed
        }
    }

    /// The preset that is chosen, or nil.
    var preset: PresetView? { query["view"].flatMap { key in entity.presets.first { ListState.key($0) == key } } }

    static func key(_ preset: PresetView) -> String {
        preset.title.lowercased().split { !$0.isLetter && !$0.isNumber }.joined(separator: "-")
    }

    var sort: Sort {
        guard let text = query["sort"], !text.isEmpty else { return preset?.sort ?? entity.list.sort }
        let name = text.hasPrefix("-") ? String(text.dropFirst()) : text
        return Sort(field: name, descending: text.hasPrefix("-"))
    }

    /// The columns that were asked for, or else preferred, or else declared; those that the reader may see.
    func columns(preferred: [String]?, actor: Actor) -> [FieldModel] {
        let asked = query["columns"]?.split(separator: ",").map(String.init)
        var names = asked ?? preferred ?? entity.list.columns
        if names.isEmpty { names = entity.list.columns }
        if !names.contains(entity.labelField) { names.insert(entity.labelField, at: 0) }
        var seen: Set<String> = []
        return names.compactMap { name in
            guard seen.insert(name).inserted, actor.mask(name, of: entity.name) != .hidden else { return nil }
            return entity.field(name)
        }
    }

    /// The field of a filter's name: `value.gte` filters `value`.
    static func field(_ name: String) -> String { String(name.prefix { $0 != "." }) }
}
