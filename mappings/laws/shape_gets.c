/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * GetPut of lists, and legacy records that show what a line loses. What the legacy system may send
 * in a list is a matter of a few records: gaps between numbered places, parallel lists of different
 * lengths, no items, one, two, and more. Each goes through the shape's real reader and writer.
 */
#include <stdio.h>
#include <string.h>
#include "core/jsonw.h"
#include "mappings/engine/derive.h"
#include "mappings/engine/run.h"
#include "mappings/laws/judge.h"
#include "mappings/laws/legacy.h"
#include "mappings/laws/same.h"

enum { MEMORY = 64 << 20, COMMAND = 400, MAX_ITEMS = 128 };

typedef struct gets {
  sl_shape_judge_t *judge;
  sl_arena_t *arena;
  const sl_list_t *list;   /* judged; NULL: none */
  size_t items;            /* of it */
  size_t gap;              /* SLOTS: the place that is empty; ZIP: the part that is shorter */
  const sl_judged_t *lost; /* the line to show; NULL: none */
  bool all;                /* all values, not only those that have to be there */
  sl_buf_t legacy, json, back, why;
} gets_t;

static bool same_place(const char *file, int line, int col, const sl_line_t *l)
{
  return l->line == line && l->col == col && !strcmp(l->file, file);
}

static const sl_judged_t *judged_field(const gets_t *g, const sl_field_t *f)
{
  for (size_t i = 0; i < g->judge->n; i++) {
    const sl_judged_t *j = &g->judge->v[i];
    if (j->law->line.field && same_place(f->file, f->line, f->col, &j->law->line)) return j;
  }
  return NULL;
}

/* --- what the record holds ----------------------------------------------------------------------
 */

static sl_legacy_t missing(void)
{
  return (sl_legacy_t){SL_L_MISSING, {"", 0}};
}

/* The text of a fixed-width record, of its parts' good values. */
static sl_legacy_t good_record(const gets_t *g, const sl_field_t *carrier)
{
  sl_legacy_t v;
  sl_record_t *record = sl_record_new(g->judge->shape->frame, g->arena);
  const sl_derive_t *d = carrier->derive;
  for (size_t i = 0; record && i < d->n_parts; i++) {
    const sl_judged_t *j = d->parts[i].field ? judged_field(g, d->parts[i].field) : NULL;
    if (d->parts[i].field && (!j || !j->good.text.p)) return missing();
    if (j)
      record->slots[d->parts[i].field->slot] =
          (sl_slot_t){j->good.text.p, (uint32_t)j->good.text.len, (uint8_t)j->good.state, 0};
  }
  return record && !sl_derive_write(carrier, record, g->arena, &v, NULL) ? v : missing();
}

static sl_legacy_t value(void *context, const sl_field_t *f, size_t item)
{
  const gets_t *g = context;
  const sl_judged_t *j = judged_field(g, f);
  sl_legacy_t v;
  (void)item;
  if (g->lost) {
    const sl_field_t *lost = g->lost->law->line.field;
    if (lost->derive && lost->derive->kind == SL_DERIVE_PART) lost = lost->derive->record;
    if (same_place(f->file, f->line, f->col,
                   &(sl_line_t){.file = lost->file, .line = lost->line, .col = lost->col}))
      return g->lost->lost;
  }
  if (!j || f->only.choice || (!g->all && !f->required)) return missing();
  if (f->derive)
    return f->derive->kind == SL_DERIVE_RECORD && !g->list ? good_record(g, f) : missing();
  if (!j->good.text.p || sl_codec_write(f->codec, j->good.state, j->good.text, g->arena, &v, NULL))
    return missing();
  return v;
}

/* Is the line below list? */
static bool holds(const sl_list_t *list, const sl_line_t *line)
{
  return line->within && line->within->line == list->line && line->within->col == list->col;
}

static size_t items(void *context, const sl_list_t *list)
{
  const gets_t *g = context;
  const sl_list_t *whole = list->whole ? list->whole : list;
  if (g->lost) {
    if (!holds(whole, &g->lost->law->line)) return list->min;
    return !list->whole || whole->form == SL_LIST_ZIP || whole->parts[0] == list;
  }
  if (!g->list || whole->line != g->list->line || whole->col != g->list->col) return list->min;
  if (whole->form == SL_LIST_SLOTS) {
    for (size_t i = 0; i < whole->n_parts && i < g->items; i++)
      if (whole->parts[i] == list) return i != g->gap;
    return 0;
  }
  if (whole->form == SL_LIST_ZIP && g->gap < whole->n_parts && whole->parts[g->gap] == list)
    return g->items - 1;
  return g->items;
}

static const sl_made_t *made(gets_t *g, sl_made_t *out)
{
  *out = (sl_made_t){.value = value, .items = items, .context = g};
  return out;
}

/* --- there and back -----------------------------------------------------------------------------
 */

static bool is_same(gets_t *g)
{
  const sl_shape_t *shape = g->judge->shape;
  sl_str_t was = sl_buf_str(&g->legacy), is = sl_buf_str(&g->back);
  sl_buf_clear(&g->why);
  if (shape->frame->xml)
    return sl_same_xml(g->judge->mapping, shape->frame->xml, SL_SAME_BOTH, was, is, &g->why);
  if (shape->frame->legacy_json)
    return sl_same_json(shape->frame->legacy_json, true, SL_SAME_BOTH, was, is, &g->why);
  return sl_same_csv(is, was, &g->why);
}

typedef enum kept { KEPT, LOST, REFUSED, UNREAD } kept_t;

static kept_t attempt(gets_t *g, sl_err_t *err)
{
  const sl_shape_t *shape = g->judge->shape;
  sl_made_t m;
  sl_arena_reset(g->arena);
  sl_buf_clear(&g->legacy);
  sl_buf_clear(&g->json);
  sl_buf_clear(&g->back);
  if (!sl_made_record(made(g, &m), shape, &g->legacy)) return UNREAD;
  if (sl_shape_read(shape, g->arena, sl_buf_str(&g->legacy), &g->json, err)) return UNREAD;
  if (sl_shape_write(shape, g->arena, sl_buf_str(&g->json), shape->name, &g->back, err))
    return REFUSED;
  return is_same(g) ? KEPT : LOST;
}

static const char *clip(sl_arena_t *arena, sl_str_t text)
{
  enum { SHOWN = 160 };
  while (text.len && text.p[text.len - 1] == '\n') text.len--;
  return text.len <= SHOWN ? sl_arena_strndup(arena, text.p, text.len)
                           : sl_arena_printf(arena, "%.*s…", SHOWN, text.p);
}

static const char *command(gets_t *g)
{
  sl_str_t text = sl_buf_str(&g->legacy);
  const char *shape = g->judge->shape->name, *file = g->judge->mapping->file;
  while (text.len && text.p[text.len - 1] == '\n') text.len--;
  if (text.len > COMMAND || memchr(text.p, '\'', text.len)) return NULL;
  return sl_arena_printf(g->judge->keep,
                         "echo '%.*s' | sluice map read --shape %s %s | sluice map write --lossy "
                         "--shape %s %s",
                         SL_STR_ARG(text), shape, file, shape, file);
}

/* --- lists --------------------------------------------------------------------------------------
 */

static const char gap_fix[] = "gaps=\"reject\", or \"null\" | base= on the operations that write | "
                              "modulo=\"gaps\"";

/* Is what was written back read as the same JSON? Then it is another spelling. */
static bool reads_alike(gets_t *g)
{
  sl_err_t err;
  sl_buf_t again;
  sl_buf_init(&again, 0);
  sl_code_t code = sl_shape_read(g->judge->shape, g->arena, sl_buf_str(&g->back), &again, &err);
  bool alike = !code && sl_str_eq(sl_buf_str(&again), sl_buf_str(&g->json));
  sl_buf_fini(&again);
  return alike;
}

/* word: what may be lost here, though it reads alike; 0: nothing. */
static void vary(gets_t *g, sl_law_t *law, size_t n, size_t gap, unsigned word, unsigned given)
{
  sl_err_t err = {0};
  if (law->verdict == SL_LAW_REFUTED || n > MAX_ITEMS) return;
  g->items = n;
  g->gap = gap;
  kept_t kept = attempt(g, &err);
  if (kept == UNREAD) return; /* an answer 502: not lost */
  law->n++;
  if (kept == KEPT || kept == REFUSED) return; /* refused: values have their own lines */
  if (!word && reads_alike(g)) word = given = SL_MODULO_ALIAS;
  if (word && (word & given) == word) {
    law->modulo |= word;
    return;
  }
  sl_arena_t *keep = g->judge->keep;
  law->verdict = SL_LAW_REFUTED;
  law->modulo = word;
  law->from = clip(keep, sl_buf_str(&g->legacy));
  law->via = clip(keep, sl_buf_str(&g->json));
  law->to = clip(keep, sl_buf_str(&g->back));
  law->fix = word & SL_MODULO_GAPS ? gap_fix : "base= on the operations that write";
  law->show = command(g);
}

static void judge_list(gets_t *g, sl_judged_t *j)
{
  const sl_list_t *list = j->law->line.list;
  sl_law_t *law = &j->law->getput;
  unsigned given = list->notes ? list->notes->modulo : 0;
  size_t none = SIZE_MAX;
  g->list = list;
  g->all = true;
  if (list->form == SL_LIST_SLOTS) {
    for (size_t i = 0; i < list->n_parts; i++) vary(g, law, i + 1, none, 0, given);
    for (size_t i = 0; i + 1 < list->n_parts; i++)
      vary(g, law, list->n_parts, i, list->gaps == SL_GAPS_CLOSE ? SL_MODULO_GAPS : 0, given);
  } else if (list->form == SL_LIST_ZIP) {
    for (size_t n = 1; n <= 3; n++) vary(g, law, n, none, 0, given);
    for (size_t i = 0; i < list->n_parts; i++) vary(g, law, 2, i, 0, given);
  } else {
    for (size_t n = 0; n <= 3; n++) vary(g, law, n, none, 0, given);
  }
  g->list = NULL;
  g->all = false;
  if (!law->n) return; /* such records cannot be made: nothing is said */
  if (law->verdict != SL_LAW_REFUTED) law->verdict = SL_LAW_PROVED;
  j->law->getput_base.verdict = SL_LAW_PROVED; /* what did not change keeps its places */
}

/* --- all of a shape -----------------------------------------------------------------------------
 */

/* Lists of the record itself; items of those in it are alike. */
static bool is_top(const gets_t *g, const sl_list_t *list)
{
  const sl_frame_t *frame = g->judge->shape->frame;
  for (uint16_t i = 0; i < frame->n_lists; i++)
    if (frame->lists[i] == list) return true;
  return false;
}

static void show_line(gets_t *g, sl_judged_t *j)
{
  sl_law_t *law = &j->law->getput;
  sl_err_t err;
  g->lost = j;
  kept_t kept = attempt(g, &err);
  if (kept == LOST || (kept == REFUSED && law->refused)) law->show = command(g);
  g->lost = NULL;
}

bool sl_judge_shape_gets(sl_shape_judge_t *self)
{
  gets_t g = {.judge = self, .arena = sl_arena_new(0, MEMORY)};
  sl_buf_t *all[] = {&g.legacy, &g.json, &g.back, &g.why};
  if (!g.arena) return false;
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) sl_buf_init(all[i], 0);
  for (size_t i = 0; i < self->n; i++) {
    sl_judged_t *j = &self->v[i];
    const sl_list_t *list = j->law->line.list;
    if (strcmp(j->law->shape, self->shape->name)) continue;
    if (list && !j->law->reason[0] && is_top(&g, list)) judge_list(&g, j);
    if (!list && j->law->getput.verdict == SL_LAW_REFUTED) show_line(&g, j);
  }
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) sl_buf_fini(all[i]);
  sl_arena_destroy(&g.arena);
  return true;
}
