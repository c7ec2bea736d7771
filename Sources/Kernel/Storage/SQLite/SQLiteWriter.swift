import CSQLite
import CThread
import GRDB
import GRDBSQLite
import Logging
import PluginAPI
import Synchronization

/// The connection that writes. It carries batches out, each one transaction with one wait for the disk; moves the log into the
/// file when nobody waits for that; and when the disk has failed to take something, writes nothing more before the file was
/// opened anew.
final class SQLiteWriter: Sendable {
    typealias Job = WriterQueue<SQLiteConnection>.Job

    /// A batch that has taken so long is stored before the next job of it begins, in milliseconds: those who came first do not
    /// wait for all who came with them.
    private static let longest: UInt64 = 20
    /// The log is moved into the file when it has so many pages.
    ///
    /// A record touches some forty pages, most of them the same as the next one's: four times what SQLite does by itself
    /// writes each of them to the file a quarter as often.
    private static let logPages: Int32 = 4000
    /// After a failed attempt to open the file anew, the next is not made before so many milliseconds have passed.
    private static let pause: UInt64 = 500

    /// So many kibibytes of pages are kept from one transaction to the next. A long import may change many more, which go to the
    /// log once and not again and again (``SQLiteSpill``).
    private static let cache = 8000

    private static var now: UInt64 { tenon_monotonic_time() / 1_000_000 }

    private struct Doubt {
        let cause: any Error
        var triedAt: UInt64
    }

    private struct State {
        var pool: DatabasePool?
        var statements: [Int: SQLiteStatements] = [:]
        var doubt: Doubt?
    }

    private static let logger = Logger(label: "tenon.storage")
    private let path: String
    private let isDurable: Bool
    private let readers: SQLiteReaders
    private let state = Mutex(State())
    /// How many pages the log has, as SQLite tells after each commit.
    private let log = SQLiteLogSize()

    init(path: String, isDurable: Bool, readers: SQLiteReaders) throws {
        self.path = path
        self.isDurable = isDurable
        self.readers = readers
        try open()
        // An earlier end may have come between a disk that failed and the answer to it: what stands in the log may be in
        // memory only, and everything that is stored after it would hang in the air.
        try settle()
    }

    private func open() throws {
        var configuration = Configuration()
        configuration.maximumReaderCount = 1
        configuration.busyMode = .timeout(5)
        configuration.foreignKeysEnabled = false
        configuration.label = "tenon"
        configuration.prepareDatabase { [weak self] db in
            try db.execute(sql: "PRAGMA journal_size_limit = 67108864")
            for pragma in SQLiteReaders.pragmas { try db.execute(sql: pragma) }
            try db.execute(sql: "PRAGMA cache_size = -\(SQLiteWriter.cache)")
            try db.execute(sql: SQLiteSpill.setting)
            if let connection = db.sqliteConnection {
                SQLiteFunctions.register(on: connection)
                self?.state.withLock { $0.statements[Int(bitPattern: connection)] = SQLiteStatements() }
            }
        }
        let pool = try DatabasePool(path: path, configuration: configuration)
        state.withLock { $0.pool = pool }
        // SQLite itself would move the log into the file within a commit, while those who wrote wait, and keep to itself when
        // the disk fails at it.
        try pool.writeWithoutTransaction { [log, isDurable] db in
            // Said once more: GRDB sets NORMAL, by which no commit waits for the disk, when it has prepared the connection.
            try db.execute(sql: "PRAGMA synchronous = \(isDurable ? "FULL" : "OFF")")
            guard let handle = db.sqliteConnection else { return }
            log.follow(handle)
            guard isDurable else { return }
            // The log is opened with the first look; from here on a commit's pages go to it in one piece.
            try db.execute(sql: "SELECT 1 FROM sqlite_master LIMIT 1")
            _ = tenon_sqlite_gather(UnsafeMutableRawPointer(handle))
        }
    }

    private func withConnection<T>(_ body: (SQLiteConnection, OpaquePointer) throws -> T) throws -> T {
        guard let pool = state.withLock({ $0.pool }) else { throw SQLiteWriter.closed }
        return try pool.writeWithoutTransaction { db in
            guard let handle = db.sqliteConnection else { throw SQLiteWriter.closed }
            let statements: SQLiteStatements? = state.withLock { $0.statements[Int(bitPattern: handle)] }
            return try body(SQLiteConnection(handle, statements ?? SQLiteStatements()), handle)
        }
    }

    static let closed = DatabaseError(resultCode: .SQLITE_MISUSE, message: "the database is closed")

    // MARK: Batches

    /// Carries out jobs that came together and tells each how it ended; gives whether the log is to be moved into the file.
    func store(_ jobs: [Job]) -> Bool {
        var rest = jobs[...]
        while !rest.isEmpty {
            if let refusal = refusal() {
                for job in rest { job.finish(refusal) }
                return false
            }
            rest = rest.dropFirst(transact(rest))
        }
        return log.pages >= SQLiteWriter.logPages
    }

    /// Carries out as many jobs as belong into one transaction, a savepoint each, so that one that throws takes nothing of the
    /// others along. Gives the count of jobs that have been told how it ended.
    private func transact(_ jobs: ArraySlice<Job>) -> Int {
        var begun = 0
        do {
            try withConnection { connection, _ in
                let start: UInt64 = SQLiteWriter.now
                try connection.begin()
                do {
                    // No savepoint for one that is alone: it would keep a copy of each page and store the search index twice.
                    if jobs.count == 1, let job = jobs.first {
                        begun = 1
                        if job.work(connection) { try connection.commit() } else { connection.rollback() }
                        return
                    }
                    for job in jobs {
                        begun += 1
                        try connection.attempt(job)
                        if SQLiteWriter.now - start >= SQLiteWriter.longest { break }
                    }
                    try connection.commit()
                } catch {
                    connection.rollback()
                    throw error
                }
            }
        } catch {
            suspect(error)
            // Without a beginning none of them can be helped; else those behind the one that failed have their own turn.
            let told = jobs.prefix(begun == 0 ? jobs.count : begun)
            for job in told { job.finish(error) }
            return told.count
        }
        for job in jobs.prefix(begun) { job.finish(nil) }
        return begun
    }

    /// Moves the log into the file when it has grown, after those who wrote know that their work is stored.
    func checkpoint() {
        guard log.pages >= SQLiteWriter.logPages, !hasDoubt else { return }
        do {
            try withConnection { _, handle in
                guard sqlite3_wal_checkpoint_v2(handle, nil, SQLITE_CHECKPOINT_PASSIVE, nil, nil) != SQLITE_OK else { return }
                throw SQLiteConnection.failure(handle, "checkpoint")
            }
        } catch { suspect(error) }
    }

    // MARK: When the disk has failed

    /// Whether the file has to be opened anew before anything is stored.
    var hasDoubt: Bool { state.withLock { $0.doubt != nil } }

    /// After a failed write or a failed wait for the disk, nobody knows what is on it: the system forgets what it could not
    /// write, and reports success the next time. SQLite goes on all the same; we do not.
    private func suspect(_ error: any Error) {
        guard isDurable, let code = (error as? DatabaseError)?.extendedResultCode else { return }
        guard [.SQLITE_IOERR_FSYNC, .SQLITE_IOERR_DIR_FSYNC, .SQLITE_IOERR_WRITE, .SQLITE_IOERR_TRUNCATE].contains(code) else { return }
        state.withLock { $0.doubt = $0.doubt ?? Doubt(cause: error, triedAt: 0) }
        SQLiteWriter.logger.error("the disk has failed; nothing more is stored before the database was opened anew: \(error)")
    }

    /// Why nothing can be stored now; nil when something can be, maybe because the file has just been opened anew.
    private func refusal() -> (any Error)? {
        guard let doubt = state.withLock({ $0.doubt }) else { return nil }
        let now: UInt64 = SQLiteWriter.now
        guard doubt.triedAt == 0 || now - doubt.triedAt >= SQLiteWriter.pause else { return doubt.cause }
        state.withLock { $0.doubt?.triedAt = now }
        do {
            try readers.apart { try reopen() }
            state.withLock { $0.doubt = nil }
            SQLiteWriter.logger.notice("the database was opened anew, and the disk takes again what is stored")
            return nil
        } catch {
            // Once, and not twice a second.
            if doubt.triedAt == 0 { SQLiteWriter.logger.error("the database could not be opened anew, which is tried with every change: \(error)") }
            return doubt.cause
        }
    }

    /// Opens the file anew: forgets all that this process believes about it, and what was not acknowledged; then has the disk
    /// take the log once more. Throws when it still does not.
    private func reopen() throws {
        if state.withLock({ $0.pool }) != nil {
            let end: Int64? = SQLiteLog.end(path)
            try withConnection { _, handle in SQLiteLog.keepOnClose(handle) }
            try close()
            if let end { try SQLiteLog.cut(path, to: end) }
        }
        try open()
        try settle()
    }

    private func settle() throws {
        guard isDurable else { return }
        try withConnection { connection, _ in
            // Nobody else may add to the log meanwhile.
            try connection.begin()
            defer { connection.rollback() }
            try SQLiteLog.settle(path)
        }
    }

    // MARK: The rest

    func integrityProblems() async throws -> [String] {
        guard let pool = state.withLock({ $0.pool }) else { throw SQLiteWriter.closed }
        return try await pool.read { db in try String.fetchAll(db, sql: "PRAGMA integrity_check(20)").filter { $0 != "ok" } }
    }

    func close() throws {
        guard let pool = state.withLock({ $0.pool }) else { return }
        try pool.barrierWriteWithoutTransaction { _ in
            let all: [SQLiteStatements] = state.withLock { Array($0.statements.values) }
            for statements in all { statements.clear() }
        }
        try pool.close()
        state.withLock { state in
            state.pool = nil
            state.statements = [:]
        }
    }
}

/// How many pages the log has, told by SQLite after each commit on the writing connection.
///
/// NB: unchecked, because the writing connection alone touches the number, and that is on one thread at a time.
private final class SQLiteLogSize: @unchecked Sendable {
    private let place = UnsafeMutablePointer<Int32>.allocate(capacity: 1)

    init() { place.initialize(to: 0) }
    deinit { place.deallocate() }

    var pages: Int32 { place.pointee }

    /// Takes the place of SQLite's own habit of moving the log within a commit.
    func follow(_ connection: OpaquePointer) {
        place.pointee = 0
        sqlite3_wal_hook(
            connection,
            { place, _, _, pages in
                place?.assumingMemoryBound(to: Int32.self).pointee = pages
                return SQLITE_OK
            }, place)
    }
}

extension SQLiteConnection {
    /// Does one job of a batch, and takes it back when it throws.
    fileprivate func attempt(_ job: SQLiteWriter.Job) throws {
        struct Refused: Error {}
        do { try savepoint { if !job.work(self) { throw Refused() } } } catch is Refused {}
    }
}
