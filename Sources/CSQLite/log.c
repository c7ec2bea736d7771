// The log (`-wal`) of the connection that writes, whose pages are gathered until the disk is waited for.
//
// SQLite hands over a commit's pages one by one, each with a head of 24 bytes: two calls of the system a page, most of a commit's work
// for the processor. Between two waits nobody but the writing connection itself may look at what it has written: other connections
// learn where the log ends from its index, which is told after the wait. So one call before the wait is enough. What the connection
// reads of it meanwhile is written first.
//
// It holds only while each commit waits for the disk (PRAGMA synchronous = FULL): nothing is gathered before tenon_sqlite_gather says so.

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "CSQLite.h"

enum {
  FIRST_CAPACITY = 256 << 10,
  // A file's rows are many megabytes: they go on in such pieces.
  MOST = 1 << 20,
  // SQLite's files for Unix take no more than 131,071 bytes at a time: of what is longer they write the rest of a division by 131,072 first.
  PIECE = 64 << 10,
};

typedef struct {
  sqlite3_file file;
  int gathers;
  // What lies between: `count` bytes that belong to the file's place `start`.
  unsigned char *bytes;
  sqlite3_int64 start;
  int count, capacity;
  // The file of the system below; it ends this structure, since each system's has its own size.
  sqlite3_file below[];
} log_file;

static sqlite3_vfs *system_files;
static sqlite3_vfs files;

static sqlite3_file *below(sqlite3_file *file) { return ((log_file *)file)->below; }

// Writes what was gathered. Where that fails, it is forgotten, as if it had been written and failed: the transaction is taken back.
static int hand_over(log_file *log) {
  if (log->count == 0) return SQLITE_OK;
  int count = log->count;
  log->count = 0;
  for (int done = 0; done < count; done += PIECE) {
    int piece = count - done < PIECE ? count - done : PIECE;
    int code = log->below->pMethods->xWrite(log->below, log->bytes + done, piece, log->start + done);
    if (code != SQLITE_OK) return code;
  }
  return SQLITE_OK;
}

static int make_room(log_file *log, int count) {
  if (count <= log->capacity) return 1;
  int capacity = log->capacity ? log->capacity : FIRST_CAPACITY;
  while (capacity < count) capacity *= 2;
  unsigned char *bytes = realloc(log->bytes, capacity);
  if (!bytes) return 0;
  log->bytes = bytes;
  log->capacity = capacity;
  return 1;
}

static int log_write(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 place) {
  log_file *log = (log_file *)file;
  if (!log->gathers) return log->below->pMethods->xWrite(log->below, bytes, count, place);
  // Some page may be written again, with another sum; a hole is nobody's.
  int follows = log->count > 0 && place >= log->start && place <= log->start + log->count;
  if (!follows || place - log->start + count > MOST) {
    int code = hand_over(log);
    if (code != SQLITE_OK) return code;
    log->start = place;
  }
  int end = (int)(place - log->start) + count;
  if (count > MOST || !make_room(log, end)) {
    int code = hand_over(log);
    return code != SQLITE_OK ? code : log->below->pMethods->xWrite(log->below, bytes, count, place);
  }
  memcpy(log->bytes + (place - log->start), bytes, count);
  if (end > log->count) log->count = end;
  return SQLITE_OK;
}

static int log_read(sqlite3_file *file, void *bytes, int count, sqlite3_int64 place) {
  log_file *log = (log_file *)file;
  if (place < log->start + log->count && place + count > log->start) {
    int code = hand_over(log);
    if (code != SQLITE_OK) return code;
  }
  return log->below->pMethods->xRead(log->below, bytes, count, place);
}

static int log_sync(sqlite3_file *file, int flags) {
  log_file *log = (log_file *)file;
  int code = hand_over(log);
  if (log->capacity > FIRST_CAPACITY) {
    free(log->bytes);
    log->bytes = NULL;
    log->capacity = 0;
  }
  return code != SQLITE_OK ? code : log->below->pMethods->xSync(log->below, flags);
}

static int log_truncate(sqlite3_file *file, sqlite3_int64 size) {
  int code = hand_over((log_file *)file);
  return code != SQLITE_OK ? code : below(file)->pMethods->xTruncate(below(file), size);
}

static int log_size(sqlite3_file *file, sqlite3_int64 *size) {
  int code = hand_over((log_file *)file);
  return code != SQLITE_OK ? code : below(file)->pMethods->xFileSize(below(file), size);
}

static int log_close(sqlite3_file *file) {
  log_file *log = (log_file *)file;
  int code = hand_over(log);
  free(log->bytes);
  int closed = log->below->pMethods->xClose(log->below);
  return code != SQLITE_OK ? code : closed;
}

static int log_lock(sqlite3_file *file, int level) { return below(file)->pMethods->xLock(below(file), level); }
static int log_unlock(sqlite3_file *file, int level) { return below(file)->pMethods->xUnlock(below(file), level); }
static int log_is_reserved(sqlite3_file *file, int *is) { return below(file)->pMethods->xCheckReservedLock(below(file), is); }
static int log_control(sqlite3_file *file, int what, void *with) { return below(file)->pMethods->xFileControl(below(file), what, with); }
static int log_sector(sqlite3_file *file) { return below(file)->pMethods->xSectorSize(below(file)); }
static int log_device(sqlite3_file *file) { return below(file)->pMethods->xDeviceCharacteristics(below(file)); }

static const sqlite3_io_methods log_methods = {
  .iVersion = 1,
  .xClose = log_close,
  .xRead = log_read,
  .xWrite = log_write,
  .xTruncate = log_truncate,
  .xSync = log_sync,
  .xFileSize = log_size,
  .xLock = log_lock,
  .xUnlock = log_unlock,
  .xCheckReservedLock = log_is_reserved,
  .xFileControl = log_control,
  .xSectorSize = log_sector,
  .xDeviceCharacteristics = log_device,
};

// All files but logs are the system's own.
static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *opened) {
  (void)vfs;
  if (!(flags & SQLITE_OPEN_WAL)) return system_files->xOpen(system_files, name, file, flags, opened);
  log_file *log = (log_file *)file;
  memset(log, 0, sizeof *log);
  int code = system_files->xOpen(system_files, name, log->below, flags, opened);
  // Without methods nobody closes it.
  if (log->below->pMethods) log->file.pMethods = &log_methods;
  return code;
}

int tenon_sqlite_prepare(void) {
  // Twice would be a file below itself.
  if (system_files) return SQLITE_MISUSE;
  int counts = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  system_files = sqlite3_vfs_find(NULL);
  if (!system_files) return SQLITE_ERROR;
  files = *system_files;
  files.pNext = NULL;
  files.zName = "tenon";
  files.szOsFile = (int)sizeof(log_file) + system_files->szOsFile;
  files.xOpen = open_file;
  int code = sqlite3_vfs_register(&files, 1);
  return code != SQLITE_OK ? code : counts;
}

static log_file *log_of(void *connection) {
  sqlite3_file *file = NULL;
  int code = sqlite3_file_control(connection, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file);
  return code == SQLITE_OK && file && file->pMethods == &log_methods ? (log_file *)file : NULL;
}

int tenon_sqlite_gather(void *connection) {
  log_file *log = log_of(connection);
  if (log) log->gathers = 1;
  return log != NULL;
}

void tenon_sqlite_forget(void *connection) {
  log_file *log = log_of(connection);
  if (log) log->count = 0;
}
