import PluginAPI

/// Takes all that belongs to a plugin out of the database, within one transaction.
struct Uninstaller {
    let connection: any Connection
    let dialect: any Dialect

    func drop(_ belongings: Belongings, paths: [String]) throws {
        let names: [String] = belongings.tableNames
        for link in belongings.links {
            try connection.execute(
                "UPDATE \(quoted(link.entity)) SET \(quoted(link.field)) = NULL WHERE \(quoted(link.field)) IS NOT NULL")
            // Boards by the field are counted anew.
            try connection.execute("DELETE FROM \"tenon_board\" WHERE \"entity\" = ?", [.text(link.entity)])
        }
        for field in belongings.pointers { try drop(field) }
        try removeRights(on: names)
        for name in names {
            try dialect.dropSearch(connection, table: name)
            try connection.execute("DROP TABLE \(quoted(name))")
            try connection.execute("DELETE FROM \"tenon_owner\" WHERE \"parent\" = ?", [.text(name)])
            try connection.execute("DELETE FROM \"tenon_preference\" WHERE \"key\" LIKE ?", [.text("%." + name)])
            try connection.execute(
                "DELETE FROM \"tenon_import_row\" WHERE \"import_id\" IN (SELECT \"id\" FROM \"tenon_import\" WHERE \"entity\" = ?)", [.text(name)])
        }
        for hook in belongings.hooks { try connection.execute("DELETE FROM \"tenon_outbox\" WHERE \"hook\" = ?", [.text(hook)]) }
        for path in paths {
            try connection.execute("DELETE FROM \"tenon_idempotency\" WHERE \"key\" LIKE ?", [.text("% /api/v1/" + path + "%")])
        }
        // Every table of the kernel says whose a row is in the same two columns, also those that come later.
        for plan in KernelTables.all(dialect) {
            let columns: Set<String> = Set(plan.columns.map(\.name))
            if columns.contains("entity") {
                for name in names { try connection.execute("DELETE FROM \(quoted(plan.name)) WHERE \"entity\" = ?", [.text(name)]) }
            }
            if columns.contains("plugin") {
                try connection.execute("DELETE FROM \(quoted(plan.name)) WHERE \"plugin\" = ?", [.text(belongings.plugin)])
            }
        }
        for name in names { try connection.execute("DELETE FROM \"tenon_continuation\" WHERE \"source_entity\" = ?", [.text(name)]) }
        // The notes are gone; what finds them is made anew.
        try dialect.dropSearch(connection, table: Note.table)
        try dialect.prepareSearch(connection, table: Note.table, columns: Note.searched)
        try connection.execute("DELETE FROM \"tenon_plugin\" WHERE \"id\" = ?", [.text(belongings.plugin)])
    }

    private func drop(_ field: Belongings.Field) throws {
        let columns: Set<String> = try connection.columns(of: field.entity)
        for index in try connection.indexes(of: field.entity) where index.hasPrefix(field.entity + "__") && index.contains(field.name) {
            try connection.execute("DROP INDEX \(quoted(index))")
        }
        if columns.contains(field.name) {
            try connection.execute("ALTER TABLE \(quoted(field.entity)) DROP COLUMN \(quoted(field.name))")
        }
        try connection.execute(
            "DELETE FROM \"tenon_owner\" WHERE \"kind\" = 'column' AND \"parent\" = ? AND \"name\" = ?", [.text(field.entity), .text(field.name)])
        try connection.execute("DELETE FROM \"tenon_custom_field\" WHERE \"id\" = ?", [.integer(field.id)])
    }

    /// Roles forget the entities. Their versions stay: nobody who edits a role at the moment is in the way of this.
    private func removeRights(on names: [String]) throws {
        for role in try Belongings.roles(connection) {
            var document = RoleDocument(tolerating: role.grants)
            let before: RoleDocument = document
            for name in names {
                document.entities[name] = nil
                document.masks[name] = nil
            }
            guard document != before else { continue }
            try connection.execute("UPDATE \"role\" SET \"grants\" = ? WHERE \"id\" = ?", [.text(document.text), .integer(role.id)])
        }
    }
}
