/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>
#include <strings.h>
#include "mappings/engine/check.h"

static const sl_column_plan_t *plan_of(const sl_bf_t *f, const sl_column_t *column)
{
  for (size_t i = 0; i < f->n_columns; i++)
    if (!strcasecmp(f->columns[i].label.p, column->name)) return &f->columns[i];
  return NULL;
}

static void written_by_nobody(sl_bf_t *f, const sl_table_t *table, const sl_xel_t *el)
{
  sl_build_t *b = f->b;
  const char *names = "";
  for (size_t i = 0; i < table->n_columns; i++) {
    const sl_column_t *column = &table->columns[i];
    const sl_column_plan_t *plan = plan_of(f, column);
    bool written = plan && sl_place_always(plan->field, plan->constant, (sl_only_t){NULL, 0});
    if (written || column->nullable || column->generated || column->preset) continue;
    names = sl_b_printf(b, "%s%s%s", names, *names ? ", " : "", column->name);
  }
  if (*names)
    sl_b_error(b, "T304", el->line, el->col, "map them, or add <const legacy=\"…\" value=\"…\"/>",
               "%s must not be NULL, and nothing writes: %s", table->name, names);
}

void sl_check_change(sl_bf_t *f, const sl_table_t *table, const sl_xel_t *el, bool insert)
{
  sl_build_t *b = f->b;
  if (!table) return;
  if (table->view)
    sl_b_error(b, "T305", el->line, el->col, "name the table behind it",
               "%s is a view, and cannot be written", table->name);
  for (size_t i = 0; i < f->n_columns; i++) {
    const sl_field_t *field = f->columns[i].field;
    if (!field || !field->column || f->columns[i].place || !field->column->generated ||
        field->generated || field->access == SL_READ_ONLY || (!insert && field->key))
      continue;
    sl_b_error(b, "T301", field->line, field->col,
               "add generated=\"true\", or access=\"read-only\"",
               "the database makes %s itself: it cannot be written", field->column->name);
  }
  if (insert) written_by_nobody(f, table, el);
}
