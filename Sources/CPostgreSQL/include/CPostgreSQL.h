#ifndef TENON_CPOSTGRESQL_H
#define TENON_CPOSTGRESQL_H

#if __has_include(<postgresql/libpq-fe.h>)
#include <postgresql/libpq-fe.h>
#else
#include <libpq-fe.h>
#endif

// Loads libpq, which comes before everything else in it. NULL when it is there, else what is wrong.
const char *tenon_postgresql_load(void);

#endif
