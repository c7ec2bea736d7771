import PluginAPI

extension Kernel {
    /// Does here what a change at another server calls for.
    func follow(_ change: SharedChange) async throws {
        let isRecomposed: Bool = change.has(.composition)
        let changed: [EntityModel] = store.registry.entities.filter {
            $0.hasKnownLabels && (change.flags.contains(.everything) || change.touched[$0.name] != nil)
        }
        for entity in changed where entity.schema.isKeptInMemory { store.registry.kept.touch(entity.name) }
        if isRecomposed || change.flags.contains(.everything) { store.registry.forgetAll() } else { store.registry.forget(change.touched) }
        if isRecomposed { try await plugins.follow() }
        if isRecomposed || change.changesRights {
            try await reloadRights()
            try await authenticator.usersChanged()
        }
        if isRecomposed || change.has(.settings) { try await reloadSettings() }
        if change.flags.contains(.everything) { authenticator.forgetAll() }
        authenticator.forget(secrets: change.secrets, of: change.loggedOut)
        if isRecomposed || change.changesWebhooks {
            try await webhooks.reload()
            webhooks.wake()
        }
        for id in change.cancelled { jobs.cancelOwn(id) }
        for id in change.stopped { imports.cancelOwn(id) }
        if options.safeMode == nil {
            if change.has(.deliveries) { deliveries.wake() }
            if change.has(.jobs) { jobs.wake() }
            if change.has(.formulas) { formulas.wake() }
        }
        try await tell(change)
    }

    /// Tells the pages that are open here.
    private func tell(_ change: SharedChange) async throws {
        guard live.count > 0 else { return }
        var touched: [String: [Int64]] = change.touched
        if change.flags.contains(.everything) { for entity in store.registry.entities { touched[entity.name] = [] } }
        live.publishAll(changed: touched)
        let (ids, readers): ([Int64], Set<Int64>) = (change.notices, Set(change.readers))
        guard !ids.isEmpty || !readers.isEmpty else { return }
        let (notices, unread): ([Notice], [Int64: Int]) = try await store.engine.aside { connection in
            var notices: [Notice] = []
            for id in ids {
                let notice: Notice? = try connection.first(
                    "SELECT \(Notice.columns) FROM tenon_notification WHERE id = ?", [.integer(id)], Notice.init)
                guard var notice else { continue }
                notice.unread = try Notices.unread(connection, user: notice.user)
                notices.append(notice)
            }
            var unread: [Int64: Int] = [:]
            for user in readers { unread[user] = try Notices.unread(connection, user: user) }
            return (notices, unread)
        }
        for notice in notices { live.publish(notice, store.registry) }
        for (user, count) in unread { live.publish(user, .unread(count)) }
    }

    /// What another server began and did not bring to its end is anybody's.
    func workIsFree() async {
        guard options.safeMode == nil else { return }
        deliveries.wake()
        jobs.wake()
        webhooks.wake()
        try? await imports.recover(rights: rights)
    }
}
