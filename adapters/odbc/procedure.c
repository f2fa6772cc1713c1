/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "adapters/odbc/procedure.h"

#include <string.h>
#include "adapters/odbc/wire.h"

typedef struct call {
  sl_statements_t *statements;
  const sl_sql_statement_t *wanted;
  sl_run_t *run;
  sl_arena_t *arena;
  sl_buf_t *shown;
  sl_fault_t *fault;
} call_t;

static sl_step_t no_memory(const call_t *self)
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

/* A function has no arguments for what it only gives back; a procedure has one for everything. */
static bool is_argument(const sl_sql_statement_t *wanted, const sl_sql_param_t *param)
{
  if (param->mode == SL_SQL_RETURN) return false;
  return param->mode != SL_SQL_OUT || !is_function(wanted);
}

void sl_procedure_text(const sl_sql_statement_t *wanted, sl_buf_t *out)
{
  /* The name as the engine has written it, in quotes where it needs them. */
  size_t name = strcspn(wanted->text, "(") - strlen("CALL ");
  sl_buf_addz(out, is_function(wanted) ? "SELECT * FROM " : "CALL ");
  sl_buf_add(out, wanted->text + strlen("CALL "), name);
  sl_buf_addc(out, '(');
  size_t n = 0;
  for (size_t i = 0; i < wanted->n_params; i++)
    if (is_argument(wanted, &wanted->params[i])) sl_buf_addz(out, n++ ? ", ?" : "?");
  if (wanted->returns_rows && !is_function(wanted)) sl_buf_addz(out, n ? ", NULL" : "NULL");
  sl_buf_addc(out, ')');
}

/* --- one row that says it all
 * ---------------------------------------------------------------------- */

static bool copy_cells(const call_t *self, const sl_sql_cell_t *cells, size_t n,
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
static sl_step_t one_row(const call_t *self, sl_statement_t *statement, size_t n,
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

static sl_step_t call_by_row(const call_t *self, size_t n, sl_sql_cell_t *copies)
{
  sl_statement_t *statement = NULL;
  long changed;
  sl_buf_t text;
  const sl_sql_statement_t *wanted = self->wanted;
  sl_sql_param_t *params = sl_arena_alloc(self->arena, (wanted->n_params + 1) * sizeof *params);
  sl_buf_init(&text, 0);
  sl_procedure_text(wanted, &text);
  sl_sql_statement_t call = {.key = wanted->key, .params = params, .returns_rows = n > 0};
  for (size_t i = 0; params && i < wanted->n_params; i++)
    if (is_argument(wanted, &wanted->params[i])) params[call.n_params++] = wanted->params[i];
  call.text = sl_buf_z(&text);
  sl_step_t step =
      !params || text.failed
          ? no_memory(self)
          : sl_statements_execute(self->statements, &call, &statement, &changed, self->fault);
  if (step == SL_STEP_OK && n) step = one_row(self, statement, n, copies);
  if (statement) sl_statement_close(statement);
  sl_buf_fini(&text);
  return step;
}

static sl_step_t hand_rows(const call_t *self, sl_statement_t *statement)
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
static sl_step_t fetch_cursor(const call_t *self, const sl_sql_cell_t *name)
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

static sl_step_t by_row(const call_t *self)
{
  size_t outs = count_outs(self->wanted);
  size_t n = outs + (self->wanted->returns_rows && !is_function(self->wanted));
  sl_sql_cell_t *copies = sl_arena_alloc(self->arena, (n + 1) * sizeof *copies);
  if (!copies) return no_memory(self);
  sl_step_t step = call_by_row(self, n, copies);
  if (step == SL_STEP_OK && n > outs) step = fetch_cursor(self, &copies[outs]);
  if (step == SL_STEP_OK && outs && sl_run_sql_out(self->run, copies, outs, &self->fault->err))
    step = SL_STEP_ERR;
  return step;
}

sl_step_t sl_procedure_call(sl_statements_t *statements, const sl_quirk_t *quirk,
                            const sl_sql_statement_t *wanted, sl_run_t *run, sl_arena_t *arena,
                            sl_buf_t *shown, sl_fault_t *fault)
{
  call_t self = {statements, wanted, run, arena, shown, fault};
  memset(fault, 0, sizeof *fault);
  switch (quirk->procedures) {
  case SL_PROCEDURES_BY_ROW: return by_row(&self);
  default: break;
  }
  sl_err_set(&fault->err, SL_CONFIG, "this database has no procedures, so %s cannot be called",
             wanted->procedure);
  return SL_STEP_ERR;
}
