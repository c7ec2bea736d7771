import PluginAPI

extension StoreTransaction {
    /// The notes of a record and of those that were merged into it, newest first; older than `before`.
    func notes(_ entity: EntityModel, _ id: RecordID, before: Int64? = nil, limit: Int = 50) throws -> [Note] {
        try requireNotes(entity, id)
        var found: [Note] = []
        for place in [TimelinePlace(entity: entity, id: id.raw)] + (try merged(into: entity, id)) {
            let older = before == nil ? "" : " AND id < ?"
            let arguments: [SQLValue] = [.text(place.entity.name), .integer(place.id)] + (before.map { [.integer($0)] } ?? [])
            found += try connection.all(
                "SELECT \(Note.columns) FROM tenon_note WHERE entity = ? AND record = ?\(older) ORDER BY id DESC LIMIT ?",
                arguments + [.integer(Int64(limit))], Note.init)
        }
        return Array(found.sorted { $0.id > $1.id }.prefix(limit))
    }

    /// One note of a record; throws `notFound` when there is none that the user may see.
    func note(_ entity: EntityModel, _ id: RecordID, _ note: Int64) throws -> Note {
        try requireNotes(entity, id)
        for place in [TimelinePlace(entity: entity, id: id.raw)] + (try merged(into: entity, id)) {
            let found = try connection.first(
                "SELECT \(Note.columns) FROM tenon_note WHERE id = ? AND entity = ? AND record = ?",
                [.integer(note), .text(place.entity.name), .integer(place.id)], Note.init)
            if let found { return found }
        }
        throw CRMError(.notFound, "\(entity.title.lowercased()) \(id) has no note \(note)", hint: "It may have been deleted.")
    }

    /// Notes by their ids, for entries of a timeline.
    func notes(_ ids: [Int64]) throws -> [Int64: Note] {
        guard !ids.isEmpty else { return [:] }
        let query = "SELECT \(Note.columns) FROM tenon_note WHERE " + dialect.among("id", ids)
        return Dictionary(uniqueKeysWithValues: try connection.all(query.sql, query.arguments, Note.init).map { ($0.id, $0) })
    }

    /// Whether the user may change or delete a note: the author, and whoever administers the deployment.
    func mayChange(_ note: Note) -> Bool {
        actor.isElevated || (note.user != nil && note.user == actor.userID) || actor.can(.manageSettings)
    }

    // MARK: Writing

    func addNote(_ entity: String, _ id: RecordID, _ text: String) throws -> RecordID {
        RecordID(try addNote(try registry.require(entity), id, text).id)
    }

    /// Writes a note. Whoever may see a record may.
    func addNote(_ entity: EntityModel, _ id: RecordID, _ text: String) throws -> Note {
        try requireNotes(entity, id)
        let text = try StoreTransaction.checkedNote(text)
        return try core.changing("notes") {
            let user: SQLValue = actor.userID.map(SQLValue.integer) ?? .null
            let made: Int64 = try connection.insert(
                "INSERT INTO tenon_note (entity, record, at, user_id, via, text) VALUES (?, ?, ?, ?, ?, ?)",
                [.text(entity.name), .integer(id.raw), .integer(now.milliseconds), user, .text(actor.via), .text(text)])
            try dialect.index(connection, table: Note.table, columns: Note.searched, id: made, texts: [text], isNew: true)
            try auditNote(entity, id, .noteAdded, made)
            core.touch(entity.name, id.raw)
            try emit(NoteContributions.added.name, NoteAdded(entity: entity.name, record: id, note: RecordID(made)))
            return try note(entity, id, made)
        }
    }

    /// Puts other words into a note.
    func editNote(_ entity: EntityModel, _ id: RecordID, _ number: Int64, _ text: String) throws -> Note {
        let old = try changeable(entity, id, number)
        let text = try StoreTransaction.checkedNote(text)
        if text == old.text { return old }
        return try core.changing("notes") {
            try connection.execute(
                "UPDATE tenon_note SET text = ?, edited_at = ? WHERE id = ?", [.text(text), .integer(now.milliseconds), .integer(number)])
            try dialect.index(connection, table: Note.table, columns: Note.searched, id: number, texts: [text], isNew: false)
            try auditNote(entity, id, .noteChanged, number, old.text, text)
            core.touch(entity.name, id.raw)
            return try note(entity, id, number)
        }
    }

    func deleteNote(_ entity: EntityModel, _ id: RecordID, _ number: Int64) throws {
        let old = try changeable(entity, id, number)
        try core.changing("notes") {
            try connection.execute("DELETE FROM tenon_note WHERE id = ?", [.integer(number)])
            try dialect.unindex(connection, table: Note.table, id: number)
            try auditNote(entity, id, .noteDeleted, number, old.text, nil)
            core.touch(entity.name, id.raw)
        }
    }

    private func changeable(_ entity: EntityModel, _ id: RecordID, _ number: Int64) throws -> Note {
        let note = try note(entity, id, number)
        guard mayChange(note) else {
            throw CRMError(.forbidden, "this note is somebody else's", hint: "Its author and administrators may change it.")
        }
        return note
    }

    private static func checkedNote(_ text: String) throws -> String {
        let text = text.trimmed
        if let problem = Note.field.problem(with: .text(text)) {
            throw CRMError(.invalid, "the note cannot be kept as it is", problems: [Problem(field: Note.field.name, problem)])
        }
        return text
    }

    /// Records of plugins have notes; users, teams and roles, which everyone sees, have none.
    private func requireNotes(_ entity: EntityModel, _ id: RecordID) throws {
        guard entity.plugin != Composition.kernel else {
            throw CRMError(.notFound, "\(entity.pluralTitle.lowercased()) have no notes")
        }
        guard try reaches(entity, id) else { throw StoreTransaction.missing(entity, id) }
    }
}
