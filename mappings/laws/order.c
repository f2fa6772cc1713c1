/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mappings/laws/order.h"

#include <string.h>
#include "mappings/engine/sql.h"
#include "mappings/laws/lines.h"

/* Shapes are compiled for each operation anew: the line tells that it is the same list. */
static bool is_list(const sl_list_t *a, const sl_list_t *b)
{
  return a && a->line == b->line && a->col == b->col && !strcmp(a->file, b->file);
}

static bool reads(const sl_op_t *op, const sl_list_t *list, sl_arena_t *scratch)
{
  const sl_line_t *lines;
  size_t n = op->response ? sl_lines_of(op->response, scratch, &lines) : 0;
  for (size_t i = 0; i < n; i++)
    if (is_list(lines[i].list, list)) return true;
  return false;
}

/* Its own select's, or else that of the record. */
static bool is_ordered(const sl_op_t *op, const sl_list_t *list)
{
  const sl_select_t *select = NULL;
  for (size_t i = 0; i < op->n_selects; i++) {
    const sl_select_t *s = &op->selects[i];
    if (is_list(s->list, list) || (!s->list && !select)) select = s;
  }
  return select && sl_sql_mentions(select, "order by");
}

sl_order_t sl_order_of(const sl_mapping_t *mapping, const sl_list_t *list, sl_arena_t *scratch)
{
  bool ordered = false;
  if (mapping->kind != SL_KIND_ODBC || list->form != SL_LIST_REPEATS || !list->table[0])
    return SL_ORDER_KEPT;
  if (list->n_key) return SL_ORDER_SAID;
  for (size_t i = 0; i < mapping->n_ops; i++) {
    const sl_op_t *op = &mapping->ops[i];
    if (!op->n_selects || !reads(op, list, scratch)) continue;
    if (!is_ordered(op, list)) return SL_ORDER_OPEN;
    ordered = true;
  }
  return ordered ? SL_ORDER_SAID : SL_ORDER_OPEN;
}

bool sl_order_turn(sl_buf_t *csv)
{
  const char *end = csv->p + csv->len, *head = memchr(csv->p, '\n', csv->len);
  sl_buf_t turned;
  size_t rows = 0;
  if (!head || memchr(csv->p, '"', csv->len) || end[-1] != '\n') return false;
  sl_buf_init(&turned, 0);
  sl_buf_add(&turned, csv->p, (size_t)(++head - csv->p));
  for (const char *last = end; last > head; rows++) {
    const char *from = last - 1;
    while (from > head && from[-1] != '\n') from--;
    sl_buf_add(&turned, from, (size_t)(last - from));
    last = from;
  }
  bool done = rows > 1 && !turned.failed;
  if (done) {
    sl_buf_clear(csv);
    sl_buf_adds(csv, sl_buf_str(&turned));
  }
  sl_buf_fini(&turned);
  return done;
}
