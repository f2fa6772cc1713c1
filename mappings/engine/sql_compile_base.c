/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * base= of an update: which column of the base operation's answer says what is there. */
#include <string.h>
#include "mappings/engine/sql_build.h"

static const sl_field_t *base_column(const sl_frame_t *frame, sl_str_t label)
{
  int at = sl_frame_column(frame, label.p);
  const sl_field_t *field = at < 0 ? NULL : frame->columns[at].field;
  return field && field->access != SL_WRITE_ONLY ? field : NULL;
}

static void pair_columns(sl_sqlb_t *b, sl_table_plan_t *table, const sl_frame_t *frame,
                         sl_buf_t *missing)
{
  table->base_fields = sl_sqlb_alloc(b, (table->n_columns + 1) * sizeof *table->base_fields);
  for (size_t i = 0; table->base_fields && i < table->n_columns; i++) {
    const sl_column_plan_t *column = table->columns[i];
    if (!sl_column_is_plain(column) || i < table->n_key) continue;
    table->base_fields[i] = base_column(frame, column->label);
    if (table->base_fields[i] || column->field->access == SL_WRITE_ONLY) continue;
    sl_buf_addz(missing, missing->len ? ", " : "");
    sl_buf_adds(missing, column->label);
  }
}

/* The list of the base's answer that has the rows of table: at the same place of the JSON, with all
 * of its key. Without one the rows are selected. */
static void pair_list(sl_sqlb_t *b, sl_table_plan_t *table, const sl_frame_t *base,
                      sl_buf_t *missing)
{
  const sl_list_t *found = NULL;
  for (size_t i = 0; i < base->n_lists; i++)
    if (!strcmp(base->lists[i]->json, table->list->json) && base->lists[i]->access != SL_WRITE_ONLY)
      found = base->lists[i];
  table->base_item_key = sl_sqlb_alloc(b, (table->n_item_key + 1) * sizeof *table->base_item_key);
  for (size_t i = 0; found && table->base_item_key && i < table->n_item_key; i++) {
    table->base_item_key[i] = base_column(found->item, table->item_key[i]->label);
    if (!table->base_item_key[i]) found = NULL;
  }
  if (!found || !table->base_item_key) return;
  table->base_list = found;
  pair_columns(b, table, found->item, missing);
}

static void check_params(sl_sqlb_t *b)
{
  const sl_op_t *op = b->op, *base = op->base;
  for (size_t i = 0; i < base->n_params; i++) {
    if (base->params[i].optional || sl_change_meant(op, base, &base->params[i])) continue;
    sl_sqlb_error(b, "R391", op->line, op->col, "use the same place in the path, or the key",
                  "%s needs :%s, and %s does not know it", base->info.name, base->params[i].name.p,
                  op->info.name);
  }
}

void sl_sqlb_base(sl_sqlb_t *b, sl_table_plan_t *tables, size_t n)
{
  const sl_op_t *op = b->op;
  const sl_frame_t *frame = op->base->response;
  sl_buf_t missing;
  if (!frame) return;
  sl_buf_init(&missing, 0);
  check_params(b);
  pair_columns(b, &tables[0], frame, &missing);
  for (size_t i = 1; i < n; i++) pair_list(b, &tables[i], frame, &missing);
  if (missing.len)
    sl_sqlb_error(b, "R392", op->line, op->col, "add them to its select and its shape",
                  "%s writes what its base %s does not read: %s", op->info.name,
                  op->base->info.name, sl_buf_z(&missing));
  if (op->change.if_match)
    b->plan->base_match = base_column(frame, sl_str(op->change.if_match->legacy));
  sl_buf_fini(&missing);
}
