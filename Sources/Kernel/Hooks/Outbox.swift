import PluginAPI

/// The events that wait for their listeners: written in the transaction that sent them, so that an event is there exactly
/// when its change is.
enum Outbox {
    /// Writes one event for one listener.
    static func add(
        _ connection: any Connection, hook: String, plugin: String, listener: String, payload: [UInt8], user: Int64?, now: Moment
    ) throws {
        try connection.execute(
            """
            INSERT INTO tenon_outbox (hook, plugin, listener, payload, user_id, created_at, next_at, attempts, state) \
            VALUES (?, ?, ?, ?, ?, ?, ?, 0, 'pending')
            """,
            [
                .text(hook), .text(plugin), .text(listener), .text(String(decoding: payload, as: UTF8.self)),
                user.map(SQLValue.integer) ?? .null, .integer(now.milliseconds), .integer(now.milliseconds),
            ])
    }

    /// Writes an event for each plugin that listens after the transaction; gives their number. Without listeners the
    /// payload is not even encoded.
    @discardableResult
    static func add(
        _ connection: any Connection, _ registry: Registry, hook: String, payload: any HookPayload, user: Int64?, now: Moment
    ) throws -> Int {
        guard let listeners = registry.afters[hook], !listeners.isEmpty else { return 0 }
        let json = try PayloadCoding.encode(payload)
        for listener in listeners {
            try add(
                connection, hook: hook, plugin: listener.plugin, listener: listener.body.name, payload: json, user: user,
                now: now)
        }
        return listeners.count
    }
}
