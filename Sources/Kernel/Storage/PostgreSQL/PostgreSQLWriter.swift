import CPostgreSQL

/// Carries out batches of writes over one connection: a transaction each, one wait for the disk for all of them.
///
/// NB: unchecked, because the writers' queue alone calls it, one batch at a time.
final class PostgreSQLWriter: @unchecked Sendable {
    typealias Job = WriterQueue<PostgreSQLConnection>.Job

    /// Waits for the turn among all servers of the database; the number is this product's own.
    static let turn = "SELECT pg_advisory_xact_lock(499867283310)"
    /// Tables are read by their indexes. A statement's plan is made when it is first run, when a table may be nearly empty and read
    /// whole the quickest; an import that fills it is not to read it whole for each row.
    private static let start = ["BEGIN", "SET LOCAL enable_seqscan = off", "SET LOCAL jit = off", turn]
    private let door: PostgreSQLDoor
    /// The connection, unless it was lost.
    private var kept: PostgreSQLConnection?
    /// Whether the next transaction was begun along with the last commit.
    private var isBegun = false
    /// Committed over the kept connection, and not known to be on the disk yet.
    private var waiting: [Job] = []
    /// Told where the server's log stands, before anybody is told that a change is stored; nil where nobody needs to know.
    private let noted: (@Sendable (LogPosition) -> Void)?

    init(_ door: PostgreSQLDoor, _ connection: PostgreSQLConnection, noted: (@Sendable (LogPosition) -> Void)? = nil) {
        self.door = door
        kept = connection
        self.noted = noted
    }

    func run(_ jobs: [Job]) {
        for (index, job) in jobs.enumerated() { carryOut(job, waits: index == jobs.count - 1) }
        guard !waiting.isEmpty, let connection = kept else { return }
        // The last ones were undone: the commit of a message in the log, that nobody reads, waits for the disk in their place.
        do { try finish(["BEGIN", "SELECT pg_logical_emit_message(true, 'tenon', '')", "COMMIT"], on: connection) } catch { lose(error) }
    }

    private func carryOut(_ job: Job, waits: Bool) {
        let connection: PostgreSQLConnection
        if isBegun, let kept {
            isBegun = false
            connection = kept
        } else {
            do {
                connection = try door.begin(PostgreSQLWriter.start.joined(separator: "; "), on: kept)
            } catch {
                lose(error)
                return job.finish(error)
            }
        }
        if connection !== kept {
            lose(PostgreSQLError(state: "", message: "the connection was lost"))
            kept = connection
        }
        guard job.work(connection) else {
            undo(on: connection)
            return job.finish(nil)
        }
        do {
            // What nobody has waited for goes along with the commit.
            guard waits else {
                let refusal: PostgreSQLError? = try connection.finish(
                    ["SET LOCAL synchronous_commit TO off", "COMMIT"], thenBegin: PostgreSQLWriter.start)
                waiting.append(job)
                isBegun = refusal == nil
                // The next one tries for itself, and is told.
                if let refusal { connection.isLost ? lose(refusal) : undo(on: connection) }
                return
            }
            try finish(["COMMIT"], on: connection)
            job.finish(nil)
        } catch {
            guard connection.isLost else {
                // The server answered, and stored nothing.
                undo(on: connection)
                return job.finish(error)
            }
            lose(error)
            job.finish(UncertainCommit(cause: error))
        }
    }

    private func undo(on connection: PostgreSQLConnection) {
        connection.forget()
        do { if connection.isInTransaction { try connection.command("ROLLBACK") } } catch { lose(error) }
    }

    /// A commit that waits for the disk: whoever waited for it with this one is told.
    private func finish(_ commit: [String], on connection: PostgreSQLConnection) throws {
        if let noted {
            if let position = LogPosition(try connection.finish(commit + ["SELECT pg_current_wal_lsn()"])) { noted(position) }
        } else {
            _ = try connection.finish(commit)
        }
        for job in waiting { job.finish(nil) }
        waiting = []
    }

    /// With the server went, perhaps, what it had not brought to the disk: another connection would not know.
    private func lose(_ error: any Error) {
        (kept, isBegun) = (nil, false)
        for job in waiting { job.finish(UncertainCommit(cause: error)) }
        waiting = []
    }
}
