import PluginAPI

/// The stored queue of jobs, within a transaction.
enum JobQueue {
    /// How many successful runs of a job are kept to look back on.
    static let kept = 20

    /// Queues a run and gives its id.
    @discardableResult
    static func add(
        _ connection: any Connection, name: String, plugin: String, payload: [UInt8] = [], user: Int64?, at moment: Moment, now: Moment
    ) throws -> Int64 {
        try connection.insert(
            """
            INSERT INTO tenon_job (name, plugin, payload, user_id, run_at, attempts, state, created_at) \
            VALUES (?, ?, ?, ?, ?, 0, 'queued', ?)
            """,
            [
                .text(name), .text(plugin), .text(String(decoding: payload, as: UTF8.self)), user.map(SQLValue.integer) ?? .null,
                .integer(moment.milliseconds), .integer(now.milliseconds),
            ])
    }

    /// Queues a job that a plugin asks for by name.
    static func add(
        _ connection: any Connection, _ registry: Registry, name: String, payload: [UInt8], user: Int64?, after: Moment?, now: Moment
    ) throws {
        guard let job = registry.jobs[name] else {
            throw CRMError(.notFound, "there is no job \(name)", hint: "Its plugin may be switched off.")
        }
        try add(connection, name: name, plugin: job.plugin, payload: payload, user: user, at: after ?? now, now: now)
    }

    static func find(_ connection: any Connection, _ id: Int64) throws -> JobRun? {
        try connection.first("SELECT \(JobRun.columns) FROM tenon_job WHERE id = ?", [.integer(id)], JobRun.init)
    }

    /// For each job with runs waiting: when the first of them is due.
    static func waiting(_ connection: any Connection, now: Moment) throws -> [(name: String, plugin: String, due: Moment)] {
        try connection.all(
            "SELECT name, min(plugin), min(\(due(now))) AS due FROM tenon_job WHERE state = 'queued' GROUP BY name ORDER BY min(run_at), name"
        ) { ($0.text(0), $0.text(1), Moment(milliseconds: $0.integer(2))) }
    }

    /// The jobs that are noted as under way.
    static func running(_ connection: any Connection) throws -> [String] {
        try connection.all("SELECT DISTINCT name FROM tenon_job WHERE state = 'running'") { $0.text(0) }
    }

    /// When a run is due. What was queued for at once, or put off for a while after a failure, by a clock that ran ahead and has
    /// been set back does not wait for the time that the clock showed then.
    private static func due(_ now: Moment) -> String {
        let late: Int64 = now.milliseconds + Backoff.longest
        return "CASE WHEN (attempts = 0 AND created_at > \(now.milliseconds) AND run_at <= created_at) OR (attempts > 0 AND run_at > \(late)) THEN 0 ELSE run_at END"
    }

    /// Whether a run is under way, due or about to be tried again: another one by schedule would only pile up.
    static func isPending(_ connection: any Connection, _ name: String, now: Moment) throws -> Bool {
        try connection.integer(
            """
            SELECT 1 FROM tenon_job WHERE name = ? AND (state = 'running' OR (state = 'queued' AND (run_at <= ? OR attempts > 0))) \
            LIMIT 1
            """, [.text(name), .integer(now.milliseconds)]) != nil
    }

    /// Takes the first due run of a job, if there is one.
    static func claim(_ connection: any Connection, _ name: String, now: Moment) throws -> JobRun? {
        let id = try connection.integer(
            "SELECT id FROM tenon_job WHERE name = ? AND state = 'queued' AND \(due(now)) <= ? ORDER BY run_at, id LIMIT 1",
            [.text(name), .integer(now.milliseconds)])
        guard let id else { return nil }
        try connection.execute(
            "UPDATE tenon_job SET state = 'running', attempts = attempts + 1, started_at = ? WHERE id = ?",
            [.integer(now.milliseconds), .integer(id)])
        return try find(connection, id)
    }

    /// A run as it was taken from the queue: what was put back, or taken by somebody else in the meantime, is another.
    private static let sameRun = "id = ? AND state = 'running' AND attempts = ? AND started_at = ?"

    private static func identity(_ run: JobRun) -> [SQLValue] {
        [.integer(run.id), .integer(Int64(run.attempts)), run.startedAt.map { .integer($0.milliseconds) } ?? .null]
    }

    /// Notes that a run has done its work. False when it is not under way any more; the same goes for the next two.
    @discardableResult
    static func succeed(_ connection: any Connection, _ run: JobRun, now: Moment) throws -> Bool {
        let changed = try connection.execute(
            "UPDATE tenon_job SET state = 'done', error = NULL, finished_at = ? WHERE \(sameRun)", [.integer(now.milliseconds)] + identity(run))
        guard changed == 1 else { return false }
        try connection.execute(
            """
            DELETE FROM tenon_job WHERE name = ? AND state = 'done' AND id <= \
            (SELECT id FROM tenon_job WHERE name = ? AND state = 'done' ORDER BY id DESC LIMIT 1 OFFSET \(kept))
            """, [.text(run.name), .text(run.name)])
        return true
    }

    /// Notes a failure: tried again later, or failed for good when `next` is nil.
    @discardableResult
    static func fail(_ connection: any Connection, _ run: JobRun, _ error: String, next: Moment?, now: Moment) throws -> Bool {
        let arguments: [SQLValue] = [
            .text(next == nil ? "failed" : "queued"), .text(error), .integer((next ?? run.runAt).milliseconds),
            next == nil ? .integer(now.milliseconds) : .null,
        ]
        return try connection.execute(
            "UPDATE tenon_job SET state = ?, error = ?, run_at = ?, finished_at = ? WHERE \(sameRun)", arguments + identity(run)) == 1
    }

    /// Puts a run back that was cut off by the end of the product, as if it had not begun.
    @discardableResult
    static func putBack(_ connection: any Connection, _ run: JobRun) throws -> Bool {
        try connection.execute(
            "UPDATE tenon_job SET state = 'queued', attempts = ?, started_at = NULL WHERE \(sameRun)",
            [.integer(Int64(run.attempts - 1))] + identity(run)) == 1
    }

    /// Mends what a crash left: runs under way are queued again, unless they took the product down once too often.
    static func recover(_ connection: any Connection, now: Moment) throws {
        try connection.execute(
            """
            UPDATE tenon_job SET state = 'failed', error = 'the product ended while it ran', finished_at = ? \
            WHERE state = 'running' AND attempts >= \(Backoff.jobs.attempts)
            """, [.integer(now.milliseconds)])
        try connection.execute("UPDATE tenon_job SET state = 'queued' WHERE state = 'running'")
    }

    /// The same for one job, by whoever alone may run it.
    static func recover(_ connection: any Connection, _ name: String, now: Moment) throws {
        try connection.execute(
            """
            UPDATE tenon_job SET state = 'failed', error = 'the product ended while it ran', finished_at = ? \
            WHERE name = ? AND state = 'running' AND attempts >= \(Backoff.jobs.attempts)
            """, [.integer(now.milliseconds), .text(name)])
        try connection.execute("UPDATE tenon_job SET state = 'queued' WHERE name = ? AND state = 'running'", [.text(name)])
    }

    /// Queues a failed run once more, with all its attempts.
    static func retry(_ connection: any Connection, _ id: Int64, now: Moment) throws {
        let changed = try connection.execute(
            """
            UPDATE tenon_job SET state = 'queued', attempts = 0, run_at = ?, started_at = NULL, finished_at = NULL, error = NULL \
            WHERE id = ? AND state = 'failed'
            """, [.integer(now.milliseconds), .integer(id)])
        guard changed == 1 else {
            throw CRMError(.notFound, "there is no failed run \(id)", hint: "It may have been retried in the meantime.")
        }
    }
}
