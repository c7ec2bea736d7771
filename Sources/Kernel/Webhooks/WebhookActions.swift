import PluginAPI

/// Makes a new secret and shows it, this once.
enum NewWebhookSecret: Action {
    typealias Target = SystemWebhook
    static let name = "new-secret"
    static let summary = "Makes a new secret and shows it once. The one before it signs, too, for a day."

    static func run(_ call: inout ActionCall<Self>, _ transaction: Transaction) throws {
        guard let store = transaction.byName as? StoreTransaction else { return }
        try WebhookActions.guardOwner(call.record, store)
        call.results["secret"] = .text(try WebhookSecret.renew(call.record.id.raw, store.connection, now: transaction.now))
        call.message = "Copy the secret now: it is not shown again"
    }
}

/// Sends an event without a cause, to see whether it arrives.
enum SendWebhookTest: Action {
    typealias Target = SystemWebhook
    static let name = "send-test"
    static let summary = "Sends an event named test to the address. The delivery log shows what came of it."

    static func isAvailable(_ record: Record<SystemWebhook>) -> Bool { record[SystemWebhook.active] }

    static func run(_ call: inout ActionCall<Self>, _ transaction: Transaction) throws {
        guard let store = transaction.byName as? StoreTransaction else { return }
        let event = WebhookEvent(hook: "test", moment: transaction.now, user: store.actor.userID, via: store.actor.via, payload: [])
        let body: [UInt8] = event.body(people: store.actor.rights.people, record: nil)
        let id: Int64 = try WebhookLog.add(event, body, to: call.record.id.raw, store.connection, now: transaction.now) ?? 0
        store.core.effects.touched.append(.init(entity: SystemWebhookDelivery.schema.name, id: id))
        call.results["delivery"] = .integer(id)
        call.message = "A test is on its way"
    }
}

/// Sends an event once more, with the same id.
enum RedeliverWebhook: Action {
    typealias Target = SystemWebhookDelivery
    static let name = "redeliver"
    static let summary = "Sends the event once more, with the same id, whatever came of it before."

    static func run(_ call: inout ActionCall<Self>, _ transaction: Transaction) throws {
        guard let store = transaction.byName as? StoreTransaction else { return }
        let webhook = try transaction.elevated(for: "redelivery").find(call.record[SystemWebhookDelivery.webhook])
        guard webhook[SystemWebhook.active] else {
            throw CRMError.refused("the webhook \(webhook[SystemWebhook.name]) is switched off", hint: "Switch it on first.")
        }
        try WebhookLog.restart(call.record.id.raw, store.connection, now: transaction.now)
        store.core.effects.touched.append(.init(entity: SystemWebhookDelivery.schema.name, id: call.record.id.raw))
        call.message = "The event is on its way again"
    }
}

enum WebhookActions {
    /// A secret lets its holder forge what the webhook's owner seems to send.
    static func guardOwner(_ webhook: Record<SystemWebhook>, _ store: StoreTransaction) throws {
        guard let user = store.actor.userID else { return }
        if webhook[SystemWebhook.owner].id.raw == user || store.actor.rights.hasEverything(user) { return }
        throw CRMError(.forbidden, "only an administrator may make secrets for webhooks of other users")
    }
}
