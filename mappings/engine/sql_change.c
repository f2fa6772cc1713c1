/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Insert and update: text from a shape, for the columns that this call has values for. The same
 * columns give the same text and the same key: bit i of the key is optional column i. */
#include <string.h>
#include "mappings/engine/choice.h"
#include "mappings/engine/field.h"
#include "mappings/engine/sql_draft.h"

static sl_code_t full(sl_err_t *err)
{
  return sl_err_set(err, SL_TOO_LARGE, "the request is larger than its memory limit");
}

/* --- values
 * -------------------------------------------------------------------------------------------- */

sl_code_t sl_change_value(sl_sql_t *self, const sl_record_t *record, const sl_field_t *field,
                          sl_legacy_t *out, sl_err_t *err)
{
  const sl_slot_t *slot = &record->slots[field->slot];
  for (size_t i = 0; i < self->op->change.n_generated; i++) {
    if (self->op->change.generated[i].field != field) continue;
    if (slot->state != SL_J_ABSENT)
      return sl_err_field(err, SL_INVALID, field->label,
                          "is made by the legacy system: leave it out");
    *out = self->generated[i];
    return SL_OK;
  }
  if (sl_field_given(field, record)) return sl_field_write(field, record, self->arena, out, err);
  if (field->required) return sl_field_missing(field, err);
  *out = (sl_legacy_t){SL_L_MISSING, {"", 0}};
  return field->nillable ? sl_field_write(field, record, self->arena, out, err) : SL_OK;
}

sl_code_t sl_column_value(sl_sql_t *self, const sl_record_t *record, const sl_column_plan_t *column,
                          sl_legacy_t *out, sl_err_t *err)
{
  if (column->place && !sl_only_holds(&column->place->only, record))
    return *out = (sl_legacy_t){SL_L_MISSING, {"", 0}}, SL_OK;
  if (column->place) record = record->lists[column->place->index].first;
  const sl_field_t *field = sl_field_out(column->field, record);
  const sl_const_t *constant = sl_const_in(column->constant, record);
  if (field) return sl_change_value(self, record, field, out, err);
  *out = (sl_legacy_t){SL_L_MISSING, {"", 0}}; /* of another kind of record */
  if (constant) *out = (sl_legacy_t){SL_L_TEXT, constant->text};
  return SL_OK;
}

bool sl_draft_init(sl_sql_t *self, sl_draft_t *d, size_t max, unsigned key)
{
  *d = (sl_draft_t){.key = key};
  sl_buf_init(&d->text, 0);
  d->params = sl_arena_zalloc(self->arena, (max + 1) * sizeof *d->params);
  return d->params;
}

void sl_draft_bind(sl_draft_t *d, sl_legacy_t value, const sl_field_t *field)
{
  sl_sql_param(&d->params[d->n++], value, field);
}

void sl_draft_equals(sl_draft_t *d, const char *lead, sl_str_t name, sl_legacy_t value,
                     const sl_field_t *field)
{
  sl_buf_addz(&d->text, lead);
  sl_sql_identifier(&d->text, name);
  sl_buf_addz(&d->text, " = ?");
  sl_draft_bind(d, value, field);
}

sl_code_t sl_draft_parent(sl_sql_t *self, const sl_table_plan_t *table, sl_draft_t *d,
                          sl_err_t *err)
{
  for (size_t i = 0; i < table->n_parent; i++) {
    sl_legacy_t value;
    sl_code_t code = sl_column_value(self, self->request, table->parent[i], &value, err);
    if (code) return code;
    sl_draft_equals(d, i ? " AND " : " WHERE ", sl_str(table->list->parent[i]), value,
                    table->parent[i]->field);
  }
  return SL_OK;
}

sl_code_t sl_draft_finish(sl_sql_t *self, sl_draft_t *d, sl_sql_statement_t *out, sl_code_t code,
                          sl_err_t *err)
{
  *out = (sl_sql_statement_t){.key = d->key, .params = d->params, .n_params = d->n};
  if (!code) {
    out->text = sl_arena_strndup(self->arena, d->text.p, d->text.len);
    if (!out->text || d->text.failed) code = full(err);
  }
  sl_buf_fini(&d->text);
  return code;
}

unsigned sl_column_bit(const sl_table_plan_t *table, size_t i)
{
  return i >= table->n_key && i - table->n_key < table->n_optional ? 1u << (i - table->n_key) : 0;
}

/* --- insert
 * -------------------------------------------------------------------------------------------- */

/* A column without a value is left out of the statement; beyond the columns that a key has bits
 * for, it is NULL. */
static sl_code_t insert_column(sl_sql_t *self, const sl_table_plan_t *table, size_t i,
                               const sl_record_t *record, sl_draft_t *d, sl_err_t *err)
{
  const sl_column_plan_t *column = table->columns[i];
  sl_legacy_t value;
  sl_code_t code = sl_column_value(self, record, column, &value, err);
  if (code) return code;
  bool optional = i >= table->n_key && i - table->n_key < table->n_optional;
  const sl_field_t *field = sl_field_out(column->field, record);
  if (value.state == SL_L_MISSING && field && field->required) return sl_field_missing(field, err);
  /* NULL in its key would say that there is no item. */
  if ((value.state == SL_L_MISSING || value.state == SL_L_NIL) && field && !field->generated &&
      sl_table_identifies(table, column))
    return sl_field_missing(field, err);
  if (value.state == SL_L_MISSING && optional) return SL_OK;
  /* Beyond the bits there is no leaving out, and NULL is not the column's default. */
  if (value.state == SL_L_MISSING && field && field->column && field->column->preset)
    return sl_field_missing(field, err);
  if (value.state == SL_L_MISSING && i < table->n_key) return sl_field_missing(column->field, err);
  sl_buf_addz(&d->text, d->n ? ", " : " (");
  sl_sql_identifier(&d->text, column->label);
  sl_draft_bind(d, value, column->field);
  return SL_OK;
}

/* Columns that the database makes are not the consumer's to give. */
static sl_code_t check_generated(const sl_table_plan_t *table, const sl_record_t *record,
                                 sl_err_t *err)
{
  for (size_t i = 0; i < table->frame->n_columns; i++) {
    const sl_field_t *field = table->frame->columns[i].field;
    if (table->frame->columns[i].place) continue;
    if (field && field->generated && field->access != SL_READ_ONLY &&
        record->slots[field->slot].state != SL_J_ABSENT)
      return sl_err_field(err, SL_INVALID, field->label,
                          "is made by the legacy system: leave it out");
  }
  return SL_OK;
}

sl_code_t sl_change_insert(sl_sql_t *self, const sl_table_plan_t *table, const sl_record_t *record,
                           sl_sql_statement_t *out, sl_err_t *err)
{
  sl_draft_t d;
  unsigned mask = 0;
  sl_code_t code = check_generated(table, record, err);
  if (!sl_draft_init(self, &d, table->n_columns + table->n_parent, table->key_insert))
    return full(err);
  sl_buf_addz(&d.text, "INSERT INTO ");
  sl_sql_identifier(&d.text, sl_str(table->table));
  for (size_t i = 0; i < table->n_parent && !code; i++) {
    sl_legacy_t value;
    code = sl_column_value(self, self->request, table->parent[i], &value, err);
    sl_buf_addz(&d.text, d.n ? ", " : " (");
    sl_sql_identifier(&d.text, sl_str(table->list->parent[i]));
    if (!code) sl_draft_bind(&d, value, table->parent[i]->field);
  }
  for (size_t i = 0; i < table->n_columns && !code; i++) {
    size_t before = d.n;
    code = insert_column(self, table, i, record, &d, err);
    if (d.n > before) mask |= sl_column_bit(table, i);
  }
  sl_buf_addz(&d.text, ") VALUES (");
  for (size_t i = 0; i < d.n; i++) sl_buf_addz(&d.text, i ? ", ?" : "?");
  sl_buf_addc(&d.text, ')');
  d.key += mask;
  if (!code && !d.n)
    code = sl_err_set(err, SL_INVALID, "a record with at least one value was expected");
  return sl_draft_finish(self, &d, out, code, err);
}

sl_code_t sl_change_generated(sl_sql_t *self, sl_sql_statement_t *out, sl_err_t *err)
{
  const sl_generated_t *g = &self->op->change.generated[self->index];
  const sl_slot_t *slot = &self->request->slots[g->field->slot];
  if (slot->state != SL_J_ABSENT)
    return sl_err_field(err, SL_INVALID, g->field->label,
                        "is made by the legacy system: leave it out");
  *out = (sl_sql_statement_t){.key = self->plan->generated_key + (unsigned)self->index,
                              .text = g->sql.p,
                              .returns_rows = true};
  return SL_OK;
}

/* --- reading again
 * ------------------------------------------------------------------------------------- */

/* The field of the request that a param of the reading operation means: one with the same HTTP
 * end, the same name as its JSON member, or, when there is one param only, the key. */
const sl_field_t *sl_change_meant(const sl_op_t *op, const sl_op_t *reading,
                                  const sl_param_t *param)
{
  const sl_frame_t *frame = op->request;
  const sl_field_t *key = NULL;
  unsigned keys = 0;
  for (size_t i = 0; i < frame->n_http; i++)
    if (param->field->http[0] && sl_str_eqz(frame->http[i].name, param->field->http))
      return frame->http[i].field;
  for (size_t i = 0; i < frame->n_columns; i++) {
    const sl_field_t *field = frame->columns[i].field;
    if (!field || !field->key || frame->columns[i].place) continue;
    if (field->json[0] == '/' && sl_str_eqz(param->name, field->json + 1)) return field;
    key = field;
    keys++;
  }
  return keys == 1 && reading->n_params == 1 ? key : NULL;
}

bool sl_change_key_values(sl_sql_t *self, const sl_op_t *reading, sl_err_t *err)
{
  self->key_values =
      sl_arena_zalloc(self->arena, (reading->n_params + 1) * sizeof *self->key_values);
  for (size_t i = 0; self->key_values && i < reading->n_params; i++) {
    const sl_field_t *field = sl_change_meant(self->op, reading, &reading->params[i]);
    if (!field && reading->params[i].optional) continue;
    if (!field || sl_change_value(self, self->request, field, &self->key_values[i], err))
      return false;
  }
  return self->key_values;
}
