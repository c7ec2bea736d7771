// Not seen by libraries, of which libpq is one: it is to find its own functions under these names.
#pragma GCC visibility push(hidden)
#include "CPostgreSQL.h"
#pragma GCC visibility pop

#include "CLibrary.h"

// What is used of libpq: result, name, parameters, arguments.
#define FUNCTIONS(F) \
    F(PGconn *, PQconnectdb, (const char *address), (address)) \
    F(void, PQfinish, (PGconn *on), (on)) \
    F(ConnStatusType, PQstatus, (const PGconn *on), (on)) \
    F(PGTransactionStatusType, PQtransactionStatus, (const PGconn *on), (on)) \
    F(char *, PQerrorMessage, (const PGconn *on), (on)) \
    F(int, PQsocket, (const PGconn *on), (on)) \
    F(int, PQbackendPID, (const PGconn *on), (on)) \
    F(PQnoticeProcessor, PQsetNoticeProcessor, (PGconn *on, PQnoticeProcessor heard, void *user), (on, heard, user)) \
    F(PGresult *, PQexec, (PGconn *on, const char *sql), (on, sql)) \
    F(PGresult *, PQexecParams, \
      (PGconn *on, const char *sql, int count, const Oid *types, const char *const *values, const int *lengths, const int *formats, int format), \
      (on, sql, count, types, values, lengths, formats, format)) \
    F(PGresult *, PQprepare, (PGconn *on, const char *name, const char *sql, int count, const Oid *types), (on, name, sql, count, types)) \
    F(PGresult *, PQexecPrepared, \
      (PGconn *on, const char *name, int count, const char *const *values, const int *lengths, const int *formats, int format), \
      (on, name, count, values, lengths, formats, format)) \
    F(PGresult *, PQdescribePrepared, (PGconn *on, const char *name), (on, name)) \
    F(int, PQsendQuery, (PGconn *on, const char *sql), (on, sql)) \
    F(int, PQsendQueryParams, \
      (PGconn *on, const char *sql, int count, const Oid *types, const char *const *values, const int *lengths, const int *formats, int format), \
      (on, sql, count, types, values, lengths, formats, format)) \
    F(int, PQsendQueryPrepared, \
      (PGconn *on, const char *name, int count, const char *const *values, const int *lengths, const int *formats, int format), \
      (on, name, count, values, lengths, formats, format)) \
    F(PGresult *, PQgetResult, (PGconn *on), (on)) \
    F(int, PQconsumeInput, (PGconn *on), (on)) \
    F(int, PQenterPipelineMode, (PGconn *on), (on)) \
    F(int, PQexitPipelineMode, (PGconn *on), (on)) \
    F(int, PQpipelineSync, (PGconn *on), (on)) \
    F(PGnotify *, PQnotifies, (PGconn *on), (on)) \
    F(ExecStatusType, PQresultStatus, (const PGresult *of), (of)) \
    F(char *, PQresultErrorField, (const PGresult *of, int field), (of, field)) \
    F(int, PQntuples, (const PGresult *of), (of)) \
    F(Oid, PQftype, (const PGresult *of, int column), (of, column)) \
    F(char *, PQcmdTuples, (PGresult *of), (of)) \
    F(char *, PQgetvalue, (const PGresult *of, int row, int column), (of, row, column)) \
    F(int, PQgetlength, (const PGresult *of, int row, int column), (of, row, column)) \
    F(int, PQgetisnull, (const PGresult *of, int row, int column), (of, row, column)) \
    F(Oid, PQparamtype, (const PGresult *of, int parameter), (of, parameter)) \
    F(void, PQclear, (PGresult *of), (of)) \
    F(void, PQfreemem, (void *memory), (memory))

#define PLACE(result, name, parameters, arguments) at_##name,
#define NAME(result, name, parameters, arguments) #name,
#define CALL(result, name, parameters, arguments) \
    result name parameters { return ((__typeof__(&name))functions[at_##name]) arguments; }

enum { FUNCTIONS(PLACE) count };
static const char *const names[] = {FUNCTIONS(NAME)};
static void *functions[count];

FUNCTIONS(CALL)

const char *tenon_postgresql_load(void) {
    return tenon_library_load((struct tenon_library){"libpq.so.5", names, functions, count});
}
