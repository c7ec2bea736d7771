import PluginAPI

/// One transaction for one user: what plugins see as `Transaction`, with what the fronts need besides.
///
/// Extensions, a file each: queries, saving, deleting, boards, the audit trail, search, aggregates.
final class StoreTransaction: TransactionBackend {
    /// What all views of one transaction share, however they are elevated or backdated.
    final class Core {
        let connection: any Connection
        let dialect: any Dialect
        let registry: Registry
        let settings: DeploymentSettings
        let calls: PluginCalls
        /// Notes what happens, when somebody asked for it.
        let recorder: TraceRecorder?
        let webhooks: WebhookSubscriptions
        let isWriting: Bool
        var effects = CommitEffects()
        /// How deep rules and hooks have called each other.
        private var depth = 0
        /// How long plugins were called within the call that is running now, in nanoseconds.
        var calledFor: Int64 = 0
        /// The records that are about to go, so that links in a circle come to an end.
        var deleting: Set<CommitEffects.Touch> = []
        /// Whether demo data is being filled in, which alone may be backdated.
        var isDemo = false
        /// The set that changes belong to, which can be taken back together; nil for changes that stand alone.
        var changeSet: Int64?
        /// What is written at the end, and what was read of entities that change seldom.
        let gathered = Gathered()
        /// What the record that is being taken back gets, whatever rules would fill in.
        var imposed: Imposed?
        /// The keys of the record that was stored last, by which those that may be the same are found.
        var matchKeys: (entity: String, record: RecordID, version: Int64, keys: [Int64])?
        /// How old the known labels were before anything was read, where what is read may be kept of them.
        let labelAge: Int?
        /// The same of written rows.
        let rowsMoment: Int?
        /// While records are stored in bulk: how many each user was assigned, to be told in one notice.
        var bulkAssignments: [Int64: Int]?

        init(
            connection: any Connection, dialect: any Dialect, state: Store.State, isWriting: Bool, isLate: Bool, calls: PluginCalls,
            scope: TraceScope?
        ) {
            labelAge = isWriting || isLate ? nil : state.registry.labels.age
            rowsMoment = isWriting || isLate ? nil : state.registry.written.moment
            self.calls = calls
            recorder = scope.map { TraceRecorder($0, clock: calls.clock) }
            self.connection = recorder.map { TracedConnection(connection, $0) } ?? connection
            webhooks = state.webhooks
            self.dialect = dialect
            registry = state.registry
            settings = state.settings
            self.isWriting = isWriting
        }

        /// Runs a change and what it sets off. Changes that set each other off without end are refused, and so is any within
        /// a transaction that only reads.
        func changing<T>(_ what: String, _ name: String = "", _ body: () throws -> T) throws -> T {
            guard isWriting else {
                throw CRMError(.internalError, "a change of \(Core.words(what, name)) within a transaction that only reads")
            }
            depth += 1
            defer { depth -= 1 }
            guard depth <= 24 else {
                throw CRMError.refused("rules and hooks of \(Core.words(what, name)) set each other off without end")
            }
            return try body()
        }

        /// Notes that a record was made, changed or deleted.
        func touch(_ entity: String, _ id: Int64) {
            effects.touched.append(.init(entity: entity, id: id))
            if registry.entity(entity)?.schema.isKeptInMemory ?? false { registry.kept.touch(entity) }
        }

        private static func words(_ what: String, _ name: String) -> String { name.isEmpty ? what : "\(what) \(name)" }

        /// Does something as a step of the trace that is being written, if one is.
        func tracing<T>(_ kind: Trace.Kind, _ name: @autoclosure () -> String, record: RecordID = .none, _ body: () throws -> T) rethrows -> T {
            guard let recorder else { return try body() }
            return try recorder.step(kind, name(), record: record == .none ? nil : record.raw, body)
        }
    }

    let core: Core
    let actor: Actor
    let now: Moment

    init(
        connection: any Connection, dialect: any Dialect, state: Store.State, actor: Actor, now: Moment, isWriting: Bool,
        isLate: Bool = false, calls: PluginCalls = PluginCalls(), scope: TraceScope? = nil
    ) {
        core = Core(
            connection: connection, dialect: dialect, state: state, isWriting: isWriting, isLate: isLate, calls: calls, scope: scope)
        self.actor = actor
        self.now = now
    }

    private init(core: Core, actor: Actor, now: Moment) {
        self.core = core
        self.actor = actor
        self.now = now
    }

    var connection: any Connection { core.connection }
    var registry: Registry { core.registry }
    var dialect: any Dialect { core.dialect }
    var settings: DeploymentSettings { core.settings }
    /// The same as plugins see it.
    var transaction: Transaction { Transaction(self) }

    var userID: RecordID? { actor.userID.map { RecordID($0) } }
    var today: Day { settings.calendar.day(of: now) }
    var currency: Currency { settings.currency }

    func hasEntity(_ entity: String) -> Bool { registry.entity(entity) != nil }

    func elevated(for reason: String) -> any TransactionBackend { withRights(for: reason) }

    /// The same transaction with every right.
    func withRights(for reason: String) -> StoreTransaction {
        actor.isElevated ? self : StoreTransaction(core: core, actor: actor.elevated(for: reason), now: now)
    }

    /// The same transaction on behalf of the product itself.
    func byProduct(_ via: String) -> StoreTransaction {
        StoreTransaction(core: core, actor: .system(via, rights: actor.rights), now: now)
    }

    func backdated(to moment: Moment, as user: RecordID?) throws -> any TransactionBackend { try moved(to: moment, as: user) }

    func moved(to moment: Moment, as user: RecordID?) throws -> StoreTransaction {
        guard core.isDemo else { throw CRMError(.refused, "only demo data may be backdated") }
        let person = Actor(userID: user?.raw, via: actor.via, isElevated: true, rights: actor.rights)
        return StoreTransaction(core: core, actor: person, now: moment)
    }

    func setting(_ key: String) throws -> Value {
        settings.values[key] ?? registry.setting(key)?.fallback ?? .null
    }

    func notify(_ user: RecordID, _ message: String, about: (entity: String, id: RecordID)?) throws {
        let notice = try core.changing("notices") {
            try Notices.add(connection, user: user.raw, message: message, about: about.map { ($0.entity, $0.id.raw) }, now: now)
        }
        if let notice { core.effects.notices.append(notice) }
    }

    func enqueue(_ job: String, _ payload: [UInt8], after: Moment?) throws {
        try core.changing("jobs") {
            try JobQueue.add(connection, registry, name: job, payload: payload, user: actor.userID, after: after, now: now)
        }
        core.effects.hasJobs = true
        core.recorder?.queued(job: job)
    }

    /// A compiler of conditions on an entity for this user.
    func compiler(_ entity: EntityModel) -> QueryCompiler {
        QueryCompiler(
            entity: entity, registry: registry, actor: actor, dialect: dialect, now: now, calendar: settings.calendar, currency: currency)
    }
}
