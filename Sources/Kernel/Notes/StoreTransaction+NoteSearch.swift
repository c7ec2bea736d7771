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
        var visible = SQLFragment("(")
        for (place, entity) in open.enumerated() {
            let begin = place == 0 ? "" : " OR "
            visible = visible + SQLFragment(
                begin + "(t.\"entity\" = ? AND EXISTS (SELECT 1 FROM \(quoted(entity.name)) r WHERE r.\"id\" = t.\"record\"", [.text(entity.name)])
            if let scope = QueryCompiler.visibility(of: entity, alias: "r", actor: actor, dialect: dialect) { visible = visible + " AND " + scope }
            visible = visible + "))"
        }
        visible = visible + ")"
        var hits: [NoteHit] = []
        func take(_ from: String, _ condition: SQLFragment, by id: String) throws {
            guard hits.count < limit else { return }
            let columns = "t.\"id\", t.\"entity\", t.\"record\", t.\"text\""
            let query: SQLFragment = "SELECT \(columns) FROM \(from)\"tenon_note\" t WHERE " + condition + " ORDER BY \(id) DESC LIMIT ?"
            try connection.query(query.sql, query.arguments + [.integer(Int64(limit - hits.count))]) { row in
                if let entity = registry.entity(row.text(1)) {
                    hits.append(NoteHit(entity: entity, record: row.integer(2), label: "", note: row.integer(0), text: row.text(3)))
                }
                return true
            }
        }
        if let sources = try dialect.hits(connection, table: Note.table, columns: Note.searched, of: Note.searched, words: words) {
            for source in sources.reversed() { try take(source.table + " CROSS JOIN ", source.leading(visible), by: source.id) }
        } else {
            var condition: SQLFragment = visible
            for word in words {
                condition = condition + " AND " + dialect.match(table: Note.table, columns: Note.searched, of: Note.searched, text: word)
            }
            try take("", condition, by: "t.\"id\"")
        }
        for (name, found) in Dictionary(grouping: hits.indices, by: { hits[$0].entity.name }) {
            let labels = try labels(name, found.map { hits[$0].record })
            for place in found { hits[place].label = labels[hits[place].record] ?? "#\(hits[place].record)" }
        }
        return hits
    }
}
