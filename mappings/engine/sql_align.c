/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Rows of the lists of an update: those that are there, matched by key with the items that the
 * consumer sent. Keys are compared by what they read as, so that a padded one is the same. */
#include <stdlib.h>
#include <string.h>
#include "mappings/engine/field.h"
#include "mappings/engine/sql_draft.h"

static sl_code_t full(sl_err_t *err)
{
  return sl_err_set(err, SL_TOO_LARGE, "the request is larger than its memory limit");
}

bool sl_table_identifies(const sl_table_plan_t *table, const sl_column_plan_t *column)
{
  for (size_t i = 0; i < table->n_item_key; i++)
    if (table->item_key[i] == column) return true;
  return false;
}

bool sl_column_is_plain(const sl_column_plan_t *column)
{
  return column->field && !column->place && !column->field->other && !column->field->only.choice;
}

bool sl_table_reads(const sl_table_plan_t *table, size_t i)
{
  return sl_column_is_plain(table->columns[i]) && table->columns[i]->field->access != SL_WRITE_ONLY;
}

bool sl_table_written(const sl_sql_t *self, const sl_table_plan_t *table)
{
  return self->op->change.kind == SL_CHANGE_INSERT || self->op->change.replace ||
         self->request->lists[table->list->index].state != SL_J_ABSENT;
}

static bool aligns(const sl_sql_t *self, const sl_table_plan_t *table)
{
  return self->op->change.kind == SL_CHANGE_UPDATE && table->on_write == SL_WRITE_ALIGN &&
         sl_table_written(self, table);
}

bool sl_align_reads(const sl_sql_t *self, const sl_table_plan_t *table)
{
  return aligns(self, table) && !(self->base && table->base_list);
}

/* --- rows that are there
 * ---------------------------------------------------------------------------- */

sl_code_t sl_align_row(sl_sql_t *self, const sl_sql_cell_t *cells, size_t n, sl_err_t *err)
{
  const sl_table_plan_t *table = &self->plan->tables[self->index];
  sl_table_state_t *state = &self->tables[self->index];
  sl_record_t *row = sl_record_new(table->frame, self->arena);
  size_t k = 0;
  if (!row) return full(err);
  for (size_t i = 0; i < table->n_columns && k < n; i++) {
    if (!sl_table_reads(table, i)) continue;
    const sl_sql_cell_t *cell = &cells[k++];
    sl_str_t text =
        cell->null ? sl_str("") : sl_arena_str(self->arena, sl_strn(cell->p, cell->len));
    if (!text.p) return full(err);
    row->slots[table->columns[i]->field->slot] =
        (sl_slot_t){text.p, (uint32_t)text.len, cell->null ? SL_L_NIL : SL_L_TEXT, 0};
  }
  if (state->last)
    state->last->next = row;
  else
    state->first = row;
  state->last = row;
  return SL_OK;
}

/* --- keys
 * ------------------------------------------------------------------------------------------- */

typedef struct entry {
  sl_str_t key;
  const sl_record_t *row;
  bool taken;
} entry_t;

static int by_key(const void *a, const void *b)
{
  const entry_t *x = a, *y = b;
  size_t n = x->key.len < y->key.len ? x->key.len : y->key.len;
  int rc = n ? memcmp(x->key.p, y->key.p, n) : 0;
  return rc ? rc : x->key.len < y->key.len ? -1 : x->key.len > y->key.len;
}

static bool take_key(sl_sql_t *self, sl_str_t *key)
{
  *key = sl_arena_str(self->arena, sl_buf_str(&self->ours));
  return key->p && !self->ours.failed;
}

static sl_code_t key_of_row(sl_sql_t *self, const sl_table_plan_t *table, const sl_record_t *row,
                            sl_str_t *key, sl_err_t *err)
{
  sl_buf_clear(&self->ours);
  for (size_t i = 0; i < table->n_item_key; i++) {
    sl_read_t result;
    const sl_field_t *field =
        row->frame == table->frame ? table->item_key[i]->field : table->base_item_key[i];
    if (i) sl_buf_addc(&self->ours, ',');
    sl_code_t code = sl_field_read(field, row, self->arena, &self->ours, &result, err);
    if (code) return code;
  }
  return take_key(self, key) ? SL_OK : full(err);
}

/* *there_p: false when a part of it is made by the database, and so the item is new. */
static sl_code_t key_of_item(sl_sql_t *self, const sl_table_plan_t *table, const sl_record_t *item,
                             sl_str_t *key, bool *there_p, sl_err_t *err)
{
  *there_p = true;
  sl_buf_clear(&self->ours);
  for (size_t i = 0; i < table->n_item_key; i++) {
    const sl_field_t *field = table->item_key[i]->field;
    sl_legacy_t value;
    sl_read_t result;
    if (!sl_field_given(field, item)) {
      *there_p = false;
      return field->generated ? SL_OK : sl_field_missing(field, err);
    }
    sl_code_t code = sl_field_write(field, item, self->arena, &value, err);
    if (i) sl_buf_addc(&self->ours, ',');
    if (!code) code = sl_codec_read(field->codec, value, &self->ours, &result, err);
    if (code) return code;
  }
  return take_key(self, key) ? SL_OK : full(err);
}

/* --- matching
 * --------------------------------------------------------------------------------------- */

static const sl_record_t *rows_of(const sl_sql_t *self, size_t i)
{
  const sl_table_plan_t *table = &self->plan->tables[i];
  return self->base && table->base_list ? self->base->lists[table->base_list->index].first
                                        : self->tables[i].first;
}

static sl_code_t index_rows(sl_sql_t *self, const sl_table_plan_t *table, const sl_record_t *row,
                            entry_t **v_p, size_t *n_p, sl_err_t *err)
{
  size_t n = 0;
  for (const sl_record_t *r = row; r; r = r->next) n++;
  entry_t *v = sl_arena_zalloc(self->arena, (n + 1) * sizeof *v);
  if (!v) return full(err);
  *v_p = v;
  *n_p = n;
  for (size_t i = 0; row; row = row->next, i++) {
    v[i].row = row;
    sl_code_t code = key_of_row(self, table, row, &v[i].key, err);
    if (code) return code;
  }
  qsort(v, n, sizeof *v, by_key);
  for (size_t i = 1; i < n; i++)
    if (!by_key(&v[i - 1], &v[i]))
      return sl_err_field(err, SL_GARBAGE, table->list->json, "two rows of %s have the same key",
                          table->table);
  return SL_OK;
}

static sl_code_t match_item(sl_sql_t *self, const sl_table_plan_t *table, entry_t *v, size_t n,
                            sl_pair_t *pair, sl_err_t *err)
{
  entry_t wanted = {{NULL, 0}, NULL, false};
  bool there;
  sl_code_t code = key_of_item(self, table, pair->item, &wanted.key, &there, err);
  entry_t *found = code || !there ? NULL : bsearch(&wanted, v, n, sizeof *v, by_key);
  if (!found) return code;
  if (found->taken)
    return sl_err_field(err, SL_INVALID, table->item_key[0]->field->label,
                        "an item with the key %.*s comes twice", SL_STR_ARG(found->key));
  found->taken = true;
  pair->old = found->row;
  return SL_OK;
}

static sl_code_t match(sl_sql_t *self, size_t nth, sl_err_t *err)
{
  const sl_table_plan_t *table = &self->plan->tables[nth];
  sl_table_state_t *state = &self->tables[nth];
  entry_t *v = NULL;
  size_t n = 0;
  sl_code_t code = index_rows(self, table, rows_of(self, nth), &v, &n, err);
  for (size_t i = 0; i < state->n_pairs && !code; i++)
    if ((code = match_item(self, table, v, n, &state->pairs[i], err)))
      sl_err_in_list(err, table->list, (unsigned)i);
  if (code) return code;
  state->gone = sl_arena_alloc(self->arena, (n + 1) * sizeof *state->gone);
  if (!state->gone) return full(err);
  for (size_t i = 0; i < n; i++)
    if (!v[i].taken) state->gone[state->n_gone++] = v[i].row;
  return SL_OK;
}

static sl_code_t take_items(sl_sql_t *self, size_t i, sl_err_t *err)
{
  const sl_items_t *items = &self->request->lists[self->plan->tables[i].list->index];
  sl_table_state_t *state = &self->tables[i];
  size_t n = 0;
  for (const sl_record_t *r = items->first; r; r = r->next) n++;
  state->pairs = sl_arena_zalloc(self->arena, (n + 1) * sizeof *state->pairs);
  if (!state->pairs) return full(err);
  for (const sl_record_t *r = items->first; r; r = r->next) state->pairs[state->n_pairs++].item = r;
  return SL_OK;
}

sl_code_t sl_align(sl_sql_t *self, sl_err_t *err)
{
  for (size_t i = 1; i < self->plan->n_tables; i++) {
    const sl_table_plan_t *table = &self->plan->tables[i];
    if (!sl_table_written(self, table)) continue;
    sl_code_t code = take_items(self, i, err);
    if (!code && aligns(self, table)) code = match(self, i, err);
    if (code) return code;
  }
  return SL_OK;
}

sl_code_t sl_align_changes(sl_sql_t *self, bool *changes_p, sl_err_t *err)
{
  *changes_p = true;
  for (size_t i = 1; i < self->plan->n_tables; i++) {
    const sl_table_plan_t *table = &self->plan->tables[i];
    const sl_table_state_t *state = &self->tables[i];
    if (!sl_table_written(self, table)) continue;
    if (table->on_write == SL_WRITE_REPLACE || state->n_gone) return SL_OK;
    for (size_t k = 0; k < state->n_pairs; k++) {
      sl_sql_statement_t statement;
      sl_verdict_t verdict = SL_VERDICT_DO;
      sl_code_t code = state->pairs[k].old
                           ? sl_update_row(self, table, &state->pairs[k], &statement, &verdict, err)
                           : SL_OK;
      if (code || verdict == SL_VERDICT_DO) return code;
    }
  }
  *changes_p = false;
  return SL_OK;
}
