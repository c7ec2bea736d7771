import PluginAPI

/// What a plugin adds, by name and as plain values: kept on record, compared at an upgrade, shown before a change. Never needs
/// the plugin's code.
struct PluginOutline: Sendable, Codable, Equatable {
    struct Table: Sendable, Codable, Equatable {
        var name: String
        var path: String
        /// `name type`, in order.
        var columns: [String]
        var indexes: [String]
        var search: [String]
    }

    /// A field that points at an entity, of this plugin or of another.
    struct Link: Sendable, Codable, Equatable {
        var entity: String
        var field: String
        var target: String
    }

    var version = ""
    var tables: [Table] = []
    var links: [Link] = []
    var hooks: [String] = []
    /// The hooks that it listens to.
    var listens: [String] = []
    var actions: [String] = []
    var extensions: [String] = []
    var jobs: [String] = []
    var settings: [String] = []
    var metrics: [String] = []
    var routes: [String] = []
    var functions: [String] = []
    /// `role: right entity (scope)`.
    var rights: [String] = []
    var migrations: [String] = []
    /// Whether it has a word in its own upgrade.
    var checksUpgrades = false

    init() {}

    /// A part of a registry that it is in.
    init(_ part: Composition.Part, _ registry: Registry, _ dialect: any Dialect) {
        let own: Contributions = part.contributions
        version = part.version
        for entity in registry.entities where entity.plugin == part.id {
            let table = EntityTable(entity, dialect)
            let plan: TablePlan = table.plan
            tables.append(
                Table(
                    name: plan.name, path: entity.path, columns: plan.columns.map { $0.name + " " + $0.definition },
                    indexes: plan.indexes.map(\.name), search: table.searchColumns))
            for field in entity.fields where !field.isSystem && field.plugin == part.id {
                if let target = field.target { links.append(Link(entity: entity.name, field: field.name, target: target)) }
            }
        }
        hooks = own.hooks.map(\.name)
        listens = Set(own.listeners.map(\.hook) + own.afters.map(\.hook)).sorted()
        actions = own.actions.filter { !$0.isExtension }.map { $0.entity + "." + $0.name }
        extensions = own.actions.filter(\.isExtension).map { $0.entity + "." + $0.name }
        jobs = own.jobs.map(\.name)
        settings = own.settings.map(\.key)
        metrics = own.metrics.map(\.key)
        routes = own.routes.map { $0.method.rawValue + " /plugins/" + part.id + "/" + $0.path.drop { $0 == "/" } }
        functions = own.functions.map(\.name)
        rights = own.grants.map { "\($0.role.rawValue): \($0.grant.right) \($0.entity) (\($0.grant.scope.rawValue))" }
        migrations = own.migrations.map(\.name)
        checksUpgrades = !own.upgradeChecks.isEmpty
    }

    init(stored text: String) throws { self = try PayloadCoding.decode(PluginOutline.self, from: Array(text.utf8)) }

    var stored: String { (try? PayloadCoding.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}" }
}
