import PluginAPI

/// Which tables and rows a backup holds: all but what follows from the rest or is nobody's after a restore.
enum BackupTables {
    /// Made anew from the rest: schemas carried out, keys of duplicates, figures of boards.
    static let derived: Set<String> = [
        "tenon_schema", "tenon_match_key", "tenon_match_rule", "tenon_board", "tenon_board_figure",
    ]
    /// Not to come back: whoever was logged in logs in again, since a session that was ended since must not be there again; and which
    /// servers there were, what each was doing, and what they told each other. The uploads that several servers share are in a backup
    /// as the files that they are elsewhere.
    static let passing: Set<String> = ["tenon_session", "tenon_peer", "tenon_lease", "tenon_change", "tenon_import_file"]
    /// What a restore writes for itself.
    static let ownFacts: Set<String> = ["format", "tables"]
    /// The folders of the data directory that go along: files of plugins, uploaded imports, what was uninstalled, the libraries
    /// that are switched on.
    static let folders = ["files", "imports", "archives", "kept"]

    /// Columns of the kernel's tables that name a row that must be there.
    private static let kernelLinks: [String: [BackupManifest.Link]] = [
        "tenon_import_row": [.init(column: "import_id", target: "tenon_import", isList: false)],
    ]

    /// All tables of a deployment, found from its own records, in a fixed order.
    static func all(_ connection: any Connection, _ dialect: any Dialect, _ registry: Registry) throws -> [BackupManifest.Table] {
        var tables: [BackupManifest.Table] = []
        for plan in KernelTables.all(dialect) where !derived.contains(plan.name) && !passing.contains(plan.name) {
            let key: [String] = plan.primaryKey.isEmpty ? ["id"] : plan.primaryKey
            guard var table = try table(plan.name, of: Composition.kernel, key: key, connection, dialect) else { continue }
            table.links = kernelLinks[plan.name] ?? []
            tables.append(table)
        }
        let owners: [(String, String)] = try connection.all(
            "SELECT \"name\", \"plugin\" FROM \"tenon_owner\" WHERE \"kind\" = 'table' ORDER BY \"name\"") { ($0.text(0), $0.text(1)) }
        let links: [String: [PluginOutline.Link]] = try self.links(connection, registry)
        for (name, plugin) in owners {
            guard var table = try table(name, of: plugin, key: ["id"], connection, dialect) else { continue }
            for link in links[name] ?? [] {
                guard let column = table.columns.first(where: { $0.name == link.field }) else { continue }
                table.links.append(.init(column: link.field, target: link.target, isList: column.kind == .text))
            }
            tables.append(table)
        }
        let names: Set<String> = Set(tables.map(\.name))
        for place in tables.indices { tables[place].links.removeAll { !names.contains($0.target) } }
        return tables
    }

    private static func table(
        _ name: String, of plugin: String, key: [String], _ connection: any Connection, _ dialect: any Dialect
    ) throws -> BackupManifest.Table? {
        let kinds: [String: ColumnKind] = try dialect.columnKinds(connection, of: name)
        guard !kinds.isEmpty else { return nil }
        // The key first, the rest by name: the same order whatever the order in which columns were added.
        let rest: [String] = kinds.keys.filter { !key.contains($0) }.sorted()
        var table = BackupManifest.Table(
            name: name, plugin: plugin, columns: (key + rest).map { .init(name: $0, kind: kinds[$0] ?? .text) }, key: key)
        if key == ["id"], kinds["id"] == .integer { table.lastID = try dialect.lastNumber(connection, of: name) }
        return table
    }

    /// What points at what: as the plugins that run say, and as is on record of the others.
    private static func links(_ connection: any Connection, _ registry: Registry) throws -> [String: [PluginOutline.Link]] {
        var links: [PluginOutline.Link] = []
        var known: Set<String> = []
        for entity in registry.entities {
            for field in entity.fields where !field.isSystem && field.formula == nil {
                guard let target = field.target, known.insert(entity.name + "." + field.name).inserted else { continue }
                links.append(.init(entity: entity.name, field: field.name, target: target))
            }
        }
        let outlines: [String] = try connection.all(
            "SELECT \"outline\" FROM \"tenon_plugin\" WHERE \"outline\" IS NOT NULL ORDER BY \"id\"") { $0.text(0) }
        for text in outlines {
            // What an earlier release wrote and this one cannot read says nothing about links.
            for link in (try? PluginOutline(stored: text))?.links ?? [] where known.insert(link.entity + "." + link.field).inserted {
                links.append(link)
            }
        }
        return Dictionary(grouping: links, by: \.entity)
    }

    static func plugins(_ connection: any Connection) throws -> [BackupManifest.Plugin] {
        try connection.all("SELECT \"id\", \"version\", \"enabled\", \"checksum\" FROM \"tenon_plugin\" ORDER BY \"id\"") {
            .init(id: $0.text(0), version: $0.optionalText(1) ?? "", enabled: $0.integer(2) != 0, checksum: $0.optionalText(3))
        }
    }
}
