/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mappings/laws/canonical.h"

#include <string.h>

enum { DEPTH = 8, KEY = 256 };

const sl_jschema_t *sl_canonical_shape(const sl_mapping_t *mapping, const char *shape)
{
  if (!mapping->canonical || !shape) return NULL;
  const sl_jschema_t *def = sl_jschemas_def(mapping->canonical, shape);
  return def ? def : sl_jschemas_root(mapping->canonical);
}

/* Lists are named without their items in pointers: "/contacts/kind". */
static const sl_jschema_t *items_of(sl_jschemas_t *all, const sl_jschema_t *schema)
{
  for (int i = 0; i < DEPTH; i++) {
    unsigned types = sl_jschema_types(schema);
    if (!(types & SL_JT_ARRAY) || types & SL_JT_OBJECT) break;
    schema = sl_jschema_item(all, schema, 0);
  }
  return schema;
}

static size_t take_key(const char *p, char key[KEY], size_t *n_p)
{
  size_t len = strcspn(p, "/"), n = 0;
  for (size_t i = 0; i < len && n < KEY; i++)
    key[n++] = p[i] == '~' && i + 1 < len ? (p[++i] == '1' ? '/' : '~') : p[i];
  *n_p = n;
  return len;
}

/* What schema says of that case alone: its only alternative that can be it. schema, when there is
 * more to it than alternatives, or several fit. */
static const sl_jschema_t *as_case(sl_jschemas_t *all, const sl_jschema_t *schema,
                                   const sl_choice_t *choice, const sl_case_t *kind)
{
  const sl_jschema_t *plain = sl_canonical_plain(schema), *found = NULL;
  const sl_jschema_set_t *either = plain->one.n ? &plain->one : &plain->any;
  if (!choice->told || choice->n_steps != 1 || plain->n_properties || plain->ref || plain->all.n)
    return schema;
  for (size_t i = 0; i < either->n; i++) {
    const sl_jschema_t *word = sl_jschema_member(all, either->v[i], choice->steps[0]);
    if (sl_jschema_accepts(word, SL_JSON_STRING, kind->json, NULL) == SL_JS_NO) continue;
    if (found) return schema;
    found = either->v[i];
  }
  return found ? found : schema;
}

/* The same of a line, in the one case that it belongs to. */
static const sl_jschema_t *as_case_of(sl_jschemas_t *all, const sl_jschema_t *schema,
                                      const sl_field_t *field)
{
  const sl_choice_t *choice = field ? field->only.choice : NULL;
  for (uint16_t i = 0; choice && i < choice->n_cases; i++)
    if (field->only.cases == (uint64_t)1 << i)
      return as_case(all, schema, choice, &choice->cases[i]);
  return schema;
}

sl_canonical_t sl_canonical_line(const sl_mapping_t *mapping, const char *shape,
                                 const sl_line_t *line)
{
  sl_canonical_t out = {sl_canonical_shape(mapping, shape), true, true};
  const char *json = line->json, *p = json;
  size_t within = line->within ? strlen(line->within->json) : 0;
  bool item = line->field && line->within && !strcmp(json, line->within->json);
  if (!out.schema) return out;
  while (*p == '/') {
    char key[KEY];
    size_t n;
    if (p != json) out.schema = items_of(mapping->canonical, out.schema);
    if ((size_t)(p - json) == within) out.required = true; /* from its item on */
    size_t len = take_key(p + 1, key, &n);
    out.required &= sl_jschema_requires(out.schema, sl_strn(key, n));
    if (!p[1 + len]) out.schema = as_case_of(mapping->canonical, out.schema, line->field);
    out.beside = sl_jschema_requires(out.schema, sl_strn(key, n));
    out.schema = sl_jschema_member(mapping->canonical, out.schema, sl_strn(key, n));
    p += 1 + len;
  }
  if (item) out.schema = items_of(mapping->canonical, out.schema), out.required = true;
  return out;
}

/* A reference with nothing beside it but annotations is what it refers to. */
static bool says_nothing(const sl_jschema_t *s)
{
  return s->types == SL_JT_ANY && !s->nothing && !s->has_enum && s->min_length < 0 &&
         s->max_length < 0 && !s->pattern.p && !s->minimum.p && !s->maximum.p && !s->above.p &&
         !s->below.p && !s->multiple_of.p && !s->all.n && !s->any.n && !s->one.n && !s->no &&
         !s->when && !s->format && !s->n_unknown;
}

const sl_jschema_t *sl_canonical_plain(const sl_jschema_t *schema)
{
  schema = sl_jschema_resolve(schema);
  for (int i = 0; i < DEPTH && schema->ref && says_nothing(schema); i++)
    schema = sl_jschema_resolve(schema->ref);
  return schema;
}

/* --- looser
 * ---------------------------------------------------------------------------------------
 */

static const sl_jschema_t *relax(const sl_jschema_t *from, bool dates, sl_arena_t *arena,
                                 int depth);

static bool relax_set(const sl_jschema_set_t *from, sl_jschema_set_t *to, bool dates,
                      sl_arena_t *arena, int depth)
{
  const sl_jschema_t **v = from->n ? sl_arena_alloc(arena, from->n * sizeof *v) : NULL;
  *to = (sl_jschema_set_t){v, v ? from->n : 0};
  if (from->n && !v) return false;
  for (size_t i = 0; i < from->n; i++)
    if (!(v[i] = relax(from->v[i], dates, arena, depth))) return false;
  return true;
}

/* Multiples of 0.01 are the numbers of two digits behind the point: a class of numbers. */
static bool is_power_of_ten(sl_str_t text)
{
  int ones = 0;
  for (size_t i = 0; i < text.len; i++) {
    if (text.p[i] == '1') ones++;
    if (!strchr("01.", text.p[i])) return false;
  }
  return !text.p || ones == 1;
}

/* Exclusions are dropped, and one-of becomes any-of: looser alternatives may both fit. */
static const sl_jschema_t *relax(const sl_jschema_t *from, bool dates, sl_arena_t *arena, int depth)
{
  from = sl_canonical_plain(from);
  if (depth == DEPTH) return &sl_jschema_any;
  sl_jschema_t *to = sl_arena_alloc(arena, sizeof *to);
  if (!to) return NULL;
  *to = *from;
  to->pattern = (sl_str_t){NULL, 0};
  if (!is_power_of_ten(from->multiple_of)) to->multiple_of = (sl_str_t){NULL, 0};
  to->regex = NULL;
  bool time = from->format && (!strcmp(from->format, "date") || !strcmp(from->format, "time") ||
                               !strcmp(from->format, "date-time"));
  if (!dates || !time) to->format = NULL;
  to->no = to->when = to->then = to->otherwise = NULL;
  to->n_unknown = 0;
  if (from->ref && !(to->ref = relax(from->ref, dates, arena, depth + 1))) return NULL;
  if (!relax_set(&from->all, &to->all, dates, arena, depth + 1)) return NULL;
  to->one = (sl_jschema_set_t){NULL, 0};
  const sl_jschema_set_t *any = from->any.n ? &from->any : &from->one;
  return relax_set(any, &to->any, dates, arena, depth + 1) ? to : NULL;
}

const sl_jschema_t *sl_canonical_relaxed(const sl_jschema_t *schema, bool dates, sl_arena_t *arena)
{
  return relax(schema, dates, arena, 0);
}

const sl_regex_t *sl_canonical_pattern(const sl_jschema_t *schema, bool *more_p)
{
  schema = sl_canonical_plain(schema);
  *more_p = schema->ref || schema->all.n || schema->any.n || schema->one.n || schema->no ||
            schema->when || schema->format || !is_power_of_ten(schema->multiple_of) ||
            (schema->pattern.p && !schema->regex);
  return schema->regex;
}
