import PluginAPI

/// Turns what plugins registered into the frozen registry, or says what keeps which plugin out of it.
///
/// A reference to an entity whose optional plugin is switched off keeps its place in the record and its column, and is
/// marked as not stored: no place moves when plugins come and go, so the plugins' keys stay bound to the same places while
/// requests are under way.
struct RegistryBuilder {
    enum Outcome {
        case registry(Registry)
        case problems([PluginProblem])
    }

    private let composition: Composition

    init(_ composition: Composition) { self.composition = composition }

    /// Checks everything at once and builds. Keys are bound only when there is no problem.
    static func build(_ composition: Composition) -> Outcome {
        let problems: [PluginProblem] = CompositionChecks.problems(in: composition)
        return problems.isEmpty ? .registry(RegistryBuilder(composition).registry()) : .problems(problems)
    }

    private func registry() -> Registry {
        let entities: [EntityModel] = composition.parts.flatMap { part in
            part.contributions.entities.filter { !$0.isForeign }.map { EntityBuilder($0.schema, part, composition).model() }
        }
        bindKeys(to: entities)
        let metrics: [Owned<Metric>] = metrics(over: entities)
        return Registry(
            plugins: composition.parts.map { Registry.Plugin(id: $0.id, name: $0.name, version: $0.version, approved: $0.approved) },
            entities: entities, hooks: hooks(), listeners: listeners(), afters: afters(), metrics: metrics, jobs: jobs(),
            routes: owned(\.routes) { .of($0, .route, "\($1.method.rawValue) \($1.path)") }, settings: owned(\.settings),
            functions: functions(), dashboards: owned(\.dashboards), widgets: widgets(of: metrics))
    }

    // MARK: Keys

    /// Points every key at the place of its field. A key of an entity that is switched off keeps the place it had: there is no
    /// record to read with it.
    private func bindKeys(to entities: [EntityModel]) {
        let models: [String: EntityModel] = Dictionary(uniqueKeysWithValues: entities.map { ($0.name, $0) })
        let schemas: [Schema] =
            composition.parts.flatMap { $0.contributions.entities.map(\.schema) } + [User.schema, Team.schema, Role.schema]
        for schema in schemas {
            guard let model = models[schema.name] else { continue }
            for field in schema.fields {
                let place: Int = model.field(field.name)?.place ?? -1
                if field.slot.place != place { field.slot.bind(to: place) }
            }
        }
    }

    // MARK: Hooks and background work

    private func hooks() -> [String: Registry.Hook] {
        var hooks: [String: Registry.Hook] = [:]
        for part in composition.parts {
            for entry in part.contributions.entities where !entry.isForeign {
                let title: String = entry.schema.title.lowercased()
                let verbs: [String] = ["made", "changed", "deleted"]
                for (name, verb) in zip(Composition.recordHooks(of: entry.schema.name), verbs) {
                    hooks[name] = Registry.Hook(plugin: part.id, name: name, summary: "A record of \(title) was \(verb).")
                }
                let merge: String = Composition.mergeHook(of: entry.schema.name)
                hooks[merge] = Registry.Hook(plugin: part.id, name: merge, summary: "Records of \(title) became one.")
            }
            for hook in part.contributions.hooks {
                hooks[hook.name] = Registry.Hook(plugin: part.id, name: hook.name, summary: hook.summary)
            }
        }
        return hooks
    }

    private func listeners() -> [String: [Registry.Listener]] { byHook(\.listeners, .listener) }

    private func afters() -> [String: [Registry.After]] { byHook(\.afters, .after) }

    private func byHook<Body>(
        _ entries: KeyPath<Contributions, [Contributions.ListenerEntry<Body>]>, _ kind: CallKind
    ) -> [String: [Owned<Contributions.ListenerEntry<Body>>]] {
        var all: [String: [Owned<Contributions.ListenerEntry<Body>>]] = [:]
        for part in composition.parts {
            for entry in part.contributions[keyPath: entries] where composition.sender(of: entry.hook) != nil {
                let site = CallSite.of(part.id, kind, entry.name == entry.hook ? entry.hook : "\(entry.hook) \(entry.name)")
                all[entry.hook, default: []].append(Owned(plugin: part.id, priority: entry.priority, body: entry, site: site))
            }
        }
        return all.mapValues { $0.inOrder() }
    }

    private func jobs() -> [String: Owned<Contributions.JobEntry>] {
        let all: [Owned<Contributions.JobEntry>] = owned(\.jobs) { .of($0, .job, $1.name) }
        return Dictionary(all.map { ($0.body.name, $0) }) { first, _ in first }
    }

    private func functions() -> [String: Owned<Contributions.FunctionEntry>] {
        let all: [Owned<Contributions.FunctionEntry>] = owned(\.functions) { .of($0, .function, $1.name) }
        return Dictionary(all.map { ($0.body.name, $0) }) { first, _ in first }
    }

    /// A metric over what is switched off is left out; one over all records is not over those that are set aside.
    private func metrics(over entities: [EntityModel]) -> [Owned<Metric>] {
        let all: [Owned<Metric>] = owned(\.metrics)
        let asides: [String: EntityModel] = Dictionary(entities.filter { $0.aside != nil }.map { ($0.name, $0) }) { first, _ in first }
        let present = all.filter { metric in
            var names: [String] = metric.body.filter.namedFields
            if let date = metric.body.date { names.append(date) }
            switch metric.body.measure {
            case .count: break
            case .sum(let field), .average(let field): names.append(field)
            }
            return composition.has(metric.body.entity) && names.allSatisfy { composition.isPresent($0, of: metric.body.entity) }
        }
        return present.map { metric in
            guard let entity = asides[metric.body.entity] else { return metric }
            var body: Metric = metric.body
            body.filter = entity.leavingAside(body.filter, naming: body.filter.namedFields)
            return Owned(plugin: metric.plugin, priority: metric.priority, body: body, site: metric.site)
        }
    }

    /// What is about something that is switched off is left out.
    private func widgets(of metrics: [Owned<Metric>]) -> [Owned<Contributions.WidgetEntry>] {
        let known: [String: Metric] = Dictionary(metrics.map { ($0.body.key, $0.body) }) { first, _ in first }
        let all: [Owned<Contributions.WidgetEntry>] = owned(\.widgets)
        return all.compactMap { owned -> Owned<Contributions.WidgetEntry>? in
            guard let widget = DashboardsCheck.usable(owned.body.widget, known, composition) else { return nil }
            var entry = owned.body
            entry.widget = widget
            return Owned(plugin: owned.plugin, priority: entry.order, body: entry)
        }.inOrder()
    }

    private func owned<Entry: Sendable>(
        _ entries: KeyPath<Contributions, [Entry]>, _ site: (_ plugin: String, Entry) -> CallSite = { _, _ in .unnamed }
    ) -> [Owned<Entry>] {
        composition.parts.flatMap { part in
            part.contributions[keyPath: entries].map { Owned(plugin: part.id, priority: 0, body: $0, site: site(part.id, $0)) }
        }
    }
}

extension Array {
    /// The total order of what runs at one point: by priority, else as it stands: in dependency order of the plugins, then
    /// in order of registration.
    func inOrder<Body>() -> [Element] where Element == Owned<Body> {
        enumerated().sorted { ($0.element.priority, $0.offset) < ($1.element.priority, $1.offset) }.map(\.element)
    }
}
