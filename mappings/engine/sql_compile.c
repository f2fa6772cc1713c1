/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>
#include "mappings/engine/sql_build.h"

void *sl_sqlb_alloc(sl_sqlb_t *b, size_t size)
{
  void *p = sl_arena_zalloc(b->arena, size);
  if (!p) b->failed = true;
  return p;
}

bool sl_label_eq(sl_str_t a, const char *b)
{
  return strlen(b) == a.len && strncasecmp(a.p, b, a.len) == 0;
}

int sl_frame_column(const sl_frame_t *frame, const char *label)
{
  for (size_t i = 0; i < frame->n_columns; i++)
    if (frame->columns[i].field && !frame->columns[i].place &&
        sl_label_eq(frame->columns[i].label, label))
      return (int)i;
  return -1;
}

const sl_frame_t *sl_sqlb_row_frame(const sl_op_t *op)
{
  return op->rows ? op->rows->item : op->response;
}

/* --- an operation
 * ----------------------------------------------------------------------------------- */

/* A second one of its name has been told. */
static bool is_first(const sl_op_t *op, size_t i)
{
  for (size_t k = 0; k < i; k++)
    if (sl_str_eq(op->params[k].name, op->params[i].name)) return false;
  return true;
}

static void compile_selects(sl_sqlb_t *b)
{
  const sl_op_t *op = b->op;
  sl_select_plan_t *v = sl_sqlb_alloc(b, (op->n_selects + 1) * sizeof *v);
  if (!v) return;
  b->plan->selects = v;
  for (size_t i = 0; i < op->n_selects; i++) {
    if (!op->selects[i].list && b->plan->main_select < 0) b->plan->main_select = (int)i;
    sl_sqlb_select(b, i, &v[i]);
  }
  if (op->n_selects && b->plan->main_select < 0 && !op->procedure)
    sl_sqlb_error(b, "R365", op->line, op->col, NULL,
                  "no select reads the records: all of them have for=");
  for (size_t i = 0; i < op->n_params; i++)
    if (!b->used[i] && is_first(op, i) && op->params[i].field && op->n_selects && !op->procedure)
      sl_diags_add(b->diags, SL_WARNING, "R366", b->file, op->params[i].field->line,
                   op->params[i].field->col, "use it, or remove it",
                   "no statement uses the param %s", op->params[i].name.p);
}

bool sl_sql_compile(sl_op_t *op, sl_arena_t *arena, const char *file, unsigned *keys_p,
                    sl_diags_t *diags)
{
  sl_sqlb_t b = {.op = op, .arena = arena, .file = file, .keys = keys_p, .diags = diags};
  b.plan = sl_sqlb_alloc(&b, sizeof *b.plan);
  b.used = sl_sqlb_alloc(&b, (op->n_params + 1) * sizeof *b.used);
  if (!b.plan || !b.used || !op->request || !op->response) return !b.failed;
  b.plan->main_select = -1;
  if (op->page) sl_sqlb_page(&b);
  if (b.failed) return false;
  compile_selects(&b);
  if (op->n_selects) sl_sqlb_rows(&b);
  if (op->rows) sl_sqlb_around(&b);
  if (op->change.kind) sl_sqlb_change(&b);
  if (op->procedure) sl_sqlb_call(&b);
  op->sql = b.plan;
  return !b.failed;
}
