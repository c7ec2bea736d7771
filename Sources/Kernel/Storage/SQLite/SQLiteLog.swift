import GRDB
import GRDBSQLite

#if canImport(Glibc)
import Glibc
#endif

/// The files beside the database: the log (`-wal`), in which a transaction is stored before it reaches the database, and its
/// index (`-shm`), which is memory shared by all who have the database open.
///
/// What makes it necessary to know them: after a failed wait for the disk, Linux holds the pages that it could not write for
/// clean. They are still read back as they were written, for as long as they stay in memory, and waiting for the disk once more
/// succeeds without writing them. Only bytes that are written again are written.
enum SQLiteLog {
    /// Where the part of the log ends that is committed, as the index knows it; nil when there is no index.
    static func end(_ path: String) -> Int64? {
        guard let head = bytes(path + "-shm", 48), head.count == 48 else { return nil }
        // iVersion, unused, iChange, isInit + bigEndCksum + szPage, mxFrame; see "WAL-index format" of SQLite's documentation.
        let (isReady, kept) = (head[12], number(head, 16))
        guard isReady != 0 else { return nil }
        let size = Int64(head[14]) | Int64(head[15]) << 8
        return kept == 0 ? 0 : 32 + Int64(kept) * ((size == 1 ? 65536 : size) + 24)
    }

    private static func number(_ bytes: [UInt8], _ place: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 | UInt32(bytes[place + $1]) << UInt32($1 * 8) }
    }

    private static func bytes(_ path: String, _ count: Int) -> [UInt8]? {
        let file: Int32 = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { Glibc.close(file) }
        var bytes = [UInt8](repeating: 0, count: count)
        let got: Int = pread(file, &bytes, count, 0)
        return got < 0 ? nil : Array(bytes[..<got])
    }

    /// Takes what nobody was told to be stored off the end of the log, while nobody has the database open.
    static func cut(_ path: String, to end: Int64) throws {
        try using(path) { log in
            guard try size(log) > end else { return }
            guard ftruncate(log, off_t(end)) == 0 else { throw failure(.SQLITE_IOERR_TRUNCATE) }
        }
    }

    /// Writes the log over itself and waits for the disk. Nobody may add to it meanwhile.
    static func settle(_ path: String) throws {
        try using(path) { log in
            let end: Int64 = try size(log)
            guard end > 0 else { return }
            var piece = [UInt8](repeating: 0, count: 1 << 20)
            var place: Int64 = 0
            while place < end {
                let count: Int = pread(log, &piece, piece.count, off_t(place))
                guard count > 0 else { throw failure(.SQLITE_IOERR_READ) }
                guard pwrite(log, piece, count, off_t(place)) == count else { throw failure(.SQLITE_IOERR_WRITE) }
                place += Int64(count)
            }
            guard fdatasync(log) == 0 else { throw failure(.SQLITE_IOERR_FSYNC) }
        }
    }

    private static func using(_ path: String, _ body: (Int32) throws -> Void) throws {
        let log: Int32 = Glibc.open(path + "-wal", O_RDWR | O_CLOEXEC)
        guard log >= 0 else {
            if errno == ENOENT { return }
            throw failure(.SQLITE_CANTOPEN)
        }
        defer { Glibc.close(log) }
        try body(log)
    }

    private static func size(_ file: Int32) throws -> Int64 {
        var facts = stat()
        guard fstat(file, &facts) == 0 else { throw failure(.SQLITE_IOERR_FSTAT) }
        return Int64(facts.st_size)
    }

    private static func failure(_ code: ResultCode) -> DatabaseError {
        DatabaseError(resultCode: code, message: "the log: " + String(cString: strerror(errno)).lowercased())
    }

    /// Has a connection leave the log as it is when it is closed. Without that, the last one to close moves the log into the
    /// file, on the word of a disk that has just failed.
    static func keepOnClose(_ connection: OpaquePointer) {
        typealias Configure = @convention(c) (OpaquePointer, Int32, Int32, UnsafeMutablePointer<Int32>?) -> Int32
        guard let symbol = dlsym(nil, "sqlite3_db_config") else { return }
        // NB: Swift cannot call functions with any number of arguments; on Linux, this one is called like one with four.
        let configure = unsafeBitCast(symbol, to: Configure.self)
        _ = configure(connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nil)
    }
}
