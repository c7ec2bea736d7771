import PluginAPI

/// The hooks that any active webhook waits for: looked at by every change, and replaced whole when a webhook changes.
struct WebhookSubscriptions: Sendable, Equatable {
    private var names: Set<String> = []
    private var isAll = false

    /// Whether some webhook waits for a hook. Hooks of webhooks themselves only when they are named.
    @inline(__always)
    func covers(_ hook: String) -> Bool {
        if names.isEmpty, !isAll { return false }
        return names.contains(hook) || isAll && !WebhookSubscriptions.isOwn(hook)
    }

    static func isOwn(_ hook: String) -> Bool { hook.hasPrefix("webhook") }

    static func load(_ connection: any Connection) throws -> WebhookSubscriptions {
        var all = WebhookSubscriptions()
        guard try !connection.columns(of: "webhook").isEmpty else { return all }
        for text in try connection.all("SELECT hooks FROM webhook WHERE active = 1", [], { $0.text(0) }) {
            for name in WebhookRules.names(text) {
                if name == "*" { all.isAll = true } else { all.names.insert(name) }
            }
        }
        return all
    }
}

/// An active webhook, as far as sending needs it.
struct WebhookTarget: Sendable {
    let id: Int64
    let name: String
    let url: String
    let hooks: [String]
    let entity: String?
    let owner: Int64
    let failingSince: Moment?

    static let columns = "id, name, url, hooks, entity, owner, failing_since"

    init(_ row: any Row) {
        id = row.integer(0)
        name = row.text(1)
        url = row.text(2)
        hooks = WebhookRules.names(row.text(3))
        entity = row.optionalText(4)
        owner = row.integer(5)
        failingSince = row.optionalInteger(6).map(Moment.init(milliseconds:))
    }

    /// Whether it waits for a hook about an entity.
    func wants(_ hook: String, of subject: String?) -> Bool {
        if let entity, entity != subject { return false }
        return hooks.contains(hook) || hooks.contains("*") && !WebhookSubscriptions.isOwn(hook)
    }

    static func active(_ connection: any Connection) throws -> [WebhookTarget] {
        try connection.all("SELECT \(columns) FROM webhook WHERE active = 1 ORDER BY id", [], WebhookTarget.init)
    }

    static func active(_ id: Int64, _ connection: any Connection) throws -> WebhookTarget? {
        try connection.first("SELECT \(columns) FROM webhook WHERE active = 1 AND id = ?", [.integer(id)], WebhookTarget.init)
    }
}
