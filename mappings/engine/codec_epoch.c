/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Datetimes as numbers since 1970-01-01T00:00:00Z (POSIX: every day has 86,400 seconds). JSON has
 * them in UTC; milliseconds always show their three digits. Years 0001 to 9999 only, so that all
 * of it is 64-bit arithmetic on whole numbers. */
#include "mappings/engine/codec_impl.h"

#include <stdio.h>
#include <string.h>

#define FIRST_SECOND INT64_C(-62135596800) /* 0001-01-01T00:00:00Z */
#define LAST_SECOND  INT64_C(253402300799) /* 9999-12-31T23:59:59Z */

enum { MAX_DIGITS = 15 }; /* of LAST_SECOND in milliseconds */

/* What is missing from digits to the next whole second: 0.25 before it is 0.75 behind the one
 * before. As many digits as there were. false when they are all zero. */
static bool complement(sl_str_t digits, char out[9])
{
  size_t last = digits.len;
  while (last && digits.p[last - 1] == '0') last--;
  memset(out, '0', digits.len);
  if (!last) return false;
  for (size_t i = 0; i < last; i++) out[i] = (char)('0' + ('9' - digits.p[i]));
  out[last - 1]++;
  return true;
}

static sl_code_t no_number(const sl_codec_t *c, sl_err_t *err)
{
  if (c->epoch == SL_EPOCH_MILLIS)
    return sl_err_set(err, SL_GARBAGE, "a whole number of milliseconds since 1970 was expected");
  return c->fraction
             ? sl_err_set(err, SL_GARBAGE,
                          "seconds since 1970 with at most %d digits behind the point "
                          "were expected",
                          c->fraction)
             : sl_err_set(err, SL_GARBAGE, "a whole number of seconds since 1970 was expected");
}

/* [+-]digits[.digits] → whole without sign, and the digits behind the point. */
static bool parse(const sl_codec_t *c, sl_str_t text, bool *negative_p, int64_t *whole_p,
                  sl_str_t *fraction_p)
{
  const char *p = text.p, *end = p + text.len;
  *negative_p = p < end && *p == '-';
  if (p < end && (*p == '-' || *p == '+')) p++;
  const char *start = p;
  while (p < end && *p == '0') p++;
  int64_t value = 0;
  int digits = 0;
  for (; p < end && sl_is_digit(*p) && digits < MAX_DIGITS; p++, digits++)
    value = value * 10 + (*p - '0');
  *whole_p = value;
  *fraction_p = sl_strn(NULL, 0);
  if (p == start) return false;
  if (p == end) return true;
  if (*p++ != '.' || !c->fraction || c->epoch == SL_EPOCH_MILLIS) return false;
  *fraction_p = sl_strn(p, (size_t)(end - p));
  for (; p < end; p++)
    if (!sl_is_digit(*p)) return false;
  return fraction_p->len > 0 && fraction_p->len <= c->fraction;
}

sl_code_t sl_epoch_decode(const sl_codec_t *c, sl_str_t text, sl_buf_t *out, bool quoted,
                          sl_err_t *err)
{
  bool negative;
  int64_t whole, seconds;
  sl_moment_t m = {0};
  char behind[9];
  if (!parse(c, text, &negative, &whole, &m.fraction)) return no_number(c, err);
  seconds = negative ? -whole : whole;
  if (c->epoch == SL_EPOCH_MILLIS) {
    seconds = whole / 1000;
    int rest = (int)(whole % 1000);
    if (negative) seconds = -seconds - (rest > 0), rest = (1000 - rest) % 1000;
    for (int i = 2; i >= 0; i--, rest /= 10) behind[i] = (char)('0' + rest % 10);
    m.fraction = sl_strn(behind, 3);
  } else if (negative && m.fraction.len) {
    if (complement(m.fraction, behind)) seconds--;
    m.fraction.p = behind;
  }
  if (seconds < FIRST_SECOND || seconds > LAST_SECOND)
    return sl_err_set(err, SL_GARBAGE, "a time in the years 0001 to 9999 was expected");
  sl_moment_set(&m, seconds);
  m.has_zone = true;
  if (!sl_buf_reserve(out, SL_MOMENT_MAX + m.fraction.len)) return sl_arena_full(err);
  out->len = (size_t)(sl_moment_put(c, out->p + out->len, &m, quoted) - out->p);
  return SL_OK;
}

/* m is in UTC or names its zone. */
sl_code_t sl_epoch_encode(const sl_codec_t *c, const sl_moment_t *json, sl_arena_t *arena,
                          sl_str_t *out, sl_err_t *err)
{
  sl_moment_t m = *json;
  sl_code_t code = sl_moment_fraction(c, &m, err);
  if (code) return code;
  int64_t seconds = sl_moment_seconds(&m) - m.offset;
  if (seconds < FIRST_SECOND || seconds > LAST_SECOND)
    return sl_err_set(err, SL_INVALID, "a time in the years 0001 to 9999 was expected");
  char *p = sl_arena_text(arena, 40), behind[9];
  if (!p) return sl_arena_full(err);
  int len;
  if (c->epoch == SL_EPOCH_MILLIS) {
    int millis = 0;
    for (size_t i = 0; i < 3; i++)
      millis = millis * 10 + (i < m.fraction.len ? m.fraction.p[i] - '0' : 0);
    len = snprintf(p, 40, "%lld", (long long)(seconds * 1000 + millis));
  } else {
    bool negative = seconds < 0;
    if (negative && complement(m.fraction, behind)) seconds++, m.fraction.p = behind;
    len = snprintf(p, 40, "%s%lld%s%.*s", negative ? "-" : "",
                   (long long)(negative ? -seconds : seconds), m.fraction.len ? "." : "",
                   SL_STR_ARG(m.fraction));
  }
  *out = sl_strn(p, (size_t)len);
  return SL_OK;
}
