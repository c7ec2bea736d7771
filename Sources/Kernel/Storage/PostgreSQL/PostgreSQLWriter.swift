import CPostgreSQL

/// Carries out batches of writes over one connection: a transaction each, one wait for the disk for all of them.
///
/// NB: unchecked, because the writers' queue alone calls it, one batch at a time.
final class PostgreSQLWriter: @unchecked Sendable {
    typealias Job = WriterQueue<PostgreSQLConnection>.Job

    /// Waits for the turn among all servers of the database; the number is this product's own.
    static let turn = "SELECT pg_advisory_xact_lock(499867283310)"
    private let address: PostgreSQLAddress
    /// The connection, unless it was lost.
    private var kept: PostgreSQLConnection?

    init(_ address: PostgreSQLAddress, _ connection: PostgreSQLConnection) {
        self.address = address
        kept = connection
    }

    private enum End {
        /// Committed; on the disk or perhaps not yet.
        case stored(isOnDisk: Bool)
        /// The job threw, and what it had changed is undone.
        case undone
        case failed(any Error)
    }

    func run(_ jobs: [Job]) {
        var stored: [Job] = []
        var isOnDisk = true
        for (index, job) in jobs.enumerated() {
            switch attempt(job, waits: index == jobs.count - 1) {
            case .stored(let reached):
                stored.append(job)
                isOnDisk = reached
            case .undone: job.finish(nil)
            case .failed(let error):
                job.finish(error)
                guard kept == nil else { continue }
                // The server went, and may have taken along what it had not brought to the disk: nobody can say.
                for other in stored { other.finish(error) }
                stored = []
                isOnDisk = true
            }
        }
        do {
            if !isOnDisk { try kept?.flush() }
            for job in stored { job.finish(nil) }
        } catch {
            for job in stored { job.finish(error) }
            kept = nil
        }
    }

    private func attempt(_ job: Job, waits: Bool) -> End {
        do {
            let connection: PostgreSQLConnection = try connection()
            try connection.command("BEGIN; " + PostgreSQLWriter.turn)
            guard job.work(connection) else {
                if connection.isLost { kept = nil } else { try connection.command("ROLLBACK") }
                return .undone
            }
            try connection.command(waits ? "COMMIT" : "SET LOCAL synchronous_commit TO off; COMMIT")
            return .stored(isOnDisk: waits)
        } catch {
            if let connection = kept, connection.isLost || (try? connection.rollBack()) == nil { kept = nil }
            return .failed(error)
        }
    }

    private func connection() throws -> PostgreSQLConnection {
        if let kept, !kept.isLost { return kept }
        let connection = try PostgreSQLConnection(address)
        kept = connection
        return connection
    }
}

extension PostgreSQLConnection {
    /// Brings everything that was committed before to the disk: the commit of a message in the log that nobody reads.
    fileprivate func flush() throws {
        try command("BEGIN; SET LOCAL synchronous_commit TO on; SELECT pg_logical_emit_message(true, 'tenon', ''); COMMIT")
    }

    /// Ends a transaction that failed, if one is open.
    fileprivate func rollBack() throws {
        if isInTransaction { try command("ROLLBACK") }
    }
}
