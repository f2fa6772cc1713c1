/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "adapters/gateway/negotiate.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "core/str.h"

static sl_str_t trim(sl_str_t s)
{
  while (s.len && (s.p[0] == ' ' || s.p[0] == '\t')) s.p++, s.len--;
  while (s.len && (s.p[s.len - 1] == ' ' || s.p[s.len - 1] == '\t')) s.len--;
  return s;
}

/* The text up to the next separator, trimmed; *rest_p goes behind it. False: no more. */
static bool next_part(const char **rest_p, char separator, sl_str_t *part)
{
  const char *p = *rest_p;
  if (!*p) return false;
  const char *end = strchr(p, separator);
  if (!end) end = p + strlen(p);
  *part = trim(sl_strn(p, (size_t)(end - p)));
  *rest_p = *end ? end + 1 : end;
  return true;
}

static bool is(sl_str_t s, const char *z)
{
  return s.len == strlen(z) && !strncasecmp(s.p, z, s.len);
}

static bool ends_with(sl_str_t s, const char *z)
{
  size_t n = strlen(z);
  return s.len > n && !strncasecmp(s.p + s.len - n, z, n);
}

bool sl_is_json_type(const char *content_type)
{
  sl_str_t part;
  const char *rest = content_type;
  if (!rest || !next_part(&rest, ';', &part)) return false;
  if (!is(part, "application/json") && !ends_with(part, "+json")) return false;
  while (next_part(&rest, ';', &part))
    if (part.len > 8 && !strncasecmp(part.p, "charset=", 8) && !is(part, "charset=utf-8") &&
        !is(part, "charset=\"utf-8\""))
      return false;
  return true;
}

/* "q=0", "q=0.000": not this one. */
static bool is_refused(sl_str_t range)
{
  for (size_t i = 0; i + 2 < range.len; i++)
    if (range.p[i] == ';') {
      sl_str_t q = trim(sl_strn(range.p + i + 1, range.len - i - 1));
      if (q.len < 3 || (q.p[0] | 0x20) != 'q' || q.p[1] != '=') continue;
      q = sl_strn(q.p + 2, q.len - 2);
      while (q.len && (q.p[0] == '0' || q.p[0] == '.')) q.p++, q.len--;
      return !q.len || q.p[0] == ';' || q.p[0] == ' ';
    }
  return false;
}

/* How exactly range names JSON: 0 not at all. */
static int exactness(sl_str_t range)
{
  const char *semicolon = memchr(range.p, ';', range.len);
  sl_str_t type = trim(sl_strn(range.p, semicolon ? (size_t)(semicolon - range.p) : range.len));
  if (is(type, "application/json") || ends_with(type, "+json")) return 3;
  return is(type, "application/*") ? 2 : is(type, "*/*") ? 1 : 0;
}

bool sl_accepts_json(const char *accept)
{
  sl_str_t range;
  int best = 0;
  bool good = false;
  if (!accept || !accept[strspn(accept, " \t")]) return true;
  while (next_part(&accept, ',', &range)) {
    int e = range.len ? exactness(range) : 0;
    if (e < best || !e) continue;
    good = (e == best && good) || !is_refused(range);
    best = e;
  }
  return good;
}

int64_t sl_prefer_wait_ms(const char *prefer)
{
  sl_str_t part;
  while (prefer && next_part(&prefer, ',', &part)) {
    char digits[8] = "";
    if (part.len < 6 || part.len > 12 || strncasecmp(part.p, "wait=", 5)) continue;
    memcpy(digits, part.p + 5, part.len - 5);
    if (strspn(digits, "0123456789") == strlen(digits)) return atoll(digits) * 1000;
  }
  return 0;
}
