import PluginAPI

/// Turns an event into a delivery for each webhook that waits for it, with what the webhook's owner may see of it.
struct WebhookFanOut: Sendable {
    let store: Store
    let rights: @Sendable () -> RightsSnapshot

    /// Leaves the deliveries in the log; a repetition leaves nothing more. Gives how many there are.
    @discardableResult
    func spread(_ event: WebhookEvent) async throws -> Int {
        let targets = try await store.engine.read { try WebhookTarget.active($0) }
        let subject = WebhookSubject(event.hook, store.registry)
        var bodies: [(webhook: Int64, body: [UInt8])] = []
        for target in targets where target.wants(event.hook, of: subject.entity?.name) {
            if let body = try await body(event, subject, for: target) { bodies.append((target.id, body)) }
        }
        guard !bodies.isEmpty else { return 0 }
        let (found, now) = (bodies, store.clock.now)
        try await store.engine.write { connection in
            for (webhook, body) in found { try WebhookLog.add(event, body, to: webhook, connection, now: now) }
        }
        return found.count
    }

    /// Nil when the owner may not see what it is about.
    private func body(_ event: WebhookEvent, _ subject: WebhookSubject, for target: WebhookTarget) async throws -> [UInt8]? {
        let rights = rights()
        guard rights.isActive(target.owner) else { return nil }
        let actor = Actor.user(target.owner, via: "webhook \(target.id)", rights: rights)
        let payload = try JSONValue(parsing: event.payload.isEmpty ? Array("{}".utf8) : event.payload)
        let people: [Int64: RightsSnapshot.Person] = actor.can("view", on: "user") ? rights.people : [:]
        guard let entity = subject.entity else {
            return rights.hasEverything(target.owner) ? event.body(people: people, record: nil) : nil
        }
        return try await store.read(as: actor) { tx in
            guard actor.can("view", on: entity.name), let record = try visible(payload, subject, entity, tx) else { return nil }
            return event.body(people: people, payload: masked(payload, subject, entity, actor), record: record.isEmpty ? nil : record)
        }
    }

    /// The record's fields as JSON, empty when none are sent, nil when the owner may not see the record. One that is gone is
    /// known only to those who see all of its kind.
    private func visible(
        _ payload: JSONValue, _ subject: WebhookSubject, _ entity: EntityModel, _ tx: StoreTransaction
    ) throws -> [UInt8]? {
        let id: RecordID? = payload[subject.isRecordHook ? "record" : entity.name]?.int.map { RecordID($0) }
        guard !subject.isDeletion, let id, try tx.reaches(entity, id) else {
            return tx.actor.scope("view", on: entity.name) == .all ? [] : nil
        }
        return subject.isRecordHook ? try tx.json(entity, id).bytes : []
    }

    /// Without the names of fields that are hidden from the owner.
    private func masked(_ payload: JSONValue, _ subject: WebhookSubject, _ entity: EntityModel, _ actor: Actor) -> JSONValue {
        guard subject.isRecordHook, case .object(var members) = payload else { return payload }
        for place in members.indices where members[place].name == "fields" {
            let names: [JSONValue] = members[place].value.array ?? []
            members[place].value = .array(names.filter { actor.mask($0.text ?? "", of: entity.name) != .hidden })
        }
        return .object(members)
    }
}

/// What a hook is about: the entity of a record's own hooks, or the one whose name a named hook begins with.
struct WebhookSubject: Sendable {
    let entity: EntityModel?
    /// Whether it is one of the hooks that every entity sends.
    let isRecordHook: Bool
    let isDeletion: Bool

    init(_ hook: String, _ registry: Registry) {
        let candidates: [EntityModel] = registry.entities.filter { hook.hasPrefix($0.name + "_") }
        let named: EntityModel? = candidates.max { $0.name.utf8.count < $1.name.utf8.count }
        let exact: EntityModel? = candidates.first { Composition.recordHooks(of: $0.name).contains(hook) }
        entity = exact ?? named
        isRecordHook = exact != nil
        isDeletion = exact.map { hook == $0.name + "_deleted" } ?? false
    }
}
