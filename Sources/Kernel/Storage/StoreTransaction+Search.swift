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
            let condition = try compiler(entity).condition(.search(words))
            let sql = "SELECT t.\"id\", \(label) FROM \(quoted(entity.name)) t WHERE \(condition.sql) ORDER BY t.\"id\" DESC LIMIT \(limit)"
            try connection.query(sql, condition.arguments) { row in
                hits.append(SearchHit(entity: entity, id: row.integer(0), label: row.text(1)))
                return true
            }
        }
        return hits
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
                condition.sql += " AND " + dialect.like(label)
                condition.arguments.append(.text(likePattern(words, anywhere: true)))
            }
        }
        let order = entity.field("position") == nil ? "lower(\(label))" : "t.\"position\""
        let sql = "SELECT t.\"id\", \(label) FROM \(quoted(entity.name)) t WHERE \(condition.sql) ORDER BY \(order), t.\"id\" LIMIT \(limit)"
        return try connection.all(sql, condition.arguments) { ($0.integer(0), $0.text(1)) }
    }
}
