/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * quirks: how drivers differ, as a table, so that nothing else asks which driver it is. Every row
 * was measured (docs/odbc.md tells what); a driver without a row gets the last one, which asks of
 * it nothing beyond the ODBC 3 core level.
 */
#ifndef SL_ODBC_QUIRKS_H
#define SL_ODBC_QUIRKS_H

#include <stdbool.h>
#include <sql.h>
#include <sqlext.h>

typedef struct sl_native_state {
  int native; /* the driver's own code */
  const char *state;
} sl_native_state_t;

/* How procedures are called (procedure.h). */
typedef enum sl_procedures {
  SL_PROCEDURES_STANDARD, /* {call …} */
  SL_PROCEDURES_BY_ROW,   /* CALL answers with one row: PostgreSQL */
  SL_PROCEDURES_NONE,
} sl_procedures_t;

typedef struct sl_quirk {
  const char *driver; /* how SQL_DRIVER_NAME starts, in lower case */
  /* Connection attributes added behind the user's. stream: a second connection for statements that
   * may return very many rows; NULL: the first one serves. */
  const char *attributes, *stream_attributes;
  const char *busy_attribute; /* takes milliseconds to wait for locks; NULL: none */
  /* Statements around a transaction; NULL: autocommit off and SQLEndTran. */
  const char *begin, *commit, *rollback;
  /* First statement of a transaction that writes over what it has read; NULL: nothing is needed, or
   * nothing is known that helps. */
  const char *repeatable;
  /* Streaming stops once a parameter is bound: values go through a temporary table. */
  bool bind_table;
  /* Text bound to an integer parameter stays text: bind 64-bit integers. */
  bool bind_integers;
  /* At the deadline the worker is killed, without SQLCancel and the watchdog that would call it
   * (channel.h). sqliteodbc's SQLCancel also closes the statement that it is given, under the feet
   * of the thread that executes it. */
  bool kill_only;
  /* Rows fetched at once: more than 1 only where SQLSetPos works (SQL_GD_BLOCK). */
  unsigned array_rows;
  /* Drivers that answer HY000 to everything; ends with state NULL. NULL: SQLSTATEs are right. */
  const sl_native_state_t *states;
  int native_mask; /* extended codes carry more above these bits; 0: all bits count */
  /* One value that names this session to the server; and a statement taking it that ends it. NULL:
   * the session dies with its process. */
  const char *session_sql, *end_session_sql;
  sl_procedures_t procedures;
} sl_quirk_t;

/* For SQL_DRIVER_NAME. Never NULL. Static. */
const sl_quirk_t *sl_quirk_for(const char *driver_name);

/* The SQLSTATE to believe. Static or state itself. */
const char *sl_quirk_state(const sl_quirk_t *quirk, const char *state, int native);

/* An SQL type by the name that a mapping or catalogue gives it ("BIGINT", "varchar", "NUMERIC");
 * SQL_VARCHAR for what is unknown, which servers convert. Rule: ODBC 3.8, appendix D. */
SQLSMALLINT sl_quirk_sql_type(const char *name);
bool sl_quirk_is_integer(SQLSMALLINT sql_type);

#endif
