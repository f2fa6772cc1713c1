/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <strings.h>
#include "mappings/engine/csv.h"
#include "mappings/laws/same.h"

enum { MAX_CELLS = 512 };

typedef struct row {
  sl_sql_cell_t cells[MAX_CELLS];
  size_t n;
} row_t;

static size_t column(const row_t *header, const sl_sql_cell_t *label)
{
  size_t i = 0;
  while (i < header->n && (header->cells[i].len != label->len ||
                           strncasecmp(header->cells[i].p, label->p, label->len)))
    i++;
  return i;
}

static void show(sl_buf_t *out, const sl_sql_cell_t *cell)
{
  if (cell->null)
    sl_buf_addz(out, "NULL");
  else
    sl_buf_printf(out, "\"%.*s\"", (int)cell->len, cell->p);
}

static bool same_row(const row_t *labels, const row_t *other, const row_t *wanted, const row_t *got,
                     unsigned n, sl_buf_t *why)
{
  for (size_t i = 0; i < labels->n; i++) {
    const sl_sql_cell_t *label = &labels->cells[i], *g = &got->cells[i];
    size_t k = column(other, label);
    if (k >= wanted->n || i >= got->n) {
      sl_buf_printf(why, "row %u: no column %.*s was expected", n, (int)label->len, label->p);
      return false;
    }
    const sl_sql_cell_t *w = &wanted->cells[k];
    if (w->null == g->null && w->len == g->len &&
        !memcmp(w->p ? w->p : "", g->p ? g->p : "", g->len))
      continue;
    sl_buf_printf(why, "row %u, %.*s: ", n, (int)label->len, label->p);
    show(why, w);
    sl_buf_addz(why, " was expected, ");
    show(why, g);
    sl_buf_addz(why, " came");
    return false;
  }
  return true;
}

static bool same_rows(sl_str_t wanted, sl_str_t got, sl_arena_t *arena, row_t *v, sl_buf_t *why)
{
  sl_err_t err;
  row_t *w_head = &v[0], *g_head = &v[1], *w = &v[2], *g = &v[3];
  w_head->n = sl_csv_row(&wanted, arena, w_head->cells, MAX_CELLS, &err);
  g_head->n = sl_csv_row(&got, arena, g_head->cells, MAX_CELLS, &err);
  for (unsigned n = 1;; n++) {
    w->n = sl_csv_row(&wanted, arena, w->cells, MAX_CELLS, &err);
    g->n = sl_csv_row(&got, arena, g->cells, MAX_CELLS, &err);
    if (!w->n && !g->n) return true;
    if (!w->n || !g->n) {
      sl_buf_printf(why, "row %u: %s", n, w->n ? "it did not come" : "it was not expected");
      return false;
    }
    if (!same_row(g_head, w_head, w, g, n, why)) return false;
  }
}

bool sl_same_csv(sl_str_t wanted, sl_str_t got, sl_buf_t *why)
{
  sl_arena_t *arena = sl_arena_new(0, 0);
  row_t *v = arena ? sl_arena_zalloc(arena, 4 * sizeof *v) : NULL;
  bool is = v && same_rows(wanted, got, arena, v, why);
  sl_arena_destroy(&arena);
  return is;
}
