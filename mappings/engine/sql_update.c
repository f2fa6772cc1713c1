/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Update: of the record's row, and of the rows of its lists. Over a base, only what has changed. */
#include <string.h>
#include "mappings/engine/choice.h"
#include "mappings/engine/derive.h"
#include "mappings/engine/field.h"
#include "mappings/engine/sql_draft.h"

static sl_code_t full(sl_err_t *err)
{
  return sl_err_set(err, SL_TOO_LARGE, "the request is larger than its memory limit");
}

/* --- what a statement sets
 * -------------------------------------------------------------------------- */

/* A row that is to be changed: what it becomes, and what it is, if that is known. */
typedef struct row {
  const sl_table_plan_t *table;
  const sl_record_t *record, *old;
  bool merge;   /* what is absent stays */
  size_t count; /* columns that change */
} row_t;

/* What says what is there: NULL where that is not known, or where the column's meaning depends on
 * the record, and it is written without a comparison. */
static const sl_field_t *old_field(const row_t *row, size_t i)
{
  const sl_column_plan_t *column = row->table->columns[i];
  if (!row->old || !sl_column_is_plain(column)) return NULL;
  if (row->old->frame == row->table->frame) return column->field; /* we have selected it */
  return row->table->base_fields ? row->table->base_fields[i] : NULL;
}

/* Of a choice that this call does not make: a change of other members leaves its columns alone. */
static bool idle(const sl_column_plan_t *column, const sl_record_t *record)
{
  const sl_only_t *only = column->place   ? &column->place->only
                          : column->field ? &column->field->only
                                          : &column->constant->only;
  while (only->choice && sl_choice_case(only->choice, record) < 0) {
    const sl_only_t *within = &only->choice->within;
    if (!within->choice || sl_only_holds(within, record)) return true;
    only = within;
  }
  return false;
}

/* A PATCH with some of a record's parts: the others are the base's. What cannot be completed, its
 * line refuses. */
static void complete_parts(sl_sql_t *self, const row_t *row, const sl_field_t *field)
{
  const sl_field_t *left_out;
  while (row->merge && row->old && (left_out = sl_derive_left_out(field, row->record)))
    if (!sl_base_fill(self, row->record, left_out, row->old)) return;
}

/* Did the consumer leave it out? */
static bool is_left(const sl_column_plan_t *column, const sl_field_t *field,
                    const sl_record_t *record)
{
  if (column->place) return record->lists[column->place->whole->index].state == SL_J_ABSENT;
  return !sl_field_given(field, record) || sl_field_is_preset(field, record);
}

/* The column's line in this record; NULL: it is of another kind of record, or a constant. */
static const sl_field_t *field_here(const sl_column_plan_t *column, const sl_record_t *record)
{
  if (column->place && !sl_only_holds(&column->place->only, record)) return NULL;
  if (column->place) record = record->lists[column->place->index].first;
  return sl_field_out(column->field, record);
}

static sl_code_t set_column(sl_sql_t *self, row_t *row, size_t i, sl_draft_t *d, sl_err_t *err)
{
  const sl_column_plan_t *column = row->table->columns[i];
  const sl_field_t *field = field_here(column, row->record), *old = old_field(row, i);
  sl_legacy_t value;
  if (row->merge && idle(column, row->record)) return SL_OK;
  if (row->merge && field && is_left(column, field, row->record) && sl_column_bit(row->table, i))
    return SL_OK;
  if (old && sl_base_says_same(self, field, row->record, old, row->old)) return SL_OK;
  if (field) complete_parts(self, row, field);
  sl_code_t code = sl_column_value(self, row->record, column, &value, err);
  if (code) return code;
  if (old && sl_base_means_same(self, field, value, old, row->old)) return SL_OK;
  if (value.state == SL_L_MISSING && field && field->required) return sl_field_missing(field, err);
  sl_draft_equals(d, d->n ? ", " : " SET ", column->label, value, column->field);
  d->key += sl_column_bit(row->table, i);
  if (column->field) row->count++; /* a constant alone is no change */
  return SL_OK;
}

static sl_code_t set_columns(sl_sql_t *self, row_t *row, sl_draft_t *d, sl_err_t *err)
{
  sl_code_t code = SL_OK;
  for (size_t i = row->table->n_key; i < row->table->n_columns && !code; i++)
    if (!sl_table_identifies(row->table, row->table->columns[i]))
      code = set_column(self, row, i, d, err);
  return code;
}

static bool begin_update(sl_sql_t *self, const sl_table_plan_t *table, sl_draft_t *d)
{
  if (!sl_draft_init(self, d, 2 * table->n_columns + table->n_parent + 2, table->key_update))
    return false;
  sl_buf_addz(&d->text, "UPDATE ");
  sl_sql_identifier(&d->text, sl_str(table->table));
  return true;
}

/* --- the record
 * ------------------------------------------------------------------------------------- */

static sl_code_t where_key(sl_sql_t *self, const sl_table_plan_t *table, sl_draft_t *d,
                           sl_err_t *err)
{
  for (size_t i = 0; i < table->n_key; i++) {
    const sl_column_plan_t *column = table->columns[i];
    sl_legacy_t value;
    sl_code_t code = sl_column_value(self, self->request, column, &value, err);
    if (code) return code;
    if (value.state == SL_L_MISSING || value.state == SL_L_NIL)
      return sl_field_missing(column->field, err);
    sl_draft_equals(d, i ? " AND " : " WHERE ", column->label, value, column->field);
  }
  return SL_OK;
}

/* The entity tag of If-Match (RFC 9110 §13.1.1); .p NULL: there is none, or any will do. Weak ones
 * never match, and a list of several is not compared. */
static sl_code_t if_match(sl_sql_t *self, sl_str_t *tag, sl_err_t *err)
{
  *tag = (sl_str_t){NULL, 0};
  for (size_t i = 0; self->op->change.if_match && i < self->in->n_args; i++) {
    if (!sl_str_eqz(self->in->args[i].name, "header:if-match")) continue;
    sl_str_t value = self->in->args[i].value;
    if (sl_str_eqz(value, "*")) return SL_OK;
    bool one = value.len >= 2 && value.p[0] == '"' && value.p[value.len - 1] == '"' &&
               !memchr(value.p + 1, '"', value.len - 2);
    if (!one)
      return sl_err_field(err, SL_INVALID, "header:if-match",
                          "one strong entity tag was expected, as ETag gives it");
    *tag = sl_strn(value.p + 1, value.len - 2);
  }
  return SL_OK;
}

/* The version that the row has to have still: If-Match's, or the base's. *stale_p: If-Match names
 * another one than the base has. */
static sl_code_t where_match(sl_sql_t *self, const sl_table_plan_t *table, sl_draft_t *d,
                             bool *stale_p, sl_err_t *err)
{
  const sl_field_t *field = self->op->change.if_match;
  const sl_slot_t *slot = self->base && self->plan->base_match
                              ? &self->base->slots[self->plan->base_match->slot]
                              : NULL;
  sl_legacy_t value = {SL_L_MISSING, {"", 0}};
  sl_str_t tag;
  sl_code_t code = if_match(self, &tag, err);
  if (code) return code;
  if (tag.p && sl_codec_write_text(field->codec, tag, self->arena, &value, err))
    return sl_err_field(err, SL_INVALID, "header:if-match",
                        "an entity tag that ETag gave was expected");
  if (slot && tag.p)
    *stale_p = !sl_base_means_same(self, field, value, self->plan->base_match, self->base);
  if (slot && slot->state == SL_L_TEXT)
    value = (sl_legacy_t){SL_L_TEXT, sl_strn(slot->p, slot->len)};
  else if (!tag.p)
    return SL_OK;
  sl_draft_equals(d, " AND ", sl_str(field->legacy), value, field);
  d->key += table->key_match - table->key_update;
  return SL_OK;
}

/* Nothing to set: the row is only touched, to learn whether it is there and has that version. */
static void touch(const sl_table_plan_t *table, sl_draft_t *d)
{
  sl_buf_addz(&d->text, " SET ");
  sl_sql_identifier(&d->text, table->columns[0]->label);
  sl_buf_addz(&d->text, " = ");
  sl_sql_identifier(&d->text, table->columns[0]->label);
}

sl_code_t sl_update_record(sl_sql_t *self, sl_sql_statement_t *out, sl_verdict_t *verdict_p,
                           sl_err_t *err)
{
  const sl_table_plan_t *table = &self->plan->tables[0];
  row_t row = {table, self->request, self->base, !self->op->change.replace, 0};
  sl_draft_t d;
  bool stale = false, needed = true;
  if (!begin_update(self, table, &d)) return full(err);
  sl_code_t code = set_columns(self, &row, &d, err);
  /* Of a record whose lists change, the version is to be counted up as well, if it has one. */
  if (!code && self->base && !row.count) {
    code = self->op->change.if_match ? sl_align_changes(self, &needed, err) : SL_OK;
    if (!self->op->change.if_match) needed = false;
  }
  if (!code && !d.n) touch(table, &d);
  if (!code) code = where_key(self, table, &d, err);
  if (!code) code = where_match(self, table, &d, &stale, err);
  *verdict_p = stale ? SL_VERDICT_STALE : needed ? SL_VERDICT_DO : SL_VERDICT_SAME;
  return sl_draft_finish(self, &d, out, code, err);
}

/* --- rows of lists
 * ---------------------------------------------------------------------------------- */

/* The row is known by the spelling that it has. */
static void where_row(const sl_table_plan_t *table, const sl_record_t *old, sl_draft_t *d)
{
  bool ours = old->frame == table->frame;
  for (size_t i = 0; i < table->n_item_key; i++) {
    const sl_field_t *field = ours ? table->item_key[i]->field : table->base_item_key[i];
    const sl_slot_t *slot = &old->slots[field->slot];
    sl_legacy_t value = {(sl_lstate_t)slot->state, {slot->p, slot->len}};
    sl_draft_equals(d, " AND ", table->item_key[i]->label, value, table->item_key[i]->field);
  }
}

static sl_code_t update_row(sl_sql_t *self, row_t *row, sl_draft_t *d, sl_err_t *err)
{
  if (!begin_update(self, row->table, d)) return full(err);
  sl_code_t code = set_columns(self, row, d, err);
  if (!code) code = sl_draft_parent(self, row->table, d, err);
  if (!code) where_row(row->table, row->old, d);
  return code;
}

sl_code_t sl_update_row(sl_sql_t *self, const sl_table_plan_t *table, const sl_pair_t *pair,
                        sl_sql_statement_t *out, sl_verdict_t *verdict_p, sl_err_t *err)
{
  row_t row = {table, pair->item, pair->old, false, 0};
  sl_draft_t d;
  sl_code_t code = update_row(self, &row, &d, err);
  *verdict_p = row.count ? SL_VERDICT_DO : SL_VERDICT_SAME;
  return sl_draft_finish(self, &d, out, code, err);
}

sl_code_t sl_update_rows(sl_sql_t *self, const sl_table_plan_t *table, sl_sql_statement_t *out,
                         sl_err_t *err)
{
  sl_draft_t d;
  if (!sl_draft_init(self, &d, table->n_parent, table->key_rows)) return full(err);
  sl_buf_addz(&d.text, "SELECT ");
  for (size_t i = 0; i < table->n_columns; i++) {
    if (!sl_table_reads(table, i)) continue;
    if (d.text.len > 7) sl_buf_addz(&d.text, ", ");
    sl_sql_identifier(&d.text, table->columns[i]->label);
  }
  sl_buf_addz(&d.text, " FROM ");
  sl_sql_identifier(&d.text, sl_str(table->table));
  sl_code_t code = sl_draft_parent(self, table, &d, err);
  code = sl_draft_finish(self, &d, out, code, err);
  out->returns_rows = true;
  return code;
}

sl_code_t sl_update_delete(sl_sql_t *self, const sl_table_plan_t *table, const sl_record_t *old,
                           sl_sql_statement_t *out, sl_err_t *err)
{
  sl_draft_t d;
  if (!sl_draft_init(self, &d, table->n_parent + table->n_item_key,
                     old ? table->key_drop : table->key_delete))
    return full(err);
  sl_buf_addz(&d.text, "DELETE FROM ");
  sl_sql_identifier(&d.text, sl_str(table->table));
  sl_code_t code = sl_draft_parent(self, table, &d, err);
  if (!code && old) where_row(table, old, &d);
  return sl_draft_finish(self, &d, out, code, err);
}
