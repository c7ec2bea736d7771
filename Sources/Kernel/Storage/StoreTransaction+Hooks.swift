import PluginAPI

extension StoreTransaction {
    /// What follows a stored change: reactions, the entity's own hooks, the notice to a new owner.
    func finish(_ entity: EntityModel, _ change: ChangeData) throws {
        core.touch(entity.name, change.new.id.raw)
        for rule in entity.rules.saves { try calling(rule.site) { try rule.body(change, transaction(for: rule.plugin)) } }
        let hook = change.old == nil ? entity.hooks.created : entity.hooks.updated
        if registry.line(of: hook) != nil || core.webhooks.covers(hook) {
            let changed = entity.fields[SystemSlots.count...].filter { field in
                change.old.map { $0.values[field.place] != change.new.values[field.place] } ?? !change.new.values[field.place].isEmpty
            }
            try emit(hook, RecordChanged(record: change.new.id, fields: changed.map(\.name)))
        }
        try tellOwner(entity, change)
    }

    /// A user to whom somebody else assigns a record is told.
    private func tellOwner(_ entity: EntityModel, _ change: ChangeData) throws {
        guard let field = entity.ownerField, !core.isDemo, !change.isRestored else { return }
        let before = change.old?.values[field.place] ?? .null
        let after = change.new.values[field.place]
        if core.bulkAssignments != nil {
            if case .integer(let owner) = after, before != after, owner != actor.userID { core.bulkAssignments?[owner, default: 0] += 1 }
            return
        }
        var label = ""
        if case .text(let text) = change.new[entity.labelField] { label = text }
        let notice = try Notices.assigned(
            connection, entity, record: change.new.id.raw, label: label, from: before, to: after, by: actor, now: now)
        if let notice { core.effects.notices.append(notice) }
    }

    /// Whether anybody listens to a hook within the transaction.
    func hasListeners(_ hook: String) -> Bool { registry.line(of: hook)?.listeners.isEmpty == false }

    func emit(_ hook: String, _ payload: any HookPayload) throws {
        let isWatched = core.webhooks.covers(hook)
        let line = registry.line(of: hook)
        guard line != nil || isWatched else { return }
        try core.changing("listeners to", hook) {
            try core.tracing(.emit, hook) {
                if let line, !line.listeners.isEmpty {
                    let event = HookEvent(hook: hook, payload: payload)
                    for listener in line.listeners {
                        let transaction = transaction(for: listener.plugin)
                        try calling(listener.site) { try listener.body.body(event, transaction) }
                    }
                }
                if isWatched {
                    let json = try PayloadCoding.encode(payload)
                    try WebhookEvent(hook: hook, moment: now, user: actor.userID, via: actor.via, payload: json).store(connection)
                    core.effects.hasDeliveries = true
                }
                guard let line, !line.afters.isEmpty else { return }
                core.effects.hasDeliveries = true
                guard let recorder = core.recorder else {
                    return try Outbox.post(connection, line.afters, hook: hook, payload: payload, user: actor.userID, now: now)
                }
                // A trace follows them by their numbers.
                recorder.queued(try Outbox.add(connection, line.afters, hook: hook, payload: payload, user: actor.userID, now: now))
            }
        }
    }
}
