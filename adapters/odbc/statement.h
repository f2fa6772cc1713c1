/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * statement: a prepared statement with its parameters and columns bound, and the rows it returns,
 * as text. A cache keeps the statements of a session prepared.
 *
 * Everything travels as SQL_C_CHAR, so that no number passes through a double. Columns are bound
 * to buffers of moderate width. A value that does not fit is never cut: where the driver lets a
 * bound column be read again (SQL_GD_BOUND) it is read whole by SQLGetData; where it does not,
 * columns that may be long are not bound at all, and a cut in another is an error naming it.
 */
#ifndef SL_ODBC_STATEMENT_H
#define SL_ODBC_STATEMENT_H

#include "adapters/odbc/channel.h"
#include "adapters/odbc/session.h"
#include "mappings/engine/run.h"

typedef struct sl_statement sl_statement_t;
typedef struct sl_statements sl_statements_t;

enum { SL_STATEMENTS_KEPT = 64 }; /* the least recently used gives way */

/* How a database step ended. */
typedef enum sl_step {
  SL_STEP_OK,
  SL_STEP_END, /* no further row */
  SL_STEP_SQL, /* the database refused: see sqlerr */
  SL_STEP_ERR, /* anything else: see err */
} sl_step_t;

typedef struct sl_fault {
  sl_sqlerr_t sql;
  sl_err_t err;
} sl_fault_t;

/* session and channel are borrowed. NULL without memory. */
sl_statements_t *sl_statements_new(sl_session_t *session, sl_channel_t *channel);
/* Before the session is closed. */
void sl_statements_destroy(sl_statements_t **self_p);

/* Prepares (or finds) and executes it. The values of params are borrowed until the last row.
 * *rows_p: rows changed, -1 if it returns rows. After SL_STEP_OK it is open: close it. */
sl_step_t sl_statements_execute(sl_statements_t *self, const sl_sql_statement_t *wanted,
                                sl_statement_t **statement_p, long *rows_p, sl_fault_t *fault);

/* Column labels; borrowed as long as the statement is open. */
const sl_str_t *sl_statement_labels(const sl_statement_t *self, size_t *n_p);
/* The next row; *cells_p is borrowed until the next call. A value over 64 MiB is SL_STEP_ERR. */
sl_step_t sl_statement_fetch(sl_statement_t *self, const sl_sql_cell_t **cells_p,
                             sl_fault_t *fault);
/* Ends the result; the statement stays prepared. */
void sl_statement_close(sl_statement_t *self);

/* The same text for a driver that stops streaming once a parameter is bound (quirks: bind_table):
 * each ? outside literals and comments becomes a read of the temporary table. False when the number
 * of ? is not n. Pure text, for the tests. */
bool sl_statement_unbind(const char *text, size_t n, sl_buf_t *out);

#endif
