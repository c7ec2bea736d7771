import PluginAPI
import Synchronization

/// All that the enabled plugins contribute, checked and frozen. Replaced as a whole when a plugin is switched on or off or
/// a custom field is made; every request works with the one that it began with.
final class Registry: Sendable {
    struct Plugin: Sendable {
        let id: String
        let name: String
        let version: String
        /// What the administrator lets it do beyond its own records.
        var approved = PluginManifest.Capabilities()
    }
    struct Hook: Sendable {
        let plugin: String
        let name: String
        let summary: String
    }
    typealias Listener = Owned<Contributions.ListenerEntry<@Sendable (HookEvent, Transaction) throws -> Void>>
    typealias After = Owned<Contributions.ListenerEntry<@Sendable (HookEvent, Context) async throws -> Void>>

    /// Those who listen to one hook, in their order.
    final class HookLine: Sendable {
        let listeners: [Listener]
        let afters: [After]

        init(listeners: [Listener], afters: [After]) {
            self.listeners = listeners
            self.afters = afters
        }
    }

    /// A link from one entity to another.
    struct Link: Sendable {
        let entity: EntityModel
        let field: FieldModel
    }

    /// Enabled plugins in dependency order, the kernel's own part first.
    let plugins: [Plugin]
    /// Entities in the order of registration.
    let entities: [EntityModel]
    let hooks: [String: Hook]
    let listeners: [String: [Listener]]
    let afters: [String: [After]]
    /// Everyone who listens to a hook, found with one look.
    private let lines: [String: HookLine]
    /// A bit for each length that the name of a hook with listeners has: most hooks are heard by nobody, and for most of these that
    /// is seen without so much as a hash.
    private let lengths: UInt64
    let metrics: [Owned<Metric>]
    let dashboards: [Owned<DashboardView>]
    /// The parts of all dashboards, in their order.
    let widgets: [Owned<Contributions.WidgetEntry>]
    let jobs: [String: Owned<Contributions.JobEntry>]
    let routes: [Owned<Contributions.RouteEntry>]
    let settings: [Owned<Contributions.SettingEntry>]
    private let settingsByKey: [String: Contributions.SettingEntry]
    /// What formulas may call besides the language's own functions, by name.
    let functions: [String: Owned<Contributions.FunctionEntry>]
    /// What points at an entity, by the entity's name.
    let links: [String: [Link]]
    private let knownFormulas = Mutex<RegistryFormulas?>(nil)
    /// The fields that are worked out from others. Read once, when they are first asked for: they need the whole registry.
    var fieldFormulas: RegistryFormulas {
        knownFormulas.withLock { known in
            if let known { return known }
            let made = RegistryFormulas(self)
            known = made
            return made
        }
    }
    /// The fields that open something, by entity.
    let secrets: [String: Set<String>]
    /// The rights that nobody has on what plugins alone write, by entity.
    let closed: [String: Set<String>]
    /// The formulas that were asked for, read once each.
    let formulaCache = FormulaCache()
    /// What lists read, made once for each kind of list.
    let projections = ProjectionCache()
    /// What was read of entities that change seldom.
    let kept = KeptRecords()
    /// The labels of those and of users, for lists.
    let labels = KnownLabels()
    /// Rows as they were last written, for lists.
    let written = WrittenRows()
    /// What each plugin but the kernel's own part may do beyond its own records.
    private let warrants: [String: Warrant]
    private let byName: [String: EntityModel]
    private let byPath: [String: EntityModel]

    init(
        plugins: [Plugin], entities: [EntityModel], hooks: [String: Hook], listeners: [String: [Listener]],
        afters: [String: [After]], metrics: [Owned<Metric>], jobs: [String: Owned<Contributions.JobEntry>],
        routes: [Owned<Contributions.RouteEntry>], settings: [Owned<Contributions.SettingEntry>],
        functions: [String: Owned<Contributions.FunctionEntry>] = [:],
        dashboards: [Owned<DashboardView>] = [], widgets: [Owned<Contributions.WidgetEntry>] = []
    ) {
        self.plugins = plugins
        self.entities = entities
        self.hooks = hooks
        self.listeners = listeners
        self.afters = afters
        let heard = Set(listeners.keys).union(afters.keys)
        lengths = heard.reduce(0) { $0 | Registry.bit($1) }
        lines = Dictionary(
            uniqueKeysWithValues: heard.map { ($0, HookLine(listeners: listeners[$0] ?? [], afters: afters[$0] ?? [])) })
        self.metrics = metrics
        self.dashboards = dashboards
        self.widgets = widgets
        self.jobs = jobs
        self.routes = routes
        self.settings = settings
        settingsByKey = Dictionary(settings.map { ($0.body.key, $0.body) }) { first, _ in first }
        self.functions = functions
        byName = Dictionary(uniqueKeysWithValues: entities.map { ($0.name, $0) })
        byPath = Dictionary(uniqueKeysWithValues: entities.map { ($0.path, $0) })
        var links: [String: [Link]] = [:]
        for entity in entities {
            for field in entity.storedFields where !field.isSystem {
                if let target = field.target { links[target, default: []].append(Link(entity: entity, field: field)) }
            }
        }
        self.links = links
        closed = Dictionary(entities.filter { !$0.closedRights.isEmpty }.map { ($0.name, $0.closedRights) }) { first, _ in first }
        secrets = Dictionary(
            uniqueKeysWithValues: entities.compactMap { entity in
                let names = Set(entity.storedFields.filter(\.description.isSecret).map(\.name))
                return names.isEmpty ? nil : (entity.name, names)
            })
        let own: [String: [EntityModel]] = Dictionary(grouping: entities, by: \.plugin)
        let ofRecords: Set<String> = Set(entities.flatMap { Composition.recordHooks(of: $0.name) })
        let sent: [String: [Hook]] = Dictionary(grouping: hooks.values.filter { !ofRecords.contains($0.name) }, by: \.plugin)
        var warrants: [String: Warrant] = [:]
        for plugin in plugins where plugin.id != Composition.kernel {
            warrants[plugin.id] = Warrant(
                plugin: plugin.id, own: (own[plugin.id] ?? []).map(\.name), hooks: (sent[plugin.id] ?? []).map(\.name).sorted(),
                approved: plugin.approved)
        }
        self.warrants = warrants
    }

    /// What a plugin may do; nil for the kernel's own part, which nobody restricts. One that does not run may do nothing.
    func warrant(of plugin: String) -> Warrant? {
        warrants[plugin] ?? (plugin == Composition.kernel ? nil : Warrant.none(plugin))
    }

    /// Those who listen to a hook; nil when nobody does.
    func line(of hook: String) -> HookLine? { lengths & Registry.bit(hook) == 0 ? nil : lines[hook] }

    private static func bit(_ hook: String) -> UInt64 { 1 << UInt64(hook.utf8.count & 63) }

    /// Forgets what was known of records that were changed: when that is stored, and before whoever changed them is told so.
    /// - Parameter touched: their ids by entity; none where there are many.
    func forget(_ touched: [String: [Int64]]) {
        guard !touched.isEmpty else { return }
        let known: [String] = touched.keys.filter { entity($0)?.hasKnownLabels ?? false }
        guard known.isEmpty else {
            labels.forget(known)
            // Rows were written with them.
            return written.forgetAll()
        }
        written.forget(touched)
    }

    /// Forgets all of it.
    func forgetAll() {
        labels.forgetAll()
        written.forgetAll()
    }

    /// An entity by its name, or nil while its plugin is switched off.
    func entity(_ name: String) -> EntityModel? { byName[name] }

    /// An entity by its plural in URLs.
    func entity(path: String) -> EntityModel? { byPath[path] }

    /// An entity by its name; throws `notFound` otherwise.
    func require(_ name: String) throws -> EntityModel {
        guard let entity = byName[name] else {
            throw CRMError(.notFound, "there is no entity \(name)", hint: "Its plugin may be switched off.")
        }
        return entity
    }

    /// What the administrator lets a plugin do beyond its own records; nothing for one that does not run.
    func approved(_ plugin: String) -> PluginManifest.Capabilities {
        plugins.first { $0.id == plugin }?.approved ?? PluginManifest.Capabilities()
    }

    func setting(_ key: String) -> Contributions.SettingEntry? { settingsByKey[key] }
}
