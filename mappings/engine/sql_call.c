/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mappings/engine/field.h"
#include "mappings/engine/sql_impl.h"

static sl_code_t full(sl_err_t *err)
{
  return sl_err_set(err, SL_TOO_LARGE, "the request is larger than its memory limit");
}

static sl_code_t argument(sl_sql_t *self, const sl_param_t *param, sl_sql_param_t *out,
                          sl_err_t *err)
{
  static const sl_sql_mode_t modes[] = {SL_SQL_IN, SL_SQL_OUT, SL_SQL_INOUT, SL_SQL_RETURN};
  sl_legacy_t value = {SL_L_NIL, {"", 0}};
  const sl_slot_t *slot = &self->request->slots[param->field->slot];
  if (sl_param_goes_in(param) && slot->state != SL_J_ABSENT) {
    sl_code_t code = sl_field_write(param->field, self->request, self->arena, &value, err);
    if (code) return code;
  } else if (sl_param_goes_in(param) && !param->optional) {
    return sl_field_missing(param->field, err);
  }
  sl_sql_param(out, value, param->field);
  out->name = param->name.p;
  out->mode = modes[param->mode];
  return SL_OK;
}

sl_code_t sl_call_statement(sl_sql_t *self, sl_sql_statement_t *out, sl_err_t *err)
{
  const sl_op_t *op = self->op;
  sl_sql_param_t *params = sl_arena_zalloc(self->arena, (op->n_params + 1) * sizeof *params);
  self->first = self->last = sl_record_new(op->response, self->arena);
  if (!params || !self->first) return full(err);
  for (size_t i = 0; i < op->n_params; i++) {
    sl_code_t code = argument(self, &op->params[i], &params[i], err);
    if (code) return code;
  }
  for (size_t i = 0; i < op->response->n_lists; i++) self->first->lists[i].state = SL_L_TEXT;
  *out = (sl_sql_statement_t){.key = self->plan->call_key,
                              .text = self->plan->call_text,
                              .params = params,
                              .n_params = op->n_params,
                              .procedure = op->procedure,
                              .returns_rows = op->n_selects > 0};
  return op->n_selects ? sl_rows_begin(self, 0, err) : SL_OK;
}

sl_code_t sl_call_out(sl_sql_t *self, const sl_sql_cell_t *cells, size_t n, sl_err_t *err)
{
  const sl_op_t *op = self->op;
  size_t k = 0;
  for (size_t i = 0; i < op->n_params; i++) {
    const sl_field_t *out = op->params[i].out;
    if (!out) continue;
    if (k == n)
      return sl_err_field(err, SL_GARBAGE, op->params[i].name.p,
                          "the procedure did not give this value back");
    const sl_sql_cell_t *cell = &cells[k++];
    sl_str_t text =
        cell->null ? sl_str("") : sl_arena_str(self->arena, sl_strn(cell->p, cell->len));
    if (!text.p) return full(err);
    self->first->slots[out->slot] =
        (sl_slot_t){text.p, (uint32_t)text.len, cell->null ? SL_L_NIL : SL_L_TEXT, 0};
  }
  self->out_given = true;
  return SL_OK;
}

/* Did everything come back that the mapping has a place for? */
sl_code_t sl_call_complete(const sl_sql_t *self, sl_err_t *err)
{
  for (size_t i = 0; i < self->op->n_params && !self->out_given; i++)
    if (self->op->params[i].out)
      return sl_err_field(err, SL_GARBAGE, self->op->params[i].name.p,
                          "the procedure did not give this value back");
  return SL_OK;
}
