import PluginAPI

/// What follows from the records, made anew from them.
struct DerivedTables: Sendable {
    let store: Store
    let rights: RightsSnapshot

    private var actor: Actor { .system("rebuild", rights: rights) }

    /// The figures of all boards and the keys of duplicates: a restore leaves the search indexes to the start of the plugins.
    func makeAnew(_ duplicates: MatchKeeper) async throws {
        for entity in store.registry.entities {
            try await figures(of: entity.name)
            if !entity.duplicates.isEmpty { try await duplicates.complete(entity) }
        }
    }

    func search(of name: String) async throws {
        try await store.write(as: actor) { tx in
            let columns: [String]
            if name == Note.table {
                columns = Note.searched
            } else {
                guard let entity = tx.registry.entity(name) else { return }
                columns = EntityTable(entity, tx.dialect).searchColumns
            }
            try tx.dialect.dropSearch(tx.connection, table: name)
            try tx.dialect.prepareSearch(tx.connection, table: name, columns: columns)
        }
    }

    func figures(of name: String) async throws {
        try await store.write(as: actor) { tx in
            if let entity = tx.registry.entity(name) { try tx.recount(entity) }
        }
    }

    func matchKeys(of name: String, _ duplicates: MatchKeeper) async throws {
        try await store.engine.write { connection in
            for table in ["tenon_match_rule", "tenon_match_key"] {
                try connection.execute("DELETE FROM \(quoted(table)) WHERE \"entity\" = ?", [.text(name)])
            }
        }
        if let entity = store.registry.entity(name) { try await duplicates.complete(entity) }
    }

    func numbers(of table: String, after number: Int64) async throws {
        let dialect: any Dialect = store.engine.dialect
        try await store.engine.write { try dialect.setLastNumber($0, of: table, to: number) }
    }
}
