import PluginAPI

/// Brings events to addresses outside: at least once each, with the same id every time. Each webhook has a lane of its own,
/// and a loop beside that of the plugins' listeners, so that a dead address delays nobody else.
///
/// An attempt that fails is made again 10 s later, then four times later each time, up to six hours. An address that answers
/// 410 Gone, or takes nothing for days, is switched off, and administrators are told.
final class Webhooks: Sendable {
    /// How many addresses are sent to at the same time.
    static let width = 16
    private static let timeout: Double = 15
    private static let excerpt = 500

    private let store: Store
    private let fanOut: WebhookFanOut
    private let loop: WorkLoop

    init(
        store: Store, client: OutgoingClient, leases: Leases? = nil, rights: @escaping @Sendable () -> RightsSnapshot,
        log: @escaping @Sendable (String) -> Void
    ) {
        self.store = store
        fanOut = WebhookFanOut(store: store, rights: rights)
        let lanes = Lanes(store: store, client: client, leases: leases, rights: rights, log: log)
        loop = WorkLoop(width: Webhooks.width, clock: store.clock, log: log) { busy in try await lanes.survey(busy) }
    }

    /// Sends from now on.
    func start() { loop.start() }
    /// To be called when something may be due.
    func wake() { loop.wake() }
    /// Sends all that is due and returns when it is done.
    func sendDue() async throws { try await loop.drain() }
    /// Begins nothing more and gives what is under way ten seconds.
    func stop() async { await loop.stop() }

    /// Takes an event out of the outbox: leaves a delivery for each webhook that waits for it.
    func spread(_ delivery: Delivery) async throws {
        if try await fanOut.spread(WebhookEvent(delivery)) > 0 { wake() }
    }

    /// Reads anew which hooks any webhook waits for.
    func reload() async throws {
        store.replace(webhooks: try await store.engine.read { try WebhookSubscriptions.load($0) })
    }

    /// Finds the webhooks that have something due, and sends it.
    private struct Lanes: Sendable {
        let store: Store
        let client: OutgoingClient
        /// Where several servers work on one database, one of them at a time sends to an address.
        let leases: Leases?
        let rights: @Sendable () -> RightsSnapshot
        let log: @Sendable (String) -> Void

        private var clock: any Clock { store.clock }

        func survey(_ busy: Set<String>) async throws -> WorkLoop.Survey {
            let now = clock.now
            var found = WorkLoop.Survey()
            let (heads, taken) = try await store.engine.read { connection in
                (try WebhookLog.heads(connection), try leases?.taken(connection) ?? [])
            }
            for head in heads {
                let lane = "webhook \(head.webhook)"
                if busy.contains(lane) || taken.contains(lane) { continue }
                if head.due > now {
                    found.next = min(found.next ?? head.due, head.due)
                } else {
                    found.ready.append(WorkLoop.Piece(lane: lane) { await deliver(head.webhook) })
                }
            }
            return found
        }

        /// Sends what is due, in order, until something fails or nothing is left.
        /// False when the database does not take what came of it.
        private func deliver(_ webhook: Int64) async -> Bool {
            do {
                guard let leases else {
                    try await send(webhook)
                    return true
                }
                guard let lease = try await leases.claim("webhook \(webhook)") else { return true }
                do {
                    try await Lease.$current.withValue(lease) { try await send(webhook) }
                } catch {
                    try await leases.release(lease)
                    throw error
                }
                try await leases.release(lease)
                return true
            } catch {
                // What is not noted comes again: at least once.
                log("webhook \(webhook) waits: \(error)")
                return false
            }
        }

        private func send(_ webhook: Int64) async throws {
            while !Task.isCancelled, Lease.current?.isLost != true {
                let now = clock.now
                let found = try await store.engine.read { connection in
                    (
                        try WebhookTarget.active(webhook, connection), try WebhookLog.next(of: webhook, connection, now: now),
                        try WebhookSecret.load(webhook, connection, now: now)
                    )
                }
                guard let target = found.0, let delivery = found.1, let secret = found.2 else { return }
                guard rights().isActive(target.owner) else {
                    return try await switchOff(target, because: "its owner may not log in any more")
                }
                let attempt = await send(delivery, to: target, secret)
                if Task.isCancelled { return }
                guard try await note(attempt, of: delivery, target) else { return }
            }
        }

        private func send(_ delivery: WebhookLog.Waiting, to target: WebhookTarget, _ secret: WebhookSecret) async -> WebhookLog.Attempt {
            let now = clock.now
            let seconds = now.milliseconds / 1000
            let request = HTTPRequest(
                .post, target.url,
                headers: [
                    "content-type": "application/json", "webhook-id": delivery.event, "webhook-timestamp": String(seconds),
                    "webhook-signature": secret.signature(id: delivery.event, seconds: seconds, body: delivery.body),
                ], body: delivery.body)
            let began = ContinuousClock.now
            var attempt = WebhookLog.Attempt(at: now, milliseconds: 0)
            do {
                let limits = OutgoingClient.Limits(timeout: Webhooks.timeout, mostBytes: 4096, cutsOff: true, redirects: 0)
                let answer = try await client.send(request, limits)
                attempt.status = answer.status
                attempt.excerpt = String(answer.text.replacing("\0", with: "").prefix(Webhooks.excerpt))
                if !attempt.isDelivered { attempt.problem = Lanes.problem(answer) }
            } catch {
                attempt.problem = (error as? CRMError)?.message ?? shortened(error)
            }
            attempt.milliseconds = Int64((ContinuousClock.now - began) / .milliseconds(1))
            return attempt
        }

        private static func problem(_ answer: HTTPResponse) -> String {
            if (300..<400).contains(answer.status) {
                return "the address answered \(answer.status); redirects are not followed"
            }
            return "the address answered \(answer.status)"
        }

        /// Stores what came of an attempt. False when the lane must not go on.
        private func note(_ attempt: WebhookLog.Attempt, of delivery: WebhookLog.Waiting, _ target: WebhookTarget) async throws -> Bool {
            let now = clock.now
            let isGone = attempt.status == 410
            let next: Moment? = isGone ? nil : Backoff.webhooks.next(after: delivery.attempts + 1, now: now)
            // What was sent is remembered, whatever keeps the database from it for a while.
            let lease: Lease? = Lease.current
            try await store.engine.insist(while: { lease?.isLost != true }) { [store] in
                try await store.engine.write { connection in
                    try lease?.require(connection)
                    try WebhookLog.note(attempt, of: delivery, next: next, connection)
                    try WebhookLog.note(attempt, on: target.id, connection)
                    if !attempt.isDelivered {
                        try WebhookLog.rest(target.id, until: Lanes.rest(target.failingSince, now), connection)
                    }
                }
            }
            if attempt.isDelivered { return true }
            let days = store.settings.value(KernelSettings.webhookPatience)
            if isGone {
                try await switchOff(target, because: "the address answered 410 Gone")
            } else if let since = target.failingSince, since.adding(days: days) <= now {
                try await switchOff(target, because: "the address took nothing for \(days) \(days == 1 ? "day" : "days")")
            }
            return false
        }

        /// A tenth of the time for which it has failed, from 10 seconds to 5 minutes.
        private static func rest(_ since: Moment?, _ now: Moment) -> Moment {
            let failed = Double(now.milliseconds - (since ?? now).milliseconds) / 1000
            return now.adding(seconds: min(max(failed / 10, 10), 300))
        }

        /// Switches a webhook off and tells those who can switch it on again.
        private func switchOff(_ target: WebhookTarget, because reason: String) async throws {
            let snapshot = rights()
            try await store.write(as: .system("webhooks", rights: snapshot)) { tx in
                guard var webhook = try tx.find("webhook", RecordID(target.id)), webhook["active"] == .boolean(true) else { return }
                webhook["active"] = .boolean(false)
                webhook["inactive_reason"] = .text(reason)
                _ = try tx.save("webhook", webhook)
                for user in snapshot.administrators {
                    try tx.notify(
                        RecordID(user), "The webhook \(target.name) was switched off: \(reason)",
                        about: (entity: "webhook", id: RecordID(target.id)))
                }
            }
            log("the webhook \(target.name) was switched off: \(reason)")
        }
    }
}
