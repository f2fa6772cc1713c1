/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mappings/engine/csv.h"

#include <string.h>
#include "mappings/engine/choice.h"
#include "mappings/engine/field.h"
#include "mappings/engine/lists.h"

enum { CELLS_MAX = 512, LEVELS_MAX = 8, NO_CELL = 0xffff };

typedef struct cell {
  sl_str_t text;
  bool null;
} cell_t;

typedef struct level {
  const sl_frame_t *frame;
  const sl_list_t *list; /* NULL: the record itself */
  uint16_t *cell;        /* by frame->columns */
  sl_record_t *record;
} level_t;

typedef struct levels {
  level_t v[LEVELS_MAX];
  unsigned n;
} levels_t;

static sl_code_t full(sl_err_t *err)
{
  return sl_err_set(err, SL_TOO_LARGE, "the record is larger than a message may be");
}

static sl_code_t find_levels(const sl_frame_t *frame, levels_t *levels, sl_err_t *err)
{
  levels->n = 1;
  levels->v[0] = (level_t){.frame = frame};
  for (;;) {
    const sl_list_t *list = NULL;
    size_t n = 0;
    for (size_t i = 0; i < frame->n_lists; i++)
      if (sl_list_has_rows(frame->lists[i])) list = frame->lists[i], n++;
    if (!n) break;
    if (n > 1 || levels->n == LEVELS_MAX)
      return sl_err_set(err, SL_INVALID, "a record with several lists does not fit into rows");
    frame = list->item;
    levels->v[levels->n++] = (level_t){.frame = frame, .list = list};
  }
  return SL_OK;
}

/* --- reading -------------------------------------------------------------------------------------
 */

/* A quoted cell, p behind its first quote; its text goes to the arena when quotes were doubled. */
static bool quoted_cell(const char **p, const char *end, sl_arena_t *arena, cell_t *cell)
{
  const char *start = *p, *q = start;
  size_t doubled = 0;
  for (; q < end; q++) {
    if (*q != '"') continue;
    if (q + 1 == end || q[1] != '"') break;
    doubled++;
    q++;
  }
  if (q == end) return false;
  cell->text = sl_strn(start, (size_t)(q - start));
  cell->null = false;
  *p = q + 1;
  if (!doubled) return true;
  char *to = sl_arena_text(arena, cell->text.len), *t = to;
  if (!to) return false;
  for (const char *s = start; s < q; s++) {
    *t++ = *s;
    if (*s == '"') s++;
  }
  cell->text = sl_strn(to, (size_t)(t - to));
  return true;
}

/* The next line's cells; *n_p 0 at the end. */
static sl_code_t read_line(sl_str_t *csv, sl_arena_t *arena, cell_t *cells, size_t *n_p,
                           sl_err_t *err)
{
  const char *p = csv->p, *end = csv->p + csv->len;
  *n_p = 0;
  while (p < end && (*p == '\n' || *p == '\r')) p++;
  while (p < end) {
    if (*n_p == CELLS_MAX)
      return sl_err_set(err, SL_GARBAGE, "a row has at most %d cells", CELLS_MAX);
    cell_t *cell = &cells[(*n_p)++];
    if (*p == '"') {
      p++;
      if (!quoted_cell(&p, end, arena, cell))
        return sl_err_set(err, SL_GARBAGE, "a quoted cell is not closed");
    } else {
      const char *start = p;
      while (p < end && !strchr(",\r\n", *p)) p++;
      *cell = (cell_t){sl_strn(start, (size_t)(p - start)), p == start};
    }
    bool more = p < end && *p == ',';
    if (!more) break;
    if (++p == end || *p == '\n' || *p == '\r') { /* the line ends behind a comma: one empty cell */
      if (*n_p < CELLS_MAX) cells[(*n_p)++] = (cell_t){sl_strn(p, 0), true};
      break;
    }
  }
  if (p < end && *p != '\n' && *p != '\r')
    return sl_err_set(err, SL_GARBAGE, "a comma was expected behind a quoted cell");
  *csv = sl_strn(p, (size_t)(end - p));
  return SL_OK;
}

static bool same_label(sl_str_t a, sl_str_t b)
{
  return a.len == b.len && strncasecmp(a.p, b.p, a.len) == 0;
}

/* Has the header any column that is only read? One that was written by us has none. */
static bool has_read_only(const sl_frame_t *frame, const cell_t *header, size_t n)
{
  for (size_t i = 0; i < frame->n_columns; i++) {
    const sl_field_t *field = frame->columns[i].field;
    for (size_t k = 0; field && field->codec && field->access == SL_READ_ONLY && k < n; k++)
      if (same_label(header[k].text, frame->columns[i].label)) return true;
  }
  return false;
}

static sl_code_t map_columns(level_t *level, const cell_t *header, size_t n, sl_arena_t *arena,
                             sl_err_t *err)
{
  const sl_frame_t *frame = level->frame;
  level->cell = sl_arena_alloc(arena, (frame->n_columns + 1) * sizeof *level->cell);
  if (!level->cell) return full(err);
  bool written = !has_read_only(frame, header, n);
  for (size_t i = 0; i < frame->n_columns; i++) {
    const sl_column_plan_t *column = &frame->columns[i];
    level->cell[i] = NO_CELL;
    if (!column->field || !column->field->codec || column->field->access == SL_WRITE_ONLY) continue;
    for (size_t k = 0; k < n && level->cell[i] == NO_CELL; k++)
      if (same_label(header[k].text, column->label)) level->cell[i] = (uint16_t)k;
    if (level->cell[i] == NO_CELL && !(written && column->field->access == SL_READ_ONLY))
      return sl_err_field(err, SL_GARBAGE, column->label.p, "the header has no column %s",
                          column->label.p);
  }
  return SL_OK;
}

static bool fill(const level_t *level, const cell_t *cells, sl_arena_t *arena)
{
  for (size_t i = 0; i < level->frame->n_columns; i++) {
    if (level->cell[i] == NO_CELL) continue;
    const cell_t *cell = &cells[level->cell[i]];
    const sl_list_t *place = level->frame->columns[i].place;
    sl_record_t *to = place ? sl_lists_place(level->record, place, arena) : level->record;
    if (!to) return false;
    to->slots[level->frame->columns[i].field->slot] =
        (sl_slot_t){cell->text.p ? cell->text.p : "", (uint32_t)cell->text.len,
                    cell->null ? SL_L_NIL : SL_L_TEXT, 0};
  }
  for (size_t i = 0; i < level->frame->n_lists; i++) level->record->lists[i].state = SL_L_TEXT;
  return true;
}

static bool is_key(const sl_list_t *list, sl_str_t label)
{
  for (size_t i = 0; i < list->n_key; i++)
    if (same_label(label, sl_str(list->key[i]))) return true;
  return list->n_key == 0;
}

/* No item: NULL in the key; without a key, in all columns. */
static bool no_item(const level_t *level, const cell_t *cells)
{
  bool all = true, any = false;
  for (size_t i = 0; i < level->frame->n_columns; i++) {
    if (level->cell[i] == NO_CELL || !is_key(level->list, level->frame->columns[i].label)) continue;
    bool null = cells[level->cell[i]].null;
    all &= null;
    any |= null;
  }
  return level->list->n_key ? any : all;
}

static bool same_item(const level_t *level, const cell_t *cells)
{
  if (!level->record || !level->list->n_key) return false;
  for (size_t i = 0; i < level->frame->n_columns; i++) {
    if (level->cell[i] == NO_CELL || !is_key(level->list, level->frame->columns[i].label)) continue;
    const sl_slot_t *slot = &level->record->slots[level->frame->columns[i].field->slot];
    if (!sl_str_eq(sl_strn(slot->p, slot->len), cells[level->cell[i]].text)) return false;
  }
  return true;
}

static sl_code_t add_items(levels_t *levels, const cell_t *cells, sl_arena_t *arena, sl_err_t *err)
{
  for (unsigned i = 1; i < levels->n; i++) {
    level_t *level = &levels->v[i];
    if (no_item(level, cells)) return SL_OK;
    if (same_item(level, cells)) continue;
    level->record = sl_record_add(levels->v[i - 1].record, level->list->index, arena);
    if (!level->record || !fill(level, cells, arena)) return full(err);
    for (unsigned k = i + 1; k < levels->n; k++) levels->v[k].record = NULL;
  }
  return SL_OK;
}

sl_code_t sl_csv_read(sl_record_t *record, sl_arena_t *arena, sl_str_t csv, sl_err_t *err)
{
  levels_t levels;
  size_t n_header, n, rows = 0;
  cell_t *cells = sl_arena_alloc(arena, CELLS_MAX * sizeof *cells);
  if (!cells) return full(err);
  sl_code_t code = find_levels(record->frame, &levels, err);
  if (!code) code = read_line(&csv, arena, cells, &n_header, err);
  for (unsigned i = 0; i < levels.n && !code; i++)
    code = map_columns(&levels.v[i], cells, n_header, arena, err);
  levels.v[0].record = record;
  while (!code) {
    code = read_line(&csv, arena, cells, &n, err);
    if (code || !n) break;
    if (n != n_header)
      return sl_err_set(err, SL_GARBAGE, "a row of %zu cells was expected, as in the header",
                        n_header);
    if (!rows++ && !fill(&levels.v[0], cells, arena)) return full(err);
    code = add_items(&levels, cells, arena, err);
  }
  if (!code && !rows) code = sl_err_set(err, SL_GARBAGE, "a row was expected below the header");
  size_t unknown = 0;
  return code ? code : sl_lists_gather(record, arena, SL_GATHER_ROWS, &unknown, err);
}

/* --- writing -------------------------------------------------------------------------------------
 */

static bool is_written(const sl_column_plan_t *column)
{
  return column->constant || sl_fields_write(column->field);
}

static void put_text(sl_buf_t *out, sl_str_t text)
{
  bool plain = text.len > 0;
  for (size_t i = 0; i < text.len && plain; i++) plain = !strchr(",\"\r\n", text.p[i]) && text.p[i];
  if (plain) {
    sl_buf_adds(out, text);
    return;
  }
  sl_buf_addc(out, '"');
  for (size_t i = 0; i < text.len; i++) {
    if (text.p[i] == '"') sl_buf_addc(out, '"');
    sl_buf_addc(out, text.p[i]);
  }
  sl_buf_addc(out, '"');
}

static void put_header(const levels_t *levels, sl_buf_t *out)
{
  bool comma = false;
  for (unsigned i = 0; i < levels->n; i++)
    for (size_t k = 0; k < levels->v[i].frame->n_columns; k++) {
      if (!is_written(&levels->v[i].frame->columns[k])) continue;
      if (comma) sl_buf_addc(out, ',');
      put_text(out, levels->v[i].frame->columns[k].label);
      comma = true;
    }
  sl_buf_addc(out, '\n');
}

static sl_code_t put_cells(const level_t *level, bool *comma_p, sl_arena_t *arena, sl_buf_t *out,
                           sl_err_t *err)
{
  for (size_t k = 0; k < level->frame->n_columns; k++) {
    const sl_column_plan_t *column = &level->frame->columns[k];
    if (!is_written(column)) continue;
    if (*comma_p) sl_buf_addc(out, ',');
    *comma_p = true;
    if (!level->record) continue;
    sl_legacy_t v = {SL_L_TEXT, {NULL, 0}};
    const sl_record_t *from =
        column->place ? level->record->lists[column->place->index].first : level->record;
    bool there = !column->place || sl_only_holds(&column->place->only, level->record);
    const sl_field_t *field = there ? sl_field_out(column->field, from) : NULL;
    const sl_const_t *constant = there ? sl_const_in(column->constant, from) : NULL;
    if (field) {
      sl_code_t code = sl_field_write(field, from, arena, &v, err);
      if (code) return code;
      /* NULL in the key says that there is no item: it would be gone. */
      bool null = v.state == SL_L_NIL || v.state == SL_L_MISSING;
      if (null && level->list && level->list->n_key && is_key(level->list, column->label))
        return sl_field_missing(field, err);
    } else if (constant) {
      v.text = constant->text;
    } else { /* of another kind of record */
      v.state = SL_L_NIL;
    }
    if (v.state != SL_L_NIL && v.state != SL_L_MISSING) put_text(out, v.text);
  }
  return SL_OK;
}

static sl_code_t put_row(const levels_t *levels, sl_arena_t *arena, sl_buf_t *out, sl_err_t *err)
{
  bool comma = false;
  size_t start = out->len;
  for (unsigned i = 0; i < levels->n; i++) {
    sl_code_t code = put_cells(&levels->v[i], &comma, arena, out, err);
    if (code) return code;
  }
  if (out->len == start)
    return sl_err_set(err, SL_INVALID, "a value was expected: a row of one NULL is an empty line");
  sl_buf_addc(out, '\n');
  return SL_OK;
}

static sl_record_t *first_item(const level_t *parent, const level_t *level)
{
  return parent->record ? parent->record->lists[level->list->index].first : NULL;
}

/* The next row: the deepest list that has another item moves on, those below it start again. */
static bool advance(levels_t *levels)
{
  for (unsigned i = levels->n; i-- > 1;) {
    if (!levels->v[i].record || !levels->v[i].record->next) continue;
    levels->v[i].record = levels->v[i].record->next;
    for (unsigned k = i + 1; k < levels->n; k++)
      levels->v[k].record = first_item(&levels->v[k - 1], &levels->v[k]);
    return true;
  }
  return false;
}

sl_code_t sl_csv_write(sl_record_t *record, sl_arena_t *arena, sl_buf_t *out, sl_err_t *err)
{
  levels_t levels;
  sl_code_t code = find_levels(record->frame, &levels, err);
  if (!code) code = sl_lists_spread(record, arena, err);
  if (code) return code;
  levels.v[0].record = record;
  for (unsigned i = 1; i < levels.n; i++)
    levels.v[i].record = first_item(&levels.v[i - 1], &levels.v[i]);
  put_header(&levels, out);
  do {
    code = put_row(&levels, arena, out, err);
  } while (!code && advance(&levels));
  return code ? code : out->failed ? full(err) : SL_OK;
}

size_t sl_csv_row(sl_str_t *csv_p, sl_arena_t *arena, sl_sql_cell_t *cells, size_t max,
                  sl_err_t *err)
{
  cell_t *row = sl_arena_alloc(arena, CELLS_MAX * sizeof *row);
  size_t n = 0;
  sl_code_t code = row ? read_line(csv_p, arena, row, &n, err) : full(err);
  if (!code && n > max) code = full(err);
  if (code) return 0;
  for (size_t i = 0; i < n; i++)
    cells[i] = (sl_sql_cell_t){row[i].text.p, row[i].text.len, row[i].null};
  err->code = SL_OK;
  return n;
}

/* --- which rows are one record
 * --------------------------------------------------------------------- */

sl_code_t sl_csv_joined(const sl_frame_t *frame, sl_arena_t *arena, sl_str_t header, sl_str_t a,
                        sl_str_t b, bool *joined_p)
{
  size_t n = 0, n_a = 0, n_b = 0, keys = 0;
  sl_err_t err;
  cell_t *cells = sl_arena_alloc(arena, 3 * CELLS_MAX * sizeof *cells);
  *joined_p = false;
  if (!frame->n_lists) return SL_OK;
  if (!cells || read_line(&header, arena, cells, &n, &err) ||
      read_line(&a, arena, cells + CELLS_MAX, &n_a, &err) ||
      read_line(&b, arena, cells + 2 * CELLS_MAX, &n_b, &err))
    return SL_GARBAGE; /* its reader will tell */
  for (size_t i = 0; i < frame->n_columns; i++) {
    const sl_column_plan_t *column = &frame->columns[i];
    if (!column->field || !column->field->key) continue;
    keys++;
    for (size_t k = 0; k < n && k < n_a && k < n_b; k++) {
      const cell_t *x = &cells[CELLS_MAX + k], *y = &cells[2 * CELLS_MAX + k];
      if (!same_label(cells[k].text, column->label)) continue;
      if (x->null != y->null || !sl_str_eq(x->text, y->text)) return SL_OK;
    }
  }
  *joined_p = keys > 0;
  return SL_OK;
}
