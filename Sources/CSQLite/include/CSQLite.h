#ifndef TENON_CSQLITE_H
#define TENON_CSQLITE_H

/// Has SQLite count no memory, which it does under one lock for all threads, at each of its allocations. To be called before
/// the library is used for the first time; later it does nothing.
void tenon_sqlite_count_no_memory(void);

#endif
