import PluginAPI

/// One notice for one user, as stored.
struct Notice: Sendable {
    let id: Int64
    let user: Int64
    let message: String
    /// The record that it opens.
    let entity: String?
    let record: Int64?
    let createdAt: Moment
    let readAt: Moment?
    /// How many unread ones the user has with this one; known only when it is new.
    var unread: Int?

    static let columns = "id, user_id, message, entity, record, created_at, read_at"

    init(_ row: any Row) {
        id = row.integer(0)
        user = row.integer(1)
        message = row.text(2)
        entity = row.optionalText(3)
        record = row.optionalInteger(4)
        createdAt = Moment(milliseconds: row.integer(5))
        readAt = row.optionalInteger(6).map(Moment.init(milliseconds:))
    }

    /// The page that it opens in the shell; nil when it opens none, or its entity's plugin is off.
    func href(_ registry: Registry) -> String? {
        guard let entity, let record, let model = registry.entity(entity) else { return nil }
        return "/admin/\(model.path)/\(record)"
    }
}

/// The stored notices to users, within a transaction.
enum Notices {
    /// Leaves a notice.
    static func add(
        _ connection: any Connection, user: Int64, message: String, about: (entity: String, id: Int64)? = nil, now: Moment
    ) throws -> Notice? {
        var notice = try connection.first(
            """
            INSERT INTO tenon_notification (user_id, message, entity, record, created_at) VALUES (?, ?, ?, ?, ?) \
            RETURNING \(Notice.columns)
            """,
            [
                .integer(user), .text(String(message.prefix(1000))), about.map { .text($0.entity) } ?? .null,
                about.map { .integer($0.id) } ?? .null, .integer(now.milliseconds),
            ], Notice.init)
        notice?.unread = try unread(connection, user: user)
        return notice
    }

    /// Tells a user to whom somebody else has given a record: `owner` is the record's owner field before and after.
    /// Nothing is said to those who may not see such records, nor about the rows of an import: whoever imports a file
    /// does not want to send thousands of notices.
    static func assigned(
        _ connection: any Connection, _ entity: EntityModel, record: Int64, label: String, from old: Value, to new: Value, by actor: Actor,
        now: Moment
    ) throws -> Notice? {
        guard case .integer(let user) = new, old != new, user != actor.userID, !actor.via.hasPrefix("import") else { return nil }
        guard actor.rights.isActive(user), actor.rights.scope(of: user, right: "view", entity: entity.name) != nil else { return nil }
        let isLabelHidden = actor.rights.mask(of: user, entity: entity.name, field: entity.labelField) == .hidden
        let name = isLabelHidden || label.isEmpty ? "#\(record)" : label
        let what = "\(entity.title.lowercased()) \(name)"
        let who = actor.userID.flatMap { actor.rights.people[$0]?.name }
        let message = who.map { "\($0) assigned you \(what)" } ?? "You were assigned \(what)"
        return try add(connection, user: user, message: message, about: (entity.name, record), now: now)
    }

    /// A user's notices, the latest first; those before an id for the next page.
    static func list(
        _ connection: any Connection, user: Int64, unreadOnly: Bool = false, before: Int64? = nil, limit: Int = 50
    ) throws -> [Notice] {
        try connection.all(
            """
            SELECT \(Notice.columns) FROM tenon_notification WHERE user_id = ? \
            \(unreadOnly ? "AND read_at IS NULL " : "")AND id < ? ORDER BY id DESC LIMIT ?
            """, [.integer(user), .integer(before ?? .max), .integer(Int64(limit))], Notice.init)
    }

    static func unread(_ connection: any Connection, user: Int64) throws -> Int {
        Int(
            try connection.integer("SELECT count(*) FROM tenon_notification WHERE user_id = ? AND read_at IS NULL", [.integer(user)]) ?? 0)
    }

    /// Marks one notice of a user as read; throws `notFound` when it is not theirs.
    static func markRead(_ connection: any Connection, user: Int64, id: Int64, now: Moment) throws {
        let changed = try connection.execute(
            "UPDATE tenon_notification SET read_at = coalesce(read_at, ?) WHERE id = ? AND user_id = ?",
            [.integer(now.milliseconds), .integer(id), .integer(user)])
        guard changed == 1 else { throw CRMError(.notFound, "there is no notification \(id)") }
        try ChangeLog.note(connection) { $0.readers.append(user) }
    }

    /// Marks all notices of a user as read; gives how many there were.
    @discardableResult
    static func markAllRead(_ connection: any Connection, user: Int64, now: Moment) throws -> Int {
        try ChangeLog.note(connection) { $0.readers.append(user) }
        return try connection.execute(
            "UPDATE tenon_notification SET read_at = ? WHERE user_id = ? AND read_at IS NULL",
            [.integer(now.milliseconds), .integer(user)])
    }
}

extension LiveUpdates {
    /// Shows a stored notice at once where its user works.
    func publish(_ notice: Notice, _ registry: Registry) {
        let data = JSONWriter.object { json in
            json.field("id", notice.id)
            json.field("title", notice.message)
            json.field("href", notice.href(registry))
            if let unread = notice.unread { json.field("unread", unread) }
        }
        publish(notice.user, Event("notification", data: data))
    }
}
