/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mappings/engine/choice.h"
#include "mappings/engine/sql_build.h"

/* --- insert and update
 * ------------------------------------------------------------------------------ */

static const sl_generated_t *generated(const sl_op_t *op, const sl_field_t *field)
{
  for (size_t i = 0; i < op->change.n_generated; i++)
    if (op->change.generated[i].field == field) return &op->change.generated[i];
  return NULL;
}

/* May this column stand in an insert or update? */
static bool writable(const sl_op_t *op, const sl_column_plan_t *column)
{
  const sl_field_t *field = column->field;
  if (column->constant) return true;
  if (!sl_fields_write(field)) return false;
  for (size_t i = 0; i < op->n_params; i++)
    if (op->params[i].field == field) return false;
  const sl_generated_t *g = generated(op, field);
  if (op->change.kind == SL_CHANGE_INSERT) return !field->generated || (g && g->sql.len);
  return !field->generated || field->key;
}

static void table_columns(sl_sqlb_t *b, sl_table_plan_t *table)
{
  const sl_frame_t *frame = table->frame;
  table->columns = sl_sqlb_alloc(b, (frame->n_columns + 1) * sizeof *table->columns);
  if (!table->columns) return;
  for (int keys = 1; keys >= 0; keys--)
    for (size_t i = 0; i < frame->n_columns; i++) {
      const sl_column_plan_t *column = &frame->columns[i];
      bool key = column->field && column->field->key && !column->place;
      if (key != (keys == 1) || !writable(b->op, column)) continue;
      table->columns[table->n_columns++] = column;
      if (key) table->n_key++;
    }
  enum {
    OPTIONAL_MAX = 12
  }; /* 4096 statements of one table: further columns are NULL when left out */
  size_t rest = table->n_columns - table->n_key;
  table->n_optional = rest < OPTIONAL_MAX ? (unsigned)rest : OPTIONAL_MAX;
  table->key_insert = *b->keys;
  table->key_update = *b->keys + (1u << table->n_optional);
  table->key_match = *b->keys + (2u << table->n_optional);
  table->key_delete = *b->keys + (3u << table->n_optional);
  table->key_rows = table->key_delete + 1;
  table->key_drop = table->key_delete + 2;
  *b->keys += (3u << table->n_optional) + 3;
}

/* The columns that tell the list's rows apart; they have to be written. */
static void item_key(sl_sqlb_t *b, sl_table_plan_t *table)
{
  const sl_list_t *list = table->list;
  table->item_key = sl_sqlb_alloc(b, (list->n_key + 1) * sizeof *table->item_key);
  table->on_write = list->on_write;
  for (size_t k = 0; table->item_key && k < list->n_key; k++) {
    const sl_column_plan_t *found = NULL;
    for (size_t i = 0; i < table->n_columns; i++)
      if (table->columns[i]->field && sl_label_eq(table->columns[i]->label, list->key[k]))
        found = table->columns[i];
    if (found)
      table->item_key[table->n_item_key++] = found;
    else
      sl_sqlb_error(b, "R353", list->line, list->col, NULL,
                    "key=\"%s\" is no column of the list that is written", list->key[k]);
  }
  if (!table->n_item_key && table->on_write == SL_WRITE_ALIGN) table->on_write = SL_WRITE_REPLACE;
}

static void child_table(sl_sqlb_t *b, sl_table_plan_t *table, const sl_list_t *list)
{
  const sl_frame_t *frame = b->op->request;
  *table = (sl_table_plan_t){.list = list, .frame = list->item, .table = list->table};
  if (!list->table || !list->table[0])
    sl_sqlb_error_in(b, list, "R360", "add table=\"…\", or access=\"read-only\"",
                     "the list names no table to write its rows to");
  if (!list->n_parent)
    sl_sqlb_error_in(b, list, "R361", "add parent=\"COLUMN\"",
                     "the list does not say which columns join its rows to the record");
  for (size_t i = 0; i < list->item->n_lists; i++)
    if (list->item->lists[i]->access != SL_READ_ONLY && sl_list_has_rows(list->item->lists[i]))
      sl_sqlb_error_in(b, list->item->lists[i], "R362", "access=\"read-only\"",
                       "a list in a list is not written");
  table->parent = sl_sqlb_alloc(b, (list->n_parent + 1) * sizeof *table->parent);
  for (size_t i = 0; table->parent && i < list->n_parent; i++) {
    int column = sl_frame_column(frame, list->parent[i]);
    if (column >= 0)
      table->parent[table->n_parent++] = &frame->columns[column];
    else
      sl_sqlb_error_in(b, list, "R352", NULL,
                       "parent=\"%s\" is no column of the record that the list belongs to",
                       list->parent[i]);
  }
  table_columns(b, table);
  item_key(b, table);
}

/* What the database makes by itself is not known to us: a list's rows or the reread may need it. */
static void check_known(sl_sqlb_t *b)
{
  const sl_op_t *op = b->op;
  const char *needs = op->reread ? "the reread" : "a list";
  if (op->change.kind != SL_CHANGE_INSERT || (!op->reread && b->plan->n_tables < 2)) return;
  for (size_t i = 0; i < op->request->n_columns; i++) {
    const sl_field_t *field = op->request->columns[i].field;
    if (!field || !field->key || !field->generated || op->request->columns[i].place) continue;
    const sl_generated_t *g = generated(op, field);
    if (!g || !g->sql.len)
      sl_sqlb_error(b, "R363", g ? g->line : op->line, g ? g->col : op->col,
                    "add <generated legacy=\"…\"> with the SELECT that gives its next value",
                    "%s has to be known before the insert: %s needs it", field->legacy, needs);
  }
}

static void check_generated(sl_sqlb_t *b)
{
  const sl_op_t *op = b->op;
  for (size_t i = 0; i < op->change.n_generated; i++) {
    const sl_generated_t *g = &op->change.generated[i];
    sl_sql_cut_t cut;
    sl_sql_cut(&cut, g->sql, 1);
    if (cut.problem) sl_sqlb_error(b, "R351", g->line, g->col, NULL, "%s", cut.problem);
    if (sl_sql_cut_count(&cut))
      sl_sqlb_error(b, "R350", g->line, g->col, NULL, "a generated value's select takes no values");
    sl_sql_cut_fini(&cut);
  }
}

void sl_sqlb_change(sl_sqlb_t *b)
{
  const sl_op_t *op = b->op;
  const sl_frame_t *frame = op->request;
  sl_table_plan_t *v = sl_sqlb_alloc(b, (frame->n_lists + 1) * sizeof *v);
  if (!v) return;
  v[0] = (sl_table_plan_t){.frame = frame, .table = frame->table};
  table_columns(b, &v[0]);
  b->plan->tables = v;
  b->plan->n_tables = 1;
  if (v[0].n_columns == (op->change.kind == SL_CHANGE_UPDATE ? v[0].n_key : 0))
    sl_sqlb_error(b, "R364", op->line, op->col, NULL, "no column of %s may be written",
                  frame->table);
  for (size_t i = 0; i < frame->n_lists; i++)
    if (frame->lists[i]->access != SL_READ_ONLY && sl_list_has_rows(frame->lists[i]))
      child_table(b, &v[b->plan->n_tables++], frame->lists[i]);
  if (op->base) sl_sqlb_base(b, v, b->plan->n_tables);
  b->plan->generated_key = *b->keys;
  *b->keys += (unsigned)op->change.n_generated;
  check_generated(b);
  check_known(b);
}
