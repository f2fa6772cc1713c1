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
 * beyond those of the mapping, as Oracle's driver has it; it is fetched in the same transaction. A
 * function is read: SELECT * FROM NAME(…).
 */
#ifndef SL_ODBC_PROCEDURE_H
#define SL_ODBC_PROCEDURE_H

#include "adapters/odbc/statement.h"
#include "core/arena.h"

/* Executes what wanted calls, and hands its rows and what comes back to run. shown: gets the rows
 * as text; NULL: nobody looks. The transaction is the caller's. */
sl_step_t sl_procedure_call(sl_statements_t *statements, const sl_quirk_t *quirk,
                            const sl_sql_statement_t *wanted, sl_run_t *run, sl_arena_t *arena,
                            sl_buf_t *shown, sl_fault_t *fault);

/* CALL NAME(?, …) or SELECT * FROM NAME(?, …) for wanted. Pure text, for the tests. */
void sl_procedure_text(const sl_sql_statement_t *wanted, sl_buf_t *out);

#endif
