import GRDBSQLite

/// Keeps the steps of a transaction (savepoints) sound where it is larger than the memory that it may use.
///
/// SQLite writes such a transaction's pages to the log before its end, and a page that changes again to the same place, whose sums it works
/// out at the end, from the first such place on. When a step is taken back in which that happened, the log becomes shorter and may
/// end before that place: SQLite 3.40 stores the transaction without sums then, and after a crash it is not there, nor is anything
/// that was stored after it. (Tried with small caches: one of ten files could not be read back.)
///
/// So a step of a large transaction writes nothing to the log; its pages go there when it has ended. A step that wrote to it nevertheless,
/// because the transaction became large in its middle, cannot be taken back alone.
struct SQLiteSpill {
    private let connection: OpaquePointer
    /// How many pages had gone to the log when each of the open steps began.
    private var open: [Int32] = []
    private var isHeld = false

    /// From so many bytes of pages in memory on: half of what the writer may keep.
    private static let large: Int32 = 32 << 20
    /// So many bytes of pages that a transaction has changed are kept in memory; then they go to the log, when no step is open.
    private static let most: Int32 = 64 << 20
    /// What is kept when it has ended is the cache's own size.
    static let setting = "PRAGMA cache_spill = -\(most >> 10)"

    init(_ connection: OpaquePointer) { self.connection = connection }

    private func status(_ what: Int32) -> Int32 {
        var (now, high): (Int32, Int32) = (0, 0)
        sqlite3_db_status(connection, what, &now, &high, 0)
        return now
    }

    private var written: Int32 { status(SQLITE_DBSTATUS_CACHE_SPILL) }
    private var used: Int32 { status(SQLITE_DBSTATUS_CACHE_USED) }

    /// A step has begun.
    mutating func begin() {
        open.append(written)
        guard !isHeld, used > SQLiteSpill.large else { return }
        isHeld = true
        // A number of pages; in a transaction SQLite takes no OFF.
        sqlite3_exec(connection, "PRAGMA cache_spill = 1000000000", nil, nil, nil)
    }

    /// Whether the step that began last can be taken back alone.
    var canUndo: Bool { open.last == written }

    /// The step that began last has ended, one way or the other.
    mutating func end() {
        open.removeLast()
        guard open.isEmpty, isHeld else { return }
        release()
        if used > SQLiteSpill.most { sqlite3_db_cacheflush(connection) }
    }

    private mutating func release() {
        isHeld = false
        sqlite3_exec(connection, SQLiteSpill.setting, nil, nil, nil)
    }
}
