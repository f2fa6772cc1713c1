/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Dates and times. JSON has them as RFC 3339 and ISO 8601 write them, local ones without a zone;
 * a calendar date that does not exist is refused on both sides. */
#include "mappings/engine/codec_impl.h"

#include <stdio.h>
#include <string.h>

/* --- pieces
 * --------------------------------------------------------------------------------------------- */

/* len digits at *p, which moves on; -1 if they are not there. */
static int take(const char **p, const char *end, int len)
{
  int value = 0;
  if (end - *p < len) return -1;
  for (int i = 0; i < len; i++) {
    char ch = (*p)[i];
    if (!sl_is_digit(ch)) return -1;
    value = value * 10 + (ch - '0');
  }
  *p += len;
  return value;
}

static bool take_char(const char **p, const char *end, char ch)
{
  if (*p == end || **p != ch) return false;
  (*p)++;
  return true;
}

static char *put(char *p, int value, int len)
{
  for (int i = len - 1; i >= 0; i--, value /= 10) p[i] = (char)('0' + value % 10);
  return p + len;
}

static bool date_ok(const sl_moment_t *m)
{
  return m->year >= 1 && m->year <= 9999 && m->month >= 1 && m->month <= 12 && m->day >= 1 &&
         m->day <= sl_days_in_month(m->year, m->month);
}

static bool time_ok(const sl_moment_t *m)
{
  return (unsigned)m->hour < 24 && (unsigned)m->minute < 60 && (unsigned)m->second < 60;
}

static bool take_date(const char **p, const char *end, sl_moment_t *m)
{
  m->year = take(p, end, 4);
  if (m->year < 0 || !take_char(p, end, '-')) return false;
  m->month = take(p, end, 2);
  if (m->month < 0 || !take_char(p, end, '-')) return false;
  m->day = take(p, end, 2);
  return date_ok(m);
}

static bool take_time(const char **p, const char *end, sl_moment_t *m)
{
  m->hour = take(p, end, 2);
  if (m->hour < 0 || !take_char(p, end, ':')) return false;
  m->minute = take(p, end, 2);
  if (m->minute < 0 || !take_char(p, end, ':')) return false;
  m->second = take(p, end, 2);
  if (!time_ok(m)) return false;
  if (!take_char(p, end, '.')) return true;
  const char *start = *p;
  while (*p < end && sl_is_digit(**p)) (*p)++;
  m->fraction = sl_strn(start, (size_t)(*p - start));
  return m->fraction.len > 0;
}

/* Z or ±hh:mm, up to 14:00 (XSD 1.0 part 2, 3.2.7.3). */
static bool take_zone(const char **p, const char *end, sl_moment_t *m)
{
  if (*p == end) return true;
  m->has_zone = true;
  if (take_char(p, end, 'Z')) return true;
  bool west = take_char(p, end, '-');
  if (!west && !take_char(p, end, '+')) return false;
  int hours = take(p, end, 2);
  if (hours < 0 || !take_char(p, end, ':')) return false;
  int minutes = take(p, end, 2);
  m->offset = (hours * 60 + minutes) * 60 * (west ? -1 : 1);
  return minutes >= 0 && minutes < 60 && hours * 60 + minutes <= 14 * 60;
}

/* ISO 8601 as XSD, RFC 3339 and SQL write it; separators: what may stand between date and time. */
static bool parse_iso(const sl_codec_t *c, sl_str_t text, const char *separators, sl_moment_t *m)
{
  const char *p = text.p, *end = text.p + text.len;
  *m = (sl_moment_t){0};
  if (c->kind != SL_CODEC_TIME && !take_date(&p, end, m)) return false;
  if (c->kind == SL_CODEC_DATETIME) {
    if (p == end || !strchr(separators, *p) || !*p) return false;
    p++;
  }
  if (c->kind != SL_CODEC_DATE && !take_time(&p, end, m)) return false;
  return take_zone(&p, end, m) && p == end;
}

/* --- patterns
 * --------------------------------------------------------------------------------------------- */

static int century(const sl_codec_t *c, int two_digits)
{
  return c->window + (two_digits - c->window % 100 + 100) % 100;
}

static bool parse_pattern(const sl_codec_t *c, sl_str_t text, sl_moment_t *m)
{
  const char *p = text.p, *end = text.p + text.len;
  *m = (sl_moment_t){0};
  for (int i = 0; i < c->n_ops; i++) {
    const sl_date_op_t *op = &c->ops[i];
    int value = 0;
    if (op->op == 'c') {
      if (!take_char(&p, end, op->literal)) return false;
      continue;
    }
    if (op->op == 'S') {
      m->fraction = sl_strn(p, op->len);
      for (int k = 0; k < op->len; k++)
        if (take(&p, end, 1) < 0) return false;
      continue;
    }
    value = take(&p, end, op->len);
    if (value < 0) return false;
    switch (op->op) {
    case 'y': m->year = value; break;
    case 'Y': m->year = century(c, value); break;
    case 'M': m->month = value; break;
    case 'd': m->day = value; break;
    case 'H': m->hour = value; break;
    case 'm': m->minute = value; break;
    default: m->second = value; break;
    }
  }
  if (p != end) return false;
  return (c->kind == SL_CODEC_TIME || date_ok(m)) && (c->kind == SL_CODEC_DATE || time_ok(m));
}

static sl_code_t spell_pattern(const sl_codec_t *c, const sl_moment_t *m, sl_arena_t *arena,
                               sl_str_t *out, sl_err_t *err)
{
  size_t len = 0;
  for (int i = 0; i < c->n_ops; i++) len += c->ops[i].len;
  char *p = sl_arena_text(arena, len);
  if (!p) return sl_arena_full(err);
  *out = sl_strn(p, len);
  for (int i = 0; i < c->n_ops; i++) {
    const sl_date_op_t *op = &c->ops[i];
    switch (op->op) {
    case 'c': *p++ = op->literal; break;
    case 'y': p = put(p, m->year, 4); break;
    case 'Y': p = put(p, m->year % 100, 2); break;
    case 'M': p = put(p, m->month, 2); break;
    case 'd': p = put(p, m->day, 2); break;
    case 'H': p = put(p, m->hour, 2); break;
    case 'm': p = put(p, m->minute, 2); break;
    case 's': p = put(p, m->second, 2); break;
    default:
      memset(p, '0', op->len);
      if (m->fraction.len) memcpy(p, m->fraction.p, m->fraction.len);
      p += op->len;
    }
  }
  return SL_OK;
}

/* --- zones
 * ------------------------------------------------------------------------------------------------
 */

int64_t sl_moment_seconds(const sl_moment_t *m)
{
  return sl_days_from_civil(m->year, m->month, m->day) * 86400 + m->hour * 3600 + m->minute * 60 +
         m->second;
}

void sl_moment_set(sl_moment_t *m, int64_t seconds)
{
  int64_t days = (seconds >= 0 ? seconds : seconds - 86399) / 86400;
  int rest = (int)(seconds - days * 86400);
  sl_civil_from_days(days, &m->year, &m->month, &m->day);
  m->hour = rest / 3600;
  m->minute = rest / 60 % 60;
  m->second = rest % 60;
}

/* The one instant that a local time of c's zone means. */
static sl_code_t instant(const sl_codec_t *c, int64_t local, int64_t *out_p, sl_code_t code,
                         sl_err_t *err)
{
  int64_t found[2];
  int n = sl_zone_instants(c->zone, local, found);
  if (n == 0)
    return sl_err_set(err, code, "a time that clocks showed was expected: this one was skipped");
  if (n == 2 && !c->ambiguous)
    return sl_err_set(err, code,
                      "a time that happened once was expected: ambiguous=\"earlier\" or "
                      "\"later\" on the type would decide");
  *out_p = found[n == 2 && c->ambiguous > 0 ? 1 : 0];
  return SL_OK;
}

static sl_code_t find_offset(const sl_codec_t *c, sl_moment_t *m, sl_err_t *err)
{
  int64_t utc, local = sl_moment_seconds(m);
  sl_code_t code = instant(c, local, &utc, SL_GARBAGE, err);
  if (code) return code;
  m->offset = (int32_t)(local - utc);
  m->has_zone = true;
  if (m->offset % 60)
    return sl_err_set(err, SL_GARBAGE, "a time with an offset of whole minutes was expected");
  return SL_OK;
}

/* JSON's moment → c's zone, as the legacy system writes it: without saying which. */
static sl_code_t to_local(const sl_codec_t *c, sl_moment_t *m, sl_err_t *err)
{
  int64_t utc = sl_moment_seconds(m) - m->offset, back = utc;
  int64_t local = utc + sl_zone_offset(c->zone, utc);
  sl_code_t code = c->unguarded ? SL_OK : instant(c, local, &back, SL_INVALID, err);
  if (code) return code;
  if ((local - utc) % 60 && !c->unguarded)
    return sl_err_set(err, SL_INVALID, "a time with an offset of whole minutes was expected");
  if (back != utc)
    return sl_err_set(err, SL_INVALID,
                      "a time that reads back the same was expected: this hour "
                      "happens twice in the legacy's zone");
  sl_moment_set(m, local);
  if (m->year >= 1 && m->year <= 9999) return SL_OK;
  return sl_err_set(err, SL_INVALID, "a year from 0001 to 9999 was expected");
}

/* JSON's moment without a zone is taken for one of c's. */
static sl_code_t local_only(const sl_codec_t *c, const sl_moment_t *m, sl_err_t *err)
{
  int64_t local = sl_moment_seconds(m), utc;
  sl_code_t code = c->unguarded ? SL_OK : instant(c, local, &utc, SL_INVALID, err);
  if (!code && !c->unguarded && (local - utc) % 60)
    return sl_err_set(err, SL_INVALID, "a time with an offset of whole minutes was expected");
  return code;
}

/* --- legacy → JSON
 * ---------------------------------------------------------------------------------------- */

static const char *expected(const sl_codec_t *c)
{
  return c->kind == SL_CODEC_DATE   ? "a date"
         : c->kind == SL_CODEC_TIME ? "a time"
                                    : "a date and time";
}

static char *put_zone(char *p, const sl_moment_t *m)
{
  if (!m->offset) {
    *p++ = 'Z';
    return p;
  }
  int minutes = (m->offset < 0 ? -m->offset : m->offset) / 60;
  *p++ = m->offset < 0 ? '-' : '+';
  p = put(p, minutes / 60, 2);
  *p++ = ':';
  return put(p, minutes % 60, 2);
}

static char *put_moment(const sl_codec_t *c, char *p, const sl_moment_t *m, char separator)
{
  if (c->kind != SL_CODEC_TIME) {
    p = put(p, m->year, 4);
    *p++ = '-';
    p = put(p, m->month, 2);
    *p++ = '-';
    p = put(p, m->day, 2);
  }
  if (c->kind == SL_CODEC_DATE) return p;
  if (c->kind == SL_CODEC_DATETIME) *p++ = separator;
  p = put(p, m->hour, 2);
  *p++ = ':';
  p = put(p, m->minute, 2);
  *p++ = ':';
  p = put(p, m->second, 2);
  if (!m->fraction.len) return p;
  *p++ = '.';
  memcpy(p, m->fraction.p, m->fraction.len);
  return p + m->fraction.len;
}

char *sl_moment_put(const sl_codec_t *c, char *p, const sl_moment_t *m, bool quoted)
{
  if (quoted) *p++ = '"';
  p = put_moment(c, p, m, 'T');
  if (m->has_zone) p = put_zone(p, m);
  if (quoted) *p++ = '"';
  return p;
}

sl_code_t sl_date_decode(const sl_codec_t *c, sl_str_t text, sl_buf_t *out, bool quoted,
                         sl_err_t *err)
{
  sl_moment_t m;
  if (c->epoch) return sl_epoch_decode(c, text, out, quoted, err);
  bool ok = c->iso ? parse_iso(c, text, c->medium == SL_MEDIUM_SQL ? " T" : "T", &m)
                   : parse_pattern(c, text, &m);
  if (!ok) return sl_err_set(err, SL_GARBAGE, "%s in the legacy's form was expected", expected(c));
  bool keeps_zone = c->iso && c->medium != SL_MEDIUM_SQL;
  if (m.has_zone && !keeps_zone)
    return sl_err_set(err, SL_GARBAGE, "%s without a zone was expected", expected(c));
  bool had_zone = m.has_zone;
  if (c->zone && !had_zone && c->kind == SL_CODEC_DATETIME) {
    sl_code_t code = find_offset(c, &m, err);
    if (code) return code;
  }
  if (!sl_buf_reserve(out, SL_MOMENT_MAX + m.fraction.len)) return sl_arena_full(err);
  char *p = out->p + out->len;
  if (keeps_zone && had_zone) { /* as it stood: Z and +00:00 are two spellings */
    if (quoted) *p++ = '"';
    memcpy(p, text.p, text.len);
    p += text.len;
    if (quoted) *p++ = '"';
  } else {
    p = sl_moment_put(c, p, &m, quoted);
  }
  out->len = (size_t)(p - out->p);
  return SL_OK;
}

/* --- JSON → legacy
 * ---------------------------------------------------------------------------------------- */

static sl_code_t form_expected(const sl_codec_t *c, sl_err_t *err)
{
  if (c->kind == SL_CODEC_DATE)
    return sl_err_set(err, SL_INVALID, "a date like \"2026-11-20\" was expected");
  if (c->kind == SL_CODEC_TIME)
    return sl_err_set(err, SL_INVALID, "a time like \"23:40:01\" was expected");
  return sl_err_set(err, SL_INVALID, "a date and time like \"2026-11-20T23:40:01%s\" was expected",
                    c->zone || c->epoch ? "Z" : "");
}

/* The parts of a moment that the pattern has no place for must be nothing, or are given away. */
static sl_code_t check_places(const sl_codec_t *c, sl_moment_t *m, sl_err_t *err)
{
  bool seconds = false, window = false;
  for (int i = 0; i < c->n_ops; i++) {
    if (c->ops[i].op == 's') seconds = true;
    if (c->ops[i].op == 'Y') window = true;
  }
  bool cut = c->modulo & SL_MODULO_FRACTION;
  if (c->kind != SL_CODEC_DATE && !seconds && m->second && !cut)
    return sl_err_set(err, SL_INVALID, "a time without seconds was expected");
  if (window && !c->unguarded && (m->year < c->window || m->year >= c->window + 100))
    return sl_err_set(err, SL_INVALID, "a year from %d to %d was expected", c->window,
                      c->window + 99);
  return c->kind == SL_CODEC_DATE ? SL_OK : sl_moment_fraction(c, m, err);
}

sl_code_t sl_moment_fraction(const sl_codec_t *c, sl_moment_t *m, sl_err_t *err)
{
  bool cut = c->modulo & SL_MODULO_FRACTION;
  while (m->fraction.len > c->fraction && (cut || m->fraction.p[m->fraction.len - 1] == '0'))
    m->fraction.len--; /* toISOString() always says .000 */
  if (m->fraction.len && !c->fraction)
    return sl_err_set(err, SL_INVALID, "a time without fractions of a second was expected");
  if (m->fraction.len > c->fraction)
    return sl_err_set(err, SL_INVALID, "at most %d digits behind the second were expected",
                      c->fraction);
  return SL_OK;
}

static sl_code_t settle_zone(const sl_codec_t *c, sl_moment_t *m, sl_err_t *err)
{
  bool drop = c->modulo & SL_MODULO_ZONE;
  if (c->kind != SL_CODEC_DATETIME || !c->zone)
    return m->has_zone && !drop
               ? sl_err_set(err, SL_INVALID, "%s without a zone was expected", expected(c))
               : SL_OK;
  if (m->has_zone) return to_local(c, m, err);
  return drop ? local_only(c, m, err)
              : sl_err_set(err, SL_INVALID, "a date and time with its zone was expected");
}

sl_code_t sl_date_encode(const sl_codec_t *c, sl_jstate_t state, sl_str_t text, sl_arena_t *arena,
                         sl_str_t *out, sl_err_t *err)
{
  sl_moment_t m;
  if (state != SL_J_STRING || !parse_iso(c, text, "T", &m)) return form_expected(c, err);
  if (c->iso && c->medium != SL_MEDIUM_SQL) {
    if (c->zone && c->kind == SL_CODEC_DATETIME && !m.has_zone && !(c->modulo & SL_MODULO_ZONE))
      return sl_err_set(err, SL_INVALID, "a date and time with its zone was expected");
    *out = text;
    return SL_OK;
  }
  if (c->epoch) {
    if (!m.has_zone && !(c->modulo & SL_MODULO_ZONE))
      return sl_err_set(err, SL_INVALID, "a date and time with its zone was expected");
    return sl_epoch_encode(c, &m, arena, out, err);
  }
  sl_code_t code = settle_zone(c, &m, err);
  if (code) return code;
  if (!c->iso) {
    code = check_places(c, &m, err);
    return code ? code : spell_pattern(c, &m, arena, out, err);
  }
  char *p = sl_arena_text(arena, SL_MOMENT_MAX + m.fraction.len);
  if (!p) return sl_arena_full(err);
  *out = sl_strn(p, (size_t)(put_moment(c, p, &m, ' ') - p));
  return SL_OK;
}

/* --- compiling
 * -------------------------------------------------------------------------------------------- */

static bool add_op(sl_codec_t *c, char op, int len, char literal, char message[256])
{
  if (c->n_ops == SL_DATE_OPS) {
    snprintf(message, 256, "a pattern has at most %d parts", SL_DATE_OPS);
    return false;
  }
  c->ops[c->n_ops++] = (sl_date_op_t){op, (uint8_t)len, literal};
  return true;
}

/* A run of one letter. */
static bool add_letters(sl_codec_t *c, char letter, int len, char message[256])
{
  if (letter == 'S' && len <= 9) {
    c->fraction = (uint8_t)len;
    return add_op(c, 'S', len, 0, message);
  }
  if (letter == 'y' && len == 4) return add_op(c, 'y', 4, 0, message);
  if (letter == 'y' && len == 2) {
    if (c->window) return add_op(c, 'Y', 2, 0, message);
    snprintf(message, 256, "two-digit years need window=, the first of the 100 years they mean");
    return false;
  }
  if (strchr("MdHms", letter) && len == 2) return add_op(c, letter, 2, 0, message);
  snprintf(message, 256,
           "pattern has no part \"%.*s%s\": use yyyy yy MM dd HH mm ss S, and quotes "
           "around other letters",
           1, &letter, len > 1 ? "…" : "");
  return false;
}

static bool is_letter(char ch)
{
  return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z');
}

static bool compile_pattern(sl_codec_t *c, const char *p, char message[256])
{
  while (*p) {
    if (*p == '\'') {
      const char *end = strchr(p + 1, '\'');
      if (!end) return snprintf(message, 256, "a quote of the pattern is not closed"), false;
      for (p++; p < end; p++)
        if (!add_op(c, 'c', 1, *p, message)) return false;
      p++;
    } else if (is_letter(*p)) {
      int len = 1;
      while (p[len] == p[0]) len++;
      if (!add_letters(c, *p, len, message)) return false;
      p += len;
    } else if (!add_op(c, 'c', 1, *p++, message)) {
      return false;
    }
  }
  return true;
}

/* Each part at most once, and those that the kind is made of. */
static bool check_parts(const sl_codec_t *c, char message[256])
{
  int seen[128] = {0};
  for (int i = 0; i < c->n_ops; i++) {
    int op = c->ops[i].op == 'Y' ? 'y' : c->ops[i].op;
    if (op != 'c' && seen[op]++) {
      snprintf(message, 256, "the pattern has the same part twice");
      return false;
    }
  }
  bool date = seen['y'] && seen['M'] && seen['d'], any_date = seen['y'] || seen['M'] || seen['d'];
  bool time = seen['H'] && seen['m'], any_time = seen['H'] || seen['m'] || seen['s'] || seen['S'];
  bool ok = c->kind == SL_CODEC_DATE   ? date && !any_time
            : c->kind == SL_CODEC_TIME ? time && !any_date
                                       : date && time;
  if (ok && seen['S'] && !seen['s']) ok = false;
  if (!ok)
    snprintf(message, 256, "a pattern of %s is made of %s", expected(c),
             c->kind == SL_CODEC_DATE   ? "yyyy, MM and dd"
             : c->kind == SL_CODEC_TIME ? "HH, mm, and perhaps ss and S"
                                        : "yyyy, MM, dd, HH, mm, and perhaps ss and S");
  return ok;
}

static bool compile_epoch(sl_codec_t *c, const sl_codec_spec_t *spec, char message[256])
{
  if (c->kind != SL_CODEC_DATETIME)
    snprintf(message, 256, "pattern=\"%s\" is for datetime", spec->pattern);
  else if (spec->window || spec->ambiguous)
    snprintf(message, 256, "%s says nothing of pattern=\"%s\"",
             spec->window ? "window" : "ambiguous", spec->pattern);
  else if (spec->scale > 9)
    snprintf(message, 256, "scale is at most 9 digits of a second");
  else
    return true;
  return false;
}

bool sl_date_compile(sl_codec_t *c, const sl_codec_spec_t *spec, char message[256])
{
  const char *pattern = spec->pattern ? spec->pattern : "";
  c->epoch = !strcmp(pattern, "epoch-seconds")  ? SL_EPOCH_SECONDS
             : !strcmp(pattern, "epoch-millis") ? SL_EPOCH_MILLIS
                                                : SL_EPOCH_NONE;
  if (c->epoch) { /* the zone of the system says nothing: it counts from one instant */
    c->fraction = c->epoch == SL_EPOCH_MILLIS ? 3 : spec->scale > 0 ? (uint8_t)spec->scale : 0;
    return compile_epoch(c, spec, message);
  }
  if (spec->window && (spec->window < 1 || spec->window > 9900)) {
    snprintf(message, 256, "window is a year, such as 1950");
    return false;
  }
  c->window = (uint16_t)spec->window;
  if (spec->ambiguous && strcmp(spec->ambiguous, "earlier") && strcmp(spec->ambiguous, "later")) {
    snprintf(message, 256, "ambiguous is \"earlier\" or \"later\"");
    return false;
  }
  c->ambiguous = !spec->ambiguous ? 0 : spec->ambiguous[0] == 'e' ? -1 : 1;
  if (spec->zone && c->kind == SL_CODEC_DATETIME) {
    c->zone = sl_zone_new(spec->zone, message);
    if (!c->zone) return false;
  }
  c->iso = !*pattern;
  return c->iso || (compile_pattern(c, pattern, message) && check_parts(c, message));
}
