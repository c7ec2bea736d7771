#include "CSQLite.h"

#include <sqlite3.h>

// Swift cannot call a function with a variable number of arguments.
void tenon_sqlite_count_no_memory(void) { sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); }
