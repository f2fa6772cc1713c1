/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>
#include "mappings/engine/field.h"
#include "mappings/engine/lists.h"
#include "mappings/engine/sql_impl.h"
#include "mappings/engine/verdict.h"

static sl_code_t full(sl_err_t *err)
{
  return sl_err_set(err, SL_TOO_LARGE, "the request is larger than its memory limit");
}

sl_sql_t *sl_sql_new(const sl_op_t *op, sl_arena_t *arena, const sl_input_t *in,
                     sl_record_t *request, sl_buf_t *out)
{
  sl_sql_t *self = sl_arena_zalloc(arena, sizeof *self);
  sl_legacy_t *generated = sl_arena_zalloc(arena, (op->change.n_generated + 1) * sizeof *generated);
  if (!self || !generated) return NULL;
  *self = (sl_sql_t){.op = op,
                     .plan = op->sql,
                     .arena = arena,
                     .in = in,
                     .request = request,
                     .out = out,
                     .start = out->len,
                     .generated = generated,
                     .reading = op,
                     .reading_plan = op->sql};
  return self;
}

void sl_sql_fini(sl_sql_t *self)
{
  if (self) sl_arena_destroy(&self->item_arena);
}

bool sl_sql_transaction(const sl_op_t *op)
{
  return op->transaction || op->change.kind != SL_CHANGE_NONE || op->procedure;
}

/* --- parameters
 * ---------------------------------------------------------------------------------------- */

void sl_sql_param(sl_sql_param_t *out, sl_legacy_t value, const sl_field_t *field)
{
  bool null = value.state == SL_L_NIL || value.state == SL_L_MISSING;
  *out = (sl_sql_param_t){
      .null = null, .text = null ? sl_str("") : value.text, .type = "", .name = ""};
  if (!field) return;
  out->name = field->label;
  out->type = sl_codec_sql_type(field->codec, &out->digits, &out->scale);
  if (out->type[0] || !field->column) return;
  out->type = field->column->type;
  out->digits = field->column->size;
  out->scale = field->column->scale;
}

/* A param's legacy spelling: of the request, or of the record that is read again. */
static sl_code_t param_value(sl_sql_t *self, uint16_t index, sl_legacy_t *out, sl_err_t *err)
{
  if (self->reading != self->op) {
    *out = self->key_values[index];
    return SL_OK;
  }
  const sl_param_t *param = &self->op->params[index];
  const sl_slot_t *slot = &self->request->slots[param->field->slot];
  if (slot->state == SL_J_ABSENT) {
    if (!param->optional) return sl_field_missing(param->field, err);
    *out = (sl_legacy_t){SL_L_NIL, {"", 0}};
    return SL_OK;
  }
  return sl_field_write(param->field, self->request, self->arena, out, err);
}

/* The key of the nth record of the page; the last one's for placeholders beyond it. */
static sl_legacy_t page_key(const sl_sql_t *self, size_t select, uint16_t nth)
{
  const sl_record_t *record = self->first;
  for (uint16_t i = 0; i < nth && record->next; i++) record = record->next;
  const sl_slot_t *slot = &record->slots[self->reading_plan->selects[select].parent[0]->slot];
  return (sl_legacy_t){(sl_lstate_t)slot->state, {slot->p, slot->len}};
}

static sl_code_t bind_all(sl_sql_t *self, size_t select, const sl_variant_t *variant,
                          sl_sql_param_t *params, sl_err_t *err)
{
  for (size_t i = 0; i < variant->n_binds; i++) {
    const sl_bind_t *bind = &variant->binds[i];
    sl_legacy_t value = {SL_L_NIL, {"", 0}};
    sl_code_t code = SL_OK;
    switch ((sl_bind_from_t)bind->from) {
    case SL_BIND_PARAM: code = param_value(self, bind->index, &value, err); break;
    case SL_BIND_AFTER:
      if (self->has_after) value = self->after[bind->index];
      break;
    case SL_BIND_KEYS: value = page_key(self, select, bind->index); break;
    case SL_BIND_LIMIT: {
      char *text = sl_arena_printf(self->arena, "%u", self->limit + 1);
      if (!text) return full(err);
      value = (sl_legacy_t){SL_L_TEXT, sl_str(text)};
      break;
    }
    }
    if (code) return code;
    sl_sql_param(&params[i], value, bind->field);
    if (bind->from == SL_BIND_LIMIT) params[i].type = "INTEGER", params[i].name = "page.limit";
  }
  return SL_OK;
}

/* --- selects
 * ------------------------------------------------------------------------------------------- */

static bool condition_holds(const sl_sql_t *self, const sl_condition_t *c)
{
  switch (c->what) {
  case SL_COND_AFTER: return self->has_after;
  case SL_COND_MANY: return self->limit > self->op->page->size;
  default: break;
  }
  if (self->reading != self->op) return self->key_values[c->param].state != SL_L_MISSING;
  return self->request->slots[self->op->params[c->param].field->slot].state != SL_J_ABSENT;
}

static sl_code_t select_statement(sl_sql_t *self, size_t select, sl_sql_statement_t *out,
                                  sl_err_t *err)
{
  const sl_select_plan_t *plan = &self->reading_plan->selects[select];
  unsigned mask = 0;
  for (unsigned i = 0; i < plan->n_conditions; i++)
    if (condition_holds(self, &plan->conditions[i])) mask |= 1u << i;
  const sl_variant_t *variant = &plan->variants[mask];
  sl_sql_param_t *params = sl_arena_alloc(self->arena, (variant->n_binds + 1) * sizeof *params);
  if (!params) return full(err);
  sl_code_t code = bind_all(self, select, variant, params, err);
  if (code) return code;
  *out = (sl_sql_statement_t){.key = variant->key,
                              .text = variant->text,
                              .params = params,
                              .n_params = variant->n_binds,
                              .returns_rows = true,
                              .large = self->reading->rows && !self->reading->page};
  if (self->reading->page && !self->reading->selects[select].list) out->max_rows = self->limit + 1;
  return sl_rows_begin(self, select, err);
}

/* --- the order of statements
 * --------------------------------------------------------------------------- */

static void to_lists(sl_sql_t *self, size_t from)
{
  self->at = SL_AT_END;
  if (!self->first) return; /* no record, no lists */
  for (size_t i = from; i < self->reading->n_selects && self->at == SL_AT_END; i++)
    if (self->reading->selects[i].list) self->at = SL_AT_LIST, self->index = i;
}

static void to_reread(sl_sql_t *self)
{
  sl_err_t err;
  self->at = SL_AT_END;
  if (!self->op->reread) return;
  if (!sl_change_key_values(self, &err)) return; /* the change stands; only its body is not told */
  self->reading = self->op->reread;
  self->reading_plan = self->op->reread->sql;
  self->at = SL_AT_SELECT;
}

static bool list_given(const sl_sql_t *self, const sl_table_plan_t *table)
{
  return self->request->lists[table->list->index].state != SL_J_ABSENT;
}

/* From table `from` on: what is to be cleared or inserted next. */
static void to_tables(sl_sql_t *self, size_t from)
{
  bool update = self->op->change.kind == SL_CHANGE_UPDATE;
  for (size_t i = from; i < self->plan->n_tables; i++) {
    const sl_table_plan_t *table = &self->plan->tables[i];
    if (update && !self->op->change.replace && !list_given(self, table)) continue;
    self->index = i;
    self->item = self->request->lists[table->list->index].first;
    if (update) {
      self->at = SL_AT_CLEAR;
      return;
    }
    if (!self->item) continue;
    self->at = SL_AT_ITEM;
    return;
  }
  to_reread(self);
}

static void to_generated(sl_sql_t *self, size_t from)
{
  self->at = SL_AT_RECORD;
  for (size_t i = from; i < self->op->change.n_generated; i++) {
    if (!self->op->change.generated[i].sql.len) continue;
    self->at = SL_AT_GENERATED;
    self->index = i;
    return;
  }
}

static void after_item(sl_sql_t *self)
{
  if (self->at == SL_AT_ITEM) self->item = self->item->next;
  self->at = SL_AT_ITEM;
  if (!self->item) to_tables(self, self->index + 1);
}

static sl_code_t begin(sl_sql_t *self, sl_err_t *err)
{
  if (!self->plan) return sl_err_set(err, SL_BUG, "the operation was not compiled");
  sl_code_t code = self->op->change.kind ? sl_lists_spread(self->request, self->arena, err) : SL_OK;
  if (code) return code;
  if (self->op->change.kind)
    to_generated(self, 0);
  else
    self->at = self->op->procedure ? SL_AT_CALL : SL_AT_SELECT;
  return self->op->page ? sl_page_read(self, err) : SL_OK;
}

static sl_code_t close(sl_sql_t *self, sl_err_t *err);

sl_code_t sl_sql_next(sl_sql_t *self, sl_sql_statement_t *statement, bool *done_p, sl_err_t *err)
{
  *done_p = false;
  memset(statement, 0, sizeof *statement);
  if (self->at == SL_AT_START) {
    sl_code_t code = begin(self, err);
    if (code) return code;
  }
  switch (self->at) {
  case SL_AT_GENERATED: return sl_change_generated(self, statement, err);
  case SL_AT_RECORD: return sl_change_record(self, statement, err);
  case SL_AT_CLEAR: return sl_change_clear(self, statement, err);
  case SL_AT_ITEM: return sl_change_item(self, statement, err);
  case SL_AT_CALL: return sl_call_statement(self, statement, err);
  case SL_AT_SELECT:
    return select_statement(self, (size_t)self->reading_plan->main_select, statement, err);
  case SL_AT_LIST: return select_statement(self, self->index, statement, err);
  default: break;
  }
  *done_p = true;
  return self->ended ? SL_OK : close(self, err);
}

/* --- rows
 * ---------------------------------------------------------------------------------------------- */

sl_code_t sl_sql_columns(sl_sql_t *self, const sl_str_t *labels, size_t n, sl_err_t *err)
{
  if (self->at == SL_AT_CALL && !self->op->n_selects) return SL_OK; /* rows that nobody wants */
  if (self->at != SL_AT_GENERATED) return sl_rows_columns(self, labels, n, err);
  return n ? SL_OK : sl_err_set(err, SL_GARBAGE, "the select of a generated value has no column");
}

sl_code_t sl_sql_row(sl_sql_t *self, const sl_sql_cell_t *cells, size_t n, sl_err_t *err)
{
  if (self->at == SL_AT_CALL && !self->op->n_selects) return SL_OK;
  if (self->at != SL_AT_GENERATED) return sl_rows_row(self, cells, n, err);
  sl_legacy_t *value = &self->generated[self->index];
  if (value->state != SL_L_MISSING || !n || cells[0].null)
    return sl_err_field(err, SL_GARBAGE, self->op->change.generated[self->index].field->legacy,
                        "one value was expected from the select that generates it");
  *value = (sl_legacy_t){SL_L_TEXT, sl_arena_str(self->arena, sl_strn(cells[0].p, cells[0].len))};
  return value->text.p ? SL_OK : full(err);
}

sl_code_t sl_sql_out(sl_sql_t *self, const sl_sql_cell_t *cells, size_t n, sl_err_t *err)
{
  if (self->at != SL_AT_CALL) return sl_err_set(err, SL_BUG, "no procedure was called");
  return sl_call_out(self, cells, n, err);
}

/* --- outcomes
 * ------------------------------------------------------------------------------------------ */

static const sl_when_t *pick(const sl_op_t *op, sl_source_t source, sl_str_t code)
{
  for (size_t i = 0; i < op->n_outcomes; i++)
    if (op->outcomes[i].source == source) return sl_outcome_pick(&op->outcomes[i], code);
  return NULL;
}

/* Of the record that was read, or that the procedure gave back. */
static sl_str_t slot_text(const sl_sql_t *self, const sl_field_t *field)
{
  if (!self->first) return sl_str("");
  const sl_slot_t *slot = &self->first->slots[field->slot];
  return slot->state == SL_L_TEXT ? sl_strn(slot->p, slot->len) : sl_str("");
}

static sl_code_t set_problem(sl_sql_t *self, const sl_when_t *when, bool *rollback_p, sl_err_t *err)
{
  self->problem = sl_arena_zalloc(self->arena, sizeof *self->problem);
  if (!self->problem) return full(err);
  sl_when_problem(self->op, when, when->detail ? slot_text(self, when->detail) : sl_str(""),
                  self->problem);
  self->status = when->status;
  self->at = SL_AT_END;
  self->head = self->ended = true;
  self->out->len = self->start;
  *rollback_p = true;
  return SL_OK;
}

/* #rows: how many there are, or were changed. No row where one is meant is 404, unless said. */
static sl_code_t judge_rows(sl_sql_t *self, long rows, bool *rollback_p, sl_err_t *err)
{
  char text[24];
  snprintf(text, sizeof text, "%ld", rows);
  const sl_when_t *when = pick(self->op, SL_FROM_ROWS, sl_str(text));
  bool list = self->op->rows && !self->op->change.kind;
  static const sl_when_t none = {.status = 404, .problem = "not-found"};
  if (!when && rows == 0 && !list) when = &none;
  if (!when) return SL_OK;
  if (when->status >= 200 && when->status < 300) {
    self->status = when->status;
    return SL_OK;
  }
  if (self->head)
    return sl_err_set(err, SL_LEGACY_ERROR, "the number of rows is not what the mapping allows");
  return set_problem(self, when, rollback_p, err);
}

/* Return codes: columns of the record, params that come back. The first that is no success
 * decides. */
static sl_code_t judge_fields(sl_sql_t *self, bool *rollback_p, sl_err_t *err)
{
  const sl_op_t *op = self->op;
  for (size_t i = 0; i < op->n_outcomes; i++) {
    if (op->outcomes[i].source != SL_FROM_FIELD) continue;
    const sl_when_t *when =
        sl_outcome_pick(&op->outcomes[i], slot_text(self, op->outcomes[i].field));
    if (!when) return sl_err_set(err, SL_BUG, "an outcome without otherwise");
    if (when->status >= 300) return set_problem(self, when, rollback_p, err);
    self->status = when->status;
  }
  return SL_OK;
}

static sl_code_t called(sl_sql_t *self, bool *rollback_p, sl_err_t *err)
{
  sl_code_t code = sl_call_complete(self, err);
  if (!code) code = judge_fields(self, rollback_p, err);
  if (!code) self->at = SL_AT_END;
  return code;
}

static sl_code_t refused(sl_sql_t *self, const char *sqlstate, bool *rollback_p, sl_err_t *err)
{
  const sl_when_t *when = pick(self->op, SL_FROM_SQLSTATE, sl_str(sqlstate));
  *rollback_p = true;
  if (!when || when->status < 300 || self->head)
    return sl_err_set(err, SL_LEGACY_ERROR, "the database refused the statement (SQLSTATE %s)",
                      sqlstate);
  return set_problem(self, when, rollback_p, err);
}

sl_code_t sl_sql_not_committed(sl_sql_t *self, const char *sqlstate, sl_err_t *err)
{
  const sl_when_t *when = pick(self->op, SL_FROM_SQLSTATE, sl_str(sqlstate));
  bool rollback;
  if (!when || when->status < 300)
    return sl_err_set(err, SL_LEGACY_ERROR,
                      "the database refused to commit (SQLSTATE %s): nothing was changed",
                      sqlstate);
  return set_problem(self, when, &rollback, err);
}

static sl_code_t selected(sl_sql_t *self, bool *rollback_p, sl_err_t *err)
{
  sl_code_t code = sl_rows_end(self, err);
  if (code) return code;
  if (self->reading == self->op) code = judge_rows(self, (long)self->rows.count, rollback_p, err);
  if (!code && !self->ended && self->reading == self->op)
    code = judge_fields(self, rollback_p, err);
  if (!code && !self->ended) to_lists(self, 0);
  return code;
}

sl_code_t sl_sql_done(sl_sql_t *self, long rows, const char *sqlstate, bool *rollback_p,
                      sl_err_t *err)
{
  sl_code_t code = SL_OK;
  *rollback_p = false;
  if (strcmp(sqlstate, "00000") != 0) return refused(self, sqlstate, rollback_p, err);
  switch (self->at) {
  case SL_AT_GENERATED:
    if (self->generated[self->index].state == SL_L_MISSING)
      return sl_err_set(err, SL_GARBAGE, "the select of a generated value gave none");
    to_generated(self, self->index + 1);
    break;
  case SL_AT_RECORD:
    if (self->op->change.kind == SL_CHANGE_UPDATE) code = judge_rows(self, rows, rollback_p, err);
    if (!code && !self->ended) to_tables(self, 1);
    break;
  case SL_AT_CLEAR:
  case SL_AT_ITEM: after_item(self); break;
  case SL_AT_CALL: code = called(self, rollback_p, err); break;
  case SL_AT_SELECT: code = selected(self, rollback_p, err); break;
  case SL_AT_LIST: to_lists(self, self->index + 1); break;
  default: return sl_err_set(err, SL_BUG, "no statement was under way");
  }
  return code;
}

/* --- the answer
 * ---------------------------------------------------------------------------------------- */

static bool read_something(const sl_sql_t *self)
{
  return self->first || self->reading->rows;
}

static int preset_status(const sl_sql_t *self, bool body)
{
  if (self->op->change.kind == SL_CHANGE_INSERT) return 201;
  return body ? 200 : 204;
}

/* All statements went well: what was held is written, and the status is known. */
static sl_code_t close(sl_sql_t *self, sl_err_t *err)
{
  bool selected_any =
      self->op->procedure || (self->reading_plan->main_select >= 0 &&
                              (self->reading != self->op || !self->op->change.kind));
  if (selected_any && read_something(self)) {
    sl_code_t code = sl_rows_finish(self, err);
    if (code) return code;
  }
  if (self->op->status) self->status = self->op->status;
  if (!self->status) self->status = preset_status(self, self->out->len > self->start);
  self->head = self->ended = true;
  return SL_OK;
}

bool sl_sql_head(const sl_sql_t *self)
{
  return self->head;
}

static void add_header(sl_answer_t *answer, const char *name, sl_str_t value)
{
  if (!value.p || answer->n_headers == SL_ANSWER_HEADERS) return;
  answer->headers[answer->n_headers++] = (sl_answer_header_t){sl_str(name), value};
}

/* Header ends of the record that was read: ETag and the like. */
static void record_headers(sl_sql_t *self, sl_answer_t *answer)
{
  if (!self->first || self->reading->rows) return;
  const sl_frame_t *frame = self->first->frame;
  for (size_t i = 0; i < frame->n_http; i++) {
    sl_buf_t text;
    sl_read_t result;
    sl_err_t err;
    const sl_field_t *field = frame->http[i].field;
    if (strncmp(frame->http[i].name.p, "header:", 7)) continue;
    sl_buf_init(&text, 0);
    bool tag = sl_str_eqz(frame->http[i].name, "header:etag"); /* RFC 9110 §8.8.3: in quotes */
    if (tag) sl_buf_addc(&text, '"');
    bool ok = !sl_field_read_text(field, self->first, self->arena, &text, &result, &err) &&
              result == SL_READ_VALUE;
    if (tag) sl_buf_addc(&text, '"');
    if (ok)
      add_header(answer, frame->http[i].name.p + 7, sl_arena_str(self->arena, sl_buf_str(&text)));
    sl_buf_fini(&text);
  }
}

sl_code_t sl_sql_answer(sl_sql_t *self, sl_answer_t *answer, sl_err_t *err)
{
  if (!self->head) return sl_err_set(err, SL_GARBAGE, "the database's answer ended too early");
  memset(answer, 0, sizeof *answer);
  answer->problem = self->problem;
  answer->status = self->status;
  if (!answer->status) answer->status = self->op->status ? self->op->status : 200; /* streams */
  if (self->problem) return SL_OK;
  record_headers(self, answer);
  if (self->more) add_header(answer, "Link", sl_page_link(self));
  if (self->op->change.kind == SL_CHANGE_INSERT)
    add_header(answer, "Location", sl_page_location(self));
  return SL_OK;
}
