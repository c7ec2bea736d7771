/// What the kernel does for a transaction. For the kernel and for test doubles; plugins use `Transaction`.
public protocol TransactionBackend: AnyObject {
    /// The user for whom the work is done; nil for the product itself.
    var userID: RecordID? { get }
    /// The moment at which the transaction began.
    var now: Moment { get }
    /// Today in the deployment's time zone.
    var today: Day { get }
    /// The currency of the deployment.
    var currency: Currency { get }
    /// Whether the deployment has an enabled entity of this name.
    func hasEntity(_ entity: String) -> Bool
    /// An empty record of an entity with its defaults.
    func blank(_ entity: String) throws -> RecordData
    /// One record, or nil.
    func find(_ entity: String, _ id: RecordID) throws -> RecordData?
    /// Records that meet a condition.
    func all(_ entity: String, where filter: Filter, sort: [Sort], limit: Int) throws -> [RecordData]
    /// How many records meet a condition.
    func count(_ entity: String, where filter: Filter) throws -> Int
    /// Stores a new record (id `.none`) or a changed one.
    func save(_ entity: String, _ record: RecordData) throws -> RecordData
    /// Deletes a record.
    func delete(_ entity: String, _ id: RecordID) throws
    /// Sends a hook.
    func emit(_ hook: String, _ payload: any HookPayload) throws
    /// Leaves a notice for a user.
    func notify(_ user: RecordID, _ message: String, about: (entity: String, id: RecordID)?) throws
    /// Queues a job.
    func enqueue(_ job: String, _ payload: [UInt8], after: Moment?) throws
    /// Which of some named fields of a record are there and empty.
    func emptyFields(_ entity: String, _ record: RecordData, among names: String) throws -> [FieldDescription]
    /// What a formula comes to for a record of an entity.
    func evaluate(_ formula: String, on entity: String, _ record: RecordData) throws -> Value
    /// A setting's stored value, or null.
    func setting(_ key: String) throws -> Value
    /// Leaves a note on a record and gives the note's id.
    func addNote(_ entity: String, _ id: RecordID, _ text: String) throws -> RecordID
    /// Has the timeline of one record go on in that of another.
    func continueTimeline(from source: (entity: String, id: RecordID), to follower: (entity: String, id: RecordID)) throws
    /// How many records meet a condition, counted up to a limit.
    func count(_ entity: String, where filter: Filter, atMost limit: Int) throws -> Int
    /// Stores the derived fields of a record and nothing else.
    func derive(_ entity: String, _ record: RecordData) throws
    /// The same transaction with the rights of the product itself.
    func elevated(for reason: String) -> any TransactionBackend
    /// The same transaction as if it ran at another moment, for another user. In demo data only; throws elsewhere.
    func backdated(to moment: Moment, as user: RecordID?) throws -> any TransactionBackend
    /// HMAC with SHA-256.
    func hmacSHA256(key: [UInt8], _ bytes: [UInt8]) throws -> [UInt8]
    /// Bytes that nobody can guess.
    func randomBytes(_ count: Int) throws -> [UInt8]
    /// The fields of an entity that are not hidden from the user.
    func fields(of entity: String) throws -> [FieldDescription]
    /// What a text means for a field.
    func value(of text: String, for field: String, of entity: String) throws -> Value
    /// What came of a request with this key before, or nil.
    func recall(_ key: String, of request: [UInt8]) throws -> String?
    /// Keeps what came of a request, for a day.
    func remember(_ key: String, of request: [UInt8], _ answer: String) throws
}

/// All that is read and written together: either all of it is stored or none.
///
/// Valid within its closure only; it cannot be passed to another task. Work in it is synchronous and quick; whatever
/// reaches the outside world (mail, HTTP) happens in `after`. It acts with the rights of the user for whom the work is
/// done, unless ``elevated(for:)`` is used.
public final class Transaction {
    let backend: any TransactionBackend

    /// Wraps the kernel's side. For the kernel.
    public init(_ backend: any TransactionBackend) { self.backend = backend }

    /// The kernel's side, which knows entities by names given at run time. For the kernel.
    public var byName: any TransactionBackend { backend }

    /// The user for whom the work is done; nil for the product itself (jobs, migrations).
    public var user: Reference<User>? { backend.userID.map { Reference($0) } }
    /// The moment at which the transaction began.
    public var now: Moment { backend.now }
    /// Today in the deployment's time zone.
    public var today: Day { backend.today }
    /// The currency of the deployment.
    public var currency: Currency { backend.currency }

    /// Whether an entity of this name is there: false while its plugin is switched off.
    public func has<E: Entity>(_: E.Type) -> Bool { backend.hasEntity(E.schema.name) }

    /// One record; throws `notFound` when there is none that the user may see.
    public func find<E: Entity>(_: E.Type, _ id: RecordID) throws -> Record<E> {
        guard let data = try backend.find(E.schema.name, id) else {
            throw CRMError(.notFound, "there is no \(E.schema.title.lowercased()) \(id)")
        }
        return Record(data)
    }

    /// The record that a link points at; throws `notFound` when there is none that the user may see.
    public func find<E: Entity>(_ reference: Reference<E>) throws -> Record<E> { try find(E.self, reference.id) }

    /// Whether there is a record that the user may see.
    public func canSee<E: Entity>(_: E.Type, _ id: RecordID) throws -> Bool { try backend.find(E.schema.name, id) != nil }

    /// The first record that meets a condition, or nil.
    public func first<E: Entity>(_: E.Type, where condition: Condition<E>, sort: Sort...) throws -> Record<E>? {
        try backend.all(E.schema.name, where: condition.filter, sort: sort, limit: 1).first.map(Record.init)
    }

    /// The records that meet a condition, at most `limit` of them.
    public func all<E: Entity>(
        _: E.Type, where condition: Condition<E> = Condition(.everything), sort: Sort..., limit: Int = 1000
    ) throws -> [Record<E>] {
        try backend.all(E.schema.name, where: condition.filter, sort: sort, limit: limit).map(Record.init)
    }

    /// How many records meet a condition.
    public func count<E: Entity>(_: E.Type, where condition: Condition<E> = Condition(.everything)) throws -> Int {
        try backend.count(E.schema.name, where: condition.filter)
    }

    /// Stores a new record, filled in by the closure, and gives it back with its id. Rules and hooks run.
    @discardableResult
    public func insert<E: Entity>(_: E.Type, _ fill: (inout Record<E>) throws -> Void) throws -> Record<E> {
        var record = Record<E>(try backend.blank(E.schema.name))
        try fill(&record)
        return Record(try backend.save(E.schema.name, record.data))
    }

    /// Stores a changed record and gives it back with its new version. Rules and hooks run; nothing happens when nothing changed.
    /// Throws `conflict` when somebody else changed the same fields since the record was read.
    @discardableResult
    public func save<E: Entity>(_ record: Record<E>) throws -> Record<E> {
        Record(try backend.save(E.schema.name, record.data))
    }

    /// Deletes a record. Throws `refused` while other records need it.
    public func delete<E: Entity>(_: E.Type, _ id: RecordID) throws { try backend.delete(E.schema.name, id) }

    /// Sends a hook: listeners in the transaction run now, those after it once it is stored. Only a hook that the plugin itself
    /// registers with `crm.hook`: any other is refused with `forbidden`, also those of records, which the kernel sends.
    public func emit<P: HookPayload>(_ hook: Hook<P>, _ payload: P) throws { try backend.emit(hook.name, payload) }

    /// Leaves a notice for a user, shown at once where that user works.
    public func notify(_ user: Reference<User>, _ message: String) throws {
        try backend.notify(user.id, message, about: nil)
    }

    /// Leaves a notice for a user that opens a record.
    public func notify<E: Entity>(_ user: Reference<User>, _ message: String, about record: Record<E>) throws {
        try backend.notify(user.id, message, about: (E.schema.name, record.id))
    }

    /// Queues a job by its name, stored with this transaction; runs after it, not before `after`.
    public func enqueue(_ job: String, after: Moment? = nil) throws { try backend.enqueue(job, [], after: after) }

    /// The value of a setting.
    public func setting<V>(_ setting: Setting<V>) throws -> V {
        V(value: try backend.setting(setting.key)) ?? setting.fallback
    }

    /// The same transaction with the rights of the product itself. The reason is a sentence for the audit trail.
    public func elevated(for reason: String) -> Transaction { Transaction(backend.elevated(for: reason)) }

    /// The same transaction as if it ran at another moment, for another user: gives demo data a past. Throws outside `demo`.
    public func backdated(to moment: Moment, as user: Reference<User>? = nil) throws -> Transaction {
        Transaction(try backend.backdated(to: moment, as: user?.id))
    }
}
