/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>
#include "mappings/contract/jnumber.h"
#include "mappings/contract/jschema_impl.h"

/* Schemas that are looked at for one question. */
enum { STEPS = 20000 };

struct ask {
  sl_jschemas_t *self;
  size_t steps;
};

static bool enough(struct ask *a, int depth)
{
  return ++a->steps > STEPS || depth > SL_JSCHEMA_DEPTH;
}

/* Says nothing but where else to look? */
static bool is_pointer(const sl_jschema_t *s)
{
  return s->ref && s->types == SL_JT_ANY && !s->has_enum && !s->all.n && !s->any.n && !s->one.n &&
         !s->n_properties && !s->n_required && !s->additional && !s->pattern.p &&
         s->max_length < 0 && s->min_length < 0 && !s->when && !s->no && !s->read_only &&
         !s->write_only && !s->preset;
}

const sl_jschema_t *sl_jschema_resolve(const sl_jschema_t *schema)
{
  for (int i = 0; is_pointer(schema) && i < SL_JSCHEMA_DEPTH; i++) schema = schema->ref;
  return schema;
}

/* --- types -------------------------------------------------------------------------------------
 */

static unsigned type_of(const sl_jvalue_t *v)
{
  switch (v->kind) {
  case SL_JSON_OBJECT: return SL_JT_OBJECT;
  case SL_JSON_ARRAY: return SL_JT_ARRAY;
  case SL_JSON_STRING: return SL_JT_STRING;
  case SL_JSON_NULL: return SL_JT_NULL;
  case SL_JSON_NUMBER: return SL_JT_NUMBER | SL_JT_INTEGER;
  default: return SL_JT_BOOLEAN;
  }
}

static unsigned types(struct ask *a, const sl_jschema_t *s, int depth)
{
  unsigned out = s->types, some = 0;
  if (enough(a, depth)) return SL_JT_ANY;
  for (size_t i = 0; i < s->n_enums; i++) some |= type_of(s->enums[i]);
  if (s->has_enum) out &= some;
  if (s->ref) out &= types(a, s->ref, depth + 1);
  for (size_t i = 0; i < s->all.n; i++) out &= types(a, s->all.v[i], depth + 1);
  some = 0;
  for (size_t i = 0; i < s->any.n; i++) some |= types(a, s->any.v[i], depth + 1);
  if (s->any.n) out &= some;
  some = 0;
  for (size_t i = 0; i < s->one.n; i++) some |= types(a, s->one.v[i], depth + 1);
  if (s->one.n) out &= some;
  return out;
}

unsigned sl_jschema_types(const sl_jschema_t *schema)
{
  struct ask a = {NULL, 0};
  return types(&a, schema, 0);
}

const char *sl_jtypes_text(unsigned set, char out[64])
{
  static const struct {
    unsigned bits;
    const char *name;
  } names[] = {{SL_JT_STRING, "string"},   {SL_JT_NUMBER, "number"}, {SL_JT_INTEGER, "integer"},
               {SL_JT_BOOLEAN, "boolean"}, {SL_JT_OBJECT, "object"}, {SL_JT_ARRAY, "array"},
               {SL_JT_NULL, "null"}};
  size_t n = 0;
  out[0] = '\0';
  if ((set & SL_JT_ANY) == SL_JT_ANY) return strcpy(out, "anything");
  if (set & SL_JT_NUMBER) set &= ~(unsigned)SL_JT_INTEGER;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (set & names[i].bits)
      n += (size_t)snprintf(out + n, 64 - n, "%s%s", n ? " or " : "", names[i].name);
  return n ? out : strcpy(out, "anything that exists");
}

/* --- facets ------------------------------------------------------------------------------------
 */

/* The greater (least false: the lesser) of two bounds. */
static sl_str_t tighter(sl_str_t a, sl_str_t b, bool greater)
{
  sl_jnumber_t x, y;
  if (!a.p || !sl_jnumber_parse(a, &x)) return b;
  if (!b.p || !sl_jnumber_parse(b, &y)) return a;
  return (sl_jnumber_compare(&x, &y) > 0) == greater ? a : b;
}

static void facets(struct ask *a, const sl_jschema_t *s, sl_jfacets_t *f, int depth)
{
  if (enough(a, depth)) return;
  if (s->min_length > f->min_length) f->min_length = s->min_length;
  if (s->max_length >= 0 && (f->max_length < 0 || s->max_length < f->max_length))
    f->max_length = s->max_length;
  f->minimum = tighter(f->minimum, s->minimum, true);
  f->maximum = tighter(f->maximum, s->maximum, false);
  f->above = tighter(f->above, s->above, true);
  f->below = tighter(f->below, s->below, false);
  if (s->min_items > f->min_items) f->min_items = s->min_items;
  if (s->max_items >= 0 && (f->max_items < 0 || s->max_items < f->max_items))
    f->max_items = s->max_items;
  if (!f->unit.p) f->unit = s->multiple_of;
  if (!f->format) f->format = s->format;
  if (!f->with_pattern && s->pattern.p) f->with_pattern = s;
  if (!f->with_enum && s->has_enum) f->with_enum = s;
  if (s->ref) facets(a, s->ref, f, depth + 1);
  for (size_t i = 0; i < s->all.n; i++) facets(a, s->all.v[i], f, depth + 1);
  const sl_jschema_set_t sets[] = {s->any, s->one};
  for (size_t k = 0; k < 2; k++) {
    const sl_jschema_t *other = NULL;
    size_t n = 0;
    for (size_t i = 0; i < sets[k].n; i++)
      if (types(a, sets[k].v[i], depth + 1) & ~(unsigned)SL_JT_NULL) other = sets[k].v[i], n++;
    if (n == 1) facets(a, other, f, depth + 1);
  }
}

sl_jfacets_t sl_jschema_facets(const sl_jschema_t *schema)
{
  struct ask a = {NULL, 0};
  sl_jfacets_t f = {.types = sl_jschema_types(schema),
                    .min_length = -1,
                    .max_length = -1,
                    .min_items = -1,
                    .max_items = -1};
  facets(&a, schema, &f, 0);
  return f;
}

/* --- members -----------------------------------------------------------------------------------
 */

/* What applies to one member or item: every schema of `all` together. */
struct found {
  const sl_jschema_t *v[32];
  size_t n;
};

static void find(struct ask *a, const sl_jschema_t *s, const sl_str_t *key, size_t index,
                 struct found *to, int depth);

static void note(struct found *to, const sl_jschema_t *s)
{
  if (s == &sl_jschema_any) return;
  for (size_t i = 0; i < to->n; i++)
    if (to->v[i] == s) return;
  if (to->n < sizeof to->v / sizeof *to->v) to->v[to->n++] = s;
}

static sl_jschema_t *make(struct ask *a, const sl_jschema_t *like)
{
  sl_jschema_t *s = sl_arena_alloc(a->self->arena, sizeof *s);
  if (!s) return NULL;
  *s = sl_jschema_any;
  s->file = like->file;
  s->line = like->line;
  s->col = like->col;
  return s;
}

static const sl_jschema_t *together(struct ask *a, const struct found *f)
{
  if (!f->n) return &sl_jschema_any;
  if (f->n == 1) return f->v[0];
  sl_jschema_t *s = make(a, f->v[0]);
  const sl_jschema_t **all = sl_arena_alloc(a->self->arena, f->n * sizeof *all);
  if (!s || !all) return &sl_jschema_any;
  memcpy(all, f->v, f->n * sizeof *all);
  s->all = (sl_jschema_set_t){all, f->n};
  for (size_t i = 0; i < f->n; i++) {
    s->read_only |= f->v[i]->read_only;
    s->write_only |= f->v[i]->write_only;
    s->nothing |= f->v[i]->nothing;
    if (!s->preset) s->preset = f->v[i]->preset;
  }
  return s;
}

/* The member under one of several alternatives: the alternatives' members are alternatives. Those
 * that cannot be an object (an array) at all say nothing about it. */
static void find_among(struct ask *a, sl_jschema_set_t set, const sl_str_t *key, size_t index,
                       struct found *to, int depth)
{
  unsigned holder = key ? SL_JT_OBJECT : SL_JT_ARRAY;
  const sl_jschema_t **any = set.n ? sl_arena_alloc(a->self->arena, set.n * sizeof *any) : NULL;
  size_t n = 0;
  for (size_t i = 0; any && i < set.n; i++) {
    struct found in = {.n = 0};
    if (!(types(a, set.v[i], depth + 1) & holder)) continue;
    find(a, set.v[i], key, index, &in, depth + 1);
    if (!in.n) return; /* one of them lets it be anything */
    any[n++] = together(a, &in);
  }
  if (n == 1) note(to, any[0]);
  sl_jschema_t *s = n > 1 ? make(a, any[0]) : NULL;
  if (!s) return;
  s->any = (sl_jschema_set_t){any, n};
  s->nothing = true;
  for (size_t i = 0; i < n; i++) s->nothing &= any[i]->nothing;
  note(to, s);
}

static void find_own(const sl_jschema_t *s, sl_str_t key, struct found *to)
{
  bool named = false;
  for (size_t i = 0; i < s->n_properties; i++)
    if (sl_str_eq(s->properties[i].name, key)) named = true, note(to, s->properties[i].schema);
  for (size_t i = 0; i < s->n_patterns; i++) {
    int match = s->patterns[i].pattern ? sl_regex_match(s->patterns[i].pattern, key) : -1;
    if (match) named = true;
    if (match > 0) note(to, s->patterns[i].schema);
  }
  if (!named && s->additional) note(to, s->additional);
}

static void find(struct ask *a, const sl_jschema_t *s, const sl_str_t *key, size_t index,
                 struct found *to, int depth)
{
  if (enough(a, depth)) return;
  if (key)
    find_own(s, *key, to);
  else if (index < s->prefix.n)
    note(to, s->prefix.v[index]);
  else if (s->items)
    note(to, s->items);
  if (s->ref) find(a, s->ref, key, index, to, depth + 1);
  for (size_t i = 0; i < s->all.n; i++) find(a, s->all.v[i], key, index, to, depth + 1);
  find_among(a, s->any, key, index, to, depth);
  find_among(a, s->one, key, index, to, depth);
}

const sl_jschema_t *sl_jschema_member(sl_jschemas_t *self, const sl_jschema_t *schema, sl_str_t key)
{
  struct ask a = {self, 0};
  struct found f = {.n = 0};
  find(&a, schema, &key, 0, &f, 0);
  return together(&a, &f);
}

const sl_jschema_t *sl_jschema_item(sl_jschemas_t *self, const sl_jschema_t *schema, size_t i)
{
  struct ask a = {self, 0};
  struct found f = {.n = 0};
  find(&a, schema, NULL, i, &f, 0);
  return together(&a, &f);
}

bool sl_jschema_forbids(const sl_jschema_t *schema)
{
  return schema->nothing || !sl_jschema_types(schema);
}

static bool requires(struct ask *a, const sl_jschema_t *s, sl_str_t key, int depth)
{
  if (enough(a, depth)) return false;
  for (size_t i = 0; i < s->n_required; i++)
    if (sl_str_eq(s->required[i], key)) return true;
  if (s->ref && requires(a, s->ref, key, depth + 1)) return true;
  for (size_t i = 0; i < s->all.n; i++)
    if (requires(a, s->all.v[i], key, depth + 1)) return true;
  const sl_jschema_set_t sets[] = {s->any, s->one};
  for (size_t k = 0; k < 2; k++) {
    bool every = sets[k].n > 0;
    for (size_t i = 0; every && i < sets[k].n; i++)
    every = requires(a, sets[k].v[i], key, depth + 1);
    if (every) return true;
  }
  return false;
}

bool sl_jschema_requires(const sl_jschema_t *schema, sl_str_t key)
{
  struct ask a = {NULL, 0};
  return requires(&a, schema, key, 0);
}

static size_t add_name(sl_str_t name, sl_str_t *out, size_t n, size_t max)
{
  for (size_t i = 0; i < n; i++)
    if (sl_str_eq(out[i], name)) return n;
  if (n < max) out[n++] = name;
  return n;
}

static size_t names(struct ask *a, const sl_jschema_t *s, sl_str_t *out, size_t n, size_t max,
                    int depth)
{
  if (enough(a, depth)) return n;
  for (size_t i = 0; i < s->n_properties; i++) n = add_name(s->properties[i].name, out, n, max);
  for (size_t i = 0; i < s->n_required; i++) n = add_name(s->required[i], out, n, max);
  if (s->ref) n = names(a, s->ref, out, n, max, depth + 1);
  const sl_jschema_set_t sets[] = {s->all, s->any, s->one};
  for (size_t k = 0; k < 3; k++)
    for (size_t i = 0; i < sets[k].n; i++) n = names(a, sets[k].v[i], out, n, max, depth + 1);
  return n;
}

size_t sl_jschema_property_names(const sl_jschema_t *schema, sl_str_t *out, size_t max)
{
  struct ask a = {NULL, 0};
  return names(&a, schema, out, 0, max, 0);
}
