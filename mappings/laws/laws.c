/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mappings/laws/laws.h"

#include <string.h>
#include "mappings/laws/judge.h"

enum { SCRATCH = 1 << 22 };

/* One line of the file, wherever its shape is used with the same contract's type. */
typedef struct entry {
  sl_line_t line;
  const char *shape, *place; /* place: the shape, or the operation */
  bool written, read, used;  /* by operations; unused: judged for both */
  bool free_write;           /* by one without a base record */
} entry_t;

typedef struct gather {
  const sl_mapping_t *mapping;
  sl_arena_t *arena, *scratch;
  entry_t *v;
  size_t n, cap;
  bool failed;
} gather_t;

/* --- which lines there are ----------------------------------------------------------------------
 */

static const void *contract_of(const sl_line_t *l)
{
  if (!l->field) return NULL;
  return l->field->column ? (const void *)l->field->column : (const void *)l->field->xtype;
}

static bool same_line(const sl_line_t *a, const sl_line_t *b)
{
  return a->file == b->file && a->line == b->line && a->col == b->col && !a->field == !b->field &&
         contract_of(a) == contract_of(b);
}

static entry_t *entry_of(gather_t *g, const sl_line_t *line)
{
  for (size_t i = 0; i < g->n; i++)
    if (same_line(&g->v[i].line, line)) return &g->v[i];
  if (g->n == g->cap) {
    size_t cap = g->cap ? 2 * g->cap : 64;
    entry_t *v = sl_arena_zalloc(g->scratch, cap * sizeof *v);
    if (!v) return g->failed = true, NULL;
    if (g->n) memcpy(v, g->v, g->n * sizeof *v);
    g->v = v;
    g->cap = cap;
  }
  g->v[g->n] = (entry_t){.line = *line};
  return &g->v[g->n++];
}

typedef enum use { USE_NONE, USE_WRITES, USE_READS } use_t;

static void gather_frame(gather_t *g, const sl_frame_t *frame, const char *shape, const char *place,
                         use_t use, bool based)
{
  const sl_line_t *lines;
  size_t n = frame ? sl_lines_of(frame, g->scratch, &lines) : 0;
  for (size_t i = 0; i < n; i++) {
    entry_t *e = entry_of(g, &lines[i]);
    if (!e) return;
    if (!e->place) e->place = place, e->shape = shape;
    e->used |= use != USE_NONE;
    e->written |= use == USE_WRITES;
    e->read |= use == USE_READS;
    e->free_write |= use == USE_WRITES && !based;
  }
}

static void gather_all(gather_t *g)
{
  const sl_mapping_t *m = g->mapping;
  for (size_t i = 0; i < m->n_shapes; i++)
    gather_frame(g, m->shapes[i].frame, m->shapes[i].name, m->shapes[i].name, USE_NONE, false);
  for (size_t i = 0; i < m->n_ops; i++) {
    const sl_op_t *op = &m->ops[i];
    gather_frame(g, op->request, NULL, op->info.name, USE_WRITES, false);
    gather_frame(g, op->response, NULL, op->info.name, USE_READS, false);
  }
}

/* --- one field ----------------------------------------------------------------------------------
 */

static void settle(sl_law_t *law, bool asked, size_t doubts)
{
  if (!asked)
    law->verdict = SL_LAW_NONE;
  else if (law->verdict != SL_LAW_REFUTED)
    law->verdict = doubts ? SL_LAW_SAMPLED : SL_LAW_PROVED;
}

static bool is_date(const sl_codec_t *c)
{
  return c->kind == SL_CODEC_DATE || c->kind == SL_CODEC_TIME || c->kind == SL_CODEC_DATETIME;
}

static void judge_field(gather_t *g, const entry_t *e, sl_law_line_t *out)
{
  const sl_field_t *f = e->line.field;
  sl_judge_t j = {.mapping = g->mapping,
                  .line = &e->line,
                  .shape = e->shape,
                  .field = f,
                  .codec = f->codec,
                  .loose = *f->codec,
                  .text_end = !f->json[0],
                  .declared = f->codec->modulo,
                  .scratch = sl_arena_new(0, SCRATCH),
                  .keep = g->arena};
  if (!j.scratch) {
    g->failed = true;
    return;
  }
  j.loose.unguarded = true;
  j.loose.modulo = ~0u;
  j.put = f->access != SL_READ_ONLY && (e->written || !e->used);
  j.get = f->access == SL_READ_WRITE && f->json[0] && ((e->written && e->read) || !e->used);
  if (e->shape && f->json[0]) j.domain = sl_canonical_line(g->mapping, e->shape, &e->line);
  if (j.domain.schema)
    j.relaxed = sl_canonical_relaxed(j.domain.schema, is_date(f->codec), g->arena);
  sl_buf_init(&j.out, 0);
  sl_buf_init(&j.want, 0);
  if (j.put || j.get) sl_cases(&j);
  settle(&j.putget, j.put, j.put_doubts + j.open);
  settle(&j.getput, j.get, j.get_doubts);
  out->putget = j.putget;
  out->getput = j.getput;
  /* What does not change keeps its legacy spelling, and reading is a function: nothing is lost. */
  out->getput_base.verdict = j.get ? SL_LAW_PROVED : SL_LAW_NONE;
  sl_buf_fini(&j.out);
  sl_buf_fini(&j.want);
  sl_arena_destroy(&j.scratch);
}

/* --- what is told -------------------------------------------------------------------------------
 */

static const char *advice(const sl_law_t *law, sl_arena_t *arena)
{
  if (!law->fix || !law->show) return law->fix;
  return sl_arena_printf(arena, "%s\n  show: %s", law->fix, law->show);
}

static void tell(const sl_law_line_t *l, sl_diags_t *diags, sl_arena_t *arena)
{
  const sl_law_t *p = &l->putget, *g = &l->getput;
  if (p->verdict == SL_LAW_REFUTED && p->refused)
    sl_diags_add(diags, SL_ERROR, "L203", l->line.file, l->line.line, l->line.col, advice(p, arena),
                 "PutGet refuted: the schema allows %s, which is refused: %s", p->from, p->to);
  else if (p->verdict == SL_LAW_REFUTED)
    sl_diags_add(diags, SL_ERROR, "L201", l->line.file, l->line.line, l->line.col, advice(p, arena),
                 "PutGet refuted: %s -> %s -> %s", p->from, p->via, p->to);
  if (g->verdict == SL_LAW_REFUTED && !l->based)
    sl_diags_add(diags, SL_ERROR, "L202", l->line.file, l->line.line, l->line.col, advice(g, arena),
                 g->refused ? "GetPut refuted: %s -> %s, which is refused: %s"
                            : "GetPut refuted: %s -> %s -> %s",
                 g->from, g->via, g->to);
}

const sl_laws_t *sl_laws_judge(const sl_mapping_t *mapping, sl_arena_t *arena, sl_diags_t *diags)
{
  gather_t g = {.mapping = mapping, .arena = arena, .scratch = sl_arena_new(0, 0)};
  sl_laws_t *self = sl_arena_zalloc(arena, sizeof *self);
  if (g.scratch && self) gather_all(&g);
  sl_law_line_t *lines = g.n ? sl_arena_zalloc(arena, g.n * sizeof *lines) : NULL;
  bool ok = self && g.scratch && !g.failed && (lines || !g.n);
  for (size_t i = 0; ok && i < g.n; i++) {
    const entry_t *e = &g.v[i];
    sl_law_line_t *l = &lines[self->n_lines];
    if (!e->line.field || !e->line.field->codec || e->line.field->derive) continue;
    l->line = e->line;
    l->line.legacy = sl_arena_strdup(arena, e->line.legacy);
    l->shape = e->place;
    l->based = e->written && !e->free_write;
    judge_field(&g, e, l);
    self->cases += l->putget.n + l->getput.n;
    self->n_lines++;
  }
  ok = ok && !g.failed;
  if (ok) {
    self->file = mapping->file;
    self->lines = lines;
    for (size_t i = 0; diags && i < self->n_lines; i++) tell(&lines[i], diags, arena);
  }
  sl_arena_destroy(&g.scratch);
  return ok ? self : NULL;
}
