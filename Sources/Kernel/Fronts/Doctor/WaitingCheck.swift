import PluginAPI

/// What waits to be delivered or done is somebody's: of a plugin that is known, for a user who is there.
struct WaitingCheck {
    let tx: StoreTransaction

    func finding() throws -> Finding {
        let connection: any Connection = tx.connection
        var known: Set<String> = Set(tx.registry.plugins.map(\.id))
        known.formUnion(try connection.all("SELECT \"id\" FROM \"tenon_plugin\"") { $0.text(0) })
        known.insert(Composition.kernel)
        var problems: [String] = []
        for (table, what, states) in [("tenon_outbox", "delivery", "'pending'"), ("tenon_job", "run", "'queued'")] {
            let plugins: [String] = try connection.all(
                "SELECT DISTINCT plugin FROM \(table) WHERE state IN (\(states)) AND plugin IS NOT NULL ORDER BY plugin") { $0.text(0) }
            for plugin in plugins where !known.contains(plugin) { problems.append("a \(what) waits for the plugin \(plugin), which is not there") }
            let users: [Int64] = try connection.all(
                """
                SELECT DISTINCT q.user_id FROM \(table) q WHERE q.state IN (\(states)) AND q.user_id IS NOT NULL \
                AND NOT EXISTS (SELECT 1 FROM "user" u WHERE u.id = q.user_id) ORDER BY q.user_id LIMIT 20
                """) { $0.integer(0) }
            for user in users { problems.append("a \(what) waits for the user \(user), who is not there") }
        }
        let secrets: [Int64] = try connection.columns(of: "webhook").isEmpty
            ? []
            : connection.all(
                "SELECT s.webhook FROM tenon_webhook_secret s WHERE NOT EXISTS (SELECT 1 FROM webhook w WHERE w.id = s.webhook) ORDER BY s.webhook LIMIT 20"
            ) { $0.integer(0) }
        for webhook in secrets { problems.append("there is a secret of the webhook \(webhook), which is not there") }
        guard !problems.isEmpty else { return .ok("waiting", "whatever waits is for somebody who is there") }
        return Finding(
            state: .warning, check: "waiting", message: listed(problems),
            hint: "It will never be done: a plugin was removed, or a user deleted, past the product.")
    }
}
