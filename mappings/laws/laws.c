/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mappings/laws/laws.h"

#include <stdlib.h>
#include <string.h>
#include "mappings/engine/derive.h"
#include "mappings/laws/judge.h"
#include "mappings/laws/laws_rest.h"

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
  const sl_whole_t *unit; /* the last one */
  bool failed;
} gather_t;

/* --- which lines there are ----------------------------------------------------------------------
 */

static const void *contract_of(const sl_line_t *l)
{
  if (!l->field) return NULL;
  if (l->field->schema) return l->field->schema;
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

/* Does a write over a base find the value's old spelling? Items have to be matched: by their key,
 * or by their place or name. */
static bool has_base(const sl_line_t *line)
{
  const sl_list_t *in = line->within;
  return !in || in->on_write == SL_WRITE_ALIGN || in->form == SL_LIST_SLOTS ||
         in->form == SL_LIST_PAIRS;
}

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
    e->free_write |= use == USE_WRITES && !(based && has_base(&lines[i]));
  }
}

static void gather_all(gather_t *g)
{
  const sl_mapping_t *m = g->mapping;
  for (size_t i = 0; i < m->n_shapes; i++)
    gather_frame(g, m->shapes[i].frame, m->shapes[i].name, m->shapes[i].name, USE_NONE, false);
  for (size_t i = 0; i < m->n_ops; i++) {
    const sl_op_t *op = &m->ops[i];
    gather_frame(g, op->request, NULL, op->info.name, USE_WRITES, op->base != NULL);
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

/* A mask is written nowhere: it means that nothing has changed, or is refused. */
static void masked(sl_judge_t *j)
{
  sl_law_t *laws[] = {&j->putget, &j->getput};
  for (size_t i = 0; i < 2; i++)
    if (laws[i]->verdict == SL_LAW_PROVED || laws[i]->verdict == SL_LAW_SAMPLED)
      laws[i]->modulo |= SL_MODULO_MASK;
}

static bool is_part(const sl_field_t *f)
{
  return f->derive && f->derive->kind == SL_DERIVE_PART;
}

static bool is_record(const sl_field_t *f)
{
  return f->derive && f->derive->kind == SL_DERIVE_RECORD;
}

/* Is a record an object of its own in JSON? Else its label is that of its first part. */
static bool has_object(const sl_field_t *f)
{
  const sl_field_t *first = is_record(f) ? f->derive->parts[0].field : NULL;
  return is_record(f) && f->label[0] == '/' && !(first && !strcmp(first->label, f->label));
}

static sl_jtext_t good_of(gather_t *g, const entry_t *e, const sl_field_t *f)
{
  sl_line_t line = e->line;
  line.field = f;
  line.json = f->json;
  sl_judge_t j = {.mapping = g->mapping,
                  .line = &line,
                  .shape = e->shape,
                  .field = f,
                  .codec = f->codec,
                  .loose = *f->codec,
                  .text_end = !f->json[0],
                  .put = true,
                  .scratch = sl_arena_new(0, SCRATCH),
                  .keep = g->arena};
  if (!j.scratch) return g->failed = true, (sl_jtext_t){SL_J_ABSENT, {NULL, 0}};
  if (e->shape && f->json[0]) j.domain = sl_canonical_line(g->mapping, e->shape, &line);
  sl_buf_init(&j.out, 0);
  sl_buf_init(&j.want, 0);
  sl_cases(&j);
  sl_buf_fini(&j.out);
  sl_buf_fini(&j.want);
  sl_arena_destroy(&j.scratch);
  return j.good;
}

/* Parts of a record stand one after the other, so only the last one's is remembered. */
static const sl_whole_t *unit_of(gather_t *g, const entry_t *e)
{
  const sl_field_t *f = e->line.field;
  const sl_field_t *carrier = is_part(f) ? f->derive->record : is_record(f) ? f : NULL;
  if (!carrier || (g->unit && g->unit->carrier == carrier)) return carrier ? g->unit : NULL;
  size_t n = carrier->derive->n_parts;
  sl_whole_t *unit = sl_arena_zalloc(g->scratch, sizeof *unit);
  sl_jtext_t *good = sl_arena_zalloc(g->scratch, n * sizeof *good);
  if (!unit || !good) return g->failed = true, NULL;
  for (size_t i = 0; i < n; i++)
    if (carrier->derive->parts[i].field) good[i] = good_of(g, e, carrier->derive->parts[i].field);
  *unit = (sl_whole_t){.frame = e->line.frame, .carrier = carrier, .good = good};
  return g->unit = unit;
}

static void judge_field(gather_t *g, const entry_t *e, sl_judged_t *out)
{
  const sl_field_t *f = e->line.field;
  sl_judge_t j = {.unit = unit_of(g, e),
                  .mapping = g->mapping,
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
  j.get = f->access == SL_READ_WRITE && (f->json[0] || is_record(f)) &&
          ((e->written && e->read) || !e->used);
  j.domain = out->domain;
  if (j.domain.schema)
    j.relaxed = sl_canonical_relaxed(j.domain.schema, is_date(f->codec), g->arena);
  sl_buf_init(&j.out, 0);
  sl_buf_init(&j.want, 0);
  if (j.unit && !sl_unit_whole(j.unit, f)) j.put_doubts++, j.get_doubts++;
  if (is_record(f))
    sl_unit_states(&j);
  else if (j.put || j.get)
    sl_cases(&j);
  settle(&j.putget, j.put, j.put_doubts + j.open);
  settle(&j.getput, j.get, j.get_doubts);
  if (f->mask) masked(&j);
  out->good = j.good;
  out->lost = j.lost;
  out->law->putget = j.putget;
  out->law->getput = j.getput;
  /* What does not change keeps its legacy spelling, and reading is a function: nothing is lost. */
  out->law->getput_base.verdict = j.get ? SL_LAW_PROVED : SL_LAW_NONE;
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

/* Words that neither law needs. Only of fields with their own word: what a type gives away, it
 * gives for all its lines; a list's word may be for what a legacy system does. */
static unsigned idle_words(const sl_law_line_t *l)
{
  const sl_field_t *f = l->line.field;
  const sl_law_t *p = &l->putget, *g = &l->getput;
  if (!f || !f->notes || f->derive || f->preset || f->mask || strcmp(f->notes->element, "field"))
    return 0;
  if (p->verdict != SL_LAW_PROVED || g->verdict != SL_LAW_PROVED) return 0;
  return f->notes->modulo & ~(p->modulo | g->modulo | SL_MODULO_ORDER);
}

/* A line may stand for several types of the contract; in one of them the word may be needed. */
static void tell_idle(const sl_laws_t *self, size_t at, sl_diags_t *diags, sl_arena_t *arena)
{
  const sl_line_t *line = &self->lines[at].line;
  unsigned idle = idle_words(&self->lines[at]);
  for (size_t i = 0; i < self->n_lines && idle; i++) {
    const sl_line_t *other = &self->lines[i].line;
    if (other->line != line->line || other->col != line->col || strcmp(other->file, line->file))
      continue;
    idle = i < at ? 0 : idle & idle_words(&self->lines[i]);
  }
  if (idle)
    sl_diags_add(diags, SL_WARNING, "W210", line->file, line->line, line->col, "remove the word",
                 "modulo=\"%s\" gives nothing away: both laws are proved without it",
                 sl_modulo_text(idle, arena));
}

/* --- all of it ----------------------------------------------------------------------------------
 */

static size_t count_objects(const sl_jnode_t *node)
{
  size_t n = node->kind == SL_JN_OBJECT;
  for (uint16_t i = 0; i < node->n_children; i++) n += count_objects(&node->children[i]);
  if (node->list && node->list->item->json) n += count_objects(node->list->item->json);
  return n;
}

/* Values that a user wrote a line for; what is made of others has no law of its own. */
static bool is_judged(const sl_line_t *l)
{
  const sl_field_t *f = l->field;
  return l->list || (f->codec && (!f->derive || is_part(f) || is_record(f)));
}

/* What one shape is written and read with, or would be. */
static bool goes_both_ways(const gather_t *g, const char *shape)
{
  for (size_t i = 0; i < g->n; i++)
    if (g->v[i].shape == shape && ((g->v[i].written && g->v[i].read) || !g->v[i].used)) return true;
  return false;
}

static void judge_shapes(gather_t *g, sl_laws_t *self, sl_law_line_t *lines, sl_judged_t *judged,
                         size_t room)
{
  size_t n = self->n_lines;
  for (size_t i = 0; i < g->mapping->n_shapes; i++) {
    const sl_shape_t *shape = &g->mapping->shapes[i];
    sl_shape_judge_t j = {.mapping = g->mapping,
                          .shape = shape,
                          .v = judged,
                          .n = n,
                          .objects = lines + self->n_lines,
                          .room = room - self->n_lines,
                          .keep = g->arena};
    if (!shape->frame || !goes_both_ways(g, shape->name)) continue;
    g->failed |= !sl_judge_shape(&j) || !sl_judge_shape_gets(&j);
    self->n_lines += j.n_objects;
  }
}

static void judge_lines(gather_t *g, sl_laws_t *self, sl_law_line_t *lines, sl_judged_t *judged)
{
  for (size_t i = 0; i < g->n; i++) {
    const entry_t *e = &g->v[i];
    if (e->line.field && !e->line.field->codec) continue;
    sl_law_line_t *l = &lines[self->n_lines];
    sl_judged_t *j = &judged[self->n_lines++];
    l->line = e->line;
    l->line.legacy = sl_arena_strdup(g->arena, e->line.legacy);
    l->line.json = sl_arena_strdup(g->arena, e->line.json);
    l->shape = e->place;
    l->based = e->written && !e->free_write;
    j->law = l;
    if (e->shape && e->line.json[0]) j->domain = sl_canonical_line(g->mapping, e->shape, &e->line);
    l->reason = sl_law_reason(&e->line, e->written, e->read, e->used);
    if (e->line.field && has_object(e->line.field))
      l->line.json = sl_arena_strdup(g->arena, e->line.field->label);
    if (e->line.field && is_judged(&e->line)) judge_field(g, e, j);
  }
}

/* --- constants, and the order of the report -----------------------------------------------------
 */

/* Each frame counts, so the same line may come several times. */
static void all_consts(const sl_mapping_t *m, sl_consts_t *out)
{
  for (size_t i = 0; i < m->n_shapes; i++)
    if (m->shapes[i].frame) sl_consts_of(m->shapes[i].frame, out);
  for (size_t i = 0; i < m->n_ops; i++) {
    if (m->ops[i].request) sl_consts_of(m->ops[i].request, out);
    if (m->ops[i].response) sl_consts_of(m->ops[i].response, out);
  }
}

static bool is_reported(const sl_law_line_t *lines, size_t n, const sl_line_t *c)
{
  for (size_t i = 0; i < n; i++)
    if (lines[i].line.line == c->line && lines[i].line.col == c->col &&
        !strcmp(lines[i].line.file, c->file) && !strcmp(lines[i].line.legacy, c->legacy) &&
        !strcmp(lines[i].line.json, c->json))
      return true;
  return false;
}

static void add_consts(gather_t *g, sl_laws_t *self, sl_law_line_t *lines, size_t n)
{
  sl_consts_t all = {.v = sl_arena_zalloc(g->scratch, (n + 1) * sizeof *all.v), .room = n};
  size_t from = self->n_lines;
  if (!all.v) {
    g->failed = true;
    return;
  }
  all_consts(g->mapping, &all);
  for (size_t i = 0; i < all.n && i < n; i++)
    if (!is_reported(lines + from, self->n_lines - from, &all.v[i]))
      lines[self->n_lines++] = (sl_law_line_t){
          .line = all.v[i], .shape = "", .reason = sl_law_reason(&all.v[i], false, false, false)};
}

static bool is_object(const sl_line_t *l)
{
  return !l->field && !l->list && !strcmp(l->legacy, "(object)");
}

/* As in the file; what is imported by files. Objects, which have no line of their own, last. */
static int by_place(const void *a, const void *b)
{
  const sl_law_line_t *x = a, *y = b;
  int d = is_object(&x->line) - is_object(&y->line);
  if (!d) d = strcmp(x->line.file, y->line.file);
  if (!d) d = x->line.line - y->line.line;
  if (!d) d = x->line.col - y->line.col;
  if (!d) d = strcmp(x->line.json, y->line.json);
  return d ? d : strcmp(x->line.legacy, y->line.legacy);
}

static sl_laws_t *judge_all(gather_t *g)
{
  sl_consts_t consts = {0};
  all_consts(g->mapping, &consts);
  size_t room = g->n + consts.n;
  for (size_t i = 0; i < g->mapping->n_shapes; i++)
    if (g->mapping->shapes[i].frame) room += count_objects(g->mapping->shapes[i].frame->json);
  sl_laws_t *self = sl_arena_zalloc(g->arena, sizeof *self);
  sl_law_line_t *lines = sl_arena_zalloc(g->arena, (room + 1) * sizeof *lines);
  sl_judged_t *judged = sl_arena_zalloc(g->scratch, (room + 1) * sizeof *judged);
  if (!self || !lines || !judged) return NULL;
  self->file = g->mapping->file;
  self->lines = lines;
  judge_lines(g, self, lines, judged);
  judge_shapes(g, self, lines, judged, room);
  add_consts(g, self, lines, consts.n);
  qsort(lines, self->n_lines, sizeof *lines, by_place);
  for (size_t i = 0; i < self->n_lines; i++) self->cases += lines[i].putget.n + lines[i].getput.n;
  return g->failed ? NULL : self;
}

const sl_laws_t *sl_laws_judge(const sl_mapping_t *mapping, sl_arena_t *arena, sl_diags_t *diags)
{
  gather_t g = {.mapping = mapping, .arena = arena, .scratch = sl_arena_new(0, 0)};
  if (!g.scratch) return NULL;
  gather_all(&g);
  sl_laws_t *self = g.failed ? NULL : judge_all(&g);
  for (size_t i = 0; self && diags && i < self->n_lines; i++) {
    tell(&self->lines[i], diags, arena);
    tell_idle(self, i, diags, arena);
  }
  sl_arena_destroy(&g.scratch);
  return self;
}
