import Foundation
import Logging
import PluginAPI
import Synchronization

/// A running deployment: the database, the enabled plugins and what works for them. Put together in ``boot(_:)``, which
/// reads as the story of a start.
final class Kernel: Sendable {
    /// The product's version.
    static let version = "0.1.0"

    /// What a start is told.
    struct Options: Sendable {
        /// The folder that holds the deployment; made when it is not there.
        var dataDirectory: String
        /// Where the database is, when it is not the file in the data directory: an address of a PostgreSQL server.
        var databaseURL: String?
        /// Copies of that database, for lists and reports.
        var replicaURLs: [String] = []
        /// The folders in which plugins are looked for, besides `plugins` in the data directory.
        var home: Home = .beside()
        /// Which plugins a new deployment begins with.
        var beginning = PluginHost.Beginning.own
        var clock: any Clock = SystemClock()
        /// False only in tests: does not wait for the disk.
        var isDurable = true
        /// Why no plugin is to be loaded; nil when plugins are loaded as usual.
        var safeMode: String?
        /// Names that are not looked up when something is sent outside, as `host:port:address`: only in tests.
        var resolved: [String] = []
        /// How often servers of one database look at each other.
        var pace = Peers.Pace()
    }

    let options: Options
    let clock: any Clock
    let store: Store
    let authenticator: Authenticator
    let plugins: PluginHost
    let live: LiveUpdates
    let deliveries: Deliveries
    let jobs: JobRunner
    let webhooks: Webhooks
    let outside: OutsideServices
    let imports: Importer
    let formulas: FormulaKeeper
    let duplicates: MatchKeeper
    let assets: AssetFiles
    let trouble = StoreTrouble()
    /// Which plugins were too slow.
    let slow: SlowCallBook
    private let slowKeeper = Mutex<Task<Void, Never>?>(nil)
    /// Which reading of the settings began last, and which one holds.
    private let settingTurns = Mutex((begun: 0, held: 0))
    /// Which reading of the rights began last, and which one holds.
    private let rightTurns = Mutex((begun: 0, held: 0))
    private let rightsNow: RightsHolder
    /// The servers of this database; nil where there is but one.
    let peers: Peers?

    /// Who may do what, as of now.
    var rights: RightsSnapshot { rightsNow.current }
    /// The door to all fronts.
    var front: Front { Front(kernel: self, assets: assets) }

    // MARK: Starting

    /// Opens the deployment and loads its plugins. Nothing works in the background until ``start()``.
    static func boot(_ options: Options) async throws -> Kernel {
        try FileManager.default.createDirectory(
            atPath: options.dataDirectory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let engine = try Kernel.engine(options)
        let rights = RightsHolder()
        // Clocks of machines differ; a clock that a test has set does not.
        let shared: SharedClock? = engine.isShared && options.clock is SystemClock ? SharedClock(options.clock) : nil
        let clock: any Clock = shared ?? options.clock
        let store = Store(
            engine: engine, clock: clock, registry: Registry.empty, calls: PluginCalls(uses: PluginUses(clock: clock)))
        // Before any plugin is loaded: one that crashed the server too often stays out.
        let reports = ReportFolder(dataDirectory: options.dataDirectory)
        let quarantined = try await CrashLedger.takeIn(reports, engine)
        // Before anything is read that another server may change.
        let peers: Peers? =
            engine.isShared
            ? try await Peers.join(engine, at: PeerNode(dataDirectory: options.dataDirectory), pace: options.pace, time: shared) : nil
        let plugins = PluginHost(
            store: store, catalogue: PluginCatalogue(home: options.home, dataDirectory: options.dataDirectory),
            isSafe: options.safeMode != nil, quarantined: quarantined, peers: peers)
        do { try await plugins.boot(options.beginning) } catch {
            await peers?.leave()
            throw error
        }
        if let peers { store.share(as: peers.id) }

        // An uninstallation that was cut short behind its transaction is brought to its end.
        for done in try await LeftoverFiles(dataDirectory: options.dataDirectory).putAway(engine, all: false) {
            Logger(label: "tenon").notice("left over from an earlier end: \(done)")
        }

        let kernel = Kernel(options, store, plugins, rights, peers)
        try await kernel.reloadRights()
        try await kernel.reloadSettings()
        try await kernel.webhooks.reload()
        store.onCommit { [weak kernel] effects in await kernel?.committed(effects) }
        // What waited for a plugin goes on when it is there; schedules follow the deployment's time zone.
        store.onReplace { [weak kernel] in
            kernel?.deliveries.wake()
            kernel?.jobs.wake()
        }
        await plugins.observe { [weak kernel] _ in await kernel?.recomposed() }
        return kernel
    }

    private static func engine(_ options: Options) throws -> any Engine {
        if let url = options.databaseURL {
            return try PostgreSQLEngine(try PostgreSQLAddress(url), replicas: try options.replicaURLs.map { try PostgreSQLAddress($0) })
        }
        return try SQLiteEngine(path: options.dataDirectory + "/tenon.sqlite", durable: options.isDurable)
    }

    private init(_ options: Options, _ store: Store, _ plugins: PluginHost, _ rights: RightsHolder, _ peers: Peers?) {
        self.options = options
        self.peers = peers
        self.store = store
        self.plugins = plugins
        clock = store.clock
        rightsNow = rights
        let engine = store.engine
        let logger = Logger(label: "tenon.background")
        let allowsPrivate: @Sendable () -> Bool = { store.settings.value(KernelSettings.privateAddresses) }
        let outside = OutsideServices(
            client: OutgoingClient(places: 8, resolved: options.resolved, allowsPrivate: allowsPrivate),
            filesFolder: options.dataDirectory + "/files",
            mail: MailPost {
                try MailPost.Account(store.settings, password: try MailPassword.read())
            })
        self.outside = outside
        let webhooks = Webhooks(
            store: store,
            client: OutgoingClient(places: Webhooks.width, resolved: options.resolved, allowsPrivate: allowsPrivate),
            leases: peers?.leases, rights: { rights.current }, log: { logger.warning("\($0)") })
        self.webhooks = webhooks
        let context: MakeContext = { user, via, plugin in
            let actor = user.map { Actor.user($0, via: via, rights: rights.current) } ?? .system(via, rights: rights.current)
            return Context(StoreContext(store: store, actor: actor, plugin: plugin, outside: outside))
        }
        authenticator = Authenticator(engine: engine, clock: clock, safeMode: options.safeMode) { rights.current }
        live = LiveUpdates(clock: clock) { user, entity in rights.current.scope(of: user, right: "view", entity: entity) }
        deliveries = Deliveries(
            engine: engine, clock: clock, registry: { store.registry }, calls: store.calls, leases: peers?.leases,
            log: { logger.warning("\($0)") }, context: context, webhooks: { try await webhooks.spread($0) })
        jobs = JobRunner(
            engine: engine, clock: clock, registry: { store.registry }, zone: { store.settings.calendar },
            calls: store.calls, leases: peers?.leases, log: { logger.warning("\($0)") }, context: context)
        formulas = FormulaKeeper(store: store, rights: { rights.current }, log: { logger.warning("\($0)") })
        duplicates = MatchKeeper(store: store, rights: { rights.current }, log: { logger.warning("\($0)") })
        imports = Importer(store: store, clock: clock, folder: options.dataDirectory + "/imports", leases: peers?.leases)
        assets = AssetFiles(folder: options.home.assets)
        slow = SlowCallBook(store: store) { .system("calls", rights: rights.current) }
    }

    /// Begins the work in the background: deliveries, jobs, imports that an earlier end interrupted.
    func start() async throws {
        peers?.start { [weak self] change in try await self?.follow(change) } waking: { [weak self] in await self?.workIsFree() }
        // Without plugins there is nothing to run, and what waits for them keeps waiting.
        if options.safeMode != nil { return }
        store.calls.uses.start(store.engine) { Logger(label: "tenon.background").warning("\($0)") }
        webhooks.start()
        deliveries.start()
        try await jobs.start()
        formulas.start()
        duplicates.start()
        try await imports.recover(rights: rights)
        let slow = slow
        slowKeeper.withLock { $0 = Task { await slow.keep() } }
    }

    /// Finishes what is under way and closes the database.
    func stop() async throws {
        live.close()
        await imports.stop()
        await formulas.stop()
        await duplicates.stop()
        await jobs.stop()
        await deliveries.stop()
        slowKeeper.withLock { $0?.cancel() }
        await slow.settle()
        await webhooks.stop()
        try await store.calls.uses.stop(store.engine)
        await peers?.leave()
        try await store.engine.close()
    }

    // MARK: Following changes

    /// What follows a stored transaction.
    private func committed(_ effects: CommitEffects) async {
        if effects.changesRights {
            do {
                try await reloadRights()
                try await authenticator.usersChanged()
            } catch { Logger(label: "tenon").error("the rights could not be read again: \(error)") }
        }
        if effects.hasFormulaWork { formulas.wake() }
        if effects.changesWebhooks { await webhooksChanged() }
        await effects.pass(to: deliveries, jobs, live, store.registry)
    }

    private func webhooksChanged() async {
        do { try await webhooks.reload() } catch {
            Logger(label: "tenon").error("the webhooks could not be read again: \(error)")
        }
        webhooks.wake()
    }

    /// What follows a change of the registry: plugins or custom fields came or went.
    private func recomposed() async {
        rightsNow.current = rightsNow.current.with(store.registry)
        formulas.wake()
        duplicates.wake()
        do { try await reloadSettings() } catch {
            Logger(label: "tenon").error("the settings could not be read again: \(error)")
        }
    }

    /// Reads users, teams and roles again.
    func reloadRights() async throws {
        let turn = rightTurns.withLock { turns in
            turns.begun += 1
            return turns.begun
        }
        let rights: RightsSnapshot = try await store.engine.read { try RightsLoader.load($0) }
        rightTurns.withLock { turns in
            // As with settings: a reading that began later knows more.
            guard turn > turns.held else { return }
            turns.held = turn
            rightsNow.current = rights.with(store.registry)
        }
    }

    /// Reads the settings again: after a change of one, and after plugins came or went.
    func reloadSettings() async throws {
        let registry = store.registry
        let turn = settingTurns.withLock { turns in
            turns.begun += 1
            return turns.begun
        }
        let fresh = try await store.engine.read { try SettingsTable.load($0, registry: registry) }
        settingTurns.withLock { turns in
            // A reading that began later knows more, even when it is done earlier.
            guard turn > turns.held else { return }
            turns.held = turn
            store.replace(settings: fresh)
        }
    }

    // MARK: People

    /// Sets a user's password: one's own, or anyone's for whoever manages users.
    func setPassword(_ password: String, of user: Int64, by caller: Caller) async throws {
        try caller.actor.requireImpersonation(of: user)
        try await authenticator.setPassword(of: user, to: password)
    }

    /// The product itself, for work that nobody asked for.
    func system(_ via: String) -> Actor { .system(via, rights: rights) }

    /// Makes the first administrator of a new deployment. Throws `refused` when there is one.
    func makeAdministrator(email: String, name: String, password: String) async throws {
        let isNew = rights.firstAdministrator == nil
        guard isNew else {
            throw CRMError.refused("this deployment has an administrator already", hint: "Log in, or see tenon user list.")
        }
        try PasswordRules.check(password, email: email)
        let id = try await store.write(as: system("init")) { tx in
            let roles = try tx.all("role", where: .compare("key", .equal, .value(.text(DefaultRole.administrator.rawValue))), sort: [], limit: 1)
            var user = try tx.blank("user")
            user["name"] = .text(name)
            user["email"] = .text(email)
            user["active"] = .boolean(true)
            user["roles"] = .list(roles.map(\.id))
            return try tx.save("user", user).id.raw
        }
        try await authenticator.setPassword(of: id, to: password)
    }

    /// Fills the deployment with lifelike records to try it out on: people first, then what each plugin brings.
    func fillDemo() async throws {
        let demos = await plugins.demos
        try await store.write(as: system("demo")) { tx in
            tx.core.isDemo = true
            let transaction = tx.withRights(for: "demo data").transaction
            try DemoPeople.fill(transaction)
        }
        for (plugin, demo) in demos {
            try await store.write(as: system("demo")) { tx in
                tx.core.isDemo = true
                try tx.calling(.of(plugin, .demo, demo.name)) { try demo.body(tx.transaction(for: plugin)) }
            }
        }
    }
}

/// Holds the current rights for everyone who decides by them.
final class RightsHolder: Sendable {
    private let box = Mutex(RightsSnapshot.empty)
    var current: RightsSnapshot {
        get { box.withLock { $0 } }
        set { box.withLock { $0 = newValue } }
    }
}

extension Registry {
    /// Before any plugin is loaded, the kernel's own part included.
    static let empty = Registry(
        plugins: [], entities: [], hooks: [:], listeners: [:], afters: [:], metrics: [], jobs: [:], routes: [], settings: [])
}
