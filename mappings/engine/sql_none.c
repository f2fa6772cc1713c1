/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Until sql_compile.c and sql_run.c are here: a database's mapping is refused when it is loaded,
 * so that nothing else can be reached. Goes away with them. */
#include "mappings/engine/sql.h"

bool sl_sql_compile(sl_op_t *op, sl_arena_t *arena, const char *file, unsigned *keys_p,
                    sl_diags_t *diags)
{
  (void)arena, (void)keys_p;
  sl_diags_add(diags, SL_ERROR, "Q000", file, op->line, op->col, NULL,
               "operations of databases are not compiled by this build");
  return true;
}

sl_sql_t *sl_sql_new(const sl_op_t *op, sl_arena_t *arena, const sl_input_t *in,
                     const sl_record_t *request, sl_buf_t *out)
{
  (void)op, (void)arena, (void)in, (void)request, (void)out;
  return NULL;
}

void sl_sql_fini(sl_sql_t *self)
{
  (void)self;
}

static sl_code_t none(sl_err_t *err)
{
  return sl_err_set(err, SL_BUG, "not a database's operation");
}

sl_code_t sl_sql_next(sl_sql_t *self, sl_sql_statement_t *statement, bool *done_p, sl_err_t *err)
{
  (void)self, (void)statement, (void)done_p;
  return none(err);
}

bool sl_sql_transaction(const sl_op_t *op)
{
  return op->transaction;
}

sl_code_t sl_sql_columns(sl_sql_t *self, const sl_str_t *labels, size_t n, sl_err_t *err)
{
  (void)self, (void)labels, (void)n;
  return none(err);
}

sl_code_t sl_sql_row(sl_sql_t *self, const sl_sql_cell_t *cells, size_t n, sl_err_t *err)
{
  (void)self, (void)cells, (void)n;
  return none(err);
}

sl_code_t sl_sql_done(sl_sql_t *self, long rows, const char *sqlstate, bool *rollback_p,
                      sl_err_t *err)
{
  (void)self, (void)rows, (void)sqlstate, (void)rollback_p;
  return none(err);
}

bool sl_sql_head(const sl_sql_t *self)
{
  (void)self;
  return false;
}

sl_code_t sl_sql_answer(sl_sql_t *self, sl_answer_t *answer, sl_err_t *err)
{
  (void)self, (void)answer;
  return none(err);
}
