/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sql: operations of a database. sql_compile.c turns the plan's selects, insert or update into
 * statements once, at load; sql_run.c walks through them for one call. run.c calls both: the
 * functions sl_run_sql_… of run.h are thin around those here.
 *
 * Statements. `:name` outside literals, quoted names and comments becomes `?` with the value bound;
 * values are never pasted into text. Each combination of <if> is a statement of its own, with its
 * own text and key. Insert and update text follows from a shape: columns that the consumer left
 * out are left out of the statement, so that the database's DEFAULT applies, and each set of
 * columns has its own key.
 *
 * Rows. A row list that is joined to its record comes as ordered rows: rows with the same key are
 * one record, a NULL key in the list's columns is no child. Rows of a list are written as JSON when
 * they are whole, and forgotten: memory follows one record. Lists filled by a select of their own
 * (for=) hold one page of records.
 *
 * Pages are by key, never by offset: size+1 rows are asked for, and the last row's key, if there
 * was one more, is the cursor of the next page. A cursor is opaque: base64url of a version byte,
 * a hash that binds it to its operation, and the key's legacy spelling.
 */
#ifndef SL_ENGINE_SQL_H
#define SL_ENGINE_SQL_H

#include "core/arena.h"
#include "core/buf.h"
#include "core/diag.h"
#include "mappings/engine/plan.h"
#include "mappings/engine/run.h"

/* Sets op->sql. Call it when all operations' frames are finished. *keys_p: the next free statement
 * key of the mapping, starts at 0. Errors go to diags, for file; false without memory. */
bool sl_sql_compile(sl_op_t *op, sl_arena_t *arena, const char *file, unsigned *keys_p,
                    sl_diags_t *diags);

/* Does some piece of the statement hold word ("order by", in small letters)? Letters may stand in
 * any case, and a blank of word is any number of them. */
bool sl_sql_mentions(const sl_select_t *select, const char *word);

/* --- one call ----------------------------------------------------------------------------------
 */

typedef struct sl_sql sl_sql_t;

/* request: the record of op->request in JSON spelling, read from in. All memory from arena, but
 * for one arena of its own when joined rows are streamed. NULL when the arena is full. */
sl_sql_t *sl_sql_new(const sl_op_t *op, sl_arena_t *arena, const sl_input_t *in,
                     sl_record_t *request, sl_buf_t *out);
void sl_sql_fini(sl_sql_t *self);

/* As sl_run_sql_… of run.h. */
sl_code_t sl_sql_next(sl_sql_t *self, sl_sql_statement_t *statement, bool *done_p, sl_err_t *err);
bool sl_sql_transaction(const sl_op_t *op);
bool sl_sql_reads_first(const sl_op_t *op);
sl_code_t sl_sql_columns(sl_sql_t *self, const sl_str_t *labels, size_t n, sl_err_t *err);
sl_code_t sl_sql_row(sl_sql_t *self, const sl_sql_cell_t *cells, size_t n, sl_err_t *err);
sl_code_t sl_sql_out(sl_sql_t *self, const sl_sql_cell_t *cells, size_t n, sl_err_t *err);
sl_code_t sl_sql_done(sl_sql_t *self, long rows, const char *sqlstate, bool *rollback_p,
                      sl_err_t *err);
sl_code_t sl_sql_not_committed(sl_sql_t *self, const char *sqlstate, sl_err_t *err);
bool sl_sql_head(const sl_sql_t *self);
sl_code_t sl_sql_answer(sl_sql_t *self, sl_answer_t *answer, sl_err_t *err);

#endif
