import PluginAPI

/// `/api/v1/notifications`: what the user is told, and the stream of it.
struct NotificationsAPI: Sendable {
    let store: Store
    let live: LiveUpdates

    func respond(_ request: FrontRequest, _ caller: Caller, _ rest: ArraySlice<String>) async throws -> FrontResponse {
        guard let user = caller.actor.userID else {
            throw CRMError(.forbidden, "the product itself has no notifications", hint: "Ask as a user.")
        }
        switch (request.method, Array(rest)) {
        case ("GET", []), ("HEAD", []): return try await list(request, caller.actor, user)
        case ("GET", ["events"]): return try await events(caller.actor, user)
        case ("POST", ["read-all"]):
            let count = try await store.write(as: caller.actor) { try Notices.markAllRead($0.connection, user: user, now: $0.now) }
            live.publish(user, .unread(0))
            return .json(JSONWriter.object { $0.field("read", count) })
        case ("POST", let parts) where parts.count == 2 && parts[1] == "read":
            guard let id = Int64(parts[0]) else { throw CRMError(.notFound, "there is no notification \(parts[0])") }
            let unread = try await store.write(as: caller.actor) { transaction in
                try Notices.markRead(transaction.connection, user: user, id: id, now: transaction.now)
                return try Notices.unread(transaction.connection, user: user)
            }
            live.publish(user, .unread(unread))
            return .noContent
        default: throw APIFront.unknown(request)
        }
    }

    private func list(_ request: FrontRequest, _ actor: Actor, _ user: Int64) async throws -> FrontResponse {
        let limit = request.parameter("limit").map { Int($0) ?? 0 } ?? 50
        guard (1...200).contains(limit) else {
            throw CRMError(.invalid, "the query does not fit", problems: [Problem(field: "limit", "must be from 1 to 200")])
        }
        let before = request.parameter("cursor").map { Int64($0) ?? 0 }
        guard before != 0 else { throw CRMError(.malformed, "the cursor is not one of ours", hint: "Begin again without it.") }
        let unreadOnly = request.parameter("unread") == "true"
        return try await store.read(as: actor) { transaction in
            let notices = try Notices.list(
                transaction.connection, user: user, unreadOnly: unreadOnly, before: before, limit: limit + 1)
            let unread = try Notices.unread(transaction.connection, user: user)
            return .json(
                JSONWriter.object { json in
                    json.key("data")
                    json.beginArray()
                    for notice in notices.prefix(limit) { NotificationsAPI.write(notice, transaction.registry, &json) }
                    json.endArray()
                    json.field("unread", unread)
                    json.field("next", notices.count > limit ? notices[limit - 1].id.description : nil)
                })
        }
    }

    private static func write(_ notice: Notice, _ registry: Registry, _ json: inout JSONWriter) {
        json.beginObject()
        json.field("id", notice.id)
        json.field("message", notice.message)
        json.field("entity", notice.entity)
        json.field("path", notice.entity.flatMap { registry.entity($0)?.path })
        json.key("record")
        if let record = notice.record { json.integer(record) } else { json.null() }
        json.field("href", notice.href(registry))
        json.field("created_at", notice.createdAt as Moment?)
        json.field("read_at", notice.readAt)
        json.endObject()
    }

    /// Server-sent events, beginning with the count of unread notices.
    func events(_ actor: Actor, _ user: Int64) async throws -> FrontResponse {
        let unread = try await store.read(as: actor) { try Notices.unread($0.connection, user: user) }
        return FrontResponse(
            200,
            headers: [("content-type", "text/event-stream"), ("cache-control", "no-store"), ("x-accel-buffering", "no")],
            body: .stream(live.subscribe(user, first: [.unread(unread)])))
    }
}

extension NotificationsAPI {
    init(kernel: Kernel) { self.init(store: kernel.store, live: kernel.live) }
}
