/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>
#include "mappings/contract/jnumber.h"
#include "mappings/contract/jschema_impl.h"

enum { STEPS = 200, MAX_CHARS = 4000, MAX_NUMBER = 400 };

struct sampler {
  sl_jsample_fn *take;
  void *ctx;
  size_t steps;
};

static void text_of(struct sampler *s, int64_t n)
{
  if (n < 0 || n > MAX_CHARS) return;
  char *p = malloc((size_t)n + 1);
  if (!p) return;
  memset(p, 'x', (size_t)n);
  s->take(s->ctx, SL_JSON_STRING, sl_strn(p, (size_t)n));
  free(p);
}

static void texts(struct sampler *s, const sl_jschema_t *schema)
{
  static const char *const formats[][2] = {{"date", "2024-02-29"},
                                           {"time", "23:59:58Z"},
                                           {"date-time", "2024-02-29T23:59:58Z"},
                                           {"uuid", "123e4567-e89b-12d3-a456-426614174000"},
                                           {"byte", "AAAA"}};
  for (size_t i = 0; schema->format && i < sizeof formats / sizeof *formats; i++)
    if (!strcmp(schema->format, formats[i][0]))
      s->take(s->ctx, SL_JSON_STRING, sl_str(formats[i][1]));
  text_of(s, 0);
  text_of(s, 1);
  if (schema->min_length > 0) text_of(s, schema->min_length - 1), text_of(s, schema->min_length);
  if (schema->max_length >= 0) text_of(s, schema->max_length), text_of(s, schema->max_length + 1);
  sl_arena_t *arena = schema->regex ? sl_arena_new(0, 1 << 20) : NULL;
  sl_str_t match = arena ? sl_regex_shortest(schema->regex, MAX_CHARS, arena) : (sl_str_t){0};
  if (match.p) s->take(s->ctx, SL_JSON_STRING, match);
  sl_arena_destroy(&arena);
}

/* The digits of n written out, its last place one more or less: neighbours of a bound. */
static void neighbour(struct sampler *s, sl_str_t bound, bool up)
{
  char text[MAX_NUMBER + 2];
  bool negative = bound.len && bound.p[0] == '-';
  size_t n = bound.len - negative;
  if (!n || n > MAX_NUMBER - 1 || memchr(bound.p, 'e', bound.len) ||
      memchr(bound.p, 'E', bound.len))
    return;
  text[0] = '0';
  memcpy(text + 1, bound.p + negative, n);
  bool grow = up != negative, zero = true;
  for (size_t i = 1; i <= n; i++) zero &= text[i] == '0' || text[i] == '.';
  if (zero && !grow) grow = negative = true; /* below 0 */
  for (size_t i = n + 1; i-- > 0;) {
    if (text[i] == '.') continue;
    if (grow && text[i] == '9')
      text[i] = '0';
    else if (!grow && text[i] == '0')
      text[i] = '9';
    else {
      text[i] = (char)(text[i] + (grow ? 1 : -1));
      break;
    }
  }
  char out[MAX_NUMBER + 4];
  size_t from = 0, o = 0;
  while (from < n && text[from] == '0' && text[from + 1] != '.') from++;
  if (negative) out[o++] = '-';
  memcpy(out + o, text + from, n + 1 - from);
  s->take(s->ctx, SL_JSON_NUMBER, sl_strn(out, o + n + 1 - from));
}

static void numbers(struct sampler *s, const sl_jschema_t *schema)
{
  const sl_str_t bounds[] = {schema->minimum, schema->maximum, schema->above, schema->below};
  for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
    if (!bounds[i].p) continue;
    s->take(s->ctx, SL_JSON_NUMBER, bounds[i]);
    neighbour(s, bounds[i], false);
    neighbour(s, bounds[i], true);
  }
  s->take(s->ctx, SL_JSON_NUMBER, sl_str("0"));
  s->take(s->ctx, SL_JSON_NUMBER, sl_str("1"));
  s->take(s->ctx, SL_JSON_NUMBER, sl_str("-1"));
  if (schema->multiple_of.p) s->take(s->ctx, SL_JSON_NUMBER, schema->multiple_of);
  if (schema->types & SL_JT_NUMBER) s->take(s->ctx, SL_JSON_NUMBER, sl_str("0.5"));
}

static void sample(struct sampler *s, const sl_jschema_t *schema, int depth)
{
  if (++s->steps > STEPS || depth > SL_JSCHEMA_DEPTH) return;
  for (size_t i = 0; i < schema->n_enums; i++)
    if (schema->enums[i]->kind > SL_JSON_KEY)
      s->take(s->ctx, schema->enums[i]->kind, schema->enums[i]->text);
  unsigned types = schema->has_enum ? 0 : schema->types;
  if (types & SL_JT_NULL) s->take(s->ctx, SL_JSON_NULL, sl_str(""));
  if (types & SL_JT_BOOLEAN) {
    s->take(s->ctx, SL_JSON_TRUE, sl_str(""));
    s->take(s->ctx, SL_JSON_FALSE, sl_str(""));
  }
  if (types & SL_JT_STRING) texts(s, schema);
  if (types & (SL_JT_NUMBER | SL_JT_INTEGER)) numbers(s, schema);
  if (schema->ref) sample(s, schema->ref, depth + 1);
  const sl_jschema_set_t sets[] = {schema->all, schema->any, schema->one};
  for (size_t k = 0; k < 3; k++)
    for (size_t i = 0; i < sets[k].n; i++) sample(s, sets[k].v[i], depth + 1);
}

void sl_jschema_samples(const sl_jschema_t *schema, sl_jsample_fn *take, void *ctx)
{
  struct sampler s = {take, ctx, 0};
  sample(&s, schema, 0);
}
