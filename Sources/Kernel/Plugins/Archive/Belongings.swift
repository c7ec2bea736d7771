import PluginAPI

/// All that a plugin has in the database, found from the record alone.
struct Belongings: Sendable {
    /// A custom field that goes with the plugin: one of its own entities, or one elsewhere that points at them.
    struct Field: Sendable {
        let id: Int64
        let entity: String
        let name: String
        let definition: String
        let isRemoved: Bool
        var isMoney: Bool { ((try? CustomFieldDefinition(json: definition))?.kind ?? "") == "money" }
        var label: String { entity + "." + name }
    }

    /// A webhook that waits for what the plugin sends.
    struct Webhook: Sendable {
        let id: Int64
        let name: String
        /// The hooks that nobody will send any more.
        let gone: [String]
        /// Whether nothing is left that it could wait for.
        let isIdle: Bool
    }

    typealias Holding = PluginPlan.Holding

    let plugin: String
    /// Its tables with their counts of records.
    private(set) var tables: [Holding] = []
    /// Custom fields on its own entities.
    private(set) var fields: [Field] = []
    /// Custom fields of other entities that point at its own: they hold nothing any more.
    private(set) var pointers: [Field] = []
    /// Other plugins' fields that point at its entities.
    private(set) var links: [PluginOutline.Link] = []
    /// The hooks that it and its entities send.
    private(set) var hooks: [String] = []
    /// Webhooks that name its hooks, or its entities.
    private(set) var webhooks: [Webhook] = []
    /// Imports into its entities, whose files were kept.
    private(set) var imports: [Int64] = []
    private var others: [Holding] = []

    var tableNames: [String] { tables.map(\.name) }

    /// Only what is needed to say what stays.
    init(of plugin: String, _ connection: any Connection) throws {
        self.plugin = plugin
        let names: [String] = try connection.all(
            "SELECT \"name\" FROM \"tenon_owner\" WHERE \"kind\" = 'table' AND \"plugin\" = ? ORDER BY \"name\"", [.text(plugin)]
        ) { $0.text(0) }
        for name in names where try !connection.columns(of: name).isEmpty {
            let rows: Int64 = try connection.integer("SELECT count(*) FROM \(quoted(name))") ?? 0
            tables.append(Holding(kind: "table", name: name, rows: Int(rows)))
        }
    }

    /// All of it. `links` are those of all other plugins.
    init(of plugin: String, _ outline: PluginOutline?, links: [PluginOutline.Link], _ connection: any Connection) throws {
        try self.init(of: plugin, connection)
        let own = Set(tableNames)
        let stored: [Field] = try connection.all(
            "SELECT \"id\", \"entity\", \"name\", \"definition\", \"removed_at\" FROM \"tenon_custom_field\" ORDER BY \"id\""
        ) { Field(id: $0.integer(0), entity: $0.text(1), name: $0.text(2), definition: $0.text(3), isRemoved: !$0.isNull(4)) }
        fields = stored.filter { own.contains($0.entity) }
        pointers = stored.filter { field in
            !own.contains(field.entity) && (try? CustomFieldDefinition(json: field.definition))?.target.map(own.contains) ?? false
        }
        self.links = try links.filter { link in
            try own.contains(link.target) && !own.contains(link.entity) && connection.columns(of: link.entity).contains(link.field)
        }
        hooks = (outline?.hooks ?? []) + tableNames.flatMap(Composition.recordHooks) + tableNames.map(Composition.mergeHook)
        webhooks = try Self.webhooks(waitingFor: Set(hooks), or: own, connection)
        try count(connection)
    }

    private static func webhooks(
        waitingFor hooks: Set<String>, or entities: Set<String>, _ connection: any Connection
    ) throws -> [Webhook] {
        guard try !connection.columns(of: "webhook").isEmpty else { return [] }
        return try connection.all("SELECT \"id\", \"name\", \"hooks\", \"entity\" FROM \"webhook\" WHERE \"active\" = 1 ORDER BY \"id\"") {
            ($0.integer(0), $0.text(1), WebhookRules.names($0.text(2)), $0.optionalText(3))
        }.compactMap { id, name, names, entity in
            let isAbout: Bool = entity.map(entities.contains) ?? false
            let gone: [String] = names.filter(hooks.contains)
            guard isAbout || !gone.isEmpty else { return nil }
            return Webhook(id: id, name: name, gone: isAbout ? names : gone, isIdle: isAbout || gone.count == names.count)
        }
    }

    private mutating func count(_ connection: any Connection) throws {
        func add(_ kind: String, _ name: String, _ sql: String, _ arguments: [SQLValue]) throws {
            let rows: Int64 = try connection.integer(sql, arguments) ?? 0
            if rows > 0 { others.append(Holding(kind: kind, name: name, rows: Int(rows))) }
        }
        for field in fields {
            try add("field", field.label, "SELECT count(*) FROM \(quoted(field.entity)) WHERE \(quoted(field.name)) IS NOT NULL", [])
        }
        for field in pointers {
            let rows: Int64 =
                try connection.integer("SELECT count(*) FROM \(quoted(field.entity)) WHERE \(quoted(field.name)) IS NOT NULL") ?? 0
            others.append(Holding(kind: "field", name: field.label, rows: Int(rows)))
        }
        for link in links {
            try add(
                "reference", link.entity + "." + link.field,
                "SELECT count(*) FROM \(quoted(link.entity)) WHERE \(quoted(link.field)) IS NOT NULL AND \(quoted(link.field)) <> '[]'", [])
        }
        try add("settings", plugin, "SELECT count(*) FROM \"tenon_setting\" WHERE \"plugin\" = ?", [.text(plugin)])
        try add("queued jobs", plugin, "SELECT count(*) FROM \"tenon_job\" WHERE \"plugin\" = ? AND \"state\" = 'queued'", [.text(plugin)])
        try add("deliveries", plugin, "SELECT count(*) FROM \"tenon_outbox\" WHERE \"plugin\" = ?", [.text(plugin)])
        for table in tableNames {
            try add("saved views", table, "SELECT count(*) FROM \"tenon_view\" WHERE \"entity\" = ?", [.text(table)])
            try add("notes", table, "SELECT count(*) FROM \"tenon_note\" WHERE \"entity\" = ?", [.text(table)])
            try add("history entries", table, "SELECT count(*) FROM \"tenon_audit\" WHERE \"entity\" = ?", [.text(table)])
        }
        for table in tableNames {
            let ids: [Int64] = try connection.all("SELECT \"id\" FROM \"tenon_import\" WHERE \"entity\" = ?", [.text(table)]) { $0.integer(0) }
            if !ids.isEmpty { others.append(Holding(kind: "imports with their files", name: table, rows: ids.count)) }
            imports += ids
        }
        let roles: [(name: String, document: RoleDocument)] = try Self.roles(connection).map { ($0.name, RoleDocument(tolerating: $0.grants)) }
        for table in tableNames {
            let having = roles.filter { $0.document.entities[table] != nil || $0.document.masks[table] != nil }
            if having.isEmpty { continue }
            let details: [String] = having.map { role in
                let rights = (role.document.entities[table] ?? [:]).map { "\($0.key) (\($0.value.rawValue))" }.sorted()
                return "\(role.name): \(rights.joined(separator: ", "))"
            }
            others.append(Holding(kind: "rights", name: table, rows: having.count, details: details))
        }
        for webhook in webhooks {
            others.append(Holding(kind: webhook.isIdle ? "webhook" : "subscription", name: webhook.name, rows: 1, details: webhook.gone))
        }
    }

    struct StoredRole {
        let id: Int64
        let name: String
        let grants: String
    }

    static func roles(_ connection: any Connection) throws -> [StoredRole] {
        try connection.all("SELECT \"id\", \"name\", \"grants\" FROM \"role\" ORDER BY \"id\"") {
            StoredRole(id: $0.integer(0), name: $0.text(1), grants: $0.optionalText(2) ?? "")
        }
    }

    /// What is lost, as a plan says it.
    var holdings: [Holding] { tables + others }
}
