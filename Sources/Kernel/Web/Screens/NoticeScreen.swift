import PluginAPI

/// The reader's notices: the small list in the top bar, the page of all, and the live stream.
struct NoticeScreen {
    let visit: Visit

    func respond(_ parts: [String]) async throws -> FrontResponse {
        guard let user = visit.actor.userID else { throw CRMError(.forbidden, "only users have notifications") }
        if parts.first == "events" { return try await stream(user) }
        switch (parts.dropFirst().first, parts.count) {
        case (nil, _): return try await list(user)
        case ("read", 2) where visit.isPost:
            let now = visit.store.clock.now
            try await visit.store.engine.write { connection in _ = try Notices.markAllRead(connection, user: user, now: now) }
            visit.front.kernel.live.publish(user, .unread(0))
            return visit.done("/admin/notifications", "All read.")
        case (let id?, 2): return try await open(try visit.id(id), user)
        default: throw visit.front.unknown(visit)
        }
    }

    private func stream(_ user: Int64) async throws -> FrontResponse {
        let unread = try await visit.store.engine.read { try Notices.unread($0, user: user) }
        let events = visit.front.kernel.live.subscribe(user, first: [.unread(unread)])
        return FrontResponse(200, headers: [("content-type", "text/event-stream"), ("cache-control", "no-store"), ("x-accel-buffering", "no")], body: .stream(events))
    }

    /// Marks one as read and goes where it points.
    private func open(_ id: RecordID, _ user: Int64) async throws -> FrontResponse {
        let now = visit.store.clock.now
        let notice = try await visit.store.engine.write { connection -> Notice? in
            try Notices.markRead(connection, user: user, id: id.raw, now: now)
            return try connection.first("SELECT \(Notice.columns) FROM tenon_notification WHERE id = ?", [.integer(id.raw)], Notice.init)
        }
        return .redirect(notice?.href(visit.registry) ?? "/admin/notifications")
    }

    private func list(_ user: Int64) async throws -> FrontResponse {
        let before = visit.query["before"].flatMap { Int64($0) }
        let isPart = visit.fragment == "part"
        let limit = isPart ? 10 : 50
        let notices = try await visit.store.engine.read { try Notices.list($0, user: user, before: before, limit: limit) }
        let items = try await visit.store.read(as: visit.actor) { transaction in
            let markup = visit.markup(transaction)
            return notices.html { item($0, markup) }
        }
        let read = Parts.post("Mark all as read", "/admin/notifications/read", csrf: visit.csrf)
        let none: HTML = "<p class=\"body muted\">Nothing yet. You are told here when a record is assigned to you, or when long work is done.</p>"
        let content: HTML = notices.isEmpty ? none : "<ul>\(items)</ul>"
        if isPart {
            return visit.part("<header><h2>Notifications</h2>\(read, if: !notices.isEmpty)</header>\(content)<footer><a href=\"/admin/notifications\">All notifications</a></footer>")
        }
        let more: HTML = notices.count == limit ? "<footer><a href=\"/admin/notifications?before=\(notices[limit - 1].id)\">Show earlier</a></footer>" : ""
        let page: HTML = "<div class=\"narrow\">\(Parts.head("Notifications", actions: read))<section class=\"card-box notes\">\(content)\(more)</section></div>"
        return try await visit.page(Page(title: "Notifications", content: page))
    }

    private func item(_ notice: Notice, _ markup: ValueMarkup) -> HTML {
        """
        <li\(" class=\"unread\"", if: notice.readAt == nil)><a href="/admin/notifications/\(notice.id)"><span>\(notice.message)</span><span class="muted small">\(markup.ago(notice.createdAt))</span></a></li>
        """
    }
}
