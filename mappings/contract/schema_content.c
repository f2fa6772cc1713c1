/* SPDX-License-Identifier: GPL-3.0-or-later
 * Content models, flattened: sequences, choices, all and groups become one ordered list of
 * children with effective bounds. What a flat list cannot say (which elements of a sequence inside
 * a choice belong together) becomes "optional": nothing valid is refused for it. */
#include "mappings/contract/schema.h"

#include <stdlib.h>
#include <string.h>

/* Where a particle stands: how often at least and at most, and in which choice. */
struct place {
  uint32_t min, max, choice;
  uint32_t branch;
  bool needed;   /* in its branch */
  bool may_miss; /* what is next may be left out as a whole */
  bool optional; /* minOccurs="0" of the particle itself */
  int depth;
};

enum { PARTICLE_STEPS = 20 }; /* of the budget: its attributes are read, an element may be made */
enum { MAX_CHILDREN = 4096 }; /* of one type; the largest known (eBay's ItemType) has 170 */

static uint32_t times(uint32_t a, uint32_t b)
{
  if (!a || !b) return 0;
  uint64_t n = (uint64_t)a * b;
  return a == SL_UNBOUNDED || b == SL_UNBOUNDED || n >= SL_UNBOUNDED ? SL_UNBOUNDED : (uint32_t)n;
}

static uint32_t plus(uint32_t a, uint32_t b)
{
  return a >= SL_UNBOUNDED - b ? SL_UNBOUNDED : a + b;
}

bool sl_kids_add(sl_cx_t *cx, sl_kids_t *kids, const sl_xchild_t *child)
{
  if (!sl_cx_spend(cx, kids->n + 1)) return false;
  for (size_t i = 0; i < kids->n; i++) {
    sl_xchild_t *old = &kids->v[i];
    if (old->elem->ns != child->elem->ns || old->elem->name != child->elem->name) continue;
    /* The same name twice: in a sequence both may come, in a choice either. */
    bool either = old->choice || child->choice;
    old->min = either ? 0 : plus(old->min, child->min);
    old->max = either && old->max > child->max ? old->max
               : either                        ? child->max
                                               : plus(old->max, child->max);
    if (old->choice != child->choice) old->choice = 0;
    old->demanded = old->needed = false;
    if (old->branch != child->branch) old->branch = 0;
    return true;
  }
  if (kids->n == kids->cap) {
    size_t cap = kids->cap ? 2 * kids->cap : 32;
    sl_xchild_t *v = cap > MAX_CHILDREN ? NULL : realloc(kids->v, cap * sizeof *v);
    if (!v) return sl_cx_spend(cx, SIZE_MAX);
    kids->v = v;
    kids->cap = cap;
  }
  kids->v[kids->n++] = *child;
  return true;
}

/* minOccurs and maxOccurs of node, times those of where it stands. */
static bool bounds(sl_cx_t *cx, const sl_schema_t *schema, const xmlNode *node, struct place *at)
{
  const char *min = sl_cx_attr(cx, node, "minOccurs"), *max = sl_cx_attr(cx, node, "maxOccurs");
  uint32_t lo = 1, hi = 1;
  char *end = NULL;
  if (min) {
    lo = (uint32_t)strtoul(min, &end, 10);
    if (end == min || *end || strlen(min) > 9) goto bad;
  }
  if (max && !strcmp(max, "unbounded")) {
    hi = SL_UNBOUNDED;
  } else if (max) {
    hi = (uint32_t)strtoul(max, &end, 10);
    if (end == max || *end || strlen(max) > 9) goto bad;
  }
  at->optional = lo == 0;
  at->min = times(at->min, lo);
  at->max = times(at->max, hi);
  return at->max > 0;
bad:
  sl_cx_error(cx, "C106", schema->doc, node, NULL,
              "minOccurs and maxOccurs are whole numbers, or maxOccurs=\"unbounded\"");
  return true;
}

static size_t count_members(sl_cx_t *cx, const sl_comp_t *head, int depth)
{
  size_t n = 0;
  if (depth > SL_SCHEMA_DEPTH) return 0;
  for (const sl_comp_t *m = head->members; m && sl_cx_spend(cx, 1); m = m->next_member)
    n += 1 + count_members(cx, m, depth + 1);
  return n;
}

static sl_xchild_t child_at(const sl_xelem_t *elem, struct place at)
{
  return (sl_xchild_t){.elem = elem,
                       .min = at.min,
                       .max = at.max,
                       .choice = at.choice,
                       .branch = at.branch,
                       .needed = at.branch && at.needed && !at.optional && !at.may_miss};
}

/* The head of a substitution group, and in turn all that may stand for it. */
static void alternatives(sl_cx_t *cx, sl_kids_t *kids, sl_comp_t *head, struct place at)
{
  if (at.depth > SL_SCHEMA_DEPTH || cx->full) return;
  sl_xchild_t child = child_at(sl_schema_elem(cx, head), at);
  if (!child.elem) return;
  if (!child.elem->abstract) sl_kids_add(cx, kids, &child);
  at.depth++;
  for (sl_comp_t *m = head->members; m && !cx->full; m = m->next_member)
    alternatives(cx, kids, m, at);
}

/* The choice that made the kids from `first` on has to be made: said of each, if all of them have
 * its number (one without might be the alternative that is taken). */
static void demand(sl_kids_t *kids, size_t first, uint32_t number)
{
  for (size_t i = first; i < kids->n; i++)
    if (kids->v[i].choice != number) return;
  for (size_t i = first; i < kids->n; i++) kids->v[i].demanded = true;
}

static void element(sl_cx_t *cx, const sl_schema_t *schema, const xmlNode *node, sl_kids_t *kids,
                    struct place at)
{
  const char *ref = sl_cx_attr(cx, node, "ref");
  if (!ref) {
    sl_xchild_t child = child_at(sl_schema_local_elem(cx, schema, node), at);
    if (child.elem) sl_kids_add(cx, kids, &child);
    return;
  }
  sl_comp_t *comp = sl_schema_ref(cx, schema, node, SL_COMP_ELEM, ref);
  if (!comp) return;
  const sl_xelem_t *elem = sl_schema_elem(cx, comp);
  if (elem && comp->members && count_members(cx, comp, 0) + !elem->abstract > 1) {
    bool demanded = at.min > 0 && at.max == 1 && !at.choice;
    size_t first = kids->n;
    at.min = 0;
    at.needed = false;
    if (!at.choice && at.max == 1) at.choice = ++cx->schemas->choices;
    alternatives(cx, kids, comp, at);
    if (demanded) demand(kids, first, at.choice);
    return;
  }
  alternatives(cx, kids, comp, at);
}

static void particle(sl_cx_t *cx, const sl_schema_t *schema, const xmlNode *node, sl_kids_t *kids,
                     struct place at);

static bool is_particle(const xmlNode *node)
{
  static const char *const names[] = {"element", "sequence", "choice", "all", "group", "any"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (sl_cx_named(node, names[i])) return true;
  return false;
}

static size_t count_particles(const xmlNode *node)
{
  size_t n = 0;
  for (const xmlNode *c = sl_cx_first(node, SL_NS_XSD); c; c = sl_cx_next(c, SL_NS_XSD))
    n += is_particle(c);
  return n;
}

static void inside(sl_cx_t *cx, const sl_schema_t *schema, const xmlNode *node, sl_kids_t *kids,
                   struct place at)
{
  for (const xmlNode *c = sl_cx_first(node, SL_NS_XSD); c && !cx->full;
       c = sl_cx_next(c, SL_NS_XSD))
    if (is_particle(c)) particle(cx, schema, c, kids, at);
}

/* May a particle in node come not at all? */
static bool optional_inside(sl_cx_t *cx, const xmlNode *node)
{
  for (const xmlNode *c = sl_cx_first(node, SL_NS_XSD); c; c = sl_cx_next(c, SL_NS_XSD)) {
    const char *min = sl_cx_attr(cx, c, "minOccurs");
    if (is_particle(c) && ((min && !strcmp(min, "0")) || optional_inside(cx, c))) return true;
    if (sl_cx_named(c, "group")) return true; /* not looked into */
  }
  return false;
}

static void choice(sl_cx_t *cx, const sl_schema_t *schema, const xmlNode *node, sl_kids_t *kids,
                   struct place at)
{
  size_t first = kids->n, n = count_particles(node);
  bool any = kids->any, demanded = false;
  if (n > 1) {
    demanded = at.min > 0 && at.max == 1;
    at.min = 0;
    at.may_miss = true;
    /* Of a repeated choice several alternatives may come together. */
    if (at.max > 1)
      at.choice = 0;
    else if (!at.choice)
      at.choice = ++cx->schemas->choices;
  }
  size_t any_at = kids->any_at;
  kids->any = false;
  inside(cx, schema, node, kids, at);
  /* An alternative that may be empty, or be anything, or is there already, settles it unseen. */
  if (demanded && !kids->any && kids->n - first >= n && !optional_inside(cx, node))
    demand(kids, first, at.choice);
  if (any) kids->any_at = any_at;
  kids->any |= any;
}

static void group(sl_cx_t *cx, const sl_schema_t *schema, const xmlNode *node, sl_kids_t *kids,
                  struct place at)
{
  const char *ref = sl_cx_attr(cx, node, "ref");
  if (!ref) {
    sl_cx_error(cx, "C102", schema->doc, node, NULL, "a <group> in a content model needs a ref");
    return;
  }
  sl_comp_t *comp = sl_schema_ref(cx, schema, node, SL_COMP_GROUP, ref);
  if (!comp) return;
  if (comp->busy) {
    sl_cx_error(cx, "C103", schema->doc, node, NULL, "group \"%.200s\" contains itself",
                comp->name.name);
    return;
  }
  comp->busy = true;
  inside(cx, comp->schema, comp->node, kids, at);
  comp->busy = false;
}

static void particle(sl_cx_t *cx, const sl_schema_t *schema, const xmlNode *node, sl_kids_t *kids,
                     struct place at)
{
  if (at.depth++ > SL_SCHEMA_DEPTH || !sl_cx_spend(cx, PARTICLE_STEPS)) {
    sl_cx_spend(cx, SIZE_MAX);
    return;
  }
  if (!bounds(cx, schema, node, &at)) return; /* maxOccurs="0" */
  if (!sl_cx_named(node, "element")) at.may_miss |= at.optional;
  if (sl_cx_named(node, "element")) {
    element(cx, schema, node, kids, at);
  } else if (sl_cx_named(node, "any")) {
    if (!kids->any) kids->any_at = kids->n;
    kids->any = true;
  } else if (sl_cx_named(node, "choice")) {
    choice(cx, schema, node, kids, at);
  } else if (sl_cx_named(node, "group")) {
    group(cx, schema, node, kids, at);
  } else {
    if (at.choice && count_particles(node) > 1) {
      at.choice = 0;
      at.min = 0;
    }
    if (at.may_miss && at.max == 1 && count_particles(node) > 1) {
      at.branch = ++cx->schemas->branches;
      at.needed = true;
      at.may_miss = false;
    }
    inside(cx, schema, node, kids, at);
  }
}

void sl_schema_content(sl_cx_t *cx, const sl_schema_t *schema, const xmlNode *node, sl_kids_t *kids)
{
  struct place at = {.min = 1, .max = 1};
  inside(cx, schema, node, kids, at);
}
