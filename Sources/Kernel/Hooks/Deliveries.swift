import PluginAPI

/// Brings stored events to their listeners after the transaction, at least once each: an event stays until its listener
/// has returned, also across a crash.
///
/// The events of one listener come in the order in which they were sent. One that fails is tried again later, and those
/// behind it wait for it; after the last attempt it is set aside as failed and the next one comes. Different listeners run
/// at the same time. Events for a plugin that is switched off wait until it is on again.
final class Deliveries: Sendable {
    private let engine: any Engine
    private let clock: any Clock
    private let loop: WorkLoop

    init(
        engine: any Engine, clock: any Clock, registry: @escaping @Sendable () -> Registry, calls: PluginCalls = PluginCalls(),
        leases: Leases? = nil, log: @escaping @Sendable (String) -> Void, context: @escaping MakeContext,
        webhooks: @escaping @Sendable (Delivery) async throws -> Void = { _ in }
    ) {
        self.engine = engine
        self.clock = clock
        let lanes = DeliveryLanes(
            engine: engine, clock: clock, registry: registry, calls: calls, leases: leases, context: context, webhooks: webhooks, log: log)
        loop = WorkLoop(width: 4, clock: clock, log: log) { busy in try await lanes.survey(busy) }
    }

    /// Delivers from now on.
    func start() { loop.start() }
    /// To be called after a transaction that sent events, and after a plugin was switched on.
    func wake() { loop.wake() }
    /// Delivers all that is due and returns when it is done.
    func deliverDue() async throws { try await loop.drain() }
    /// Begins nothing more and gives running listeners ten seconds.
    func stop() async { await loop.stop() }

    /// How many events wait, and how many were set aside.
    func counts() async throws -> (pending: Int, failed: Int) {
        try await engine.read { connection in
            let counts = try connection.all("SELECT state, count(*) FROM tenon_outbox GROUP BY state") {
                ($0.text(0), Int($0.integer(1)))
            }
            let byState = Dictionary(uniqueKeysWithValues: counts)
            return (byState["pending"] ?? 0, byState["failed"] ?? 0)
        }
    }

    /// The events that were set aside, the latest first.
    func failed(limit: Int = 200) async throws -> [Delivery] {
        try await engine.read { connection in
            try connection.all(
                "SELECT \(Delivery.columns) FROM tenon_outbox WHERE state = 'failed' ORDER BY id DESC LIMIT ?",
                [.integer(Int64(limit))], Delivery.init)
        }
    }

    /// An event that waits or was set aside, or nil.
    func find(_ id: Int64) async throws -> Delivery? {
        try await engine.read { connection in
            try connection.first("SELECT \(Delivery.columns) FROM tenon_outbox WHERE id = ?", [.integer(id)], Delivery.init)
        }
    }

    /// The events that a listener failed on and that wait for another attempt, the oldest first.
    func retrying(limit: Int = 200) async throws -> [Delivery] {
        let now = clock.now.milliseconds
        return try await engine.read { connection in
            try connection.all(
                "SELECT \(Delivery.columns) FROM tenon_outbox WHERE state = 'pending' AND attempts > 0 AND next_at > ? ORDER BY id LIMIT ?",
                [.integer(now), .integer(Int64(limit))], Delivery.init)
        }
    }

    /// The plugins that have events to deliver now, once for each listener that has any: events behind one that waits for another
    /// attempt do not count.
    func due() async throws -> [String] {
        let now = clock.now.milliseconds
        return try await engine.read { connection in
            try connection.all(
                """
                SELECT o.plugin FROM tenon_outbox o JOIN (SELECT min(id) AS id FROM tenon_outbox WHERE state = 'pending' \
                GROUP BY plugin, hook, listener) h ON h.id = o.id WHERE o.next_at <= ?
                """, [.integer(now)]) { $0.text(0) }
        }
    }

    /// Has an event that was set aside delivered again, in its old place among its listener's events.
    func retry(_ id: Int64) async throws {
        let now = clock.now.milliseconds
        let changed = try await engine.write { connection in
            try connection.execute(
                """
                UPDATE tenon_outbox SET state = 'pending', attempts = 0, next_at = ?, error = NULL \
                WHERE id = ? AND state = 'failed'
                """, [.integer(now), .integer(id)])
        }
        guard changed == 1 else { throw Deliveries.missing(id) }
        wake()
    }

    /// Forgets an event that was set aside.
    func discard(_ id: Int64) async throws {
        let changed = try await engine.write { connection in
            try connection.execute("DELETE FROM tenon_outbox WHERE id = ? AND state = 'failed'", [.integer(id)])
        }
        guard changed == 1 else { throw Deliveries.missing(id) }
    }

    private static func missing(_ id: Int64) -> CRMError {
        CRMError(.notFound, "there is no failed delivery \(id)", hint: "It may have been delivered or discarded in the meantime.")
    }
}
