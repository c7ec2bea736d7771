import PluginAPI

@testable import Kernel

extension AccessFixture {
    static let contributions: Contributions = {
        var registrar = Registrar()
        SystemPlugin().register(with: &registrar)
        return registrar.contributions
    }()

    /// The kernel's own entities.
    static let registry: Registry = makeRegistry([(SystemPlugin.id, contributions)])

    static func makeRegistry(_ parts: [(plugin: String, contributions: Contributions)]) -> Registry {
        let entities = parts.flatMap { plugin, contributions in
            contributions.entities.map { model($0.schema, contributions, plugin) }
        }
        return Registry(
            plugins: [], entities: entities, hooks: [:], listeners: [:], afters: [:], metrics: [], jobs: [:], routes: [], settings: [])
    }

    private static func model(_ schema: Schema, _ contributions: Contributions, _ plugin: String) -> EntityModel {
        let descriptions = SystemSlots.descriptions + schema.fields.map(\.description)
        let fields = descriptions.enumerated().map { FieldModel($1, place: $0, plugin: plugin) }
        var rules = EntityRules()
        func owned<B>(_ entries: [Contributions.RuleEntry<B>]) -> [Owned<B>] {
            entries.filter { $0.entity == schema.name }.sorted { $0.priority < $1.priority }
                .map { Owned(plugin: plugin, priority: $0.priority, body: $0.body) }
        }
        rules.prepares = owned(contributions.prepares)
        rules.validations = owned(contributions.validations)
        rules.saves = owned(contributions.saves)
        rules.deletions = owned(contributions.deletions)
        let actions = contributions.actions.filter { $0.entity == schema.name }.map { entry in
            ActionModel(
                plugin: plugin, entity: entry.entity, name: entry.name, title: entry.title, summary: entry.summary,
                style: entry.style, parts: [])
        }
        var list = AccessFixture.contributions.lists[0]
        list.entity = schema.name
        return EntityModel(
            schema: schema, plugin: plugin, fields: fields, list: list, presets: [], board: nil, sections: [], rules: rules,
            actions: actions)
    }

    static func makeTables(_ connection: any Connection, _ registry: Registry) throws {
        for entity in registry.entities {
            var columns = [
                connectionIDColumn, #""version" INTEGER"#, #""created_at" INTEGER"#, #""created_by" INTEGER"#,
                #""updated_at" INTEGER"#, #""updated_by" INTEGER"#,
            ]
            for field in entity.fields where !field.isSystem { columns.append(quoted(field.name)) }
            try connection.execute("CREATE TABLE \(quoted(entity.name)) (\(columns.joined(separator: ", ")))")
            for field in entity.fields where field.description.isUnique {
                try connection.execute(
                    "CREATE UNIQUE INDEX \(quoted("\(entity.name)_\(field.name)_unique")) ON \(quoted(entity.name)) (lower(\(quoted(field.name))))")
            }
            try SQLiteDialect().prepareSearch(connection, table: entity.name, columns: entity.searchFields.map(\.name))
        }
        for statement in kernelTables { try connection.execute(statement) }
    }

    private static let connectionIDColumn = SQLiteDialect().idColumn
    private static let kernelTables = [
        "CREATE TABLE tenon_credential (user_id INTEGER PRIMARY KEY, password TEXT, updated_at INTEGER)",
        """
        CREATE TABLE tenon_session (hash TEXT PRIMARY KEY, user_id INTEGER, csrf TEXT, created_at INTEGER, seen_at INTEGER,
        expires_at INTEGER, agent TEXT, address TEXT)
        """,
        """
        CREATE TABLE tenon_token (id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER, name TEXT, hash TEXT UNIQUE,
        created_at INTEGER, seen_at INTEGER, expires_at INTEGER)
        """,
        "CREATE TABLE tenon_login (id INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT, address TEXT, at INTEGER, ok INTEGER, user_id INTEGER)",
        "CREATE TABLE tenon_migration (plugin TEXT, name TEXT, at INTEGER, PRIMARY KEY (plugin, name))",
        """
        CREATE TABLE tenon_audit (id INTEGER PRIMARY KEY AUTOINCREMENT, entity TEXT, record INTEGER, version INTEGER, at INTEGER,
        user_id INTEGER, via TEXT, action TEXT, changes TEXT)
        """,
    ]
}
