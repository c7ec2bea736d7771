import GRDB
import GRDBSQLite
import Synchronization

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
        var isClosed = false
    }

    private let path: String
    private let state = Mutex(State())

    init(path: String) { self.path = path }

    /// Runs a closure over one consistent view.
    func read<T>(_ body: (any Connection) throws -> T) throws -> T {
        let reader: Reader = try take()
        let connection: SQLiteConnection = reader.connection
        // What fails to come back is closed, not used again.
        try connection.execute("BEGIN DEFERRED")
        do {
            let result: T = try body(connection)
            try connection.execute("COMMIT")
            give(back: reader)
            return result
        } catch {
            if (try? connection.execute("ROLLBACK")) != nil { give(back: reader) }
            throw error
        }
    }

    private func take() throws -> Reader {
        let (idle, isClosed) = state.withLock { state in (state.idle.popLast(), state.isClosed) }
        if isClosed { throw DatabaseError(resultCode: .SQLITE_MISUSE, message: "the database is closed") }
        return try idle ?? Reader(path: path)
    }

    private func give(back reader: Reader) {
        state.withLock { state in
            if !state.isClosed, state.idle.count < SQLiteReaders.most { state.idle.append(reader) }
        }
    }

    func close() {
        // Taken out under the lock and let go after it: closing a file is no work for a lock.
        let idle: [Reader] = state.withLock { state in
            defer { state.idle = [] }
            state.isClosed = true
            return state.idle
        }
        withExtendedLifetime(idle) {}
    }
}
