import PluginAPI

/// The life of plugins in this process: load, register, check, migrate, start. A failure at any step leaves that plugin out,
/// says why, and lets the others go on.
///
/// Extensions, a file each: the start, switching on and off, custom fields, what screens show.
actor PluginHost {
    /// Which plugins a new deployment begins with.
    enum Beginning: Sendable {
        /// Those that come with the product. What others have put into the data directory waits for somebody to switch it on and
        /// approve what it asks for.
        case own
        /// All that are found, with what they ask for.
        case all
        case only([String])
    }

    let store: Store
    let catalogue: PluginCatalogue
    let loader = PluginLoader()
    /// Tries out what this process has not loaded; nil where there is no program for it.
    let trial: PluginTrial?
    /// Whether no plugin is loaded: safe mode.
    let isSafe: Bool
    /// The plugins that are kept out because they crashed the server.
    var quarantined: [String: Quarantine]

    var ledger: PluginLedger?
    var contents = PluginCatalogue.Contents()
    /// What runs, in load order, and why the others that are switched on do not.
    var lineup = PluginLineup()
    /// Why plugins that are switched off could not be switched on.
    var refusals: [String: PluginLineup.Failure] = [:]
    var checksums = KnownChecksums()
    /// Whether plugins or custom fields are being changed: one change at a time.
    var isChanging = false
    /// Whether this worker waits for its replacement.
    var isBeingReplaced = false
    /// Whether what another server changed is being taken in.
    private var isFollowing = false
    /// The servers of this database, where there may be several: one of them at a time changes plugins or fields.
    let peers: Peers?
    private var observers: [@Sendable (Registry) async -> Void] = []

    init(
        store: Store, catalogue: PluginCatalogue, trial: PluginTrial? = PluginTrial(), isSafe: Bool = false,
        quarantined: [String: Quarantine] = [:], peers: Peers? = nil
    ) {
        self.peers = peers
        self.store = store
        self.trial = trial
        self.isSafe = isSafe
        self.quarantined = quarantined
        self.catalogue = catalogue
    }

    /// Has somebody told after every change of the registry.
    func observe(_ body: @escaping @Sendable (Registry) async -> Void) { observers.append(body) }

    var engine: any Engine { store.engine }
    var clock: any Clock { store.clock }
    var installer: PluginInstaller { PluginInstaller(engine: engine, clock: clock, settings: store.settings, calls: store.calls) }

    /// Demo data of what runs, in load order; the kernel fills in its own people first.
    var demos: [(plugin: String, demo: Contributions.MigrationEntry)] {
        lineup.parts.filter { $0.id != Composition.kernel }.flatMap { part in part.contributions.demos.map { (part.id, $0) } }
    }

    /// What an administrator lets a plugin do beyond its own records. ``Registry/approved(_:)`` says it for what runs.
    func approved(_ id: String) -> PluginManifest.Capabilities { ledger?.rows[id]?.approved ?? PluginManifest.Capabilities() }

    /// What each of some plugins may do: as approved, or as it asks where nobody was ever asked.
    func approvals(of entries: [PluginCatalogue.Entry], _ ledger: PluginLedger) -> [String: PluginManifest.Capabilities] {
        Dictionary(uniqueKeysWithValues: entries.map { ($0.id, ledger.rows[$0.id]?.approved ?? $0.manifest.capabilities) })
    }

    /// The record of this deployment; throws before the start.
    func requireLedger() throws -> PluginLedger {
        guard let ledger else { throw CRMError(.unavailable, "the plugins are not started yet") }
        return ledger
    }

    /// The registry of some parts with the custom fields.
    func registry(_ parts: [Composition.Part], _ fields: [CustomField]) throws -> Registry {
        switch RegistryBuilder.build(Composition(parts: parts, customFields: fields)) {
        case .registry(let registry): return registry
        case .problems(let problems):
            throw CRMError(
                .refused, "the plugins do not fit together", hint: problems.first { !$0.hint.isEmpty }?.hint ?? "",
                problems: problems.map { Problem(field: "", "\($0.plugin): \($0.message)") })
        }
    }

    /// Makes a registry the one that requests begin with.
    func publish(_ registry: Registry, _ effects: [CommitEffects] = []) async {
        store.replace(registry: registry)
        for effects in effects { await store.announce(effects) }
        for observer in observers { await observer(registry) }
    }

    /// Runs one change at a time: the actor alone does not keep two from interleaving while they wait for the database.
    func changing<T: Sendable>(_ body: () async throws -> T) async throws -> T {
        guard !isChanging else {
            throw CRMError(.unavailable, "another change of plugins or fields is under way", hint: "Try again in a moment.")
        }
        isChanging = true
        defer { isChanging = false }
        while isFollowing { try await Task.sleep(for: .milliseconds(5)) }
        return try await alone(within: 10) {
            // What another server changed a moment ago is what this change begins with.
            if peers != nil { try await takeInChanges() }
            return try await body()
        }
    }

    /// Does something that only one server of the database may do at a time.
    func alone<T: Sendable>(within seconds: Double, _ body: () async throws -> T) async throws -> T {
        guard let peers else { return try await body() }
        guard let lease = try await peers.leases.claim("composition", within: seconds) else {
            throw CRMError(
                .unavailable, "another server is changing plugins or fields, or is starting", hint: "Try again in a moment.")
        }
        do {
            let result: T = try await body()
            try await peers.leases.release(lease)
            return result
        } catch {
            try? await peers.leases.release(lease)
            throw error
        }
    }

    /// Takes in what other servers changed; waits for a change of this one to end.
    func follow() async throws {
        while isChanging || isFollowing { try await Task.sleep(for: .milliseconds(5)) }
        isFollowing = true
        defer { isFollowing = false }
        try await takeInChanges()
    }
}
