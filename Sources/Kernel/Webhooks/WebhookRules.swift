import PluginAPI

/// The rules of webhooks.
enum WebhookRules {
    /// The hooks of a webhook: names set apart by lines, spaces or commas.
    static func names(_ text: String) -> [String] {
        var names: [String] = []
        for name in text.split(whereSeparator: { $0.isWhitespace || $0 == "," }).map(String.init) where !names.contains(name) {
            names.append(name)
        }
        return names
    }

    static func problems(_ webhook: Record<SystemWebhook>) -> [Problem] {
        let url: String = webhook[SystemWebhook.url]
        // What is no web address at all, the field says itself.
        guard FieldModel.isWebAddress(url) else { return [] }
        do { _ = try OutgoingAddress(url) } catch {
            let message: String = (error as? CRMError)?.message ?? "cannot be read"
            return [Problem(SystemWebhook.url, message.replacing("the address ", with: ""))]
        }
        return []
    }

    /// What it names and nobody sends any more: hooks, and an entity, of a plugin that was switched off or has dropped them.
    @Sendable static func missing(_ webhook: Record<SystemWebhook>, _ transaction: Transaction) throws -> Panel {
        guard let registry = (transaction.byName as? StoreTransaction)?.registry else { return Panel() }
        let named: [String] = names(webhook[SystemWebhook.hooks]).filter { $0 != "*" }
        let gone: [String] = named.filter { registry.hooks[$0] == nil }
        let entity: String? = webhook[SystemWebhook.entity].flatMap { registry.entity($0) == nil ? $0 : nil }
        let rows: [[Panel.Cell]] = gone.map { [.text($0), "no plugin that is switched on sends this hook"] }
            + (entity.map { [[.text($0), "there is no such entity, so that nothing is sent at all"]] } ?? [])
        if rows.isEmpty { return Panel() }
        let sendsNothing: Bool = entity != nil || !named.isEmpty && gone.count == named.count && !names(webhook[SystemWebhook.hooks]).contains("*")
        let sentence: String = sendsNothing
            ? "This webhook sends nothing now: what it waits for is not there." : "Some of what this webhook waits for is not there; the rest is sent."
        return Panel(sentence, columns: ["Waits for", "Why in vain"], rows: rows)
    }

    /// Fills in whose it is and tidies the names of hooks. New names must be there; those of a plugin that was switched off
    /// since stay.
    static func prepare(_ change: inout Change<SystemWebhook>, _ transaction: Transaction) throws {
        if change.new.isEmpty(SystemWebhook.owner), let user = transaction.user { change.new[SystemWebhook.owner] = user }
        let names = names(change.new[SystemWebhook.hooks])
        change.new[SystemWebhook.hooks] = names.joined(separator: "\n")
        if change.changed(SystemWebhook.active), change.new[SystemWebhook.active] {
            change.new[SystemWebhook.reason] = nil
            change.new[SystemWebhook.failingSince] = nil
        }
        guard let registry = (transaction.byName as? StoreTransaction)?.registry else { return }
        let before = Set(change.old.map { WebhookRules.names($0[SystemWebhook.hooks]) } ?? [])
        var problems: [Problem] = names.filter { $0 != "*" && registry.hooks[$0] == nil && !before.contains($0) }.map { name in
            Problem(SystemWebhook.hooks, "there is no hook \(name)")
        }
        if let entity = change.new[SystemWebhook.entity], change.changed(SystemWebhook.entity), registry.entity(entity) == nil {
            problems.append(Problem(SystemWebhook.entity, "there is no entity \(entity)"))
        }
        guard problems.isEmpty else {
            throw CRMError(.invalid, "the webhook cannot be saved", hint: "“tenon hooks list” names the hooks.", problems: problems)
        }
    }

    /// Records are sent as the owner may see them: whoever could name somebody else as the owner, or send somebody else's
    /// events to another address, would see what that user sees.
    static func guardOwner(_ change: inout Change<SystemWebhook>, _ transaction: Transaction) throws {
        guard let user = transaction.user, let store = transaction.byName as? StoreTransaction else { return }
        let owners: [RecordID] = [change.new[SystemWebhook.owner].id] + (change.old.map { [$0[SystemWebhook.owner].id] } ?? [])
        if owners.allSatisfy({ $0 == user.id }) || store.actor.rights.hasEverything(user.id.raw) { return }
        throw CRMError(
            .forbidden, "only an administrator may keep webhooks of other users",
            problems: [Problem(SystemWebhook.owner, "must be you")])
    }

    static func saved(_ change: Change<SystemWebhook>, _ transaction: Transaction) throws {
        guard change.isNew, let store = transaction.byName as? StoreTransaction else { return }
        try WebhookSecret.make(for: change.new.id.raw, store.connection)
    }

    /// The secret and the log go with it.
    static func deleted(_ webhook: Record<SystemWebhook>, _ transaction: Transaction) throws {
        guard let store = transaction.byName as? StoreTransaction else { return }
        try WebhookSecret.forget(webhook.id.raw, store.connection)
        try WebhookLog.forget(webhook.id.raw, store.connection)
    }
}
