/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "adapters/odbc/procedure.h"

#include <string.h>
#include "adapters/odbc/wire.h"

static sl_step_t no_memory(const sl_procedure_t *self)
{
  sl_err_set(&self->fault->err, SL_TOO_LARGE, "the answer is larger than its memory limit");
  return SL_STEP_ERR;
}

static bool is_function(const sl_sql_statement_t *wanted)
{
  return wanted->n_params && wanted->params[0].mode == SL_SQL_RETURN;
}

static size_t count_outs(const sl_sql_statement_t *wanted)
{
  size_t n = 0;
  for (size_t i = 0; i < wanted->n_params; i++) n += wanted->params[i].mode != SL_SQL_IN;
  return n;
}

void sl_procedure_row_text(const sl_sql_statement_t *wanted, sl_buf_t *out)
{
  size_t open = strlen(wanted->text) - 1; /* without its closing parenthesis */
  sl_buf_add(out, wanted->text, open);
  if (wanted->returns_rows) sl_buf_addz(out, wanted->n_params ? ", NULL" : "NULL");
  sl_buf_addc(out, ')');
}

/* --- one row that says it all
 * ---------------------------------------------------------------------- */

static bool copy_cells(const sl_procedure_t *self, const sl_sql_cell_t *cells, size_t n,
                       sl_sql_cell_t *copies)
{
  for (size_t i = 0; i < n; i++) {
    sl_str_t text =
        cells[i].null ? sl_str("") : sl_arena_str(self->arena, sl_strn(cells[i].p, cells[i].len));
    if (!text.p) return false;
    copies[i] = (sl_sql_cell_t){text.p, text.len, cells[i].null};
  }
  return true;
}

/* The only row of statement, which has to have n columns. */
static sl_step_t one_row(const sl_procedure_t *self, sl_statement_t *statement, size_t n,
                         sl_sql_cell_t *copies)
{
  const sl_sql_cell_t *cells;
  size_t columns;
  const sl_str_t *labels = sl_statement_labels(statement, &columns);
  sl_step_t step = sl_statement_fetch(statement, &cells, self->fault);
  if (step == SL_STEP_SQL || step == SL_STEP_ERR) return step;
  if (step == SL_STEP_END || columns != n) {
    sl_err_set(&self->fault->err, SL_GARBAGE,
               "%s gives %zu values back, and the mapping has %zu for them%s",
               self->wanted->procedure, step == SL_STEP_END ? (size_t)0 : columns, n,
               self->wanted->returns_rows ? " (one is the cursor of its rows)" : "");
    return SL_STEP_ERR;
  }
  if (self->shown) sl_wire_row(self->shown, labels, cells, columns);
  return copy_cells(self, cells, n, copies) ? SL_STEP_OK : no_memory(self);
}

static sl_step_t call_by_row(const sl_procedure_t *self, size_t n, sl_sql_cell_t *copies)
{
  sl_statement_t *statement = NULL;
  long changed;
  sl_buf_t text;
  sl_sql_statement_t call = *self->wanted;
  sl_buf_init(&text, 0);
  sl_procedure_row_text(self->wanted, &text);
  call.text = sl_buf_z(&text);
  call.returns_rows = n > 0;
  sl_step_t step = text.failed ? no_memory(self)
                               : sl_statements_execute(self->statements, &call, &statement,
                                                       &changed, self->fault);
  if (step == SL_STEP_OK && n) step = one_row(self, statement, n, copies);
  if (statement) sl_statement_close(statement);
  sl_buf_fini(&text);
  return step;
}

static sl_step_t hand_rows(const sl_procedure_t *self, sl_statement_t *statement)
{
  size_t n;
  const sl_sql_cell_t *cells;
  const sl_str_t *labels = sl_statement_labels(statement, &n);
  sl_err_t *err = &self->fault->err;
  if (sl_run_sql_columns(self->run, labels, n, err)) return SL_STEP_ERR;
  for (;;) {
    sl_step_t step = sl_statement_fetch(statement, &cells, self->fault);
    if (step != SL_STEP_OK) return step == SL_STEP_END ? SL_STEP_OK : step;
    if (self->shown) sl_wire_row(self->shown, labels, cells, n);
    if (sl_run_sql_row(self->run, cells, n, err)) return SL_STEP_ERR;
  }
}

/* The cursor's name is the server's choice, another one each time. */
static sl_step_t fetch_cursor(const sl_procedure_t *self, const sl_sql_cell_t *name)
{
  sl_statement_t *statement = NULL;
  long changed;
  sl_buf_t text;
  if (name->null) return SL_STEP_OK; /* not opened: no rows */
  sl_buf_init(&text, 0);
  sl_buf_addz(&text, "FETCH ALL FROM \"");
  for (size_t i = 0; i < name->len; i++) {
    if (name->p[i] == '"') sl_buf_addc(&text, '"');
    sl_buf_addc(&text, name->p[i]);
  }
  sl_buf_addc(&text, '"');
  sl_sql_statement_t fetch = {.text = sl_buf_z(&text), .returns_rows = true, .once = true};
  sl_step_t step = text.failed ? no_memory(self)
                               : sl_statements_execute(self->statements, &fetch, &statement,
                                                       &changed, self->fault);
  if (step == SL_STEP_OK) step = hand_rows(self, statement);
  if (statement) sl_statement_close(statement);
  sl_buf_fini(&text);
  return step;
}

static sl_step_t by_row(const sl_procedure_t *self)
{
  size_t outs = count_outs(self->wanted);
  size_t n = outs + self->wanted->returns_rows;
  sl_sql_cell_t *copies = sl_arena_alloc(self->arena, (n + 1) * sizeof *copies);
  if (!copies) return no_memory(self);
  sl_step_t step = call_by_row(self, n, copies);
  if (step == SL_STEP_OK && n > outs) step = fetch_cursor(self, &copies[outs]);
  if (step == SL_STEP_OK && outs && sl_run_sql_out(self->run, copies, outs, &self->fault->err))
    step = SL_STEP_ERR;
  return step;
}

sl_step_t sl_procedure_call(const sl_procedure_t *self)
{
  memset(self->fault, 0, sizeof *self->fault);
  switch (self->session->quirk->procedures) {
  case SL_PROCEDURES_BY_ROW:
    return is_function(self->wanted) ? sl_procedure_standard(self) : by_row(self);
  case SL_PROCEDURES_STANDARD: return sl_procedure_standard(self);
  case SL_PROCEDURES_NONE: break;
  }
  sl_err_set(&self->fault->err, SL_CONFIG, "this database has no procedures: %s cannot be called",
             self->wanted->procedure);
  return SL_STEP_ERR;
}
