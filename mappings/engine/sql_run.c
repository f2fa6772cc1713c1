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
  const sl_sql_plan_t *plan = op->sql;
  sl_table_state_t *tables =
      sl_arena_zalloc(arena, ((plan ? plan->n_tables : 0) + 1) * sizeof *tables);
  if (!self || !generated || !tables) return NULL;
  *self = (sl_sql_t){.op = op,
                     .plan = op->sql,
                     .arena = arena,
                     .in = in,
                     .request = request,
                     .out = out,
                     .start = out->len,
                     .generated = generated,
                     .tables = tables,
                     .reading = op,
                     .reading_plan = op->sql};
  sl_buf_init(&self->ours, 0);
  sl_buf_init(&self->theirs, 0);
  return self;
}

void sl_sql_fini(sl_sql_t *self)
{
  if (!self) return;
  sl_arena_destroy(&self->item_arena);
  sl_buf_fini(&self->ours);
  sl_buf_fini(&self->theirs);
}

bool sl_sql_transaction(const sl_op_t *op)
{
  return op->transaction || op->change.kind != SL_CHANGE_NONE || op->procedure;
}

bool sl_sql_reads_first(const sl_op_t *op)
{
  const sl_sql_plan_t *plan = op->sql;
  for (size_t i = 1; plan && op->change.kind == SL_CHANGE_UPDATE && i < plan->n_tables; i++)
    if (plan->tables[i].on_write == SL_WRITE_ALIGN) return true;
  return op->base;
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
 * ---------------------------------------------------------------------------
 *
 * What is read comes first: the base, then rows of lists that are to be aligned. Then the record's
 * row is written, which tells whether it is there; then rows of lists go, those of the last list
 * first, and then rows change or come, those of the first list first: so that rows may refer to the
 * record and to rows of the lists before their own. */

static void read_with(sl_sql_t *self, const sl_op_t *op)
{
  self->reading = op;
  self->reading_plan = op->sql;
  self->at = SL_AT_SELECT;
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

static sl_code_t to_rows(sl_sql_t *self, size_t from, sl_err_t *err)
{
  for (size_t i = from; i < self->plan->n_tables; i++) {
    if (!sl_align_reads(self, &self->plan->tables[i])) continue;
    self->at = SL_AT_ROWS;
    self->index = i;
    return SL_OK;
  }
  to_generated(self, 0);
  return sl_align(self, err);
}

static sl_code_t based(sl_sql_t *self, sl_err_t *err)
{
  self->base = self->first;
  self->first = self->last = NULL;
  self->basing = false;
  self->reading = self->op;
  self->reading_plan = self->plan;
  return to_rows(self, 1, err);
}

static sl_code_t to_lists(sl_sql_t *self, size_t from, sl_err_t *err)
{
  self->at = SL_AT_END;
  for (size_t i = from; self->first && i < self->reading->n_selects; i++) {
    if (!self->reading->selects[i].list) continue;
    self->at = SL_AT_LIST;
    self->index = i;
    return SL_OK;
  }
  return self->basing ? based(self, err) : SL_OK;
}

static void to_reread(sl_sql_t *self)
{
  sl_err_t err;
  self->at = SL_AT_END;
  if (!self->op->reread) return;
  /* Where it cannot be told what to read, the change stands; only its body is not told. */
  if (sl_change_key_values(self, self->op->reread, &err)) read_with(self, self->op->reread);
}

static void to_items(sl_sql_t *self, size_t from)
{
  for (size_t i = from; i < self->plan->n_tables; i++) {
    if (!self->tables[i].n_pairs) continue;
    self->at = SL_AT_ITEM;
    self->index = i;
    self->nth = 0;
    return;
  }
  to_reread(self);
}

/* Rows of table `from` and of those before it. */
static void to_drops(sl_sql_t *self, size_t from)
{
  bool update = self->op->change.kind == SL_CHANGE_UPDATE;
  for (size_t i = from; update && i > 0; i--) {
    const sl_table_plan_t *table = &self->plan->tables[i];
    bool all = table->on_write == SL_WRITE_REPLACE;
    if (!sl_table_written(self, table) || (!all && !self->tables[i].n_gone)) continue;
    self->at = all ? SL_AT_CLEAR : SL_AT_DROP;
    self->index = i;
    self->nth = 0;
    return;
  }
  to_items(self, 1);
}

static void after_item(sl_sql_t *self)
{
  if (++self->nth == self->tables[self->index].n_pairs) to_items(self, self->index + 1);
}

static void after_drop(sl_sql_t *self)
{
  if (++self->nth == self->tables[self->index].n_gone) to_drops(self, self->index - 1);
}

static sl_code_t begin(sl_sql_t *self, sl_err_t *err)
{
  if (!self->plan) return sl_err_set(err, SL_BUG, "the operation was not compiled");
  sl_code_t code = self->op->change.kind ? sl_lists_spread(self->request, self->arena, err) : SL_OK;
  if (code) return code;
  if (self->op->procedure) {
    self->at = SL_AT_CALL;
  } else if (!self->op->change.kind) {
    self->at = SL_AT_SELECT;
  } else if (!self->op->base) {
    return to_rows(self, 1, err);
  } else {
    sl_err_clear(err);
    if (!sl_change_key_values(self, self->op->base, err))
      return err->code ? err->code : sl_err_set(err, SL_BUG, "the base cannot be told");
    read_with(self, self->op->base);
    self->basing = true;
  }
  return self->op->page ? sl_page_read(self, err) : SL_OK;
}

static sl_code_t close(sl_sql_t *self, sl_err_t *err);

static sl_code_t judge_rows(sl_sql_t *self, const sl_op_t *op, long rows, bool *rollback_p,
                            sl_err_t *err);

/* The record's row, or, when nothing is to be done with it, what comes behind it. */
static sl_code_t next_record(sl_sql_t *self, sl_sql_statement_t *statement, bool *skip_p,
                             sl_err_t *err)
{
  sl_verdict_t verdict;
  bool rollback;
  if (self->op->change.kind == SL_CHANGE_INSERT)
    return sl_change_insert(self, &self->plan->tables[0], self->request, statement, err);
  sl_code_t code = sl_update_record(self, statement, &verdict, err);
  if (code || verdict == SL_VERDICT_DO) return code;
  *skip_p = true;
  code = judge_rows(self, self->op, verdict == SL_VERDICT_STALE ? 0 : 1, &rollback, err);
  if (!code && !self->ended) to_drops(self, self->plan->n_tables - 1);
  return code;
}

static sl_code_t next_item(sl_sql_t *self, sl_sql_statement_t *statement, bool *skip_p,
                           sl_err_t *err)
{
  const sl_table_plan_t *table = &self->plan->tables[self->index];
  const sl_pair_t *pair = &self->tables[self->index].pairs[self->nth];
  sl_verdict_t verdict;
  sl_code_t code = pair->old ? sl_update_row(self, table, pair, statement, &verdict, err)
                             : sl_change_insert(self, table, pair->item, statement, err);
  if (code) sl_err_in_list(err, table->list, (unsigned)self->nth);
  if (code || !pair->old || verdict == SL_VERDICT_DO) return code;
  *skip_p = true;
  after_item(self);
  return SL_OK;
}

static sl_code_t next(sl_sql_t *self, sl_sql_statement_t *statement, bool *done_p, bool *skip_p,
                      sl_err_t *err)
{
  const sl_table_plan_t *tables = self->plan->tables;
  switch (self->at) {
  case SL_AT_ROWS: return sl_update_rows(self, &tables[self->index], statement, err);
  case SL_AT_GENERATED: return sl_change_generated(self, statement, err);
  case SL_AT_RECORD: return next_record(self, statement, skip_p, err);
  case SL_AT_CLEAR: return sl_update_delete(self, &tables[self->index], NULL, statement, err);
  case SL_AT_DROP:
    return sl_update_delete(self, &tables[self->index], self->tables[self->index].gone[self->nth],
                            statement, err);
  case SL_AT_ITEM: return next_item(self, statement, skip_p, err);
  case SL_AT_CALL: return sl_call_statement(self, statement, err);
  case SL_AT_SELECT:
    return select_statement(self, (size_t)self->reading_plan->main_select, statement, err);
  case SL_AT_LIST: return select_statement(self, self->index, statement, err);
  default: break;
  }
  *done_p = true;
  return self->ended ? SL_OK : close(self, err);
}

sl_code_t sl_sql_next(sl_sql_t *self, sl_sql_statement_t *statement, bool *done_p, sl_err_t *err)
{
  sl_code_t code = self->at == SL_AT_START ? begin(self, err) : SL_OK;
  for (bool skip = true; skip && !code;) {
    skip = *done_p = false;
    memset(statement, 0, sizeof *statement);
    code = next(self, statement, done_p, &skip, err);
  }
  return code;
}

/* --- rows
 * ---------------------------------------------------------------------------------------------- */

sl_code_t sl_sql_columns(sl_sql_t *self, const sl_str_t *labels, size_t n, sl_err_t *err)
{
  if (self->at == SL_AT_CALL && !self->op->n_selects) return SL_OK; /* rows that nobody wants */
  if (self->at == SL_AT_ROWS) return SL_OK; /* in the order of our own text */
  if (self->at != SL_AT_GENERATED) return sl_rows_columns(self, labels, n, err);
  return n ? SL_OK : sl_err_set(err, SL_GARBAGE, "the select of a generated value has no column");
}

sl_code_t sl_sql_row(sl_sql_t *self, const sl_sql_cell_t *cells, size_t n, sl_err_t *err)
{
  if (self->at == SL_AT_CALL && !self->op->n_selects) return SL_OK;
  if (self->at == SL_AT_ROWS) return sl_align_row(self, cells, n, err);
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
static sl_code_t judge_rows(sl_sql_t *self, const sl_op_t *op, long rows, bool *rollback_p,
                            sl_err_t *err)
{
  char text[24];
  snprintf(text, sizeof text, "%ld", rows);
  const sl_when_t *when = pick(op, SL_FROM_ROWS, sl_str(text));
  bool list = op->rows && !op->change.kind;
  static const sl_when_t none = {.status = 404, .problem = "not-found"},
                         stale = {.status = 412, .problem = "precondition-failed"};
  if (!when && rows == 0 && !list) when = self->base ? &stale : &none;
  if (!when) return SL_OK;
  if (when->status >= 200 && when->status < 300) {
    if (op == self->op) self->status = when->status;
    return SL_OK;
  }
  if (self->head)
    return sl_err_set(err, SL_LEGACY_ERROR, "the number of rows is not what the mapping allows");
  return set_problem(self, when, rollback_p, err);
}

/* Return codes: columns of the record, params that come back. The first that is no success
 * decides. */
static sl_code_t judge_fields(sl_sql_t *self, const sl_op_t *op, bool *rollback_p, sl_err_t *err)
{
  for (size_t i = 0; i < op->n_outcomes; i++) {
    if (op->outcomes[i].source != SL_FROM_FIELD) continue;
    const sl_when_t *when =
        sl_outcome_pick(&op->outcomes[i], slot_text(self, op->outcomes[i].field));
    if (!when) return sl_err_set(err, SL_BUG, "an outcome without otherwise");
    if (when->status >= 300) return set_problem(self, when, rollback_p, err);
    if (op == self->op) self->status = when->status;
  }
  return SL_OK;
}

static sl_code_t called(sl_sql_t *self, bool *rollback_p, sl_err_t *err)
{
  sl_code_t code = sl_call_complete(self, err);
  if (!code) code = judge_fields(self, self->op, rollback_p, err);
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
  bool judged = self->basing || self->reading == self->op; /* what is read again is there */
  sl_code_t code = sl_rows_end(self, err);
  if (!code && judged)
    code = judge_rows(self, self->reading, (long)self->rows.count, rollback_p, err);
  if (!code && !self->ended && judged) code = judge_fields(self, self->reading, rollback_p, err);
  if (!code && !self->ended) code = to_lists(self, 0, err);
  return code;
}

static sl_code_t written(sl_sql_t *self, long rows, bool *rollback_p, sl_err_t *err)
{
  sl_code_t code = SL_OK;
  if (self->op->change.kind == SL_CHANGE_UPDATE)
    code = judge_rows(self, self->op, rows, rollback_p, err);
  if (!code && !self->ended) to_drops(self, self->plan->n_tables - 1);
  return code;
}

/* A row that was there a moment ago is not: someone else was faster, as a serialization failure
 * says. */
static sl_code_t item_written(sl_sql_t *self, long rows, bool *rollback_p, sl_err_t *err)
{
  bool update = self->tables[self->index].pairs[self->nth].old != NULL;
  if (update && rows == 0) return refused(self, "40001", rollback_p, err);
  after_item(self);
  return SL_OK;
}

static sl_code_t generated(sl_sql_t *self, sl_err_t *err)
{
  if (self->generated[self->index].state == SL_L_MISSING)
    return sl_err_set(err, SL_GARBAGE, "the select of a generated value gave none");
  to_generated(self, self->index + 1);
  return SL_OK;
}

sl_code_t sl_sql_done(sl_sql_t *self, long rows, const char *sqlstate, bool *rollback_p,
                      sl_err_t *err)
{
  *rollback_p = false;
  if (strcmp(sqlstate, "00000") != 0) return refused(self, sqlstate, rollback_p, err);
  switch (self->at) {
  case SL_AT_ROWS: return to_rows(self, self->index + 1, err);
  case SL_AT_GENERATED: return generated(self, err);
  case SL_AT_RECORD: return written(self, rows, rollback_p, err);
  case SL_AT_CLEAR: return to_drops(self, self->index - 1), SL_OK;
  case SL_AT_DROP: return after_drop(self), SL_OK;
  case SL_AT_ITEM: return item_written(self, rows, rollback_p, err);
  case SL_AT_CALL: return called(self, rollback_p, err);
  case SL_AT_SELECT: return selected(self, rollback_p, err);
  case SL_AT_LIST: return to_lists(self, self->index + 1, err);
  default: break;
  }
  return sl_err_set(err, SL_BUG, "no statement was under way");
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
