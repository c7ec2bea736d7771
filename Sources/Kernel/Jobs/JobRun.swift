import PluginAPI

/// One run of a job, as stored: waiting, under way, or over.
struct JobRun: Sendable {
    enum State: String, Sendable {
        case queued, running, failed, done
    }
    let id: Int64
    let name: String
    let plugin: String
    /// The user for whom it runs; nil for the product itself.
    let user: Int64?
    let runAt: Moment
    let attempts: Int
    let state: State
    /// What went wrong last.
    let error: String?
    let createdAt: Moment
    let startedAt: Moment?
    let finishedAt: Moment?

    /// The same for every attempt.
    var key: String { WorkEnd.key("run", name, String(id), String(createdAt.milliseconds)) }

    static let columns =
        "id, name, plugin, user_id, run_at, attempts, state, error, created_at, started_at, finished_at"

    init(_ row: any Row) {
        id = row.integer(0)
        name = row.text(1)
        plugin = row.text(2)
        user = row.optionalInteger(3)
        runAt = Moment(milliseconds: row.integer(4))
        attempts = Int(row.integer(5))
        state = State(rawValue: row.text(6)) ?? .failed
        error = row.optionalText(7)
        createdAt = Moment(milliseconds: row.integer(8))
        startedAt = row.optionalInteger(9).map(Moment.init(milliseconds:))
        finishedAt = row.optionalInteger(10).map(Moment.init(milliseconds:))
    }
}
