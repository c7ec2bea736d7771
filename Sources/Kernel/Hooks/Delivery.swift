import PluginAPI

/// One event on its way to one listener, as stored.
struct Delivery: Sendable {
    let id: Int64
    let hook: String
    let plugin: String
    let listener: String
    /// The payload as JSON.
    let payload: String
    /// The user for whom the event was sent; nil for the product itself.
    let user: Int64?
    let createdAt: Moment
    let nextAt: Moment
    let attempts: Int
    /// What went wrong last.
    let error: String?
    /// Whether it was set aside.
    let isFailed: Bool

    /// The same for every attempt.
    var key: String { WorkEnd.key("event", hook, plugin, listener, String(id), String(createdAt.milliseconds)) }

    static let columns = "id, hook, plugin, listener, payload, user_id, created_at, next_at, attempts, error, state"

    init(_ row: any Row) {
        id = row.integer(0)
        hook = row.text(1)
        plugin = row.text(2)
        listener = row.text(3)
        payload = row.text(4)
        user = row.optionalInteger(5)
        createdAt = Moment(milliseconds: row.integer(6))
        nextAt = Moment(milliseconds: row.integer(7))
        attempts = Int(row.integer(8))
        error = row.optionalText(9)
        isFailed = row.text(10) == "failed"
    }

    /// Whether an event may go to its listener. The first time it may at once, and later ones are never far away, whatever a
    /// clock that ran ahead and was set back has noted.
    static func isDue(_ moment: Moment, attempts: Int, now: Moment) -> Bool {
        attempts == 0 || moment <= now || moment.milliseconds > now.milliseconds + Backoff.longest
    }
}
