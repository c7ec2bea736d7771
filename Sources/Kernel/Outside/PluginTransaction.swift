import PluginAPI

/// A transaction as one plugin may use it: what the plugin was not approved for is refused here, whatever the rights of the
/// user for whom it works. The kernel's own work goes to the store directly.
///
/// A plugin may catch what is refused by the rules and listeners of others, and go on: by then some of it is stored. So each change
/// that runs code of plugins is undone as a whole when it throws.
final class PluginTransaction: TransactionBackend {
    private let store: StoreTransaction
    private let warrant: Warrant
    /// Why nothing may be done with it: every right was asked for and not approved.
    private let refusal: CRMError?

    init(_ store: StoreTransaction, _ warrant: Warrant, refusal: CRMError? = nil) {
        self.store = store
        self.warrant = warrant
        self.refusal = refusal
    }

    private var uses: PluginUses { store.core.calls.uses }

    @inline(__always)
    private func mayRead(_ entity: String) throws {
        if let refusal { throw refusal }
        try warrant.read(entity, uses)
    }

    @inline(__always)
    private func mayWrite(_ entity: String) throws {
        if let refusal { throw refusal }
        try warrant.write(entity, uses)
    }

    var userID: RecordID? { store.userID }
    var now: Moment { store.now }
    var today: Day { store.today }
    var currency: Currency { store.currency }

    func hasEntity(_ entity: String) -> Bool { store.hasEntity(entity) }

    func blank(_ entity: String) throws -> RecordData {
        try mayWrite(entity)
        return try store.blank(entity)
    }

    func find(_ entity: String, _ id: RecordID) throws -> RecordData? {
        try mayRead(entity)
        return try store.find(entity, id)
    }

    func all(_ entity: String, where filter: Filter, sort: [Sort], limit: Int) throws -> [RecordData] {
        try mayRead(entity)
        return try store.all(entity, where: filter, sort: sort, limit: limit)
    }

    func count(_ entity: String, where filter: Filter) throws -> Int {
        try mayRead(entity)
        return try store.count(entity, where: filter)
    }

    func save(_ entity: String, _ record: RecordData) throws -> RecordData {
        try mayWrite(entity)
        return try store.wholly { try store.save(entity, record) }
    }

    func delete(_ entity: String, _ id: RecordID) throws {
        try mayWrite(entity)
        try store.wholly { try store.delete(entity, id) }
    }

    func count(_ entity: String, where filter: Filter, atMost limit: Int) throws -> Int {
        try mayRead(entity)
        return try store.count(entity, where: filter, atMost: limit)
    }

    func derive(_ entity: String, _ record: RecordData) throws {
        try mayWrite(entity)
        try store.derive(entity, record)
    }

    func emit(_ hook: String, _ payload: any HookPayload) throws {
        if let refusal { throw refusal }
        try warrant.emit(hook, uses)
        guard store.hasListeners(hook) else { return try store.emit(hook, payload) }
        try store.wholly { try store.emit(hook, payload) }
    }

    func notify(_ user: RecordID, _ message: String, about: (entity: String, id: RecordID)?) throws {
        if let refusal { throw refusal }
        try store.notify(user, message, about: about)
    }

    func enqueue(_ job: String, _ payload: [UInt8], after: Moment?) throws {
        if let refusal { throw refusal }
        try warrant.job(job, uses)
        try store.enqueue(job, payload, after: after)
    }

    func evaluate(_ formula: String, on entity: String, _ record: RecordData) throws -> Value {
        try mayRead(entity)
        let (warrant, uses) = (warrant, uses)
        return try store.evaluate(formula, on: entity, record) { other in try warrant.read(other, uses) }
    }

    func emptyFields(_ entity: String, _ record: RecordData, among names: String) throws -> [FieldDescription] {
        try mayRead(entity)
        return try store.emptyFields(entity, record, among: names)
    }

    func addNote(_ entity: String, _ id: RecordID, _ text: String) throws -> RecordID {
        try mayWrite(entity)
        return try store.wholly { try store.addNote(entity, id, text) }
    }

    func continueTimeline(from source: (entity: String, id: RecordID), to follower: (entity: String, id: RecordID)) throws {
        try mayRead(source.entity)
        try mayWrite(follower.entity)
        try store.continueTimeline(from: source, to: follower)
    }

    func setting(_ key: String) throws -> Value {
        try warrant.setting(key, isSecret: store.registry.setting(key)?.field.isSecret ?? false, uses)
        return try store.setting(key)
    }

    func elevated(for reason: String) -> any TransactionBackend {
        if refusal != nil { return self }
        let refusal: CRMError? = warrant.elevation(for: reason, uses)
        return PluginTransaction(refusal == nil ? store.withRights(for: reason) : store, warrant, refusal: refusal)
    }

    func hmacSHA256(key: [UInt8], _ bytes: [UInt8]) throws -> [UInt8] { try store.hmacSHA256(key: key, bytes) }
    func randomBytes(_ count: Int) throws -> [UInt8] { try store.randomBytes(count) }

    func fields(of entity: String) throws -> [FieldDescription] {
        try mayRead(entity)
        return try store.fields(of: entity)
    }

    func value(of text: String, for field: String, of entity: String) throws -> Value {
        try mayRead(entity)
        return try store.value(of: text, for: field, of: entity)
    }

    func recall(_ key: String, of request: [UInt8]) throws -> String? {
        if let refusal { throw refusal }
        return try Idempotency.recall("plugin \(warrant.plugin) \(key)", of: request, store)
    }

    func remember(_ key: String, of request: [UInt8], _ answer: String) throws {
        if let refusal { throw refusal }
        try Idempotency.remember("plugin \(warrant.plugin) \(key)", of: request, answer, store)
    }

    func backdated(to moment: Moment, as user: RecordID?) throws -> any TransactionBackend {
        if let refusal { throw refusal }
        return PluginTransaction(try store.moved(to: moment, as: user), warrant)
    }
}

extension StoreTransaction {
    /// The same as the code of one plugin sees it.
    func transaction(for plugin: String) -> Transaction {
        guard let warrant = registry.warrant(of: plugin) else { return transaction }
        return Transaction(PluginTransaction(self, warrant))
    }
}
