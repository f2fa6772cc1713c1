/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Predicates. What they pick is written like any other element, with the constant that they test;
 * its node has a name that no element has. Reading, all occurrences are items of one list (the
 * mapping's own, if it has one there, else one that only the engine knows), and those that a
 * predicate picks are taken out of it when the message is whole (lists.h): what is tested may stand
 * behind the values. */
#include <string.h>
#include "mappings/engine/compile.h"

static bool same_name(const sl_bx_t *a, const sl_bx_t *b)
{
  return !strcmp(a->name, b->name) &&
         ((!a->ns && !b->ns) || (a->ns && b->ns && !strcmp(a->ns, b->ns)));
}

static sl_field_t *reader(sl_bf_t *item, const sl_codec_t *codec, const char *path)
{
  static const sl_xel_t nobody = {.name = "predicate"};
  sl_field_t *field = sl_bf_field(item, &nobody);
  if (!field) return NULL;
  field->access = SL_READ_ONLY;
  field->codec = codec ? codec : sl_b_codec(item->b, NULL, NULL, NULL, SL_CODEC_TEXT);
  field->legacy = field->label = path;
  return field;
}

static sl_bx_t *child_like(sl_build_t *b, sl_bx_t *to, const sl_bx_t *like)
{
  for (sl_bx_t *c = to->first; c; c = c->next)
    if (!c->is && same_name(c, like)) return c;
  sl_bx_t *x = sl_b_alloc(b, sizeof *x);
  if (!x) return NULL;
  *x = (sl_bx_t){.parent = to,
                 .name = like->name,
                 .ns = like->ns,
                 .child = like->child,
                 .elem = like->elem,
                 .type = like->type};
  x->path = to->path[0] ? sl_b_printf(b, "%s/%s", to->path, x->name) : x->name;
  if (to->last)
    to->last->next = x;
  else
    to->first = x;
  return to->last = x;
}

static sl_ba_t *attr_like(sl_build_t *b, sl_bx_t *to, const sl_ba_t *like)
{
  for (sl_ba_t *a = to->attrs; a; a = a->next)
    if (!strcmp(a->name, like->name)) return a;
  sl_ba_t *a = sl_b_alloc(b, sizeof *a);
  if (!a) return NULL;
  *a = (sl_ba_t){.next = to->attrs, .name = like->name, .ns = like->ns, .decl = like->decl};
  return to->attrs = a;
}

/* One group: what is mapped of the occurrences of one element. */
struct group {
  sl_bf_t *f, *item;
  sl_list_t *list;
  sl_slot_pair_t *pairs; /* of the pick under way */
  size_t n_pairs;
};

static void pair(struct group *g, sl_field_t **at_p, const sl_field_t *field)
{
  if (!*at_p) *at_p = reader(g->item, field->codec, field->legacy);
  sl_slot_pair_t *v = sl_b_grow(g->f->b, g->pairs, g->n_pairs, sizeof *v);
  if (!*at_p || !v) return;
  g->pairs = v;
  v[g->n_pairs++] = (sl_slot_pair_t){(*at_p)->slot, field->slot, field};
}

/* Values below from are read below to. */
static void mirror(struct group *g, const sl_bx_t *from, sl_bx_t *to)
{
  sl_build_t *b = g->f->b;
  if (from->by_type || (from->only.choice && from->only.choice->by == SL_BY_ELEMENT)) {
    sl_b_error(b, "R216", from->line, from->col, "map the whole list, or single values of it",
               "a predicate picks one occurrence, and single values in it: no choice");
    return;
  }
  if (from->field) pair(g, &to->field, from->field);
  for (const sl_ba_t *a = from->attrs; a; a = a->next) {
    sl_ba_t *at = a->field ? attr_like(b, to, a) : NULL;
    if (at) pair(g, &at->field, a->field);
  }
  for (const sl_bx_t *c = from->first; c; c = c->next) {
    sl_bx_t *at = child_like(b, to, c);
    if (!at) return;
    bool idle = !c->field && !c->first && !c->attrs;
    if (idle && !at->field && !at->first && !at->list) at->ignored = true;
    if (!idle && at->list)
      sl_b_error(b, "R211", from->line, from->col, NULL, "%s is a list and a value", c->path);
    if (!idle && !at->list) mirror(g, c, at);
  }
}

/* The field that the predicates of the group look at. */
static const sl_field_t *tested(struct group *g, const sl_bx_t *like)
{
  sl_build_t *b = g->f->b;
  sl_bx_t *root = g->item->xml;
  sl_field_t **at_p = NULL;
  for (const sl_ba_t *a = like->attrs; a && like->test[0] == '@'; a = a->next) {
    sl_ba_t *at = a->constant && !strcmp(a->name, like->test + 1) ? attr_like(b, root, a) : NULL;
    if (at) at_p = &at->field;
  }
  for (const sl_bx_t *c = like->first; c && like->test[0] != '@'; c = c->next) {
    sl_bx_t *at = c->constant && !strcmp(c->name, like->test) ? child_like(b, root, c) : NULL;
    if (at) at_p = &at->field, at->ignored = false;
  }
  if (at_p && !*at_p) *at_p = reader(g->item, NULL, like->test);
  return at_p ? *at_p : NULL;
}

/* The list that all occurrences are read into. */
static bool find_list(struct group *g, sl_bx_t *parent, const sl_bx_t *first)
{
  static const sl_xel_t nobody = {.name = "predicate"};
  sl_build_t *b = g->f->b;
  sl_bx_t *rest = child_like(b, parent, first);
  if (!rest) return false;
  bool own =
      rest->list && (rest->list->form == SL_LIST_REPEATS || rest->list->form == SL_LIST_PAIRS);
  if (!own && (rest->list || rest->field || rest->first || rest->attrs || rest->constant)) {
    sl_b_error(b, "R211", first->line, first->col, "map it with predicates only, or as a list",
               "%s is mapped without a predicate, too", rest->path);
    return false;
  }
  g->list = rest->list;
  g->item = rest->item;
  if (own) return true;
  g->item = sl_bf_new(b, g->f->frame->name, g->f->request);
  g->list = g->item ? sl_bf_list(g->f, &nobody, g->item) : NULL;
  if (!g->list) return false;
  g->list->form = SL_LIST_PICKED;
  g->list->access = SL_READ_ONLY;
  g->list->counted = !rest->ignored;
  g->list->legacy = g->list->json = rest->path;
  rest->ignored = false;
  rest->list = g->list;
  rest->item = g->item;
  return sl_b_item_at(b, g->item, rest);
}

static void add_pick(struct group *g, const sl_bx_t *x)
{
  sl_build_t *b = g->f->b;
  g->pairs = NULL;
  g->n_pairs = 0;
  mirror(g, x, g->item->xml);
  sl_pick_t *v = sl_b_grow(b, (void *)(uintptr_t)g->list->picks, g->list->n_picks, sizeof *v);
  if (!v) return;
  v[g->list->n_picks++] = (sl_pick_t){sl_str(x->is), x->path, g->pairs, g->n_pairs};
  g->list->picks = v;
}

static void compile_group(sl_bf_t *f, sl_bx_t *parent, const sl_bx_t *first)
{
  struct group g = {.f = f};
  for (const sl_bx_t *x = first->next; x; x = x->next)
    if (x->is && !x->broken && same_name(x, first) && strcmp(x->test, first->test)) {
      sl_b_error(f->b, "R215", x->line, x->col, "test the same in all of them",
                 "[%s=…] here and [%s=…] (%s): one %s could be both", x->test, first->test,
                 sl_b_where(f->b, first->line, x->line), x->name);
      return;
    }
  if (!find_list(&g, parent, first)) return;
  const sl_field_t *field = tested(&g, first);
  if (!field) return;
  g.list->pick_slot = field->slot;
  for (const sl_bx_t *x = first; x; x = x->next)
    if (x->is && !x->broken && same_name(x, first)) add_pick(&g, x);
}

static bool is_first(const sl_bx_t *parent, const sl_bx_t *x)
{
  const sl_bx_t *c = parent->first;
  while (c != x && !(c->is && !c->broken && same_name(c, x))) c = c->next;
  return c == x;
}

static void picks_below(sl_bf_t *f, sl_bx_t *x)
{
  for (sl_bx_t *c = x->first; c; c = c->next) {
    if (!c->is)
      picks_below(f, c);
    else if (!c->broken && is_first(x, c))
      compile_group(f, x, c);
  }
}

void sl_b_picks(sl_bf_t *f)
{
  if (f->xml) picks_below(f, f->xml);
}
