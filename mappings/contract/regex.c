/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mappings/contract/regex.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "mappings/contract/regex_impl.h"

/* --- compiling the tree ------------------------------------------------------------------------
 */

struct maker {
  struct sl_regex *re;
  bool full;
};

static uint32_t emit(struct maker *m, sl_rop_t op, uint32_t x, uint32_t y)
{
  if (m->re->n >= SL_REGEX_MAX_CODE) {
    m->full = true;
    return 0;
  }
  m->re->code[m->re->n] = (sl_rinst_t){.op = (uint8_t)op, .x = x, .y = y};
  return m->re->n++;
}

static void make(struct maker *m, const sl_rnode_t *node);

/* node, once or not at all. */
static void make_optional(struct maker *m, const sl_rnode_t *node)
{
  uint32_t split = emit(m, SL_R_SPLIT, 0, 0);
  m->re->code[split].x = m->re->n;
  make(m, node);
  m->re->code[split].y = m->re->n;
}

static void make_star(struct maker *m, const sl_rnode_t *node)
{
  uint32_t split = emit(m, SL_R_SPLIT, 0, 0);
  m->re->code[split].x = m->re->n;
  make(m, node);
  emit(m, SL_R_JUMP, split, 0);
  m->re->code[split].y = m->re->n;
}

static void make_repeat(struct maker *m, const sl_rnode_t *node)
{
  for (uint32_t i = 0; i < node->min && !m->full; i++) {
    uint32_t before = m->re->n;
    make(m, node->first);
    if (m->re->n == before) break; /* of nothing there is enough */
  }
  if (node->max == UINT32_MAX) {
    if (!m->full) make_star(m, node->first);
    return;
  }
  for (uint32_t i = node->min; i < node->max && !m->full; i++) make_optional(m, node->first);
}

static void make_choice(struct maker *m, const sl_rnode_t *node)
{
  uint32_t out = UINT32_MAX; /* chain of jumps to the end, through x */
  for (const sl_rnode_t *alt = node->first; alt && !m->full; alt = alt->next) {
    uint32_t split = alt->next ? emit(m, SL_R_SPLIT, 0, 0) : 0;
    if (alt->next) m->re->code[split].x = m->re->n;
    make(m, alt);
    if (!alt->next) break;
    out = emit(m, SL_R_JUMP, out, 0);
    m->re->code[split].y = m->re->n;
  }
  while (!m->full && out != UINT32_MAX) {
    uint32_t before = m->re->code[out].x;
    m->re->code[out].x = m->re->n;
    out = before;
  }
}

static void make(struct maker *m, const sl_rnode_t *node)
{
  if (m->full) return;
  switch (node->kind) {
  case SL_RN_SET: {
    uint32_t at = emit(m, SL_R_SET, 0, 0);
    if (!m->full) m->re->code[at].set = node->set;
    break;
  }
  case SL_RN_ASSERT: emit(m, node->assertion, 0, 0); break;
  case SL_RN_SEQUENCE:
    for (const sl_rnode_t *n = node->first; n; n = n->next) make(m, n);
    break;
  case SL_RN_CHOICE: make_choice(m, node); break;
  case SL_RN_REPEAT: make_repeat(m, node); break;
  }
}

const sl_regex_t *sl_regex_compile(sl_str_t pattern, sl_arena_t *arena, bool *wrong_p,
                                   char why[SL_REGEX_WHY])
{
  bool wrong = false;
  struct sl_regex whole = {.n = 0};
  struct maker m = {.re = &whole};
  struct sl_regex *self = NULL;
  sl_arena_t *scratch = sl_arena_new(0, SL_REGEX_TREE_CAP);
  why[0] = '\0';
  const sl_rnode_t *tree = scratch ? sl_regex_parse(pattern, scratch, arena, &wrong, why) : NULL;
  whole.code = tree ? malloc(SL_REGEX_MAX_CODE * sizeof *whole.code) : NULL;
  if (whole.code) {
    make(&m, tree);
    emit(&m, SL_R_MATCH, 0, 0);
    self = m.full ? NULL : sl_arena_alloc(arena, sizeof *self);
    sl_rinst_t *code = self ? sl_arena_alloc(arena, whole.n * sizeof *code) : NULL;
    if (code) {
      memcpy(code, whole.code, whole.n * sizeof *code);
      *self = (struct sl_regex){.code = code, .n = whole.n};
    } else {
      self = NULL;
    }
  }
  if (!self && !why[0]) snprintf(why, SL_REGEX_WHY, "its size");
  free(whole.code);
  sl_arena_destroy(&scratch);
  if (wrong_p) *wrong_p = wrong;
  return self;
}

/* --- matching ----------------------------------------------------------------------------------
 */

enum { END = -1 };

/* Places in the program, each once: a sparse set (Briggs and Torczon). */
struct places {
  uint32_t *dense, *sparse, n;
};

struct run {
  const sl_regex_t *re;
  struct places now, then;
  uint32_t *stack;
  bool matched;
};

static bool add(struct places *p, uint32_t at)
{
  if (p->sparse[at] < p->n && p->dense[p->sparse[at]] == at) return false;
  p->sparse[at] = p->n;
  p->dense[p->n++] = at;
  return true;
}

static bool is_word(int32_t c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static bool holds(sl_rop_t op, int32_t before, int32_t after)
{
  switch (op) {
  case SL_R_BEGIN: return before == END;
  case SL_R_END: return after == END;
  case SL_R_WORD: return is_word(before) != is_word(after);
  case SL_R_NO_WORD: return is_word(before) == is_word(after);
  default: return false;
  }
}

/* Everything that can be reached from `at` without taking a character. */
static void follow(struct run *r, struct places *to, uint32_t at, int32_t before, int32_t after)
{
  uint32_t n = 0;
  r->stack[n++] = at;
  while (n) {
    at = r->stack[--n];
    if (!add(to, at)) continue;
    const sl_rinst_t *i = &r->re->code[at];
    switch ((sl_rop_t)i->op) {
    case SL_R_MATCH: r->matched = true; break;
    case SL_R_JUMP: r->stack[n++] = i->x; break;
    case SL_R_SPLIT:
      r->stack[n++] = i->x;
      r->stack[n++] = i->y;
      break;
    case SL_R_SET: break;
    default:
      if (holds((sl_rop_t)i->op, before, after)) r->stack[n++] = at + 1;
    }
  }
}

static bool in_set(const sl_rset_t *set, int32_t c)
{
  for (uint32_t i = 0; i < set->n; i++)
    if ((uint32_t)c >= set->ranges[i].lo && (uint32_t)c <= set->ranges[i].hi) return !set->negated;
  return set->negated;
}

static int32_t next_char(const char **p, const char *end)
{
  if (*p >= end) return END;
  return (int32_t)sl_regex_char(p, end);
}

static bool run_init(struct run *r, const sl_regex_t *re)
{
  size_t n = re->n;
  uint32_t *memory =
      calloc(6 * n + 2, sizeof *memory); /* a stack holds two entries an instruction */
  *r = (struct run){.re = re, .stack = memory};
  if (!memory) return false;
  r->now = (struct places){memory + 2 * n + 2, memory + 3 * n + 2, 0};
  r->then = (struct places){memory + 4 * n + 2, memory + 5 * n + 2, 0};
  return true;
}

int sl_regex_match(const sl_regex_t *self, sl_str_t text)
{
  struct run r;
  if (text.len > SL_REGEX_MAX_WORK / self->n || !run_init(&r, self)) return -1;
  const char *p = text.p, *end = text.p + text.len;
  int32_t before = END, c = next_char(&p, end);
  for (;;) {
    follow(&r, &r.now, 0, before, c);
    if (r.matched || c == END) break;
    int32_t after = next_char(&p, end);
    r.then.n = 0;
    for (uint32_t i = 0; i < r.now.n; i++) {
      const sl_rinst_t *in = &self->code[r.now.dense[i]];
      if (in->op == SL_R_SET && in_set(in->set, c))
        follow(&r, &r.then, r.now.dense[i] + 1, c, after);
    }
    struct places swap = r.now;
    r.now = r.then, r.then = swap;
    before = c, c = after;
  }
  free(r.stack);
  return r.matched;
}

/* --- a text that matches ------------------------------------------------------------------------
 */

/* Some character of the set that is pleasant to read; 0: none. */
static uint32_t sample(const sl_rset_t *set)
{
  static const char liked[] = "a0A-_. /";
  for (const char *p = liked; *p; p++)
    if (in_set(set, *p)) return (uint32_t)*p;
  for (uint32_t c = 0x21; c < 0x3000; c++)
    if (in_set(set, (int32_t)c)) return c;
  return set->n && !set->negated ? set->ranges[0].lo : 0;
}

/* Breadth first over the program. Assertions about words are given up on: a caller that wants to
 * be sure matches the text that it got. */
struct walk {
  uint32_t *from, *queue; /* the place that led to each; places in the order of their distance */
  bool *seen;
};

static sl_str_t spell(const sl_regex_t *re, const struct walk *w, uint32_t at, size_t max,
                      sl_arena_t *arena)
{
  sl_str_t none = {NULL, 0};
  size_t n = 0;
  for (uint32_t i = at; i; i = w->from[i])
    n += re->code[w->from[i]].op == SL_R_SET && w->from[i] + 1 == i;
  if (n > max) return none;
  char *text = sl_arena_text(arena, n * 4 + 1);
  if (!text) return none;
  char *end = text + n * 4, *p = end;
  for (uint32_t i = at; i; i = w->from[i]) {
    const sl_rinst_t *in = &re->code[w->from[i]];
    if (in->op != SL_R_SET || w->from[i] + 1 != i) continue;
    char utf8[4];
    size_t len = sl_regex_put(sample(in->set), utf8);
    p -= len;
    memcpy(p, utf8, len);
  }
  return sl_strn(p, (size_t)(end - p));
}

/* 0-1 breadth first: steps that take no character come before those that do. */
static uint32_t search(const sl_regex_t *re, struct walk *w, bool *found_p)
{
  size_t n = re->n, head = n, tail = n; /* the queue is 2n long, and grows at both ends */
  w->queue[tail++] = 0;
  while (head < tail) {
    uint32_t at = w->queue[head++];
    const sl_rinst_t *i = &re->code[at];
    if (w->seen[at]) continue;
    w->seen[at] = true;
    if (i->op == SL_R_MATCH) return *found_p = true, at;
    uint32_t to[2] = {at + 1, UINT32_MAX};
    if (i->op == SL_R_JUMP) to[0] = i->x;
    if (i->op == SL_R_SPLIT) to[0] = i->x, to[1] = i->y;
    if (i->op == SL_R_SET && !sample(i->set)) continue;
    for (size_t k = 0; k < 2; k++) {
      if (to[k] == UINT32_MAX || w->seen[to[k]]) continue;
      w->from[to[k]] = at;
      if (i->op == SL_R_SET && tail < 4 * n)
        w->queue[tail++] = to[k];
      else if (i->op != SL_R_SET && head > 0)
        w->queue[--head] = to[k];
    }
  }
  return 0;
}

sl_str_t sl_regex_shortest(const sl_regex_t *self, size_t max, sl_arena_t *arena)
{
  sl_str_t out = {NULL, 0};
  size_t n = self->n;
  struct walk w = {.from = calloc(n, sizeof *w.from),
                   .queue = calloc(4 * n, sizeof *w.queue),
                   .seen = calloc(n, sizeof *w.seen)};
  bool found = false;
  if (w.from && w.queue && w.seen) {
    uint32_t at = search(self, &w, &found);
    if (found) out = spell(self, &w, at, max, arena);
  }
  free(w.from);
  free(w.queue);
  free(w.seen);
  if (out.p && sl_regex_match(self, out) != 1) out.p = NULL, out.len = 0;
  return out;
}
