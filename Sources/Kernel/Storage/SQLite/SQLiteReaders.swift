import GRDB
import GRDBSQLite
import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// The connections that only read: each is used by one thread at a time, on that thread, and has statements of its own.
/// Readers never wait for the writer, nor it for them (WAL).
final class SQLiteReaders: Sendable {
    /// What every connection is told.
    static let pragmas = ["PRAGMA cache_size = -16000", "PRAGMA temp_store = MEMORY", "PRAGMA mmap_size = 268435456"]
    /// So many stay open while nobody reads.
    private static let most = 8

    /// NB: unchecked, because a reader is in one pair of hands: taken from the idle ones under the lock, and given back.
    private final class Reader: @unchecked Sendable {
        let connection: SQLiteConnection
        private let handle: OpaquePointer
        private let statements = SQLiteStatements()

        init(path: String) throws {
            var handle: OpaquePointer?
            let code = sqlite3_open_v2(path, &handle, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nil)
            guard let handle else { throw DatabaseError(resultCode: .SQLITE_NOMEM) }
            self.handle = handle
            connection = SQLiteConnection(handle, statements)
            guard code == SQLITE_OK else { throw SQLiteConnection.failure(handle, "") }
            sqlite3_busy_timeout(handle, 5000)
            SQLiteFunctions.register(on: handle)
            for pragma in pragmas { try connection.execute(pragma) }
        }

        deinit {
            statements.clear()
            sqlite3_close_v2(handle)
        }
    }

    private struct State {
        var idle: [Reader] = []
        var busy = 0
        var isClosed = false
        /// Whether readers have to wait: the file is being opened anew.
        var isApart = false
    }

    private let path: String
    private let state = Mutex(State())

    init(path: String) { self.path = path }

    /// Runs a closure over one consistent view.
    func read<T>(_ body: (any Connection) throws -> T) throws -> T {
        let reader: Reader = try take()
        defer { state.withLock { $0.busy -= 1 } }
        let connection: SQLiteConnection = reader.connection
        connection.beginReading()
        do {
            let result: T = try body(connection)
            try connection.endReading()
            give(back: reader)
            return result
        } catch {
            // What fails to come back is closed, not used again.
            if (try? connection.endReading(isSound: false)) != nil { give(back: reader) }
            throw error
        }
    }

    private func take() throws -> Reader {
        var waited = 0
        while true {
            let answer: Answer = state.withLock { state in
                if state.isClosed { return .closed }
                if state.isApart { return .later }
                state.busy += 1
                return state.idle.popLast().map(Answer.reader) ?? .fresh
            }
            switch answer {
            case .reader(let reader): return reader
            case .closed: throw SQLiteWriter.closed
            case .fresh:
                do { return try Reader(path: path) } catch {
                    state.withLock { $0.busy -= 1 }
                    throw error
                }
            case .later:
                waited += 1
                if waited > SQLiteReaders.patience { throw DatabaseError(resultCode: .SQLITE_BUSY, message: "the database is being opened anew") }
                usleep(1000)
            }
        }
    }

    private enum Answer {
        case reader(Reader), fresh, closed, later
    }

    private func give(back reader: Reader) {
        state.withLock { state in
            if !state.isClosed, state.idle.count < SQLiteReaders.most { state.idle.append(reader) }
        }
    }

    /// For how many milliseconds readers wait, and are waited for, when the file is opened anew.
    private static let patience = 5000

    /// Runs a closure while nobody reads and no reading connection is open. Throws when somebody does not come to an end.
    func apart(_ body: () throws -> Void) throws {
        state.withLock { $0.isApart = true }
        defer { state.withLock { $0.isApart = false } }
        var waited = 0
        while state.withLock({ $0.busy > 0 }) {
            waited += 1
            if waited > SQLiteReaders.patience { throw DatabaseError(resultCode: .SQLITE_BUSY, message: "the database is being read") }
            usleep(1000)
        }
        closeIdle()
        try body()
    }

    func close() {
        state.withLock { $0.isClosed = true }
        closeIdle()
    }

    private func closeIdle() {
        // Taken out under the lock and let go after it: closing a file is no work for a lock.
        let idle: [Reader] = state.withLock { state in
            defer { state.idle = [] }
            return state.idle
        }
        withExtendedLifetime(idle) {}
    }
}
