import PluginAPI

/// One record that a search over everything found.
struct SearchHit: Sendable {
    var entity: EntityModel
    var id: Int64
    var label: String
}

extension StoreTransaction {
    /// Records of any entity whose searchable fields contain all words of a text, a few of each entity, within what the user
    /// may see.
    func search(_ text: String, limit: Int = 5) throws -> [SearchHit] {
        let words = text.trimmed
        guard !words.isEmpty else { return [] }
        var hits: [SearchHit] = []
        for entity in registry.entities where !entity.searchFields.isEmpty && actor.can("view", on: entity.name) {
            let label = Projection.label(of: entity, alias: "t", actor: actor)
            let compiler: QueryCompiler = compiler(entity)
            let table: String = quoted(entity.name) + " t"
            var left: Int = limit
            func take(_ from: String, _ condition: SQLFragment, by id: String) throws {
                guard left > 0 else { return }
                let query: SQLFragment = "SELECT t.\"id\", \(label) FROM \(from) WHERE " + condition + " ORDER BY \(id) DESC LIMIT ?"
                try connection.query(query.sql, query.arguments + [.integer(Int64(left))]) { row in
                    hits.append(SearchHit(entity: entity, id: row.integer(0), label: row.text(1)))
                    left -= 1
                    return true
                }
            }
            if let (sources, rest) = try compiler.hits(.search(words), connection) {
                let condition: SQLFragment = try compiler.condition(rest)
                for source in sources.reversed() { try take(source.table + " CROSS JOIN " + table, source.leading(condition), by: source.id) }
            } else {
                try take(table, try compiler.condition(.search(words)), by: "t.\"id\"")
            }
        }
        return hits
    }

    /// The newest records that have all words of a text.
    func newest(_ entity: EntityModel, _ text: String, limit: Int) throws -> [RecordData] {
        var records: [RecordData] = []
        let order = Sort(field: "id", descending: true)
        _ = try page(ListRequest(entity: entity, filter: .search(text), sort: order, limit: limit, withLabels: false)) { row, projection in
            records.append(projection.record(row))
        }
        return records
    }

    /// Records to choose from in a form: those whose label or searchable text contains a text, by label.
    func options(_ entity: EntityModel, _ text: String, limit: Int = 20) throws -> [(id: Int64, label: String)] {
        let label = Projection.label(of: entity, alias: "t", actor: actor)
        let words = text.trimmed
        var condition = try compiler(entity).condition(.everything)
        if !words.isEmpty {
            if !entity.searchFields.isEmpty {
                condition = try compiler(entity).condition(.search(words))
            } else {
                condition = condition + SQLFragment(" AND " + dialect.like(label), [.text(likePattern(words, anywhere: true))])
            }
        }
        let order = entity.field("position") == nil ? "lower(\(label))" : "t.\"position\""
        let query = "SELECT t.\"id\", \(label) FROM \(quoted(entity.name)) t WHERE " + condition + " ORDER BY \(order), t.\"id\" LIMIT ?"
        return try connection.all(query.sql, query.arguments + [.integer(Int64(limit))]) { ($0.integer(0), $0.text(1)) }
    }
}
