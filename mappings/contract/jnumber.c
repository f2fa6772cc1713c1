/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mappings/contract/jnumber.h"

#include "core/json.h"

enum { MAX_EXPONENT = 1000000, MAX_SHIFT = 100000 };

static bool is_digit(char c)
{
  return c >= '0' && c <= '9';
}

static bool exponent(const char *p, const char *end, int64_t *out)
{
  bool negative = p < end && *p == '-';
  int64_t v = 0;
  if (p < end && (*p == '-' || *p == '+')) p++;
  for (; p < end; p++)
    if ((v = v * 10 + (*p - '0')) > MAX_EXPONENT) return false;
  *out = negative ? -v : v;
  return true;
}

bool sl_jnumber_parse(sl_str_t text, sl_jnumber_t *out)
{
  *out = (sl_jnumber_t){.p = ""};
  if (!text.p || !sl_json_is_number(text)) return false;
  const char *p = text.p, *end = p + text.len, *e = p;
  out->negative = *p == '-';
  while (e < end && *e != 'e' && *e != 'E') e++;
  int64_t power = 0;
  if (e < end && !exponent(e + 1, end, &power)) return false;
  const char *first = NULL, *last = NULL;
  bool behind = false;
  for (p += out->negative; p < e; p++) {
    behind |= *p == '.';
    if (!is_digit(*p)) continue;
    if (*p == '0') continue;
    if (!first) first = p;
    last = p;
  }
  if (!first) return out->negative = false, true;
  out->p = first;
  out->point = power;
  behind = false;
  for (p = text.p + (text.p[0] == '-'); p < e; p++) {
    behind |= *p == '.';
    if (!is_digit(*p)) continue;
    if (p >= first && p <= last) out->n++;
    if (p < first)
      out->point -= behind; /* 0.001 */
    else
      out->point += !behind;
  }
  return true;
}

/* The i-th digit, most significant first; 0 beyond the last. */
static int digit(const sl_jnumber_t *n, const char **at)
{
  (void)n;
  while (**at == '.') (*at)++;
  return *(*at)++ - '0';
}

static int compare_sizes(const sl_jnumber_t *a, const sl_jnumber_t *b)
{
  if (!a->n || !b->n) return (a->n > 0) - (b->n > 0);
  if (a->point != b->point) return a->point < b->point ? -1 : 1;
  const char *p = a->p, *q = b->p;
  for (size_t i = 0; i < a->n && i < b->n; i++) {
    int x = digit(a, &p), y = digit(b, &q);
    if (x != y) return x < y ? -1 : 1;
  }
  return (a->n > b->n) - (a->n < b->n);
}

int sl_jnumber_compare(const sl_jnumber_t *a, const sl_jnumber_t *b)
{
  if (a->negative != b->negative) return a->negative ? -1 : 1;
  int c = compare_sizes(a, b);
  return a->negative ? -c : c;
}

bool sl_jnumber_is_whole(const sl_jnumber_t *n)
{
  return !n->n || n->point >= (int64_t)n->n;
}

int sl_jnumber_is_multiple(const sl_jnumber_t *number, const sl_jnumber_t *unit)
{
  if (!number->n) return 1;
  if (!unit->n) return -1;
  /* Both as whole numbers of the same smallest place: digits × 10^place. */
  int64_t place = number->point - (int64_t)number->n, unit_place = unit->point - (int64_t)unit->n;
  int64_t least = place < unit_place ? place : unit_place;
  uint64_t u = 0;
  const char *p = unit->p;
  if (unit->n > 18 || unit_place - least > 18 || place - least > MAX_SHIFT) return -1;
  for (size_t i = 0; i < unit->n; i++) u = u * 10 + (unsigned)digit(unit, &p);
  for (int64_t i = unit_place; i > least; i--)
    if (__builtin_mul_overflow(u, 10, &u)) return -1;
  if (u > UINT64_MAX / 16) return -1;
  uint64_t rest = 0;
  p = number->p;
  for (size_t i = 0; i < number->n; i++) rest = (rest * 10 + (unsigned)digit(number, &p)) % u;
  for (int64_t i = place; i > least; i--) rest = rest * 10 % u;
  return rest == 0;
}
