/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>
#include <strings.h>
#include "mappings/laws/judge.h"

/* --- numbers: 0.DIGITS × 10^point, by value -----------------------------------------------------
 */

typedef struct digits {
  bool negative, ok;
  char p[512];
  size_t n;
  long point;
} digits_t;

static void take_digits(digits_t *d, sl_str_t text, size_t *i, bool behind)
{
  for (; *i < text.len && sl_is_digit(text.p[*i]); ++*i) {
    if (!behind && (d->n || text.p[*i] != '0')) d->point++;
    if (behind && !d->n && text.p[*i] == '0') d->point--;
    if ((d->n || text.p[*i] != '0') && d->n < sizeof d->p) d->p[d->n++] = text.p[*i];
    d->ok = true;
  }
}

static digits_t parse(sl_str_t text)
{
  digits_t d = {.n = 0};
  size_t i = 0;
  text = sl_trim(text);
  if (text.len >= sizeof d.p) return d;
  if (i < text.len && (text.p[i] == '-' || text.p[i] == '+')) d.negative = text.p[i++] == '-';
  take_digits(&d, text, &i, false);
  if (i < text.len && (text.p[i] == '.' || text.p[i] == ',')) i++, take_digits(&d, text, &i, true);
  if (d.ok && i < text.len && (text.p[i] == 'e' || text.p[i] == 'E')) {
    long e = 0;
    bool minus = ++i < text.len && text.p[i] == '-';
    if (i < text.len && (text.p[i] == '-' || text.p[i] == '+')) i++;
    for (; i < text.len && sl_is_digit(text.p[i]); i++)
      if (e < 1000000) e = e * 10 + (text.p[i] - '0');
    d.point += minus ? -e : e;
  }
  if (i != text.len) d.ok = false;
  while (d.n && d.p[d.n - 1] == '0') d.n--;
  return d;
}

static bool same_magnitude(const digits_t *a, const digits_t *b)
{
  if (!a->ok || !b->ok || a->n != b->n || memcmp(a->p, b->p, a->n)) return false;
  return !a->n || a->point == b->point;
}

static bool same_number(sl_str_t a, sl_str_t b)
{
  digits_t x = parse(a), y = parse(b);
  return same_magnitude(&x, &y) && (x.negative == y.negative || !x.n);
}

/* --- dates --------------------------------------------------------------------------------------
 */

/* YYYY-MM-DDThh:mm:ss[.fraction][zone], cut to pieces; of a date or a time what there is of it. */
typedef struct moment {
  sl_str_t local, fraction, zone;
  int64_t seconds; /* local's, since 1970; of dates and times 0 */
  int offset;      /* seconds east */
} moment_t;

static int two(const char *p)
{
  return (p[0] - '0') * 10 + (p[1] - '0');
}

static moment_t cut(sl_str_t text)
{
  moment_t m = {.seconds = 0};
  const char *t = memchr(text.p, 'T', text.len), *end = text.p + text.len, *p;
  if (!t) t = memchr(text.p, ' ', text.len);
  p = t                                  ? t + 1
      : text.len > 2 && text.p[2] == ':' ? text.p
                                         : text.p + (text.len < 10 ? text.len : 10);
  while (p < end && (sl_is_digit(*p) || *p == ':')) p++;
  m.local = sl_strn(text.p, (size_t)(p - text.p));
  if (p < end && *p == '.') {
    const char *from = ++p;
    while (p < end && sl_is_digit(*p)) p++;
    m.fraction = sl_strn(from, (size_t)(p - from));
    while (m.fraction.len && m.fraction.p[m.fraction.len - 1] == '0') m.fraction.len--;
  }
  m.zone = sl_strn(p, (size_t)(end - p));
  if (m.zone.len == 6) m.offset = (two(p + 1) * 3600 + two(p + 4) * 60) * (*p == '-' ? -1 : 1);
  if (t && m.local.len >= 16 && t == text.p + 10) {
    const char *d = text.p;
    int year = two(d) * 100 + two(d + 2);
    m.seconds = sl_days_from_civil(year, two(d + 5), two(d + 8)) * 86400 + two(t + 1) * 3600 +
                two(t + 4) * 60 + (m.local.len >= 19 ? two(t + 7) : 0);
  }
  return m;
}

static bool same_instant(const moment_t *a, const moment_t *b)
{
  return a->zone.len && b->zone.len && a->seconds &&
         a->seconds - a->offset == b->seconds - b->offset;
}

static bool begins(sl_str_t text, sl_str_t with)
{
  return text.len >= with.len && !memcmp(text.p ? text.p : "", with.p ? with.p : "", with.len);
}

static unsigned date_difference(sl_str_t was, sl_str_t is)
{
  moment_t a = cut(was), b = cut(is);
  unsigned words = 0;
  if (!sl_str_eq(a.zone, b.zone)) {
    /* Where only one says its zone, the instant is not known: the time on the clock has to stay. */
    bool one_says = !a.zone.len != !b.zone.len;
    if (one_says ? !sl_str_eq(a.local, b.local) : !same_instant(&a, &b)) return 0;
    words |= SL_MODULO_ZONE;
  } else if (!sl_str_eq(a.local, b.local)) {
    return 0;
  }
  if (sl_str_eq(a.fraction, b.fraction)) /* but for zeros at its end */
    return words ? words : SL_MODULO_FRACTION;
  return begins(a.fraction, b.fraction) ? words | SL_MODULO_FRACTION : 0;
}

/* --- JSON ---------------------------------------------------------------------------------------
 */

bool sl_equal_json(sl_jtext_t a, sl_jtext_t b)
{
  if (a.state != b.state) return false;
  if (a.state == SL_J_STRING) return sl_str_eq(a.text, b.text);
  return a.state != SL_J_NUMBER || sl_str_eq(a.text, b.text) || same_number(a.text, b.text);
}

static bool nothing(sl_jtext_t v)
{
  return v.state == SL_J_NULL || v.state == SL_J_ABSENT;
}

static bool only(sl_str_t text, char ch)
{
  for (size_t i = 0; i < text.len; i++)
    if (text.p[i] != ch) return false;
  return true;
}

/* `is` is `was` without blanks or zeros at an end. */
static bool stripped(const sl_codec_t *c, sl_str_t was, sl_str_t is)
{
  char ch = c->pad == SL_PAD_ZERO ? '0' : ' ';
  if (!c->pad || was.len < is.len) return false;
  if (c->pad == SL_PAD_RIGHT)
    return begins(was, is) && only(sl_strn(was.p + is.len, was.len - is.len), ch);
  size_t n = was.len - is.len;
  return only(sl_strn(was.p, n), ch) && sl_str_eq(sl_strn(was.p + n, is.len), is);
}

static unsigned text_difference(const sl_codec_t *c, sl_str_t was, sl_str_t is)
{
  if (c->kind == SL_CODEC_CODE) return SL_MODULO_CODES;
  if (stripped(c, was, is)) return SL_MODULO_PAD;
  if (c->width && begins(was, is)) return SL_MODULO_WIDTH;
  /* Cut, and then its blanks at the end fell. */
  size_t cut_at = is.len;
  while (c->pad == SL_PAD_RIGHT && cut_at < was.len && was.p[cut_at] == ' ') cut_at++;
  return c->width && cut_at > is.len && begins(was, is) ? SL_MODULO_WIDTH | SL_MODULO_PAD : 0;
}

static unsigned number_difference(sl_str_t was, sl_str_t is)
{
  digits_t a = parse(was), b = parse(is);
  if (!same_magnitude(&a, &b)) return 0;
  unsigned words = a.negative != b.negative ? SL_MODULO_SIGN : 0;
  size_t la = was.len - a.negative, lb = is.len - b.negative;
  return words && la == lb ? words : words | SL_MODULO_SCALE;
}

unsigned sl_json_difference(const sl_codec_t *c, sl_jtext_t was, sl_jtext_t is)
{
  if (nothing(was) && nothing(is)) return SL_MODULO_NULL;
  if (nothing(is))
    return was.state == SL_J_STRING && only(was.text, ' ') ? SL_MODULO_EMPTY : SL_MODULO_NULL;
  if (was.state == SL_J_ABSENT) return SL_MODULO_DEFAULT;
  if (nothing(was) || was.state != is.state) return 0;
  switch (sl_codec_kind(c)) {
  case SL_CODEC_INTEGER:
  case SL_CODEC_DECIMAL:
  case SL_CODEC_FLOAT: return number_difference(was.text, is.text);
  case SL_CODEC_DATE:
  case SL_CODEC_TIME:
  case SL_CODEC_DATETIME: return date_difference(was.text, is.text);
  case SL_CODEC_BINARY: return 0;
  default: return text_difference(c, was.text, is.text);
  }
}

/* --- legacy -------------------------------------------------------------------------------------
 */

static sl_str_t without_pad(const sl_codec_t *c, sl_str_t text)
{
  char ch = c->pad == SL_PAD_ZERO ? '0' : ' ';
  if (c->pad == SL_PAD_RIGHT)
    while (text.len && text.p[text.len - 1] == ch) text.len--;
  if (c->pad == SL_PAD_LEFT || c->pad == SL_PAD_ZERO)
    while (text.len && text.p[0] == ch) text.p++, text.len--;
  return text;
}

static bool truth(sl_str_t text)
{
  return text.len && (text.p[0] == 't' || text.p[0] == 'T' || text.p[0] == '1');
}

/* Without white space, and without regard to case where fold says so (hexBinary). */
static bool same_packed(sl_str_t a, sl_str_t b, bool fold)
{
  size_t i = 0, k = 0;
  for (;;) {
    while (i < a.len && strchr(" \t\r\n", a.p[i])) i++;
    while (k < b.len && strchr(" \t\r\n", b.p[k])) k++;
    if (i == a.len || k == b.len) return i == a.len && k == b.len;
    if (fold ? (a.p[i] | 32) != (b.p[k] | 32) : a.p[i] != b.p[k]) return false;
    i++, k++;
  }
}

/* xs:dateTime: the same instant when both have zones; XML Schema Part 2, 3.2.7.4. */
static bool same_moment(sl_str_t a, sl_str_t b)
{
  moment_t x = cut(a), y = cut(b);
  if (!sl_str_eq(x.fraction, y.fraction)) return false;
  return (sl_str_eq(x.local, y.local) && sl_str_eq(x.zone, y.zone)) || same_instant(&x, &y);
}

static bool same_xml(const sl_xtype_t *type, sl_str_t a, sl_str_t b)
{
  sl_str_t x = sl_trim(a), y = sl_trim(b);
  if (type->facets.collapse && sl_str_eq(x, y)) return true;
  switch (type->simple) {
  case SL_X_INTEGER:
  case SL_X_DECIMAL: return same_number(x, y); /* which know no negative zero */
  case SL_X_FLOAT: return same_number(x, y) && (x.p[0] == '-') == (y.p[0] == '-');
  case SL_X_BOOLEAN: return truth(x) == truth(y);
  case SL_X_DATE:
  case SL_X_TIME:
  case SL_X_DATETIME: return same_moment(x, y);
  case SL_X_BASE64: return same_packed(a, b, false);
  case SL_X_HEX: return same_packed(a, b, true);
  default: return false;
  }
}

static bool is_sql(const char *type, const char *const *names)
{
  for (; *names; names++)
    if (!strncasecmp(type, *names, strlen(*names))) return true;
  return false;
}

static bool same_column(const char *type, sl_str_t a, sl_str_t b)
{
  static const char *const numbers[] = {"DECIMAL", "NUMERIC", "NUMBER",    "INT",   "BIGINT",
                                        "SMALL",   "TINY",    "REAL",      "FLOAT", "DOUBLE",
                                        "MONEY",   "SERIAL",  "BIGSERIAL", NULL};
  static const char *const fixed[] = {"CHAR", "NCHAR", "BPCHAR", NULL};
  static const char *const times[] = {"DATE", "TIME", NULL};
  static const char *const booleans[] = {"BOOL", "BIT", NULL};
  if (is_sql(type, numbers)) return same_number(a, b);
  if (is_sql(type, booleans)) return truth(sl_trim(a)) == truth(sl_trim(b));
  if (is_sql(type, times)) {
    moment_t x = cut(sl_trim(a)), y = cut(sl_trim(b));
    bool same = x.local.len == y.local.len && sl_str_eq(x.fraction, y.fraction);
    for (size_t i = 0; same && i < x.local.len; i++)
      same = x.local.p[i] == y.local.p[i] || (i == 10 && strchr(" T", x.local.p[i]));
    return same;
  }
  if (!is_sql(type, fixed)) return false;
  while (a.len && a.p[a.len - 1] == ' ') a.len--;
  while (b.len && b.p[b.len - 1] == ' ') b.len--;
  return sl_str_eq(a, b);
}

bool sl_equal_legacy(const sl_judge_t *self, sl_legacy_t a, sl_legacy_t b)
{
  const sl_codec_t *c = self->codec;
  if (a.state != b.state) return false;
  if (a.state != SL_L_TEXT || sl_str_eq(a.text, b.text)) return true;
  if (c->kind == SL_CODEC_TEXT && c->pad &&
      sl_str_eq(without_pad(c, a.text), without_pad(c, b.text)))
    return true;
  if (self->field->column) return same_column(self->field->column->type, a.text, b.text);
  return self->field->xtype && same_xml(self->field->xtype, a.text, b.text);
}

static const sl_spelling_t *row_of(const sl_spelling_t *rows, size_t n, sl_str_t text)
{
  for (size_t i = 0; i < n; i++)
    if (rows[i].access != SL_WRITE_ONLY && sl_str_eq(rows[i].legacy, text)) return &rows[i];
  return NULL;
}

/* A row that is read only was declared to become another; two that are both written were not. */
static unsigned row_difference(const sl_codec_t *c, sl_str_t was, sl_str_t is, bool *found_p)
{
  sl_str_t trimmed = sl_trim(was);
  const sl_spelling_t *row = row_of(c->sentinels, c->n_sentinels, was);
  if (!row) row = row_of(c->sentinels, c->n_sentinels, trimmed);
  if (!row) row = row_of(c->codes, c->n_codes, was);
  if (!row) row = row_of(c->codes, c->n_codes, trimmed);
  *found_p = row != NULL;
  if (!row) return 0;
  if (row->access == SL_READ_ONLY) return SL_MODULO_ALIAS;
  return sl_str_eq(row->legacy, is) ? SL_MODULO_SPELLING : SL_MODULO_CODES;
}

static unsigned kind_difference(const sl_codec_t *c, sl_str_t was, sl_str_t is)
{
  switch (sl_codec_kind(c)) {
  case SL_CODEC_DATE:
  case SL_CODEC_TIME:
  case SL_CODEC_DATETIME:
    if (c->iso && !cut(sl_trim(was)).zone.len != !cut(sl_trim(is)).zone.len) return SL_MODULO_ZONE;
    return SL_MODULO_SPELLING;
  case SL_CODEC_CODE: return SL_MODULO_CODES;
  case SL_CODEC_TEXT: return stripped(c, was, is) ? SL_MODULO_PAD : 0;
  case SL_CODEC_NULL: return 0;
  default: return SL_MODULO_SPELLING; /* what is read to the same number, bytes, truth */
  }
}

bool sl_is_sentinel(const sl_codec_t *c, sl_str_t text)
{
  for (size_t i = 0; i < c->n_sentinels; i++) {
    const sl_spelling_t *s = &c->sentinels[i];
    if (s->access != SL_READ_ONLY && s->meaning == SL_AS_VALUE && sl_str_eq(s->legacy, text))
      return true;
  }
  return false;
}

/* Would they be the same value if no text were a sentinel? -001 is a -1 of another spelling. */
static bool same_bare(const sl_codec_t *c, sl_legacy_t a, sl_legacy_t b)
{
  sl_codec_t bare = *c;
  sl_buf_t x, y;
  sl_read_t rx, ry;
  bare.n_sentinels = 0;
  sl_buf_init(&x, 0);
  sl_buf_init(&y, 0);
  bool same = !sl_codec_read_text(&bare, a, &x, &rx, NULL) &&
              !sl_codec_read_text(&bare, b, &y, &ry, NULL) && rx == ry &&
              sl_str_eq(sl_buf_str(&x), sl_buf_str(&y));
  sl_buf_fini(&x);
  sl_buf_fini(&y);
  return same;
}

unsigned sl_legacy_difference(const sl_judge_t *self, sl_legacy_t was, sl_legacy_t is,
                              sl_jtext_t json)
{
  const sl_codec_t *c = self->codec;
  bool found = false;
  unsigned words =
      was.state == SL_L_TEXT
          ? row_difference(c, was.text, is.state == SL_L_TEXT ? is.text : sl_str(""), &found)
          : 0;
  if (found) return words;
  if (nothing(json)) return SL_MODULO_ALIAS; /* by its state: read-null, read-absent, or preset */
  if (was.state != SL_L_TEXT || is.state != SL_L_TEXT) return 0;
  if (sl_is_sentinel(c, is.text) && !same_bare(c, was, is)) return 0; /* it meant itself */
  return kind_difference(c, was.text, is.text);
}
