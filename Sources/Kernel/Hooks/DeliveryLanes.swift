import PluginAPI

/// Finds the listeners that have something due and takes their events to them, one listener a lane. Where several servers work on
/// one database, a server has a lane to itself by a lease: the order of a listener's events holds across all of them.
struct DeliveryLanes: Sendable {
    let engine: any Engine
    let clock: any Clock
    let registry: @Sendable () -> Registry
    let calls: PluginCalls
    let leases: Leases?
    let context: MakeContext
    /// Takes what waits for addresses outside.
    let webhooks: @Sendable (Delivery) async throws -> Void
    let log: @Sendable (String) -> Void

    /// Events of one listener that are fetched, and at the latest acknowledged, together: a storage transaction for each
    /// would cost more than most listeners do. After a crash at most so many come a second time.
    private static let batch = 32
    /// How long a delivered event may stay unacknowledged while its listener goes on with the next.
    private static let patience: Int64 = 200

    /// So long the servers of one database may differ in their plugins.
    private static let upgrading = 60.0

    private struct Lane: Hashable, Sendable {
        let plugin: String
        let hook: String
        let listener: String
        var name: String { "\(plugin)/\(hook)/\(listener)" }
        var lease: String { "delivery " + name }
        var arguments: [SQLValue] { [.text(plugin), .text(hook), .text(listener)] }
    }

    func survey(_ busy: Set<String>) async throws -> WorkLoop.Survey {
        let plugins = Set(registry().plugins.map(\.id))
        let (heads, taken) = try await engine.read { connection in
            let heads = try connection.all(
                """
                SELECT o.plugin, o.hook, o.listener, o.next_at, o.attempts, o.created_at FROM tenon_outbox o JOIN \
                (SELECT min(id) AS id FROM tenon_outbox WHERE state = 'pending' GROUP BY plugin, hook, listener) h \
                ON h.id = o.id ORDER BY o.id
                """
            ) {
                (
                    lane: Lane(plugin: $0.text(0), hook: $0.text(1), listener: $0.text(2)), due: Moment(milliseconds: $0.integer(3)),
                    attempts: Int($0.integer(4)), sent: Moment(milliseconds: $0.integer(5))
                )
            }
            return (heads, try leases?.taken(connection) ?? [])
        }
        let now = clock.now
        var found = WorkLoop.Survey()
        for head in heads
        where plugins.contains(head.lane.plugin) && !busy.contains(head.lane.name) && !taken.contains(head.lane.lease) {
            if let first = firstLook(at: head.lane, sent: head.sent), first > now {
                found.next = min(found.next ?? first, first)
            } else if !Delivery.isDue(head.due, attempts: head.attempts, now: now) {
                found.next = min(found.next ?? head.due, head.due)
            } else {
                found.ready.append(WorkLoop.Piece(lane: head.lane.name) { await deliver(head.lane) })
            }
        }
        return found
    }

    /// While plugins are upgraded on one server after the other, another one may know a listener that this one does not: it is
    /// given the time.
    private func firstLook(at lane: Lane, sent: Moment) -> Moment? {
        guard leases != nil, lane.plugin != Composition.kernel, listener(lane.plugin, lane.hook, lane.listener) == nil else { return nil }
        return sent.adding(seconds: DeliveryLanes.upgrading)
    }

    private func listener(_ plugin: String, _ hook: String, _ name: String) -> Registry.After? {
        registry().afters[hook]?.first { $0.plugin == plugin && $0.body.name == name }
    }

    /// Takes the due events of a lane to its listener, in order, until one fails or none is left in the batch.
    /// False when the database does not take what became of them.
    private func deliver(_ lane: Lane) async -> Bool {
        do {
            guard let leases else {
                try await deliver(try await engine.read { try DeliveryLanes.events(lane, $0) })
                return true
            }
            // Read in the transaction that takes the lane: what another server has delivered is not among them.
            guard let (lease, events) = try await leases.claim(lane.lease, { try DeliveryLanes.events(lane, $0) }) else { return true }
            do {
                try await Lease.$current.withValue(lease) { try await deliver(events) }
            } catch {
                try await leases.release(lease)
                throw error
            }
            try await leases.release(lease)
            return true
        } catch {
            // What is not acknowledged comes again: at least once.
            log("deliveries of \(lane.name) wait: \(error)")
            return false
        }
    }

    private static func events(_ lane: Lane, _ connection: any Connection) throws -> [Delivery] {
        try connection.all(
            """
            SELECT \(Delivery.columns) FROM tenon_outbox \
            WHERE state = 'pending' AND plugin = ? AND hook = ? AND listener = ? ORDER BY id LIMIT \(batch)
            """, lane.arguments, Delivery.init)
    }

    private func deliver(_ events: [Delivery]) async throws {
        var delivered: [Int64] = []
        var acknowledged = clock.now
        for event in events {
            guard !Task.isCancelled, Lease.current?.isLost != true, Delivery.isDue(event.nextAt, attempts: event.attempts, now: clock.now)
            else { break }
            switch try await deliver(event, delivered) {
            case .refused: return
            case .stored:
                // What came before it went with it.
                delivered = []
                acknowledged = clock.now
            case .done:
                delivered.append(event.id)
                if clock.now.milliseconds - acknowledged.milliseconds >= DeliveryLanes.patience {
                    try await acknowledge(delivered)
                    delivered = []
                    acknowledged = clock.now
                }
            }
        }
        try await acknowledge(delivered)
    }

    /// What became of an event.
    private enum Outcome {
        /// The listener has returned; that is still to be noted.
        case done
        /// Its end is stored, with what the listener did.
        case stored
        /// The lane must not go on: its plugin is off, or the listener failed. Noted, with those before it.
        case refused
    }

    /// Takes one event to its listener.
    private func deliver(_ event: Delivery, _ before: [Int64]) async throws -> Outcome {
        let registry = registry()
        guard registry.plugins.contains(where: { $0.id == event.plugin }) else {
            try await acknowledge(before)
            return .refused
        }
        if event.plugin == Composition.kernel, event.listener == WebhookEvent.listener {
            return try await attempt(event, before) { _ in try await webhooks(event) }
        }
        let listener = registry.afters[event.hook]?.first { $0.plugin == event.plugin && $0.body.name == event.listener }
        guard let listener else {
            let error = CRMError(.notFound, "plugin \(event.plugin) no longer listens to \(event.hook) as \(event.listener)")
            try await fail(event, with: error, attempts: Backoff.deliveries.attempts, before)
            return .refused
        }
        return try await attempt(event, before) { end in
            let hookEvent = HookEvent(hook: event.hook, json: Array(event.payload.utf8))
            let context = context(event.user, "hook \(event.hook)", event.plugin).ending(with: end)
            // A traced change is traced on to what it set off.
            try await TraceScope.$current.withValue(calls.traces.scope(of: event.id) ?? TraceScope.current) {
                try await calls.runAsync(listener.site, event: event.id) { try await listener.body.body(hookEvent, context) }
            }
        }
    }

    private func attempt(_ event: Delivery, _ before: [Int64], _ work: (WorkEnd) async throws -> Void) async throws -> Outcome {
        let end = WorkEnd("delivery \(event.id) of \(event.hook)", key: event.key, lease: Lease.current) { connection in
            try DeliveryLanes.delete(before, connection)
            return try connection.execute(
                "DELETE FROM tenon_outbox WHERE id = ? AND state = 'pending' AND attempts = ?", [.integer(event.id), .integer(Int64(event.attempts))]) == 1
        }
        do {
            try await work(end)
            return end.isStored ? .stored : .done
        } catch {
            if end.isStored {
                if !Task.isCancelled { log("\(event.hook) is delivered to \(event.plugin), and failed after that: \(error)") }
                return .stored
            }
            // Cut off by the end of the product: not the listener's fault, and not an attempt.
            if Task.isCancelled {
                try await acknowledge(before)
            } else {
                try await fail(event, with: error, attempts: event.attempts + 1, before)
            }
            return .refused
        }
    }

    private func fail(_ event: Delivery, with error: any Error, attempts: Int, _ before: [Int64]) async throws {
        let next = Backoff.deliveries.next(after: attempts, now: clock.now)
        log("\(event.hook) failed in \(event.plugin): \(error)" + (next == nil ? "; set aside" : ""))
        try await shielded { connection in
            try DeliveryLanes.delete(before, connection)
            try connection.execute(
                "UPDATE tenon_outbox SET attempts = ?, state = ?, next_at = ?, error = ? WHERE id = ? AND state = 'pending'",
                [
                    .integer(Int64(attempts)), .text(next == nil ? "failed" : "pending"),
                    .integer((next ?? clock.now).milliseconds), .text(shortened(error)), .integer(event.id),
                ])
        }
    }

    private func acknowledge(_ ids: [Int64]) async throws {
        if !ids.isEmpty { try await shielded { connection in try DeliveryLanes.delete(ids, connection) } }
    }

    private static func delete(_ ids: [Int64], _ connection: any Connection) throws {
        for id in ids { try connection.execute("DELETE FROM tenon_outbox WHERE id = ?", [.integer(id)]) }
    }

    /// Writes even when the lane was cancelled, and for as long as it takes: what was done is to be remembered.
    private func shielded(_ body: @escaping @Sendable (any Connection) throws -> Void) async throws {
        let lease: Lease? = Lease.current
        try await engine.insist(while: { lease?.isLost != true }) { [engine] in
            try await engine.write { connection in
                try lease?.require(connection)
                try body(connection)
            }
        }
    }
}
