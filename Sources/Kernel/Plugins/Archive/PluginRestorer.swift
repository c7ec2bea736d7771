import FoundationEssentials
import PluginAPI

/// Brings the contents of an archive back into the tables of a plugin that was switched on anew, within one transaction.
struct PluginRestorer {
    let connection: any Connection
    let dialect: any Dialect
    let registry: Registry
    let archive: PluginArchive
    let folder: String

    /// Gives how many records came back.
    func restore() throws -> Int {
        var count = 0
        for table in archive.tables {
            try makeRoom(in: table.name)
            count += try records(of: table.name)
        }
        for table in archive.tables {
            guard let entity = registry.entity(table.name) else { continue }
            try dialect.dropSearch(connection, table: table.name)
            try dialect.prepareSearch(connection, table: table.name, columns: EntityTable(entity, dialect).searchColumns)
        }
        // What may be there twice is looked for anew.
        for table in archive.tables { try connection.execute("DELETE FROM \"tenon_match_rule\" WHERE \"entity\" = ?", [.text(table.name)]) }
        for link in archive.links { try restore(link) }
        try history()
        for table in archive.tables { try goOn(table.name) }
        try notes()
        try papers()
        return count
    }

    /// Records that the plugin's own first steps made give way to those of the archive; anybody else's do not.
    private func makeRoom(in table: String) throws {
        guard try !connection.columns(of: table).isEmpty else {
            throw CRMError(
                .refused, "the plugin \(archive.plugin) has no entity \(table) now", hint: "Switch on the version that the archive was made of: \(archive.version).")
        }
        let others: Int64 = try connection.integer(
            "SELECT count(*) FROM \(quoted(table)) WHERE \"created_by\" IS NOT NULL OR \"updated_by\" IS NOT NULL") ?? 0
        guard others == 0 else {
            throw CRMError(
                .refused, "there are \(others) records of \(table) by now", hint: "An archive comes back only into entities without records of their own.")
        }
        try connection.execute("DELETE FROM \(quoted(table))")
        // Its boards are counted anew.
        try connection.execute("DELETE FROM \"tenon_board\" WHERE \"entity\" = ?", [.text(table)])
        try connection.execute("DELETE FROM \"tenon_audit\" WHERE \"entity\" = ?", [.text(table)])
    }

    private func records(of table: String) throws -> Int {
        let known: Set<String> = try connection.columns(of: table)
        var count = 0
        try LineFile.read(folder + "/records/" + table + ".jsonl") { line in
            let members: [JSONValue.Member] = (line.members ?? []).filter { known.contains($0.name) }
            let names: String = members.map { quoted($0.name) }.joined(separator: ", ")
            let marks: String = members.map { _ in "?" }.joined(separator: ", ")
            try connection.execute(
                "INSERT INTO \(quoted(table)) (\(names)) VALUES (\(marks))", members.map { SQLValue(archived: $0.value) })
            count += 1
        }
        try connection.continueNumbers(of: table)
        return count
    }

    /// What pointed at the records does so again, where it is still there and points nowhere else.
    private func restore(_ link: PluginArchive.Link) throws {
        let known: Set<String> = try connection.columns(of: link.entity)
        guard link.columns.allSatisfy(known.contains) else { return }
        let sets: String = link.columns.map { quoted($0) + " = ?" }.joined(separator: ", ")
        try LineFile.read("\(folder)/links/\(link.entity).\(link.field).jsonl") { line in
            let values: [SQLValue] = link.columns.map { SQLValue(archived: line[$0] ?? .null) }
            try connection.execute(
                "UPDATE \(quoted(link.entity)) SET \(sets) WHERE \"id\" = ? AND \(quoted(link.field)) IS NULL",
                values + [SQLValue(archived: line["id"] ?? .null)])
        }
    }

    private func history() throws {
        let columns: [String] = ["entity", "record", "version", "at", "user_id", "via", "action", "changes"]
        let names: String = columns.map(quoted).joined(separator: ", ")
        try LineFile.read(folder + "/history.jsonl") { line in
            try connection.execute(
                "INSERT INTO \"tenon_audit\" (\(names)) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", columns.map { SQLValue(archived: line[$0] ?? .null) })
        }
    }

    /// The number of a record that was deleted before is not given again: its history would be a stranger's.
    private func goOn(_ table: String) throws {
        let known: Int64 = try connection.integer("SELECT max(\"record\") FROM \"tenon_audit\" WHERE \"entity\" = ?", [.text(table)]) ?? 0
        let last: Int64 = try dialect.lastNumber(connection, of: table)
        if known > last { try dialect.setLastNumber(connection, of: table, to: known) }
    }

    /// Notes keep their numbers, by which the history names them, unless another note has taken one by now.
    private func notes() throws {
        let columns: [String] = ["entity", "record", "at", "user_id", "via", "text", "edited_at"]
        let names: String = columns.map(quoted).joined(separator: ", ")
        try lines("notes") { line in
            let values: [SQLValue] = columns.map { SQLValue(archived: line[$0] ?? .null) }
            let id = SQLValue(archived: line["id"] ?? .null)
            let isTaken: Bool = try connection.integer("SELECT count(*) FROM \"tenon_note\" WHERE \"id\" = ?", [id]) != 0
            if isTaken {
                try connection.execute("INSERT INTO \"tenon_note\" (\(names)) VALUES (?, ?, ?, ?, ?, ?, ?)", values)
            } else {
                try connection.execute("INSERT INTO \"tenon_note\" (\"id\", \(names)) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", [id] + values)
            }
        }
        try dialect.dropSearch(connection, table: Note.table)
        try dialect.prepareSearch(connection, table: Note.table, columns: Note.searched)
        let going: [String] = ["entity", "record", "source_entity", "source", "as_one", "at"]
        try lines("continuations") { line in
            try connection.execute(
                "INSERT INTO \"tenon_continuation\" (\(going.map(quoted).joined(separator: ", "))) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                going.map { SQLValue(archived: line[$0] ?? .null) })
        }
    }

    /// The lines of a file that archives of earlier releases do not have.
    private func lines(_ name: String, _ each: (JSONValue) throws -> Void) throws {
        let path = folder + "/" + name + ".jsonl"
        if FileManager.default.fileExists(atPath: path) { try LineFile.read(path, each) }
    }

    /// Settings, rights and saved views.
    private func papers() throws {
        for setting in archive.settings where registry.setting(setting.key) != nil {
            try connection.execute("DELETE FROM \"tenon_setting\" WHERE \"key\" = ?", [.text(setting.key)])
            try connection.execute(
                "INSERT INTO \"tenon_setting\" (\"key\", \"plugin\", \"value\") VALUES (?, ?, ?)",
                [.text(setting.key), .text(archive.plugin), .text(setting.value)])
        }
        let roles: [Belongings.StoredRole] = try Belongings.roles(connection)
        for role in roles {
            // A role that had no rights there had none; one that was made since keeps what the plugin gave it.
            guard let grants = archive.grants.first(where: { $0.role == role.id }) else { continue }
            let kept = RoleDocument(tolerating: grants.document)
            var document = RoleDocument(tolerating: role.grants)
            for table in archive.tables {
                document.entities[table.name] = kept.entities[table.name]
                document.masks[table.name] = kept.masks[table.name]
            }
            try connection.execute("UPDATE \"role\" SET \"grants\" = ? WHERE \"id\" = ?", [.text(document.text), .integer(role.id)])
        }
        for view in archive.views {
            try connection.execute(
                "INSERT INTO \"tenon_view\" (\"user_id\", \"entity\", \"title\", \"query\", \"shared\", \"position\") VALUES (?, ?, ?, ?, ?, ?)",
                [
                    view.user.map(SQLValue.integer) ?? .null, .text(view.entity), .text(view.title), .text(view.query), .integer(view.shared),
                    .integer(view.position),
                ])
        }
    }
}
