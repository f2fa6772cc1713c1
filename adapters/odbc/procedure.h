/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * procedure: a procedure of the database called in the way of its driver (quirks: procedures).
 *
 * The standard's way is {call NAME(?, …)} with output parameters bound (ODBC 3.8, "Procedure
 * calls"); rows that the procedure selects are its results, and only behind the last of them are
 * the output parameters there.
 *
 * PostgreSQL's procedures are called by CALL, which answers with one row: what its INOUT and OUT
 * parameters hold. A procedure returns rows through a refcursor, which is its last parameter here,
 * beyond those of the mapping, as Oracle's driver has it; it is fetched in the same transaction.
 * Its functions (mode="return") go the standard's way.
 */
#ifndef SL_ODBC_PROCEDURE_H
#define SL_ODBC_PROCEDURE_H

#include "adapters/odbc/statement.h"
#include "core/arena.h"

/* One call. All of it is borrowed. */
typedef struct sl_procedure {
  sl_statements_t *statements;
  sl_session_t *session;
  sl_channel_t *channel;
  const sl_sql_statement_t *wanted;
  sl_run_t *run;
  sl_arena_t *arena; /* values that come back stay there */
  sl_buf_t *shown;   /* gets the rows as text; NULL: nobody looks */
  sl_fault_t *fault;
} sl_procedure_t;

/* Executes what is wanted, and hands its rows and what comes back to run. The transaction is the
 * caller's. */
sl_step_t sl_procedure_call(const sl_procedure_t *self);
/* The same in the standard's way (procedure_standard.c). */
sl_step_t sl_procedure_standard(const sl_procedure_t *self);

/* CALL NAME(?, …), and {call NAME(?, …)} or {? = call NAME(?, …)}. Pure text, for the tests. */
void sl_procedure_row_text(const sl_sql_statement_t *wanted, sl_buf_t *out);
void sl_procedure_standard_text(const sl_sql_statement_t *wanted, sl_buf_t *out);

#endif
