import PluginAPI

/// The events that wait for their listeners: written in the transaction that sent them, so that an event is there exactly
/// when its change is.
enum Outbox {
    /// An event that was written.
    struct Added: Sendable {
        let id: Int64
        let plugin: String
        let listener: String
    }

    private static let insert = """
        INSERT INTO tenon_outbox (hook, plugin, listener, payload, user_id, created_at, next_at, attempts, state) \
        VALUES (?, ?, ?, ?, ?, ?, ?, 0, 'pending')
        """

    private static func values(_ hook: String, _ plugin: String, _ listener: String, _ payload: [UInt8], _ user: Int64?, _ now: Moment) -> [SQLValue] {
        [
            .text(hook), .text(plugin), .text(listener), .text(String(decoding: payload, as: UTF8.self)),
            user.map(SQLValue.integer) ?? .null, .integer(now.milliseconds), .integer(now.milliseconds),
        ]
    }

    /// Writes one event for one listener and gives its id.
    @discardableResult
    static func add(
        _ connection: any Connection, hook: String, plugin: String, listener: String, payload: [UInt8], user: Int64?, now: Moment
    ) throws -> Int64 {
        try connection.insert(insert, values(hook, plugin, listener, payload, user, now))
    }

    /// Writes one event for one listener; nobody waits for it.
    static func post(
        _ connection: any Connection, hook: String, plugin: String, listener: String, payload: [UInt8], user: Int64?, now: Moment
    ) throws {
        try connection.post(insert, values(hook, plugin, listener, payload, user, now))
    }

    /// Writes an event for each who listens after the transaction; nobody waits for it.
    static func post(
        _ connection: any Connection, _ listeners: [Registry.After], hook: String, payload: any HookPayload, user: Int64?, now: Moment
    ) throws {
        guard !listeners.isEmpty else { return }
        let json = try PayloadCoding.encode(payload)
        for listener in listeners {
            try post(connection, hook: hook, plugin: listener.plugin, listener: listener.body.name, payload: json, user: user, now: now)
        }
    }

    /// Writes an event for each who listens after the transaction. Without listeners the payload is not even encoded.
    @discardableResult
    static func add(
        _ connection: any Connection, _ listeners: [Registry.After], hook: String, payload: any HookPayload, user: Int64?, now: Moment
    ) throws -> [Added] {
        guard !listeners.isEmpty else { return [] }
        let json = try PayloadCoding.encode(payload)
        return try listeners.map { listener in
            let id = try add(
                connection, hook: hook, plugin: listener.plugin, listener: listener.body.name, payload: json, user: user, now: now)
            return Added(id: id, plugin: listener.plugin, listener: listener.body.name)
        }
    }
}
