import PluginAPI

/// A list's state that someone gave a name: a tab above the list.
struct SavedView: Sendable {
    var id: Int64
    var title: String
    /// The query of the list's address.
    var query: String
    var isShared: Bool
    var isMine: Bool
}

extension StoreTransaction {
    /// The reader's own views of an entity and those that others share.
    func savedViews(of entity: EntityModel) throws -> [SavedView] {
        let user = actor.userID ?? 0
        return try connection.all(
            """
            SELECT id, title, query, shared, user_id FROM tenon_view WHERE entity = ? AND (user_id = ? OR shared = 1)
            ORDER BY position, id LIMIT 50
            """, [.text(entity.name), .integer(user)]
        ) { row in
            SavedView(
                id: row.integer(0), title: row.text(1), query: row.text(2), isShared: row.integer(3) == 1,
                isMine: row.integer(4) == user)
        }
    }

    /// Keeps a view; returns its id.
    func saveView(of entity: EntityModel, title: String, query: String, isShared: Bool) throws -> Int64 {
        let title = title.trimmed
        guard !title.isEmpty, title.count <= 60 else {
            throw CRMError(.invalid, "the view needs a name of at most 60 characters", problems: [Problem(field: "title", "is missing or too long")])
        }
        guard query.utf8.count <= 4000 else { throw CRMError(.invalid, "the view has too many filters") }
        try connection.execute(
            "INSERT INTO tenon_view (user_id, entity, title, query, shared, position) VALUES (?, ?, ?, ?, ?, 0)",
            [.integer(actor.userID ?? 0), .text(entity.name), .text(title), .text(query), .integer(isShared ? 1 : 0)])
        return try connection.integer("SELECT max(id) FROM tenon_view WHERE user_id = ?", [.integer(actor.userID ?? 0)]) ?? 0
    }

    /// Removes one of the reader's own views; whoever manages settings may remove shared ones.
    func deleteView(_ id: Int64) throws {
        let mayAny = actor.can(.manageSettings)
        try connection.execute(
            "DELETE FROM tenon_view WHERE id = ? AND (user_id = ?\(mayAny ? " OR shared = 1" : ""))",
            [.integer(id), .integer(actor.userID ?? 0)])
    }

    /// Something that the reader prefers, by key; nil when nothing was chosen.
    func preference(_ key: String) throws -> String? {
        try connection.first(
            "SELECT value FROM tenon_preference WHERE user_id = ? AND key = ?", [.integer(actor.userID ?? 0), .text(key)]
        ) { $0.text(0) }
    }

    /// Keeps a preference; nil forgets it.
    func setPreference(_ key: String, _ value: String?) throws {
        let user = SQLValue.integer(actor.userID ?? 0)
        try connection.execute("DELETE FROM tenon_preference WHERE user_id = ? AND key = ?", [user, .text(key)])
        if let value {
            try connection.execute(
                "INSERT INTO tenon_preference (user_id, key, value) VALUES (?, ?, ?)", [user, .text(key), .text(value)])
        }
    }

    /// How many notices the reader has not seen.
    func unreadNotices() throws -> Int {
        Int(try connection.integer(
            "SELECT count(*) FROM tenon_notification WHERE user_id = ? AND read_at IS NULL", [.integer(actor.userID ?? 0)]) ?? 0)
    }
}
