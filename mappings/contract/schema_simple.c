/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mappings/contract/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/buf.h"

void sl_facets_clear(sl_facets_t *self)
{
  memset(self, 0, sizeof *self);
  self->length = self->min_length = self->max_length = -1;
  self->items = self->min_items = self->max_items = -1;
  self->total_digits = self->fraction_digits = -1;
}

/* --- facets (XML Schema Part 2 §4.3)
 * --------------------------------------------------------------- */

static int64_t count_value(sl_cx_t *cx, const sl_schema_t *schema, const xmlNode *node)
{
  const char *value = sl_cx_attr(cx, node, "value");
  size_t len = value ? strlen(value) : 0;
  if (!len || len > 18 || strspn(value, "0123456789") != len) {
    sl_cx_error(cx, "C106", schema->doc, node, NULL, "<%s> needs a value that is a whole number",
                (const char *)node->name);
    return -1;
  }
  return strtoll(value, NULL, 10);
}

static int small(int64_t n)
{
  return n > INT32_MAX ? INT32_MAX : (int)n;
}

/* The facets that are one value; false when node is none of them. */
static bool scalar_facet(sl_cx_t *cx, sl_tbuild_t *self, const xmlNode *node)
{
  sl_facets_t *f = &self->type.facets;
  bool list = self->type.list_item; /* its lengths count items (§4.3.1.3) */
  struct {
    const char *name;
    const char **text;
    int64_t *count;
    int *digits;
  } const table[] = {
      {"length", NULL, list ? &f->items : &f->length, NULL},
      {"minLength", NULL, list ? &f->min_items : &f->min_length, NULL},
      {"maxLength", NULL, list ? &f->max_items : &f->max_length, NULL},
      {"totalDigits", NULL, NULL, &f->total_digits},
      {"fractionDigits", NULL, NULL, &f->fraction_digits},
      {"minInclusive", &f->min_inclusive, NULL, NULL},
      {"maxInclusive", &f->max_inclusive, NULL, NULL},
      {"minExclusive", &f->min_exclusive, NULL, NULL},
      {"maxExclusive", &f->max_exclusive, NULL, NULL},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    if (!sl_cx_named(node, table[i].name)) continue;
    if (table[i].text) *table[i].text = sl_cx_attr(cx, node, "value");
    if (table[i].count) *table[i].count = count_value(cx, self->schema, node);
    if (table[i].digits) *table[i].digits = small(count_value(cx, self->schema, node));
    return true;
  }
  if (!sl_cx_named(node, "whiteSpace")) return false;
  const char *value = sl_cx_attr(cx, node, "value");
  f->collapse = value && !strcmp(value, "collapse");
  return true;
}

static size_t count_facets(const xmlNode *restriction, const char *name)
{
  size_t n = 0;
  for (const xmlNode *c = sl_cx_first(restriction, SL_NS_XSD); c; c = sl_cx_next(c, SL_NS_XSD))
    n += sl_cx_named(c, name);
  return n;
}

static void enums(sl_cx_t *cx, sl_tbuild_t *self, const xmlNode *restriction)
{
  size_t n = count_facets(restriction, "enumeration"), i = 0;
  const char **values = n ? sl_cx_alloc(cx, n * sizeof *values) : NULL;
  if (!values) return;
  for (const xmlNode *c = sl_cx_first(restriction, SL_NS_XSD); c; c = sl_cx_next(c, SL_NS_XSD)) {
    if (!sl_cx_named(c, "enumeration")) continue;
    const char *value =
        self->type.facets.collapse ? sl_cx_attr(cx, c, "value") : sl_cx_attr_raw(cx, c, "value");
    if (value)
      values[i++] = value;
    else
      sl_cx_error(cx, "C106", self->schema->doc, c, NULL, "<enumeration> needs a value");
  }
  self->type.facets.enums = values;
  self->type.facets.n_enums = i;
}

/* Patterns of one step are alternatives, those of several steps all hold (§4.3.4.3). */
static void patterns(sl_cx_t *cx, sl_tbuild_t *self, const xmlNode *restriction)
{
  size_t n = count_facets(restriction, "pattern");
  if (!n) return;
  sl_buf_t text;
  sl_buf_init(&text, 1 << 20);
  for (const xmlNode *c = sl_cx_first(restriction, SL_NS_XSD); c; c = sl_cx_next(c, SL_NS_XSD)) {
    const char *value = sl_cx_named(c, "pattern") ? sl_cx_attr_raw(cx, c, "value") : NULL;
    if (value) sl_buf_printf(&text, n == 1 ? "%s%s" : "%s(%s)", text.len ? "|" : "", value);
  }
  sl_facets_t *f = &self->type.facets;
  const char **all = sl_cx_alloc(cx, (f->n_patterns + 1) * sizeof *all);
  if (all && !text.failed) {
    if (f->n_patterns) memcpy(all, f->patterns, f->n_patterns * sizeof *all);
    all[f->n_patterns] = sl_cx_internn(cx, text.p ? text.p : "", text.len);
    f->patterns = all;
    f->n_patterns++;
  }
  sl_buf_fini(&text);
}

void sl_schema_facets(sl_cx_t *cx, sl_tbuild_t *self, const xmlNode *restriction)
{
  for (const xmlNode *c = sl_cx_first(restriction, SL_NS_XSD); c && !cx->full;
       c = sl_cx_next(c, SL_NS_XSD))
    scalar_facet(cx, self, c);
  enums(cx, self, restriction);
  patterns(cx, self, restriction);
}

/* --- the three ways to make a simple type
 * ---------------------------------------------------------- */

static const xmlNode *child_named(const xmlNode *node, const char *name)
{
  const xmlNode *n = sl_cx_first(node, SL_NS_XSD);
  while (n && !sl_cx_named(n, name)) n = sl_cx_next(n, SL_NS_XSD);
  return n;
}

/* A type that has to be whole before it can be used as a base, item or member. */
static const sl_xtype_t *whole(sl_cx_t *cx, const sl_xtype_t *type, int depth)
{
  sl_tbuild_t *t = (sl_tbuild_t *)type;
  return t && sl_schema_complete(cx, t, depth + 1) ? type : NULL;
}

static void restriction(sl_cx_t *cx, sl_tbuild_t *self, const xmlNode *node, int depth)
{
  const char *ref = sl_cx_attr(cx, node, "base");
  const sl_xtype_t *base = whole(cx, sl_schema_type_of(cx, self->schema, node, ref), depth);
  sl_xtype_t *t = &self->type;
  if (!base) {
    t->simple = SL_X_ANY;
  } else if (base->simple == SL_X_NONE) {
    sl_cx_error(cx, "C102", self->schema->doc, node, NULL,
                "a simple type cannot be derived from the complex type \"%.200s\"", base->name);
    t->simple = SL_X_ANY;
  } else {
    t->base = base;
    t->simple = base->simple;
    t->facets = base->facets;
    t->list_item = base->list_item;
    t->is_union = base->is_union;
    t->members = base->members;
    t->n_members = base->n_members;
  }
  sl_schema_facets(cx, self, node);
}

static void list(sl_cx_t *cx, sl_tbuild_t *self, const xmlNode *node, int depth)
{
  const char *ref = sl_cx_attr(cx, node, "itemType");
  const sl_xtype_t *item = whole(cx, sl_schema_type_of(cx, self->schema, node, ref), depth);
  self->type.simple = SL_X_STRING;
  self->type.facets.collapse = true;
  self->type.list_item = item ? item : cx->schemas->any_type;
  if (!item && !cx->full)
    sl_cx_error(cx, "C102", self->schema->doc, node, NULL, "<list> has no usable item type");
}

struct members {
  const sl_xtype_t *v[64]; /* with more than that anything is taken */
  size_t n;
  bool more;
};

static void add_member(struct members *to, const sl_xtype_t *type)
{
  if (!type) return;
  if (to->n < sizeof to->v / sizeof *to->v)
    to->v[to->n++] = type;
  else
    to->more = true;
}

static void gather_members(sl_cx_t *cx, sl_tbuild_t *self, const xmlNode *node, int depth,
                           struct members *to)
{
  const char *refs = sl_cx_attr(cx, node, "memberTypes");
  while (refs && *refs) {
    size_t len = strcspn(refs, " \t\r\n");
    if (len) {
      const char *ref = sl_cx_internn(cx, refs, len);
      sl_comp_t *comp = sl_schema_ref(cx, self->schema, node, SL_COMP_TYPE, ref);
      sl_tbuild_t *t = comp ? sl_schema_type(cx, comp) : NULL;
      add_member(to, t ? whole(cx, &t->type, depth) : NULL);
    }
    refs += len;
    refs += strspn(refs, " \t\r\n");
  }
  for (const xmlNode *c = sl_cx_first(node, SL_NS_XSD); c && !cx->full;
       c = sl_cx_next(c, SL_NS_XSD)) {
    if (!sl_cx_named(c, "simpleType")) continue;
    sl_tbuild_t *t = sl_cx_alloc(cx, sizeof *t);
    if (!t) return;
    t->schema = self->schema;
    t->node = c;
    t->type.ns = self->type.ns;
    t->type.name = "";
    t->type.where = sl_cx_where(self->schema->doc, c);
    add_member(to, whole(cx, &t->type, depth));
  }
}

/* The members themselves, for judging values; and what they have in common: their base if it is the
 * same, and the enumeration if each has one. */
static void unite(sl_cx_t *cx, sl_tbuild_t *self, const xmlNode *node, int depth)
{
  struct members members = {.n = 0};
  gather_members(cx, self, node, depth, &members);
  sl_xtype_t *t = &self->type;
  t->is_union = true;
  t->simple = members.n ? members.v[0]->simple : SL_X_ANY;
  const sl_xtype_t **kept = members.more ? NULL : sl_cx_alloc(cx, (members.n + 1) * sizeof *kept);
  if (kept) memcpy(kept, members.v, members.n * sizeof *kept);
  t->members = kept;
  t->n_members = kept ? members.n : 0;
  size_t n = 0;
  bool all_enums = members.n && !members.more;
  for (size_t i = 0; i < members.n; i++) {
    if (members.v[i]->simple != t->simple) t->simple = SL_X_STRING;
    all_enums &= members.v[i]->facets.n_enums > 0 && members.v[i]->simple == SL_X_STRING;
    n += members.v[i]->facets.n_enums;
  }
  const char **values = all_enums ? sl_cx_alloc(cx, n * sizeof *values) : NULL;
  if (!values) return;
  t->facets.enums = values;
  for (size_t i = 0; i < members.n; i++)
    for (size_t k = 0; k < members.v[i]->facets.n_enums; k++)
      values[t->facets.n_enums++] = members.v[i]->facets.enums[k];
}

void sl_schema_simple(sl_cx_t *cx, sl_tbuild_t *self, const xmlNode *node, int depth)
{
  static const struct {
    const char *name;
    void (*build)(sl_cx_t *, sl_tbuild_t *, const xmlNode *, int);
  } ways[] = {{"restriction", restriction}, {"list", list}, {"union", unite}};
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
    const xmlNode *way = child_named(node, ways[i].name);
    if (!way) continue;
    ways[i].build(cx, self, way, depth);
    return;
  }
  self->type.simple = SL_X_ANY;
  sl_cx_error(cx, "C102", self->schema->doc, node, NULL,
              "a simple type needs a <restriction>, <list> or <union>");
}
