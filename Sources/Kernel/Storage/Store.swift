import PluginAPI
import Synchronization

/// Reads and writes records within the rights of whoever asks: the only way to them for fronts, plugins and jobs alike.
final class Store: Sendable {
    let engine: any Engine
    let clock: any Clock
    /// The door to plugins' code.
    let calls: PluginCalls
    private let state: BriefLock<State>
    /// What happens once a transaction is stored: told by the kernel when it has put its parts together.
    private let followers = Mutex(Followers())
    private let ownChanges = OwnChanges()

    /// Who follows what is stored, told by the kernel when it has put its parts together.
    ///
    /// NB: a struct around the closures, not the closures themselves: a closure that is read from a `Mutex` of closures is
    /// put back with another layer around it, and each commit would make the next one slower.
    private struct Followers: Sendable {
        /// What happens once a transaction is stored.
        var committed: @Sendable (CommitEffects) async -> Void = { _ in }
        /// What happens once transactions begin with another registry or other settings.
        var replaced: @Sendable () -> Void = {}
        /// This server's number among those of one database; 0 where there is only one.
        var peer: Int64 = 0
    }

    /// What every transaction begins with; replaced whole.
    struct State: Sendable {
        var registry: Registry
        var settings: DeploymentSettings
        /// The hooks that addresses outside wait for.
        var webhooks = WebhookSubscriptions()
    }

    init(
        engine: any Engine, clock: any Clock, registry: Registry, settings: DeploymentSettings = DeploymentSettings(),
        calls: PluginCalls = PluginCalls()
    ) {
        self.engine = engine
        self.clock = clock
        self.calls = calls
        calls.budgets.adopt(settings)
        state = BriefLock(State(registry: registry, settings: settings))
    }

    var registry: Registry { state.withLock { $0.registry } }
    var settings: DeploymentSettings { state.withLock { $0.settings } }

    func replace(registry: Registry) {
        state.withLock { $0.registry = registry }
        followers.withLock { $0 }.replaced()
    }
    func replace(settings: DeploymentSettings) {
        calls.budgets.adopt(settings)
        state.withLock { $0.settings = settings }
        followers.withLock { $0 }.replaced()
    }
    func replace(webhooks: WebhookSubscriptions) { state.withLock { $0.webhooks = webhooks } }
    /// From now on changes are put into the log that other servers follow, as this one's.
    func share(as peer: Int64) { followers.withLock { $0.peer = peer } }
    func onReplace(_ body: @escaping @Sendable () -> Void) { followers.withLock { $0.replaced = body } }
    func onCommit(_ body: @escaping @Sendable (CommitEffects) async -> Void) { followers.withLock { $0.committed = body } }

    /// Tells what a transaction set going that was run beside the store: steps of a plugin that is being switched on.
    func announce(_ effects: CommitEffects) async {
        registry.forget(effects.ids)
        if !effects.isEmpty { await followers.withLock { $0 }.committed(effects) }
    }

    /// Runs a closure over one consistent view.
    /// - Parameter mayLag: what others changed a moment ago may be missing, what this user changed may not: for lists and
    ///   reports, which copies of the database may answer.
    func read<T: Sendable>(
        as actor: Actor, mayLag: Bool = false, _ body: @escaping @Sendable (StoreTransaction) throws -> T
    ) async throws -> T {
        let state = state.withLock { $0 }
        let now = clock.now
        let dialect = engine.dialect
        let calls = calls
        let isLate: Bool = mayLag && engine.hasCopies
        return try await TraceScope.step(.read, "") { scope in
            let work: @Sendable (any Connection) throws -> T = { connection in
                let transaction = StoreTransaction(
                    connection: connection, dialect: dialect, state: state, actor: actor, now: now, isWriting: false, isLate: isLate,
                    calls: calls, scope: scope)
                return try transaction.telling { try body(transaction) }
            }
            guard mayLag else { return try await engine.read(work) }
            return try await engine.readAside(after: ownChanges.last(of: actor.userID), work)
        }
    }

    /// Runs a closure in one transaction: durable when this returns, with its effects on their way; undone when it throws.
    @discardableResult
    func write<T: Sendable>(as actor: Actor, _ body: @escaping @Sendable (StoreTransaction) throws -> T) async throws -> T {
        let state = state.withLock { $0 }
        let clock = clock
        let calls = calls
        let dialect = engine.dialect
        let peer = followers.withLock { $0.peer }
        let lease = Lease.current
        let (result, effects) = try await TraceScope.step(.write, "") { scope in
            let (result, effects, events, read) = try await storing { connection in
                WriterWatch.shared.begin()
                defer { WriterWatch.shared.end() }
                // The moment is taken here, when the turn has come: the order of moments is the order of transactions.
                let transaction = StoreTransaction(
                    connection: connection, dialect: dialect, state: state, actor: actor, now: clock.now, isWriting: true, calls: calls,
                    scope: scope)
                try lease?.require(connection)
                let result = try transaction.telling { try body(transaction) }
                try transaction.writeFigures()
                if peer != 0, !transaction.core.effects.isEmpty {
                    try ChangeLog.note(SharedChange(transaction.core.effects), by: peer, connection, dialect)
                }
                return (result, transaction.core.effects, transaction.core.recorder?.events ?? [], transaction.core.gathered.lasting)
            }
            // Before whoever made a change is told that it is stored.
            registry.forget(effects.ids)
            if !read.isEmpty { state.registry.kept.keep(read) }
            // Events are there only now that they are stored.
            if let scope { calls.traces.follow(events, of: scope.trace) }
            return (result, effects)
        }
        ownChanges.note(engine.position, of: actor.userID)
        if !effects.isEmpty { await followers.withLock { $0 }.committed(effects) }
        return result
    }

    /// Runs a transaction; where nobody knows what became of it, what is in memory may be out of date.
    private func storing<T: Sendable>(_ body: @escaping @Sendable (any Connection) throws -> T) async throws -> T {
        do {
            return try await engine.write(body)
        } catch let error as UncertainCommit {
            registry.forgetAll()
            throw error
        }
    }
}

/// What a stored transaction has set going.
struct CommitEffects: Sendable {
    /// Records made, changed or deleted: the entity's name and the id.
    var touched: [Touch] = []
    /// What users are to be told.
    var notices: [Notice] = []
    var hasDeliveries = false
    var hasJobs = false
    /// Whether formula fields of many records are to be worked out.
    var hasFormulaWork = false

    struct Touch: Sendable, Hashable {
        var entity: String
        var id: Int64
    }

    /// How far a transaction had come, to go back to when a part of it is undone. A copy kept for that would be copied again by
    /// whatever is added next: a file of many rows would take the square of them.
    struct Mark {
        fileprivate var touched, notices: Int
        fileprivate var hasDeliveries, hasJobs, hasFormulaWork: Bool
    }

    var mark: Mark {
        Mark(
            touched: touched.count, notices: notices.count, hasDeliveries: hasDeliveries, hasJobs: hasJobs, hasFormulaWork: hasFormulaWork)
    }

    /// Forgets what came after a mark.
    mutating func goBack(to mark: Mark) {
        (hasDeliveries, hasJobs, hasFormulaWork) = (mark.hasDeliveries, mark.hasJobs, mark.hasFormulaWork)
        touched.removeSubrange(mark.touched...)
        notices.removeSubrange(mark.notices...)
    }

    var isEmpty: Bool { touched.isEmpty && notices.isEmpty && !hasDeliveries && !hasJobs && !hasFormulaWork }
    /// The records that were touched, by entity.
    var ids: [String: [Int64]] { touched.reduce(into: [:]) { $0[$1.entity, default: []].append($1.id) } }
    /// Whether webhooks or their deliveries were changed by hand.
    var changesWebhooks: Bool { touched.contains { $0.entity == "webhook" || $0.entity == "webhook_delivery" } }
    /// Whether the snapshot of rights is out of date.
    var changesRights: Bool { touched.contains { $0.entity == "user" || $0.entity == "team" || $0.entity == "role" } }
}

/// The deployment's own settings that every transaction needs.
struct DeploymentSettings: Sendable {
    var name = "Tenon"
    var currency = Currency.eur
    var calendar = DeploymentCalendar.utc
    /// Stored values of all settings, by key.
    var values: [String: Value] = [:]
}
