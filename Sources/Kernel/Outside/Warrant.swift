import PluginAPI

/// What one plugin may do beyond its own records, as an administrator approved it. Made ready once for a registry, so that
/// asking it is a look-up in a set.
final class Warrant: Sendable {
    let plugin: String
    let approved: PluginManifest.Capabilities
    private let readable: Set<String>
    private let writable: Set<String>
    /// Few: looked through faster than a set is asked.
    private let hooks: [String]

    /// What every plugin may read: whom records belong to.
    static let openToAll: Set<String> = ["user", "team"]

    /// `own` are its entities, `hooks` those that it registers itself.
    init(plugin: String, own: [String], hooks: [String] = [], approved: PluginManifest.Capabilities) {
        self.plugin = plugin
        self.approved = approved
        self.hooks = hooks
        writable = Set(own).union(approved.writes)
        readable = writable.union(approved.reads).union(Warrant.openToAll)
    }

    /// A plugin that does not run any more: nothing.
    static func none(_ plugin: String) -> Warrant { Warrant(plugin: plugin, own: [], approved: .init()) }

    /// Throws `forbidden` unless the plugin may read an entity.
    @inline(__always)
    func read(_ entity: String, _ uses: PluginUses) throws {
        if !readable.contains(entity) { throw refusal(.read, entity, uses) }
    }

    /// Throws `forbidden` unless the plugin may make, change and delete records of an entity.
    @inline(__always)
    func write(_ entity: String, _ uses: PluginUses) throws {
        if !writable.contains(entity) { throw refusal(.write, entity, uses) }
    }

    /// Throws `forbidden` unless the setting is the plugin's own or the deployment's.
    func setting(_ key: String, _ uses: PluginUses) throws {
        if !isOwn(key), !key.hasPrefix(Composition.kernel + ".") { throw refusal(.setting, key, uses) }
    }

    /// Throws `forbidden` unless the job is the plugin's own.
    func job(_ name: String, _ uses: PluginUses) throws {
        if !isOwn(name) { throw refusal(.job, name, uses) }
    }

    /// Throws `forbidden` unless the plugin registers the hook itself: what other plugins and the records say of themselves, nobody
    /// else says.
    @inline(__always)
    func emit(_ hook: String, _ uses: PluginUses) throws {
        if !hooks.contains(hook) { throw refusal(.hook, hook, uses) }
    }

    private func isOwn(_ key: String) -> Bool { key.hasPrefix(plugin) && key.dropFirst(plugin.count).first == "." }

    /// Throws `forbidden` unless the plugin may send requests to a host.
    func connect(to address: OutgoingAddress, _ uses: PluginUses) throws {
        guard address.isCovered(by: approved.hosts) else { throw refusal(.connect, address.host, uses) }
        uses.note(plugin, .connect, address.host, isRefused: false)
    }

    /// Throws `forbidden` unless the plugin may send mail. The domains of the recipients are counted.
    func mail(to domains: [String], _ uses: PluginUses) throws {
        guard approved.mail else { throw refusal(.mail, domains.first ?? "anybody", uses) }
        for domain in domains { uses.note(plugin, .mail, domain, isRefused: false) }
    }

    /// Throws `forbidden` unless the plugin may keep files.
    func files(_ uses: PluginUses) throws {
        if !approved.files { throw refusal(.files, "files", uses) }
    }

    /// Why the plugin may not act with every right; nil when it may.
    func elevation(for reason: String, _ uses: PluginUses) -> CRMError? {
        guard approved.elevated != nil else { return refusal(.elevate, reason, uses) }
        uses.note(plugin, .elevate, reason, isRefused: false)
        return nil
    }

    private func refusal(_ kind: PluginUses.Kind, _ target: String, _ uses: PluginUses) -> CRMError {
        uses.note(plugin, kind, target, isRefused: true)
        return CRMError(.forbidden, "the plugin \(plugin) may not \(kind.words(target))", hint: hint(kind, target))
    }

    private func hint(_ kind: PluginUses.Kind, _ target: String) -> String {
        let declaration: String
        switch kind {
        case .read: declaration = "\"reads\": [\"\(target)\"]"
        case .write: declaration = "\"writes\": [\"\(target)\"]"
        case .connect: declaration = "\"hosts\": [\"\(target)\"]"
        case .mail: declaration = "\"mail\": true"
        case .files: declaration = "\"files\": true"
        case .elevate: declaration = "\"elevated\": \"why\""
        case .setting: return "A plugin reads its own settings and the deployment's; ask for the value in a setting of its own."
        case .job: return "A plugin queues its own jobs; send a hook that the other plugin listens to."
        case .hook: return "A plugin sends the hooks that it registers itself: crm.hook(…). Those of records, the kernel sends."
        }
        return "Declare \(declaration) under capabilities in its plugin.json and have it approved: tenon plugin enable \(plugin)"
    }
}
