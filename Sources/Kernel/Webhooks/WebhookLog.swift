import PluginAPI

/// The stored deliveries: queue and log at once, as the records that lists show. Written past the store's rules, since
/// nobody changes them and an audit entry for each attempt would outgrow everything.
enum WebhookLog {
    static let pruning = "kernel.prune_webhook_deliveries"
    private static let keptDays = 30

    /// One delivery that is due.
    struct Waiting: Sendable {
        let id: Int64
        let event: String
        let body: [UInt8]
        let attempts: Int
    }

    /// What came of an attempt.
    struct Attempt: Sendable {
        var at: Moment
        var milliseconds: Int64
        var status: Int?
        var excerpt: String = ""
        var problem: String?
        var isDelivered: Bool { status.map { (200..<300).contains($0) } ?? false }
    }

    /// Leaves a delivery; gives its id, or nil when the webhook has one of this event.
    @discardableResult
    static func add(
        _ event: WebhookEvent, _ body: [UInt8], to webhook: Int64, _ connection: any Connection, now: Moment
    ) throws -> Int64? {
        let moment = SQLValue.integer(now.milliseconds)
        return try connection.integer(
            """
            INSERT INTO webhook_delivery \
            (version, created_at, updated_at, hook, webhook, event, status, attempts, next_at, body) \
            VALUES (1, ?, ?, ?, ?, ?, 'pending', 0, ?, ?) ON CONFLICT DO NOTHING RETURNING id
            """,
            [
                .integer(event.moment.milliseconds), moment, .text(event.hook), .integer(webhook), .text(event.id), moment,
                .text(String(decoding: body, as: UTF8.self)),
            ])
    }

    /// Has a delivery sent again from the beginning.
    static func restart(_ id: Int64, _ connection: any Connection, now: Moment) throws {
        try connection.execute(
            "UPDATE webhook_delivery SET status = 'pending', attempts = 0, next_at = ?, version = version + 1 WHERE id = ?",
            [.integer(now.milliseconds), .integer(id)])
    }

    /// When the next delivery of each active webhook is due.
    static func heads(_ connection: any Connection) throws -> [(webhook: Int64, due: Moment)] {
        try connection.all(
            """
            SELECT d.webhook, min(d.next_at) FROM webhook_delivery d JOIN webhook w ON w.id = d.webhook \
            WHERE d.status = 'pending' AND w.active = 1 GROUP BY d.webhook ORDER BY min(d.next_at)
            """
        ) { ($0.integer(0), Moment(milliseconds: $0.integer(1))) }
    }

    /// The first delivery of a webhook that is due.
    static func next(of webhook: Int64, _ connection: any Connection, now: Moment) throws -> Waiting? {
        try connection.first(
            """
            SELECT id, event, body, attempts FROM webhook_delivery \
            WHERE status = 'pending' AND webhook = ? AND next_at <= ? ORDER BY id LIMIT 1
            """, [.integer(webhook), .integer(now.milliseconds)]
        ) { Waiting(id: $0.integer(0), event: $0.text(1), body: Array($0.text(2).utf8), attempts: Int($0.integer(3))) }
    }

    /// Notes an attempt; `next` is when to try again, nil when it is over.
    static func note(_ attempt: Attempt, of delivery: Waiting, next: Moment?, _ connection: any Connection) throws {
        let status = attempt.isDelivered ? "delivered" : next == nil ? "failed" : "pending"
        try connection.execute(
            """
            UPDATE webhook_delivery SET status = ?, attempts = ?, sent_at = ?, next_at = ?, duration_ms = ?, answer_status = ?, \
            answer_excerpt = ?, problem = ?, updated_at = ?, version = version + 1 WHERE id = ?
            """,
            [
                .text(status), .integer(Int64(delivery.attempts + 1)), .integer(attempt.at.milliseconds),
                (attempt.isDelivered ? nil : next).map { .integer($0.milliseconds) } ?? .null, .integer(attempt.milliseconds),
                attempt.status.map { .integer(Int64($0)) } ?? .null, attempt.excerpt.isEmpty ? .null : .text(attempt.excerpt),
                attempt.problem.map(SQLValue.text) ?? .null, .integer(attempt.at.milliseconds), .integer(delivery.id),
            ])
    }

    /// Notes on the webhook how its address does. Neither is a change that somebody made, so its version stays.
    static func note(_ attempt: Attempt, on webhook: Int64, _ connection: any Connection) throws {
        let moment = SQLValue.integer(attempt.at.milliseconds)
        if attempt.isDelivered {
            try connection.execute(
                "UPDATE webhook SET delivered_at = ?, failing_since = NULL WHERE id = ?", [moment, .integer(webhook)])
        } else {
            try connection.execute(
                "UPDATE webhook SET failing_since = coalesce(failing_since, ?) WHERE id = ?", [moment, .integer(webhook)])
        }
    }

    /// Lets an address that just failed rest: whatever else waits for it waits a little longer.
    static func rest(_ webhook: Int64, until moment: Moment, _ connection: any Connection) throws {
        let until = SQLValue.integer(moment.milliseconds)
        try connection.execute(
            "UPDATE webhook_delivery SET next_at = ? WHERE webhook = ? AND status = 'pending' AND next_at < ?",
            [until, .integer(webhook), until])
    }

    static func forget(_ webhook: Int64, _ connection: any Connection) throws {
        try connection.execute("DELETE FROM webhook_delivery WHERE webhook = ?", [.integer(webhook)])
    }

    /// Forgets what is over for 30 days, a thousand at a time so that nobody waits long.
    static func prune(_ engine: any Engine, now: Moment) async throws {
        let before = SQLValue.integer(now.adding(days: -keptDays).milliseconds)
        var gone = 0
        repeat {
            gone = try await engine.write { connection in
                try connection.execute(
                    """
                    DELETE FROM webhook_delivery WHERE id IN \
                    (SELECT id FROM webhook_delivery WHERE created_at < ? ORDER BY id LIMIT 1000)
                    """, [before])
            }
        } while gone == 1000
    }
}
