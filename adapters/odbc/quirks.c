/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "adapters/odbc/quirks.h"

#include <string.h>
#include <strings.h>

/* sqlite3.h's result codes, which sqliteodbc hands out as native errors under HY000. */
static const sl_native_state_t sqlite_states[] = {
    {1, "42000"},  /* ERROR: syntax, no such table */
    {3, "42501"},  /* PERM */
    {5, "40001"},  /* BUSY: another writer; rolled back, may be tried again */
    {6, "40001"},  /* LOCKED */
    {7, "HY001"},  /* NOMEM */
    {8, "25006"},  /* READONLY */
    {9, "HY008"},  /* INTERRUPT: SQLCancel */
    {10, "08S01"}, /* IOERR: the file cannot be reached any more */
    {11, "XX001"}, /* CORRUPT */
    {13, "53100"}, /* FULL */
    {14, "08001"}, /* CANTOPEN */
    {17, "40001"}, /* SCHEMA: changed under the statement */
    {18, "22001"}, /* TOOBIG */
    {19, "23000"}, /* CONSTRAINT */
    {20, "22018"}, /* MISMATCH */
    {26, "XX001"}, /* NOTADB */
    {0, NULL},
};

static const sl_quirk_t quirks[] = {
    {
        .driver = "sqlite3odbc",
        /* Without StepAPI the driver reads the whole result before the first row. */
        .attributes = "StepAPI=1",
        .busy_attribute = "Timeout",
        /* Its own BEGIN is deferred: a transaction that reads before it writes is refused when
         * another writer came between, without waiting. */
        .begin = "BEGIN IMMEDIATE",
        .commit = "COMMIT",
        .rollback = "ROLLBACK",
        .procedures = SL_PROCEDURES_NONE,
        .bind_table = true,
        .bind_integers = true,
        .kill_only = true,
        /* Any SQLite column may hold more than it says, and SQLSetPos does not work. */
        .array_rows = 1,
        .states = sqlite_states,
        .native_mask = 0xff,
    },
    {
        .driver = "psqlodbc",
        /* A cursor costs a point read three times its price, so it has a connection of its own. */
        .attributes = "",
        .stream_attributes = "UseDeclareFetch=1;Fetch=1000",
        .array_rows = 100,
        /* A process id alone may have been given to another session meanwhile. */
        .session_sql =
            "SELECT pid || '/' || extract(epoch FROM backend_start) FROM pg_stat_activity "
            "WHERE pid = pg_backend_pid()",
        .end_session_sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                           "WHERE pid || '/' || extract(epoch FROM backend_start) = ?",
        .procedures = SL_PROCEDURES_BY_ROW,
        /* A row that another transaction changes in between is refused then, with 40001. */
        .repeatable = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    },
    {
        .driver = "",
        .attributes = "",
        .array_rows = 1,
    },
};

const sl_quirk_t *sl_quirk_for(const char *driver_name)
{
  const char *name = strncasecmp(driver_name, "lib", 3) == 0 ? driver_name + 3 : driver_name;
  const sl_quirk_t *q = quirks;
  while (*q->driver && strncasecmp(name, q->driver, strlen(q->driver)) != 0) q++;
  return q;
}

const char *sl_quirk_state(const sl_quirk_t *quirk, const char *state, int native)
{
  if (!quirk->states || strcmp(state, "HY000") != 0) return state;
  int code = quirk->native_mask ? native & quirk->native_mask : native;
  for (const sl_native_state_t *s = quirk->states; s->state; s++)
    if (s->native == code) return s->state;
  return state;
}

static const struct type_name {
  const char *name;
  SQLSMALLINT type;
} type_names[] = {
    {"CHAR", SQL_CHAR},
    {"CHARACTER", SQL_CHAR},
    {"NCHAR", SQL_CHAR},
    {"BPCHAR", SQL_CHAR},
    {"VARCHAR", SQL_VARCHAR},
    {"VARCHAR2", SQL_VARCHAR},
    {"NVARCHAR", SQL_VARCHAR},
    {"CHARACTER VARYING", SQL_VARCHAR},
    {"TEXT", SQL_LONGVARCHAR},
    {"CLOB", SQL_LONGVARCHAR},
    {"LONGVARCHAR", SQL_LONGVARCHAR},
    {"SMALLINT", SQL_SMALLINT},
    {"INT2", SQL_SMALLINT},
    {"TINYINT", SQL_SMALLINT},
    {"INTEGER", SQL_INTEGER},
    {"INT", SQL_INTEGER},
    {"INT4", SQL_INTEGER},
    {"BIGINT", SQL_BIGINT},
    {"INT8", SQL_BIGINT},
    {"DECIMAL", SQL_DECIMAL},
    {"NUMERIC", SQL_DECIMAL},
    {"NUMBER", SQL_DECIMAL},
    {"DATE", SQL_TYPE_DATE},
    {"TIME", SQL_TYPE_TIME},
    {"TIMESTAMP", SQL_TYPE_TIMESTAMP},
    {"DATETIME", SQL_TYPE_TIMESTAMP},
};

SQLSMALLINT sl_quirk_sql_type(const char *name)
{
  for (size_t i = 0; i < sizeof type_names / sizeof *type_names; i++)
    if (strcasecmp(name, type_names[i].name) == 0) return type_names[i].type;
  return SQL_VARCHAR;
}

bool sl_quirk_is_integer(SQLSMALLINT sql_type)
{
  return sql_type == SQL_SMALLINT || sql_type == SQL_INTEGER || sql_type == SQL_BIGINT;
}
