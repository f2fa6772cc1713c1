/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>
#include <strings.h>
#include "mappings/engine/check.h"

/* Is the column of the list's rows written, joined or named by an <ignore>? */
static bool accounted_for(const sl_bf_t *item, const sl_list_t *list, const sl_column_t *column)
{
  for (size_t i = 0; i < list->n_parent; i++)
    if (!strcasecmp(list->parent[i], column->name)) return true;
  for (size_t i = 0; i < item->n_ignored; i++)
    if (!strcasecmp(item->ignored[i]->value, column->name)) return true;
  for (size_t i = 0; i < item->n_columns; i++) {
    const sl_column_plan_t *plan = &item->columns[i];
    if (strcasecmp(plan->label.p, column->name)) continue;
    return !plan->field || plan->field->access != SL_READ_ONLY;
  }
  return column->generated;
}

static void replaced(sl_bf_t *f, size_t nth, const sl_table_t *table)
{
  sl_build_t *b = f->b;
  const char *names = "";
  for (size_t i = 0; i < table->n_columns; i++)
    if (!accounted_for(f->items[nth], f->lists[nth], &table->columns[i]))
      names = sl_b_printf(b, "%s%s%s", names, *names ? ", " : "", table->columns[i].name);
  if (*names)
    sl_b_error(b, "R221", f->lists[nth]->line, f->lists[nth]->col,
               "on-write=\"align\" keeps the rows, or map them, or add "
               "<ignore legacy=\"…\" reason=\"…\"/>",
               "replacing the rows of %s would blank what is not mapped: %s", table->name, names);
}

void sl_check_rows(sl_bf_t *f)
{
  const sl_contract_t *contract = f->b->m->contract;
  for (size_t i = 0; contract && i < f->n_lists; i++) {
    const sl_list_t *list = f->lists[i];
    const sl_table_t *table = list->table[0] ? sl_contract_table(contract, list->table) : NULL;
    if (table && list->access != SL_READ_ONLY && list->on_write == SL_WRITE_REPLACE)
      replaced(f, i, table);
  }
}
