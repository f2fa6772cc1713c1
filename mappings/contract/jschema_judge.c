/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Values against schemas. A verdict is one of three; what cannot be decided stays "maybe" through
 * all combinations. The work is bounded, because schemas can be made whose checking takes for ever.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "mappings/contract/jnumber.h"
#include "mappings/contract/jschema_impl.h"

/* Schemas looked at: for a whole document, and for one scalar. */
enum { STEPS = 1000 * 1000, SCALAR_STEPS = 5000, MAX_TOLD = 100 };

struct judge {
  sl_jviolation_fn *tell; /* NULL: nobody listens, and the first "no" ends it */
  void *ctx;
  size_t told, steps, max_steps;
  int depth;
  char pointer[512];
  size_t pointer_len;
};

static sl_jverdict_t judge(struct judge *j, const sl_jschema_t *s, const sl_jvalue_t *v);

static sl_jverdict_t least(sl_jverdict_t a, sl_jverdict_t b)
{
  return a < b ? a : b;
}

static sl_jverdict_t refuse(struct judge *j, const sl_jschema_t *s, const sl_jvalue_t *v,
                            const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static sl_jverdict_t refuse(struct judge *j, const sl_jschema_t *s, const sl_jvalue_t *v,
                            const char *fmt, ...)
{
  char text[SL_WHY];
  va_list ap;
  if (!j->tell || j->told++ >= MAX_TOLD) return SL_JS_NO;
  va_start(ap, fmt);
  vsnprintf(text, sizeof text, fmt, ap);
  va_end(ap);
  sl_jviolation_t violation = {v, j->pointer, s, text};
  j->tell(j->ctx, &violation);
  return SL_JS_NO;
}

/* Its verdict, without telling anybody. */
static sl_jverdict_t quietly(struct judge *j, const sl_jschema_t *s, const sl_jvalue_t *v)
{
  sl_jviolation_fn *tell = j->tell;
  j->tell = NULL;
  sl_jverdict_t verdict = judge(j, s, v);
  j->tell = tell;
  return verdict;
}

static sl_jverdict_t below(struct judge *j, const sl_jschema_t *s, const sl_jvalue_t *v,
                           const char *step, size_t len)
{
  size_t before = j->pointer_len;
  if (before + len + 2 < sizeof j->pointer) {
    j->pointer[j->pointer_len++] = '/';
    memcpy(j->pointer + j->pointer_len, step, len);
    j->pointer_len += len;
    j->pointer[j->pointer_len] = '\0';
  }
  sl_jverdict_t verdict = judge(j, s, v);
  j->pointer_len = before;
  j->pointer[before] = '\0';
  return verdict;
}

/* --- scalars -----------------------------------------------------------------------------------
 */

static unsigned types_of(const sl_jvalue_t *v)
{
  sl_jnumber_t n;
  switch (v->kind) {
  case SL_JSON_OBJECT: return SL_JT_OBJECT;
  case SL_JSON_ARRAY: return SL_JT_ARRAY;
  case SL_JSON_STRING: return SL_JT_STRING;
  case SL_JSON_NULL: return SL_JT_NULL;
  case SL_JSON_NUMBER:
    return sl_jnumber_parse(v->text, &n) && !sl_jnumber_is_whole(&n) ? SL_JT_NUMBER
                                                                     : SL_JT_NUMBER | SL_JT_INTEGER;
  default: return SL_JT_BOOLEAN;
  }
}

static sl_jverdict_t by_enum(struct judge *j, const sl_jschema_t *s, const sl_jvalue_t *v)
{
  char text[64] = "";
  for (size_t i = 0; i < s->n_enums; i++) {
    j->steps += 1 + s->enums[i]->n;
    if (sl_jvalue_equal(s->enums[i], v)) return SL_JS_YES;
  }
  if (s->n_enums == 1 && s->enums[0]->text.p)
    snprintf(text, sizeof text, "%.60s", s->enums[0]->text.p);
  if (text[0]) return refuse(j, s, v, "is not \"%s\", the only value that is allowed", text);
  return refuse(j, s, v, "is not among the %zu values that are enumerated", s->n_enums);
}

static sl_jverdict_t by_bounds(struct judge *j, const sl_jschema_t *s, const sl_jvalue_t *v)
{
  const struct {
    sl_str_t bound;
    int from, to;
    const char *text;
  } rows[] = {{s->minimum, 0, 1, "is less than"},
              {s->maximum, -1, 0, "is greater than"},
              {s->above, 1, 1, "is not greater than"},
              {s->below, -1, -1, "is not less than"}};
  sl_jnumber_t n, bound;
  sl_jverdict_t verdict = SL_JS_YES;
  if (!sl_jnumber_parse(v->text, &n)) return SL_JS_MAYBE;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    if (!rows[i].bound.p || !sl_jnumber_parse(rows[i].bound, &bound)) continue;
    int c = sl_jnumber_compare(&n, &bound);
    if (c < rows[i].from || c > rows[i].to)
      verdict = refuse(j, s, v, "%s %.60s", rows[i].text, rows[i].bound.p);
  }
  if (s->multiple_of.p && sl_jnumber_parse(s->multiple_of, &bound)) {
    int fits = sl_jnumber_is_multiple(&n, &bound);
    if (fits < 0) return least(verdict, SL_JS_MAYBE);
    if (!fits) verdict = refuse(j, s, v, "is no multiple of %.60s", s->multiple_of.p);
  }
  return verdict;
}

static int64_t characters(sl_str_t text)
{
  int64_t n = 0;
  for (size_t i = 0; i < text.len; i++) n += (text.p[i] & 0xc0) != 0x80;
  return n;
}

static sl_jverdict_t by_text(struct judge *j, const sl_jschema_t *s, const sl_jvalue_t *v)
{
  sl_jverdict_t verdict = SL_JS_YES;
  if (s->min_length > 0 || s->max_length >= 0) {
    int64_t n = characters(v->text);
    if (s->max_length >= 0 && n > s->max_length)
      verdict = refuse(j, s, v, "is longer than %lld", (long long)s->max_length);
    if (n < s->min_length)
      verdict = refuse(j, s, v, "is shorter than %lld", (long long)s->min_length);
  }
  if (!s->pattern.p) return verdict;
  int match = s->regex ? sl_regex_match(s->regex, v->text) : -1;
  if (match < 0) return least(verdict, SL_JS_MAYBE);
  return match ? verdict : refuse(j, s, v, "does not match the pattern %.80s", s->pattern.p);
}

static sl_jverdict_t by_format(struct judge *j, const sl_jschema_t *s, const sl_jvalue_t *v)
{
  if (!s->format || sl_js_format(s->format, v)) return SL_JS_YES;
  return refuse(j, s, v, "is not of the format %.40s", s->format);
}

/* --- arrays and objects ------------------------------------------------------------------------
 */

static sl_jverdict_t by_count(struct judge *j, const sl_jschema_t *s, const sl_jvalue_t *v,
                              int64_t min, int64_t max, const char *what)
{
  if (max >= 0 && (int64_t)v->n > max)
    return refuse(j, s, v, "has %zu %s, more than %lld", v->n, what, (long long)max);
  if ((int64_t)v->n < min)
    return refuse(j, s, v, "has %zu %s, fewer than %lld", v->n, what, (long long)min);
  return SL_JS_YES;
}

static sl_jverdict_t by_uniqueness(struct judge *j, const sl_jschema_t *s, const sl_jvalue_t *v)
{
  for (const sl_jvalue_t *a = v->first; a; a = a->next)
    for (const sl_jvalue_t *b = a->next; b; b = b->next) {
      if (++j->steps > j->max_steps) return SL_JS_MAYBE;
      if (sl_jvalue_equal(a, b)) return refuse(j, s, b, "stands twice in an array of unique items");
    }
  return SL_JS_YES;
}

static sl_jverdict_t by_contents(struct judge *j, const sl_jschema_t *s, const sl_jvalue_t *v)
{
  int64_t sure = 0, maybe = 0, min = s->min_contains >= 0 ? s->min_contains : 1;
  for (const sl_jvalue_t *i = v->first; i; i = i->next) {
    sl_jverdict_t one = quietly(j, s->contains, i);
    sure += one == SL_JS_YES;
    maybe += one == SL_JS_MAYBE;
  }
  if (sure + maybe < min || (s->max_contains >= 0 && sure > s->max_contains))
    return refuse(j, s, v, "holds %lld of the items that it has to contain", (long long)sure);
  return sure >= min && (s->max_contains < 0 || sure + maybe <= s->max_contains) ? SL_JS_YES
                                                                                 : SL_JS_MAYBE;
}

static sl_jverdict_t by_items(struct judge *j, const sl_jschema_t *s, const sl_jvalue_t *v)
{
  sl_jverdict_t verdict = by_count(j, s, v, s->min_items, s->max_items, "items");
  size_t i = 0;
  for (const sl_jvalue_t *item = v->first; item; item = item->next, i++) {
    const sl_jschema_t *in = i < s->prefix.n ? s->prefix.v[i] : s->items;
    char step[24];
    if (!in) continue;
    int len = snprintf(step, sizeof step, "%zu", i);
    verdict = least(verdict, below(j, in, item, step, (size_t)len));
    if (!verdict && !j->tell) return verdict;
  }
  if (s->unique_items) verdict = least(verdict, by_uniqueness(j, s, v));
  if (s->contains) verdict = least(verdict, by_contents(j, s, v));
  return verdict;
}

static sl_jverdict_t by_member(struct judge *j, const sl_jschema_t *s, const sl_jvalue_t *m)
{
  bool named = false, unsure = false;
  sl_jverdict_t verdict = SL_JS_YES;
  for (size_t i = 0; i < s->n_properties && !named; i++) {
    j->steps++;
    if (!sl_str_eq(s->properties[i].name, m->key)) continue;
    named = true;
    verdict = below(j, s->properties[i].schema, m, m->key.p, m->key.len);
  }
  for (size_t i = 0; i < s->n_patterns; i++) {
    int match = s->patterns[i].pattern ? sl_regex_match(s->patterns[i].pattern, m->key) : -1;
    j->steps += m->key.len + 1;
    unsure |= match < 0;
    if (match <= 0) continue;
    named = true;
    verdict = least(verdict, below(j, s->patterns[i].schema, m, m->key.p, m->key.len));
  }
  if (!named && s->additional) {
    if (unsure) return SL_JS_MAYBE;
    return below(j, s->additional, m, m->key.p, m->key.len);
  }
  return unsure ? least(verdict, SL_JS_MAYBE) : verdict;
}

static sl_jverdict_t by_members(struct judge *j, const sl_jschema_t *s, const sl_jvalue_t *v)
{
  sl_jverdict_t verdict = by_count(j, s, v, s->min_properties, s->max_properties, "members");
  for (size_t i = 0; i < s->n_required; i++) {
    j->steps += v->n;
    if (!sl_jvalue_getn(v, s->required[i]))
      verdict = refuse(j, s, v, "has no member \"%.60s\", which is required", s->required[i].p);
  }
  for (const sl_jvalue_t *m = v->first; m; m = m->next) {
    if (!verdict && !j->tell) return verdict;
    verdict = least(verdict, by_member(j, s, m));
    if (!s->names) continue;
    sl_jvalue_t name = {
        .kind = SL_JSON_STRING, .text = m->key, .line = m->key_line, .col = m->key_col};
    verdict = least(verdict, judge(j, s->names, &name));
  }
  for (size_t i = 0; i < s->n_dependent; i++)
    if (sl_jvalue_getn(v, s->dependent[i].name))
      verdict = least(verdict, judge(j, s->dependent[i].schema, v));
  return verdict;
}

/* --- schemas of schemas ------------------------------------------------------------------------
 */

static sl_jverdict_t by_any(struct judge *j, const sl_jschema_t *s, const sl_jvalue_t *v)
{
  sl_jverdict_t best = SL_JS_NO;
  for (size_t i = 0; i < s->any.n && best != SL_JS_YES; i++) {
    sl_jverdict_t one = quietly(j, s->any.v[i], v);
    if (one > best) best = one;
  }
  return best ? best : refuse(j, s, v, "fits none of the %zu alternatives", s->any.n);
}

static sl_jverdict_t by_one(struct judge *j, const sl_jschema_t *s, const sl_jvalue_t *v)
{
  size_t sure = 0, maybe = 0;
  for (size_t i = 0; i < s->one.n && sure < 2; i++) {
    sl_jverdict_t one = quietly(j, s->one.v[i], v);
    sure += one == SL_JS_YES;
    maybe += one == SL_JS_MAYBE;
  }
  if (sure > 1) return refuse(j, s, v, "fits more than one of the %zu alternatives", s->one.n);
  if (!sure && !maybe) return refuse(j, s, v, "fits none of the %zu alternatives", s->one.n);
  return maybe ? SL_JS_MAYBE : SL_JS_YES;
}

static sl_jverdict_t by_condition(struct judge *j, const sl_jschema_t *s, const sl_jvalue_t *v)
{
  sl_jverdict_t when = quietly(j, s->when, v);
  const sl_jschema_t *in = when == SL_JS_YES ? s->then : s->otherwise;
  if (when != SL_JS_MAYBE) return in ? judge(j, in, v) : SL_JS_YES;
  sl_jverdict_t yes = s->then ? quietly(j, s->then, v) : SL_JS_YES,
                no = s->otherwise ? quietly(j, s->otherwise, v) : SL_JS_YES;
  return yes == no ? yes : SL_JS_MAYBE;
}

static sl_jverdict_t by_others(struct judge *j, const sl_jschema_t *s, const sl_jvalue_t *v)
{
  sl_jverdict_t verdict = SL_JS_YES;
  if (s->ref) verdict = judge(j, s->ref, v);
  for (size_t i = 0; i < s->all.n; i++) {
    if (!verdict && !j->tell) return verdict;
    verdict = least(verdict, judge(j, s->all.v[i], v));
  }
  if (s->any.n) verdict = least(verdict, by_any(j, s, v));
  if (s->one.n) verdict = least(verdict, by_one(j, s, v));
  if (s->when) verdict = least(verdict, by_condition(j, s, v));
  if (s->no) {
    sl_jverdict_t no = quietly(j, s->no, v);
    verdict = least(verdict, no == SL_JS_YES  ? refuse(j, s, v, "is what the schema excludes")
                             : no == SL_JS_NO ? SL_JS_YES
                                              : SL_JS_MAYBE);
  }
  return verdict;
}

static sl_jverdict_t by_kind(struct judge *j, const sl_jschema_t *s, const sl_jvalue_t *v)
{
  switch (v->kind) {
  case SL_JSON_STRING: return least(by_text(j, s, v), by_format(j, s, v));
  case SL_JSON_NUMBER: return least(by_bounds(j, s, v), by_format(j, s, v));
  case SL_JSON_ARRAY: return by_items(j, s, v);
  case SL_JSON_OBJECT: return by_members(j, s, v);
  default: return SL_JS_YES;
  }
}

static sl_jverdict_t judge(struct judge *j, const sl_jschema_t *s, const sl_jvalue_t *v)
{
  char wanted[64];
  sl_jverdict_t verdict = SL_JS_YES;
  if (++j->steps > j->max_steps || j->depth >= 2 * SL_JVALUE_DEPTH) return SL_JS_MAYBE;
  if (s->nothing) return refuse(j, s, v, "is not allowed here");
  j->depth++;
  if (!(types_of(v) & s->types)) {
    verdict = refuse(j, s, v, "is not %s", sl_jtypes_text(s->types, wanted));
  } else {
    if (s->has_enum) verdict = by_enum(j, s, v);
    if (verdict || j->tell) verdict = least(verdict, by_kind(j, s, v));
  }
  if (verdict || j->tell) verdict = least(verdict, by_others(j, s, v));
  if (s->n_unknown && verdict == SL_JS_YES) verdict = SL_JS_MAYBE;
  j->depth--;
  return verdict;
}

/* --- for others --------------------------------------------------------------------------------
 */

sl_jverdict_t sl_jschema_judge(const sl_jschema_t *schema, const sl_jvalue_t *value,
                               sl_jviolation_fn *tell, void *ctx)
{
  bool scalar = value->kind != SL_JSON_OBJECT && value->kind != SL_JSON_ARRAY;
  struct judge j = {.tell = tell, .ctx = ctx, .max_steps = scalar ? SCALAR_STEPS : STEPS};
  return judge(&j, schema, value);
}

static void first_why(void *ctx, const sl_jviolation_t *violation)
{
  char *why = ctx;
  if (!why[0]) snprintf(why, SL_WHY, "%s", violation->text);
}

sl_jverdict_t sl_jschema_accepts(const sl_jschema_t *schema, sl_json_kind_t kind, sl_str_t text,
                                 char why[SL_WHY])
{
  sl_jvalue_t v = {.kind = kind};
  if (kind == SL_JSON_STRING || kind == SL_JSON_NUMBER) v.text = text;
  if (why) why[0] = '\0';
  return sl_jschema_judge(schema, &v, why ? first_why : NULL, why);
}

struct told {
  sl_diags_t *diags;
  const char *file;
};

static void to_diags(void *ctx, const sl_jviolation_t *violation)
{
  const struct told *t = ctx;
  const sl_jschema_t *s = violation->schema;
  char fix[320] = "";
  if (s->line) snprintf(fix, sizeof fix, "the schema is %.250s:%d:%d", s->file, s->line, s->col);
  sl_diags_add(t->diags, SL_ERROR, "C420", t->file, violation->value->line, violation->value->col,
               fix[0] ? fix : NULL, "%s %s",
               violation->pointer[0] ? violation->pointer : "the value", violation->text);
}

sl_jverdict_t sl_jschema_validate(const sl_jschema_t *schema, const char *file, const char *text,
                                  size_t len, sl_diags_t *diags)
{
  sl_err_t err;
  sl_err_clear(&err);
  struct told told = {diags, file};
  sl_jverdict_t verdict = SL_JS_NO;
  sl_arena_t *arena = sl_arena_new(0, 64 << 20);
  sl_jvalue_t *v = arena ? sl_jvalue_parse(text, len, arena, &err) : NULL;
  sl_diags_source(diags, file, text, len);
  if (v)
    verdict = sl_jschema_judge(schema, v, to_diags, &told);
  else
    sl_diags_add(diags, SL_ERROR, "C401", file, err.line, err.col, NULL, "%s",
                 err.text[0] ? err.text : "out of memory");
  sl_arena_destroy(&arena);
  return verdict;
}
