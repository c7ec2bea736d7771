import PluginAPI

/// A note that a search over everything found.
struct NoteHit: Sendable {
    var entity: EntityModel
    var record: Int64
    /// What the note's record is called.
    var label: String
    var note: Int64
    var text: String

    /// The words around the first place where one of the searched words stands.
    func excerpt(_ words: String, _ length: Int = 80) -> String {
        let line = String(text.map { $0.isNewline ? " " : $0 })
        let first = words.split(whereSeparator: \.isWhitespace).first.map { $0.lowercased() } ?? ""
        guard line.count > length, !first.isEmpty, let range = line.lowercased().firstRange(of: first) else { return String(line.prefix(length)) }
        let start = max(0, line.lowercased()[..<range.lowerBound].count - length / 3)
        return (start > 0 ? "…" : "") + String(line.dropFirst(start).prefix(length))
    }
}

extension StoreTransaction {
    /// The newest notes that contain all words of a text, on records that the user may see.
    func searchNotes(_ text: String, limit: Int = 5) throws -> [NoteHit] {
        let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
        let open = registry.entities.filter { $0.plugin != Composition.kernel && actor.can("view", on: $0.name) }
        guard !words.isEmpty, !open.isEmpty else { return [] }
        let source: SearchSource? = try dialect.hits(connection, table: Note.table, columns: Note.searched, of: Note.searched, words: words)
        let leading: String = source.map { $0.table + " CROSS JOIN " } ?? ""
        var query = SQLFragment("SELECT t.\"id\", t.\"entity\", t.\"record\", t.\"text\" FROM \(leading)\"tenon_note\" t WHERE ")
        if let source {
            query = query + source.condition + " AND t.\"id\" = \(source.id) AND "
        } else {
            for word in words { query = query + dialect.match(table: Note.table, columns: Note.searched, of: Note.searched, text: word) + " AND " }
        }
        query = query + "("
        for (place, entity) in open.enumerated() {
            let begin = place == 0 ? "" : " OR "
            query = query + SQLFragment(
                begin + "(t.\"entity\" = ? AND EXISTS (SELECT 1 FROM \(quoted(entity.name)) r WHERE r.\"id\" = t.\"record\"", [.text(entity.name)])
            if let scope = QueryCompiler.visibility(of: entity, alias: "r", actor: actor, dialect: dialect) { query = query + " AND " + scope }
            query = query + "))"
        }
        query = query + ") ORDER BY \(source?.id ?? "t.\"id\"") DESC LIMIT ?"
        var hits: [NoteHit] = []
        try connection.query(query.sql, query.arguments + [.integer(Int64(limit))]) { row in
            if let entity = registry.entity(row.text(1)) {
                hits.append(NoteHit(entity: entity, record: row.integer(2), label: "", note: row.integer(0), text: row.text(3)))
            }
            return true
        }
        for (name, found) in Dictionary(grouping: hits.indices, by: { hits[$0].entity.name }) {
            let labels = try labels(name, found.map { hits[$0].record })
            for place in found { hits[place].label = labels[hits[place].record] ?? "#\(hits[place].record)" }
        }
        return hits
    }
}
