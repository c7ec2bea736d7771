#ifndef TENON_CSQLITE_H
#define TENON_CSQLITE_H

/// Prepares the library; to be called before anything else uses it. SQLite counts no memory from then on, which it does under one lock
/// for all threads, at each of its allocations; and logs are opened so that their pages can be gathered.
///
/// - Returns: SQLite's code; `SQLITE_MISUSE` where the library was in use already, and goes on counting.
int tenon_sqlite_prepare(void);

/// Gathers what this connection writes to its log until it waits for the disk. Only for a connection whose every commit does
/// (`PRAGMA synchronous = FULL`), and that has looked at its database: the log is opened then.
///
/// - Parameter connection: an `sqlite3 *`.
/// - Returns: 1, or 0 where there is no log to gather for.
int tenon_sqlite_gather(void *connection);

/// Forgets what was gathered: the transaction was taken back.
///
/// - Parameter connection: an `sqlite3 *`.
void tenon_sqlite_forget(void *connection);

#endif
