/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>
#include "core/jsonw.h"
#include "mappings/engine/lists.h"
#include "mappings/engine/sql_impl.h"
#include "mappings/engine/writer_json.h"

static sl_code_t full(sl_err_t *err)
{
  return sl_err_set(err, SL_TOO_LARGE, "the answer is larger than its memory limit");
}

/* Records wait when selects of their own fill their lists. */
static bool holds(const sl_sql_t *self)
{
  return self->reading->n_selects > 1;
}

static bool streams_joined(const sl_sql_t *self)
{
  return self->reading->rows && !holds(self) && self->rows.levels->n > 1;
}

/* --- columns
 * ----------------------------------------------------------------------------------------- */

static uint16_t find_label(const sl_str_t *labels, size_t n, const char *label)
{
  for (size_t i = 0; i < n && i < SL_NO_CELL; i++)
    if (sl_label_eq(labels[i], label)) return (uint16_t)i;
  return SL_NO_CELL;
}

static sl_code_t need(uint16_t cell, const char *label, sl_err_t *err)
{
  if (cell != SL_NO_CELL) return SL_OK;
  return sl_err_field(err, SL_GARBAGE, label, "the select has no column %s", label);
}

static sl_code_t map_level(sl_sql_t *self, unsigned i, const sl_str_t *labels, size_t n,
                           sl_err_t *err)
{
  const sl_frame_t *frame = self->rows.levels->v[i].frame;
  uint16_t *cell = sl_arena_alloc(self->arena, (frame->n_columns + 1) * sizeof *cell);
  if (!cell) return full(err);
  self->rows.cell[i] = cell;
  for (size_t k = 0; k < frame->n_columns; k++) {
    const sl_field_t *field = frame->columns[k].field;
    cell[k] = SL_NO_CELL;
    if (!field || !field->codec || field->access == SL_WRITE_ONLY) continue; /* a constant */
    cell[k] = find_label(labels, n, frame->columns[k].label.p);
    sl_code_t code = need(cell[k], frame->columns[k].label.p, err);
    if (code) return code;
  }
  return SL_OK;
}

static sl_code_t map_words(sl_sql_t *self, const char *const *words, size_t n_words,
                           uint16_t **cell_p, const sl_str_t *labels, size_t n, sl_err_t *err)
{
  uint16_t *cell = sl_arena_alloc(self->arena, (n_words + 1) * sizeof *cell);
  if (!cell) return full(err);
  *cell_p = cell;
  for (size_t i = 0; i < n_words; i++) {
    cell[i] = find_label(labels, n, words[i]);
    sl_code_t code = need(cell[i], words[i], err);
    if (code) return code;
  }
  return SL_OK;
}

sl_code_t sl_rows_begin(sl_sql_t *self, size_t select, sl_err_t *err)
{
  sl_rows_t *rows = &self->rows;
  const sl_list_t *list = self->reading->selects[select].list;
  *rows = (sl_rows_t){.op = self->reading, .plan = self->reading_plan, .select = select};
  rows->levels = list ? &rows->plan->list_levels[select] : &rows->plan->levels;
  if (list || !streams_joined(self) || self->item_arena) return SL_OK;
  self->item_arena = sl_arena_new(0, 0);
  return self->item_arena ? SL_OK : full(err);
}

sl_code_t sl_rows_columns(sl_sql_t *self, const sl_str_t *labels, size_t n, sl_err_t *err)
{
  sl_rows_t *rows = &self->rows;
  const sl_list_t *list = rows->op->selects[rows->select].list;
  sl_code_t code = SL_OK;
  for (unsigned i = 0; i < rows->levels->n && !code; i++) code = map_level(self, i, labels, n, err);
  if (!code && list)
    code = map_words(self, list->parent, list->n_parent, &rows->parent_cell, labels, n, err);
  if (!code && !list && rows->op->page)
    code = map_words(self, rows->op->page->key, rows->op->page->n_key, &rows->page_cell, labels, n,
                     err);
  return code;
}

/* --- records
 * ----------------------------------------------------------------------------------------- */

static bool fill(const sl_sql_t *self, unsigned i, sl_record_t *record, const sl_sql_cell_t *cells,
                 sl_arena_t *copy)
{
  const sl_frame_t *frame = self->rows.levels->v[i].frame;
  for (size_t k = 0; k < frame->n_columns; k++) {
    uint16_t at = self->rows.cell[i][k];
    if (at == SL_NO_CELL) continue;
    const sl_sql_cell_t *cell = &cells[at];
    const sl_list_t *place = frame->columns[k].place;
    sl_record_t *to = place ? sl_lists_place(record, place, copy ? copy : self->arena) : record;
    if (!to) return false;
    sl_slot_t *slot = &to->slots[frame->columns[k].field->slot];
    const char *p = cell->p ? cell->p : "";
    if (copy && !cell->null && cell->len) p = sl_arena_str(copy, sl_strn(p, cell->len)).p;
    if (!p) return false;
    *slot = (sl_slot_t){p, (uint32_t)cell->len, cell->null ? SL_L_NIL : SL_L_TEXT, 0};
  }
  for (size_t k = 0; k < record->frame->n_lists; k++) record->lists[k].state = SL_L_TEXT;
  return true;
}

static bool same_key(const sl_sql_t *self, unsigned i, const sl_sql_cell_t *cells)
{
  const sl_level_t *level = &self->rows.levels->v[i];
  const sl_record_t *record = self->rows.record[i];
  if (!record || !level->n_key) return record && !level->list && !self->reading->rows;
  for (size_t k = 0; k < level->n_key; k++) {
    const sl_slot_t *slot = &record->slots[level->frame->columns[level->key[k]].field->slot];
    const sl_sql_cell_t *cell = &cells[self->rows.cell[i][level->key[k]]];
    if (cell->null != (slot->state == SL_L_NIL)) return false;
    if (!cell->null && !sl_str_eq(sl_strn(slot->p, slot->len), sl_strn(cell->p, cell->len)))
      return false;
  }
  return true;
}

static bool no_child(const sl_sql_t *self, unsigned i, const sl_sql_cell_t *cells)
{
  const sl_level_t *level = &self->rows.levels->v[i];
  for (size_t k = 0; k < level->n_key; k++)
    if (cells[self->rows.cell[i][level->key[k]]].null) return true;
  return false;
}

static sl_code_t open_body(sl_sql_t *self)
{
  sl_buf_adds(self->out, self->opened ? sl_str(",") : self->reading_plan->before);
  self->opened = true;
  return SL_OK;
}

static sl_code_t write_record(sl_sql_t *self, sl_record_t *record, sl_err_t *err)
{
  size_t unknown = 0;
  open_body(self);
  sl_code_t code = sl_lists_gather(record, streams_joined(self) ? self->item_arena : self->arena,
                                   SL_GATHER_ROWS, &unknown, err);
  if (code) return code;
  return sl_json_write(record, self->arena, self->out, err);
}

/* --- one select's rows
 * --------------------------------------------------------------------------------- */

static void keep(sl_sql_t *self, sl_record_t *record)
{
  if (self->last)
    self->last->next = record;
  else
    self->first = record;
  self->last = record;
}

/* A new record of the first level. */
static sl_code_t begin_record(sl_sql_t *self, const sl_sql_cell_t *cells, sl_err_t *err)
{
  sl_rows_t *rows = &self->rows;
  sl_arena_t *arena = streams_joined(self) ? self->item_arena : self->arena;
  rows->count++;
  if (!self->reading->rows && rows->count > 1)
    return sl_err_set(err, SL_GARBAGE, "the select gave more than one record");
  if (streams_joined(self) && rows->record[0]) {
    sl_code_t code = write_record(self, rows->record[0], err);
    if (code) return code;
    sl_arena_reset(self->item_arena);
  }
  memset(rows->record, 0, sizeof rows->record);
  sl_record_t *record = sl_record_new(rows->levels->v[0].frame, arena);
  if (!record || !fill(self, 0, record, cells, arena)) return full(err);
  rows->record[0] = record;
  if (!streams_joined(self)) keep(self, record);
  return SL_OK;
}

/* The lists joined to the record, each in the one before. */
static sl_code_t add_children(sl_sql_t *self, const sl_sql_cell_t *cells, sl_err_t *err)
{
  sl_rows_t *rows = &self->rows;
  sl_arena_t *arena = streams_joined(self) && !rows->op->selects[rows->select].list
                          ? self->item_arena
                          : self->arena;
  for (unsigned i = 1; i < rows->levels->n; i++) {
    if (no_child(self, i, cells)) return SL_OK;
    if (same_key(self, i, cells)) continue;
    sl_record_t *item = sl_record_add(rows->record[i - 1], rows->levels->v[i].list->index, arena);
    if (!item || !fill(self, i, item, cells, arena)) return full(err);
    rows->record[i] = item;
    for (unsigned k = i + 1; k < rows->levels->n; k++) rows->record[k] = NULL;
  }
  return SL_OK;
}

static bool copy_key(sl_sql_t *self, const sl_sql_cell_t *cells)
{
  for (size_t i = 0; i < self->reading->page->n_key; i++) {
    const sl_sql_cell_t *cell = &cells[self->rows.page_cell[i]];
    sl_str_t text = sl_arena_str(self->arena, sl_strn(cell->p, cell->null ? 0 : cell->len));
    if (!text.p) return false;
    self->page_end[i] = (sl_legacy_t){cell->null ? SL_L_NIL : SL_L_TEXT, text};
  }
  return true;
}

/* One row, one record, straight to JSON: nothing is copied. */
static sl_code_t flat_row(sl_sql_t *self, const sl_sql_cell_t *cells, sl_err_t *err)
{
  sl_rows_t *rows = &self->rows;
  if (!rows->record[0]) rows->record[0] = sl_record_new(rows->levels->v[0].frame, self->arena);
  if (!rows->record[0] || !fill(self, 0, rows->record[0], cells, NULL)) return full(err);
  rows->count++;
  sl_code_t code = write_record(self, rows->record[0], err);
  if (!code && !self->reading->page) self->head = true;
  return code;
}

static sl_code_t main_row(sl_sql_t *self, const sl_sql_cell_t *cells, sl_err_t *err)
{
  sl_rows_t *rows = &self->rows;
  const sl_op_t *op = self->reading;
  if (op->page && rows->count == self->limit) {
    self->more = true;
    return SL_OK;
  }
  if (op->page && rows->count + 1 == self->limit && !copy_key(self, cells)) return full(err);
  if (op->rows && !holds(self) && rows->levels->n == 1) return flat_row(self, cells, err);
  bool row_is_record = op->rows && rows->levels->n == 1;
  if (row_is_record || !same_key(self, 0, cells)) {
    sl_code_t code = begin_record(self, cells, err);
    if (code) return code;
    if (op->rows && !op->page && !holds(self)) self->head = true;
  }
  return add_children(self, cells, err);
}

/* --- rows of a list's own select
 * ----------------------------------------------------------------------- */

static bool belongs(const sl_sql_t *self, const sl_record_t *record, const sl_sql_cell_t *cells)
{
  const sl_rows_t *rows = &self->rows;
  const sl_list_t *list = rows->op->selects[rows->select].list;
  for (size_t i = 0; i < list->n_parent; i++) {
    const sl_slot_t *slot = &record->slots[rows->plan->selects[rows->select].parent[i]->slot];
    const sl_sql_cell_t *cell = &cells[rows->parent_cell[i]];
    if (cell->null || slot->state != SL_L_TEXT) return false;
    if (!sl_str_eq(sl_strn(slot->p, slot->len), sl_strn(cell->p, cell->len))) return false;
  }
  return true;
}

/* Rows mostly come in the order of their records: look from the last one found on. */
static sl_record_t *find_parent(sl_sql_t *self, const sl_sql_cell_t *cells)
{
  for (sl_record_t *r = self->last; r; r = r->next)
    if (belongs(self, r, cells)) return r;
  for (sl_record_t *r = self->first; r && r != self->last; r = r->next)
    if (belongs(self, r, cells)) return r;
  return NULL;
}

static sl_code_t list_row(sl_sql_t *self, const sl_sql_cell_t *cells, sl_err_t *err)
{
  sl_rows_t *rows = &self->rows;
  sl_record_t *parent = find_parent(self, cells);
  if (!parent) return SL_OK; /* of a record that is not on this page */
  bool moved = parent != self->last || !rows->record[0];
  self->last = parent;
  if (rows->levels->v[0].n_key && no_child(self, 0, cells)) return SL_OK;
  if (moved || !rows->levels->v[0].n_key || !same_key(self, 0, cells)) {
    sl_record_t *item =
        sl_record_add(parent, rows->op->selects[rows->select].list->index, self->arena);
    if (!item || !fill(self, 0, item, cells, self->arena)) return full(err);
    memset(rows->record, 0, sizeof rows->record);
    rows->record[0] = item;
  }
  return add_children(self, cells, err);
}

sl_code_t sl_rows_row(sl_sql_t *self, const sl_sql_cell_t *cells, size_t n, sl_err_t *err)
{
  (void)n; /* as many as there were labels */
  return self->rows.op->selects[self->rows.select].list ? list_row(self, cells, err)
                                                        : main_row(self, cells, err);
}

/* --- the end
 * ------------------------------------------------------------------------------------------- */

sl_code_t sl_rows_end(sl_sql_t *self, sl_err_t *err)
{
  if (!streams_joined(self) || !self->rows.record[0]) return SL_OK;
  sl_code_t code = write_record(self, self->rows.record[0], err);
  self->rows.record[0] = NULL;
  return code;
}

/* ,"next":"…" or null behind the other members of the root. */
static sl_code_t put_next(sl_sql_t *self, sl_err_t *err)
{
  sl_str_t cursor = self->more ? sl_page_cursor(self) : sl_strn(NULL, 0);
  if (self->more && !cursor.p) return full(err);
  sl_buf_addc(self->out, ',');
  sl_json_quote(self->out, sl_str(self->reading->page->json + 1));
  sl_buf_addc(self->out, ':');
  if (cursor.p)
    sl_json_quote(self->out, cursor);
  else
    sl_buf_addz(self->out, "null");
  return SL_OK;
}

sl_code_t sl_rows_finish(sl_sql_t *self, sl_err_t *err)
{
  sl_code_t code = SL_OK;
  if (!self->reading->rows) {
    size_t unknown = 0;
    if (self->first && self->reading->body)
      code = sl_lists_gather(self->first, self->arena, SL_GATHER_ROWS, &unknown, err);
    if (self->first && self->reading->body && !code)
      code = sl_json_write(self->first, self->arena, self->out, err);
    return code;
  }
  for (sl_record_t *r = self->first; r && !code; r = r->next) code = write_record(self, r, err);
  if (!self->opened) sl_buf_adds(self->out, self->reading_plan->before);
  sl_str_t after = self->reading_plan->after;
  if (!code && self->reading->page && self->reading->page->json[0]) {
    after.len--; /* the root's brace */
    sl_buf_adds(self->out, after);
    code = put_next(self, err);
    after = sl_str("}");
  }
  sl_buf_adds(self->out, after);
  return code;
}
