/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The keywords of JSON Schema, one function each; a table says which is whose. */
#include <stdlib.h>
#include <string.h>
#include "mappings/contract/jnumber.h"
#include "mappings/contract/jschema_impl.h"

struct fill {
  sl_jschemas_t *all;
  sl_jfile_t *file;
  sl_jschema_t *s;
  const sl_jvalue_t *whole; /* the schema's own value */
  bool nullable, minimum_excluded, maximum_excluded;
};

static void wrong(struct fill *f, const sl_jvalue_t *v, const char *wanted)
{
  sl_js_error(f->all, f->file, "C402", v, NULL, "%.60s has to be %s", v->key.p ? v->key.p : "it",
              wanted);
}

static bool is(struct fill *f, const sl_jvalue_t *v, sl_json_kind_t kind, const char *wanted)
{
  if (v->kind == kind) return true;
  wrong(f, v, wanted);
  return false;
}

static const sl_jschema_t *sub(struct fill *f, sl_jvalue_t *v)
{
  return sl_js_schema(f->all, f->file, v);
}

static bool truth(struct fill *f, const sl_jvalue_t *v)
{
  if (v->kind != SL_JSON_TRUE && v->kind != SL_JSON_FALSE) wrong(f, v, "true or false");
  return v->kind == SL_JSON_TRUE;
}

/* A whole number from 0; what is beyond every limit of ours is the limit. */
static int64_t count(struct fill *f, const sl_jvalue_t *v)
{
  sl_jnumber_t n;
  if (v->kind != SL_JSON_NUMBER || !sl_jnumber_parse(v->text, &n) || n.negative ||
      !sl_jnumber_is_whole(&n))
    return wrong(f, v, "a whole number, not negative"), -1;
  if (n.point > 15) return INT64_MAX / 2;
  int64_t out = 0;
  const char *p = n.p;
  for (int64_t i = 0; i < n.point; i++) {
    if (i < (int64_t)n.n && *p == '.') p++;
    out = out * 10 + (i < (int64_t)n.n ? *p++ - '0' : 0);
  }
  return out;
}

static sl_str_t number(struct fill *f, const sl_jvalue_t *v)
{
  sl_jnumber_t n;
  if (v->kind == SL_JSON_NUMBER && sl_jnumber_parse(v->text, &n)) return v->text;
  wrong(f, v, "a number");
  return (sl_str_t){NULL, 0};
}

/* --- types and texts ---------------------------------------------------------------------------
 */

static unsigned type_bit(struct fill *f, const sl_jvalue_t *v)
{
  static const struct {
    const char *name;
    unsigned bits;
  } names[] = {{"null", SL_JT_NULL},       {"boolean", SL_JT_BOOLEAN},
               {"integer", SL_JT_INTEGER}, {"number", SL_JT_NUMBER | SL_JT_INTEGER},
               {"string", SL_JT_STRING},   {"array", SL_JT_ARRAY},
               {"object", SL_JT_OBJECT}};
  for (size_t i = 0; v->kind == SL_JSON_STRING && i < sizeof names / sizeof *names; i++)
    if (sl_str_eqz(v->text, names[i].name)) return names[i].bits;
  sl_js_error(f->all, f->file, "C402", v, NULL, "%s is no type of JSON",
              v->kind == SL_JSON_STRING ? v->text.p : "this");
  return 0;
}

static void on_type(struct fill *f, sl_jvalue_t *v)
{
  unsigned types = 0;
  if (v->kind == SL_JSON_ARRAY)
    for (const sl_jvalue_t *t = v->first; t; t = t->next) types |= type_bit(f, t);
  else
    types = type_bit(f, v);
  f->s->types = types;
}

static void on_nullable(struct fill *f, sl_jvalue_t *v)
{
  f->nullable = truth(f, v) && f->file->dialect == SL_JD_OPENAPI30;
}

static void on_format(struct fill *f, sl_jvalue_t *v)
{
  if (is(f, v, SL_JSON_STRING, "a text")) f->s->format = v->text.p;
}

static void on_title(struct fill *f, sl_jvalue_t *v)
{
  if (is(f, v, SL_JSON_STRING, "a text")) f->s->title = v->text.p;
}

static void on_comment(struct fill *f, sl_jvalue_t *v)
{
  if (v->kind == SL_JSON_STRING) f->s->comment = v->text.p;
}

static void undecidable(struct fill *f, const sl_jvalue_t *v)
{
  const char **names = sl_js_alloc(f->all, (f->s->n_unknown + 1) * sizeof *names);
  if (!names) return;
  for (size_t i = 0; i < f->s->n_unknown; i++) names[i] = f->s->unknown[i];
  names[f->s->n_unknown++] = v->key.p;
  f->s->unknown = names;
}

static void on_undecidable(struct fill *f, sl_jvalue_t *v)
{
  undecidable(f, v);
  sl_js_warn(f->all, f->file, "C411", v, NULL, "%.60s cannot be decided here, and is not looked at",
             v->key.p);
}

static void on_pattern(struct fill *f, sl_jvalue_t *v)
{
  char why[SL_REGEX_WHY];
  bool no_pattern = false;
  if (!is(f, v, SL_JSON_STRING, "a text")) return;
  f->s->pattern = v->text;
  f->s->regex = sl_regex_compile(v->text, f->all->arena, &no_pattern, why);
  if (f->s->regex) return;
  if (no_pattern)
    sl_js_error(f->all, f->file, "C404", v, NULL, "the pattern has %s", why);
  else
    sl_js_warn(f->all, f->file, "C411", v, NULL,
               "the pattern cannot be decided here because of %s, and is not looked at", why);
}

#define COUNT(name)                                                                                \
  static void on_##name(struct fill *f, sl_jvalue_t *v)                                            \
  {                                                                                                \
    f->s->name = count(f, v);                                                                      \
  }
COUNT(min_length)
COUNT(max_length)
COUNT(min_items)
COUNT(max_items)
COUNT(min_contains)
COUNT(max_contains)
COUNT(min_properties)
COUNT(max_properties)

#define FLAG(name)                                                                                 \
  static void on_##name(struct fill *f, sl_jvalue_t *v)                                            \
  {                                                                                                \
    f->s->name = truth(f, v);                                                                      \
  }
FLAG(read_only)
FLAG(write_only)
FLAG(deprecated)
FLAG(unique_items)

/* --- numbers -----------------------------------------------------------------------------------
 */

static void on_minimum(struct fill *f, sl_jvalue_t *v)
{
  f->s->minimum = number(f, v);
}

static void on_maximum(struct fill *f, sl_jvalue_t *v)
{
  f->s->maximum = number(f, v);
}

/* Draft 4 and OpenAPI 3.0 say it with a boolean beside minimum. */
static void on_exclusive_minimum(struct fill *f, sl_jvalue_t *v)
{
  if (v->kind == SL_JSON_TRUE || v->kind == SL_JSON_FALSE)
    f->minimum_excluded = v->kind == SL_JSON_TRUE;
  else
    f->s->above = number(f, v);
}

static void on_exclusive_maximum(struct fill *f, sl_jvalue_t *v)
{
  if (v->kind == SL_JSON_TRUE || v->kind == SL_JSON_FALSE)
    f->maximum_excluded = v->kind == SL_JSON_TRUE;
  else
    f->s->below = number(f, v);
}

static void on_multiple_of(struct fill *f, sl_jvalue_t *v)
{
  sl_jnumber_t n;
  sl_str_t text = number(f, v);
  if (!text.p) return;
  if (!sl_jnumber_parse(text, &n) || n.negative || !n.n)
    wrong(f, v, "greater than 0");
  else
    f->s->multiple_of = text;
}

/* --- values ------------------------------------------------------------------------------------
 */

static void set_enum(struct fill *f, const sl_jvalue_t *first, size_t n)
{
  const sl_jvalue_t **values = sl_js_alloc(f->all, n * sizeof *values);
  const char **texts = sl_js_alloc(f->all, n * sizeof *texts);
  bool all_texts = true;
  if (!values || !texts) return;
  for (size_t i = 0; i < n; i++, first = first->next) {
    values[i] = first;
    if (first->kind == SL_JSON_STRING && strlen(first->text.p) == first->text.len)
      texts[f->s->n_texts++] = first->text.p;
    else
      all_texts &= first->kind == SL_JSON_NULL;
  }
  f->s->texts = all_texts ? texts : NULL;
  if (!all_texts) f->s->n_texts = 0;
  f->s->enums = values;
  f->s->n_enums = n;
  f->s->has_enum = true;
}

static void on_enum(struct fill *f, sl_jvalue_t *v)
{
  const sl_jvalue_t *fixed = sl_jvalue_get(f->whole, "const");
  if (is(f, v, SL_JSON_ARRAY, "an array") && !fixed) set_enum(f, v->first, v->n);
}

static void on_const(struct fill *f, sl_jvalue_t *v)
{
  set_enum(f, v, 1);
}

static void on_default(struct fill *f, sl_jvalue_t *v)
{
  f->s->preset = v;
}

/* --- objects -----------------------------------------------------------------------------------
 */

static sl_jproperty_t *properties(struct fill *f, const sl_jvalue_t *v, size_t *n_p)
{
  if (!is(f, v, SL_JSON_OBJECT, "an object")) return NULL;
  sl_jproperty_t *out = sl_js_alloc(f->all, v->n * sizeof *out);
  size_t n = 0;
  if (!out) return NULL;
  for (sl_jvalue_t *m = v->first; m; m = m->next)
    out[n++] = (sl_jproperty_t){.name = m->key, .schema = sub(f, m)};
  *n_p = n;
  return out;
}

static void on_properties(struct fill *f, sl_jvalue_t *v)
{
  f->s->properties = properties(f, v, &f->s->n_properties);
}

static void on_pattern_properties(struct fill *f, sl_jvalue_t *v)
{
  char why[SL_REGEX_WHY];
  sl_jproperty_t *p = properties(f, v, &f->s->n_patterns);
  const sl_jvalue_t *m = v->first;
  for (size_t i = 0; p && i < f->s->n_patterns; i++, m = m->next) {
    p[i].pattern = sl_regex_compile(p[i].name, f->all->arena, NULL, why);
    if (!p[i].pattern)
      sl_js_warn(f->all, f->file, "C411", m, NULL,
                 "the pattern cannot be decided here because of %s, and is not looked at", why);
  }
  f->s->patterns = p;
}

static void on_required(struct fill *f, sl_jvalue_t *v)
{
  /* OpenAPI 3.0's parameters, and draft 3, have a boolean of this name. */
  if (v->kind == SL_JSON_TRUE || v->kind == SL_JSON_FALSE) return;
  if (!is(f, v, SL_JSON_ARRAY, "an array of names")) return;
  sl_str_t *names = sl_js_alloc(f->all, v->n * sizeof *names);
  size_t n = 0;
  for (const sl_jvalue_t *m = v->first; names && m; m = m->next)
    if (is(f, m, SL_JSON_STRING, "a name")) names[n++] = m->text;
  f->s->required = names;
  f->s->n_required = n;
}

static void on_additional(struct fill *f, sl_jvalue_t *v)
{
  f->s->additional = sub(f, v);
}

static void on_names(struct fill *f, sl_jvalue_t *v)
{
  f->s->names = sub(f, v);
}

/* dependentRequired: the names that the presence of one demands, as a schema. */
static const sl_jschema_t *demanding(struct fill *f, sl_jvalue_t *names)
{
  sl_jschema_t *s = sl_js_alloc(f->all, sizeof *s);
  if (!s) return &sl_jschema_any;
  *s = sl_jschema_any;
  s->file = f->file->file;
  s->line = names->line;
  s->col = names->col;
  struct fill in = {.all = f->all, .file = f->file, .s = s, .whole = names};
  on_required(&in, names);
  return s;
}

static void on_dependent(struct fill *f, sl_jvalue_t *v)
{
  if (!is(f, v, SL_JSON_OBJECT, "an object")) return;
  sl_jproperty_t *out = sl_js_alloc(f->all, (f->s->n_dependent + v->n) * sizeof *out);
  if (!out) return;
  size_t n = f->s->n_dependent;
  for (size_t i = 0; i < n; i++) out[i] = f->s->dependent[i];
  for (sl_jvalue_t *m = v->first; m; m = m->next)
    out[n++] = (sl_jproperty_t){.name = m->key,
                                .schema = m->kind == SL_JSON_ARRAY ? demanding(f, m) : sub(f, m)};
  f->s->dependent = out;
  f->s->n_dependent = n;
}

/* --- arrays, and schemas of schemas ------------------------------------------------------------
 */

static sl_jschema_set_t set(struct fill *f, sl_jvalue_t *v)
{
  sl_jschema_set_t none = {NULL, 0};
  if (!is(f, v, SL_JSON_ARRAY, "an array of schemas")) return none;
  const sl_jschema_t **out = sl_js_alloc(f->all, v->n * sizeof *out);
  size_t n = 0;
  for (sl_jvalue_t *m = v->first; out && m; m = m->next) out[n++] = sub(f, m);
  return (sl_jschema_set_t){out, n};
}

static void on_items(struct fill *f, sl_jvalue_t *v)
{
  if (v->kind == SL_JSON_ARRAY)
    f->s->prefix = set(f, v); /* draft 7 */
  else
    f->s->items = sub(f, v);
}

static void on_additional_items(struct fill *f, sl_jvalue_t *v)
{
  const sl_jvalue_t *items = sl_jvalue_get(f->whole, "items");
  if (items && items->kind == SL_JSON_ARRAY) f->s->items = sub(f, v);
}

#define SET(name, member)                                                                          \
  static void on_##name(struct fill *f, sl_jvalue_t *v)                                            \
  {                                                                                                \
    f->s->member = set(f, v);                                                                      \
  }
SET(all_of, all)
SET(any_of, any)
SET(one_of, one)
SET(prefix, prefix)

#define SUB(name, member)                                                                          \
  static void on_##name(struct fill *f, sl_jvalue_t *v)                                            \
  {                                                                                                \
    f->s->member = sub(f, v);                                                                      \
  }
SUB(not, no)
SUB(if, when)
SUB(then, then)
SUB(else, otherwise)
SUB(contains, contains)

static void on_ref(struct fill *f, sl_jvalue_t *v)
{
  sl_jfile_t *file;
  sl_jvalue_t *to = sl_js_follow(f->all, f->file, v, &file);
  if (to) f->s->ref = sl_js_schema(f->all, file, to);
}

/* --- the table ---------------------------------------------------------------------------------
 */

static const struct word {
  const char *name;
  void (*on)(struct fill *f, sl_jvalue_t *v); /* NULL: says nothing about values */
} words[] = {
    {"$anchor", NULL},
    {"$comment", on_comment},
    {"$defs", NULL},
    {"$dynamicAnchor", NULL},
    {"$dynamicRef", on_undecidable},
    {"$id", NULL},
    {"$recursiveAnchor", NULL},
    {"$recursiveRef", on_undecidable},
    {"$ref", on_ref},
    {"$schema", NULL},
    {"$vocabulary", NULL},
    {"additionalItems", on_additional_items},
    {"additionalProperties", on_additional},
    {"allOf", on_all_of},
    {"anyOf", on_any_of},
    {"const", on_const},
    {"contains", on_contains},
    {"contentEncoding", NULL},
    {"contentMediaType", NULL},
    {"contentSchema", NULL},
    {"default", on_default},
    {"definitions", NULL},
    {"dependencies", on_dependent},
    {"dependentRequired", on_dependent},
    {"dependentSchemas", on_dependent},
    {"deprecated", on_deprecated},
    {"description", NULL},
    {"discriminator", NULL},
    {"else", on_else},
    {"enum", on_enum},
    {"example", NULL},
    {"examples", NULL},
    {"exclusiveMaximum", on_exclusive_maximum},
    {"exclusiveMinimum", on_exclusive_minimum},
    {"externalDocs", NULL},
    {"format", on_format},
    {"id", NULL},
    {"if", on_if},
    {"items", on_items},
    {"maxContains", on_max_contains},
    {"maxItems", on_max_items},
    {"maxLength", on_max_length},
    {"maxProperties", on_max_properties},
    {"maximum", on_maximum},
    {"minContains", on_min_contains},
    {"minItems", on_min_items},
    {"minLength", on_min_length},
    {"minProperties", on_min_properties},
    {"minimum", on_minimum},
    {"multipleOf", on_multiple_of},
    {"not", on_not},
    {"nullable", on_nullable},
    {"oneOf", on_one_of},
    {"pattern", on_pattern},
    {"patternProperties", on_pattern_properties},
    {"prefixItems", on_prefix},
    {"properties", on_properties},
    {"propertyNames", on_names},
    {"readOnly", on_read_only},
    {"required", on_required},
    {"then", on_then},
    {"title", on_title},
    {"type", on_type},
    {"unevaluatedItems", on_undecidable},
    {"unevaluatedProperties", on_undecidable},
    {"uniqueItems", on_unique_items},
    {"writeOnly", on_write_only},
    {"xml", NULL},
};

static int by_name(const void *key, const void *row)
{
  return strcmp(key, ((const struct word *)row)->name);
}

static void keyword(struct fill *f, sl_jvalue_t *v)
{
  const struct word *w =
      bsearch(v->key.p, words, sizeof words / sizeof *words, sizeof *words, by_name);
  if (w && w->on) w->on(f, v);
  if (!w && strncmp(v->key.p, "x-", 2))
    sl_js_warn(f->all, f->file, "C410", v, NULL,
               "\"%.60s\" is no keyword of JSON Schema, and says nothing here", v->key.p);
}

void sl_js_fill(sl_jschemas_t *self, const sl_jwork_t *w)
{
  struct fill f = {.all = self, .file = w->file, .s = w->schema, .whole = w->value};
  if (w->value->kind == SL_JSON_FALSE) {
    f.s->nothing = true;
    f.s->types = 0;
  } else if (w->value->kind != SL_JSON_OBJECT && w->value->kind != SL_JSON_TRUE) {
    sl_js_error(self, w->file, "C402", w->value, NULL, "a schema is an object, true or false");
  }
  if (w->value->kind != SL_JSON_OBJECT) return;
  sl_jvalue_t *ref = sl_jvalue_get(w->value, "$ref");
  if (ref && w->file->dialect != SL_JD_2020) {
    on_ref(&f, ref);
    return;
  }
  for (sl_jvalue_t *m = w->value->first; m && !self->full; m = m->next) keyword(&f, m);
  if (f.nullable) f.s->types |= SL_JT_NULL;
  if (f.minimum_excluded) f.s->above = f.s->minimum;
  if (f.maximum_excluded) f.s->below = f.s->maximum;
}
