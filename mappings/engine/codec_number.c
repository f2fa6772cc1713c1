/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Integers, decimals and floats as digits. A number is looked at as sign, whole digits, fraction
 * digits; it is never a machine number. */
#include "mappings/engine/codec_impl.h"

#include <stdio.h>
#include <string.h>

enum {
  SAFE_DIGITS = 15,    /* every IEEE double keeps so many: any JSON reader reads them unharmed */
  EXPONENT_MAX = 4096, /* a JSON exponent may make so many digits, where the type has no bound */
};

typedef struct number {
  bool negative;
  bool point;               /* there was a point */
  sl_str_t whole, fraction; /* digits; whole without leading zeros, at least "0" once settled */
  long exponent;
  bool has_exponent;
} number_t;

static size_t digits_at(const char *p, const char *end)
{
  const char *q = p;
  while (q < end && sl_is_digit(*q)) q++;
  return (size_t)(q - p);
}

static sl_str_t drop_zeros(sl_str_t digits)
{
  while (digits.len > 1 && digits.p[0] == '0') digits.p++, digits.len--;
  return digits.len ? digits : sl_str("0");
}

static bool all_zeros(sl_str_t digits)
{
  for (size_t i = 0; i < digits.len; i++)
    if (digits.p[i] != '0') return false;
  return true;
}

static bool is_zero(const number_t *n)
{
  return all_zeros(n->whole) && all_zeros(n->fraction);
}

/* --- bounds
 * --------------------------------------------------------------------------------------------- */

/* <0, 0, >0 as a number: by lengths, then digits, then fractions with zeros behind them. */
static int compare_magnitude(const number_t *a, const number_t *b)
{
  sl_str_t x = drop_zeros(a->whole), y = drop_zeros(b->whole);
  if (x.len != y.len) return x.len < y.len ? -1 : 1;
  int rc = memcmp(x.p, y.p, x.len);
  if (rc) return rc;
  size_t n = a->fraction.len > b->fraction.len ? a->fraction.len : b->fraction.len;
  for (size_t i = 0; i < n; i++) {
    char p = i < a->fraction.len ? a->fraction.p[i] : '0';
    char q = i < b->fraction.len ? b->fraction.p[i] : '0';
    if (p != q) return p - q;
  }
  return 0;
}

static int compare(const number_t *a, const number_t *b)
{
  if (is_zero(a) && is_zero(b)) return 0;
  if (a->negative != b->negative) return a->negative ? -1 : 1;
  int rc = compare_magnitude(a, b);
  return a->negative ? -rc : rc;
}

/* [+-]digits[.digits], as in min and max. */
static bool parse_plain(sl_str_t text, number_t *n)
{
  const char *p = text.p, *end = text.p + text.len;
  *n = (number_t){0};
  if (p < end && (*p == '-' || *p == '+')) n->negative = *p++ == '-';
  n->whole = sl_strn(p, digits_at(p, end));
  p += n->whole.len;
  if (p < end && *p == '.') {
    n->point = true;
    n->fraction = sl_strn(p + 1, digits_at(p + 1, end));
    p += 1 + n->fraction.len;
  }
  return p == end && n->whole.len + n->fraction.len > 0;
}

static sl_code_t check_range(const sl_codec_t *c, const number_t *n, sl_code_t code, sl_err_t *err)
{
  number_t bound;
  if (c->min.p && parse_plain(c->min, &bound) && compare(n, &bound) < 0)
    return sl_err_set(err, code, "a number not below %.*s was expected", SL_STR_ARG(c->min));
  if (c->max.p && parse_plain(c->max, &bound) && compare(n, &bound) > 0)
    return sl_err_set(err, code, "a number not above %.*s was expected", SL_STR_ARG(c->max));
  return SL_OK;
}

static sl_code_t check_number(const sl_codec_t *c, const number_t *n, sl_code_t code, sl_err_t *err)
{
  sl_str_t whole = drop_zeros(n->whole);
  size_t whole_digits = whole.p[0] == '0' ? 0 : whole.len;
  if (n->negative && c->sign == SL_SIGN_NONE)
    return sl_err_set(err, code, "a number without sign was expected");
  if (c->scale >= 0 && n->fraction.len > (size_t)c->scale)
    return sl_err_set(err, code, "at most %d digits behind the point were expected", c->scale);
  if (c->digits) {
    size_t behind = c->scale >= 0 ? (size_t)c->scale : n->fraction.len;
    if (whole_digits + behind > (size_t)c->digits && (whole_digits || behind > (size_t)c->digits))
      return c->scale > 0
                 ? sl_err_set(err, code, "at most %d digits before the point were expected",
                              c->digits - c->scale)
                 : sl_err_set(err, code, "at most %d digits were expected", c->digits);
  }
  if (whole_digits < c->bounded_from) return SL_OK;
  return c->min.p || c->max.p ? check_range(c, n, code, err) : SL_OK;
}

/* --- legacy → JSON
 * ------------------------------------------------------------------------------------ */

static const char *expected(const sl_codec_t *c)
{
  if (c->kind == SL_CODEC_INTEGER) return "an integer";
  if (c->point == SL_POINT_IMPLIED) return "a number of digits without a point";
  return c->point == SL_POINT_COMMA ? "a decimal with a comma" : "a decimal";
}

static bool parse_sign(const sl_codec_t *c, const char **p, const char **end, number_t *n)
{
  if (c->sign == SL_SIGN_TRAILING) {
    if (*end > *p && ((*end)[-1] == '-' || (*end)[-1] == '+')) n->negative = *--*end == '-';
  } else if (sl_is_overpunched(c)) {
    return true; /* unpunch has seen it */
  } else if (*p < *end && (**p == '-' || **p == '+')) {
    if (c->sign == SL_SIGN_NONE) return false;
    n->negative = *(*p)++ == '-';
  }
  return true;
}

/* The last `scale` digits are the fraction. Too few digits are kept whole: the caller adds zeros.
 */
static void split_implied(const sl_codec_t *c, number_t *n)
{
  size_t scale = (size_t)c->scale;
  size_t behind = n->whole.len < scale ? n->whole.len : scale;
  n->fraction = sl_strn(n->whole.p + n->whole.len - behind, behind);
  n->whole.len -= behind;
  n->point = scale > 0;
}

static bool parse_legacy(const sl_codec_t *c, sl_str_t text, number_t *n)
{
  const char *p = text.p, *end = text.p + text.len;
  *n = (number_t){0};
  if (!parse_sign(c, &p, &end, n)) return false;
  n->whole = sl_strn(p, digits_at(p, end));
  p += n->whole.len;
  if (c->kind != SL_CODEC_INTEGER && c->point != SL_POINT_IMPLIED && p < end &&
      *p == (c->point == SL_POINT_COMMA ? ',' : '.')) {
    n->fraction = sl_strn(p + 1, digits_at(p + 1, end));
    n->point = n->fraction.len > 0;
    p += 1 + n->fraction.len;
  }
  if (p != end || n->whole.len + n->fraction.len == 0) return false;
  if (c->kind != SL_CODEC_INTEGER && c->point == SL_POINT_IMPLIED) split_implied(c, n);
  return true;
}

/* Is the JSON spelling of so many digits a string? */
static bool as_string(const sl_codec_t *c, size_t whole_digits)
{
  if (c->as != SL_AS_DEFAULT) return c->as == SL_AS_STRING;
  if (c->kind == SL_CODEC_DECIMAL) return true;
  if (c->kind == SL_CODEC_FLOAT) return false;
  return (c->digits ? (size_t)c->digits : whole_digits) > SAFE_DIGITS;
}

static sl_code_t append(const sl_codec_t *c, const number_t *n, sl_buf_t *out, bool quoted,
                        sl_err_t *err)
{
  sl_str_t whole = drop_zeros(n->whole);
  size_t missing = 0; /* zeros between the point and an implied fraction that is too short */
  if (c->point == SL_POINT_IMPLIED && c->kind == SL_CODEC_DECIMAL)
    missing = (size_t)c->scale - n->fraction.len;
  if (!sl_buf_reserve(out, whole.len + missing + n->fraction.len + 4)) return sl_arena_full(err);
  char *p = out->p + out->len;
  bool string = quoted && as_string(c, whole.len);
  if (string) *p++ = '"';
  if (n->negative) *p++ = '-';
  memcpy(p, whole.p, whole.len);
  p += whole.len;
  if (n->point) {
    *p++ = '.';
    memset(p, '0', missing);
    p += missing;
    if (n->fraction.len) memcpy(p, n->fraction.p, n->fraction.len);
    p += n->fraction.len;
  }
  if (string) *p++ = '"';
  out->len = (size_t)(p - out->p);
  return SL_OK;
}

/* --- floats: lexical forms of xs:double, made fit for JSON's grammar
 * ------------------------------------ */

static bool parse_exponent(const char *p, const char *end, number_t *n)
{
  if (p == end) return true;
  if (*p != 'e' && *p != 'E') return false;
  bool minus = ++p < end && *p == '-';
  if (p < end && (*p == '-' || *p == '+')) p++;
  if (p == end || digits_at(p, end) != (size_t)(end - p)) return false;
  n->has_exponent = true;
  for (; p < end; p++) /* saturates: the bounds below are far smaller */
    if (n->exponent < 100000000) n->exponent = n->exponent * 10 + (*p - '0');
  if (minus) n->exponent = -n->exponent;
  return true;
}

static bool parse_float(sl_str_t text, number_t *n, sl_str_t *exponent_p)
{
  const char *e = text.p, *end = text.p + text.len;
  while (e < end && *e != 'e' && *e != 'E') e++;
  *exponent_p = sl_strn(e, (size_t)(end - e));
  return parse_plain(sl_strn(text.p, (size_t)(e - text.p)), n) && parse_exponent(e, end, n);
}

static sl_code_t float_decode(const sl_codec_t *c, sl_str_t text, sl_buf_t *out, bool quoted,
                              sl_err_t *err)
{
  number_t n;
  sl_str_t exponent;
  bool string = quoted && c->as == SL_AS_STRING;
  bool special = sl_str_eqz(text, "NaN") || sl_str_eqz(text, "INF") || sl_str_eqz(text, "-INF");
  if (special && c->as != SL_AS_STRING)
    return sl_err_set(err, SL_GARBAGE,
                      "a finite number was expected: JSON numbers know no NaN or INF");
  if (!special && !parse_float(text, &n, &exponent))
    return sl_err_set(err, SL_GARBAGE, "a floating-point number was expected");
  if (string) sl_buf_addc(out, '"');
  if (special) {
    sl_buf_adds(out, text);
  } else {
    if (n.negative) sl_buf_addc(out, '-');
    sl_buf_adds(out, drop_zeros(n.whole));
    if (n.fraction.len) sl_buf_addc(out, '.');
    sl_buf_adds(out, n.fraction);
    sl_buf_adds(out, exponent);
  }
  if (string) sl_buf_addc(out, '"');
  return SL_OK;
}

sl_code_t sl_number_decode(const sl_codec_t *c, sl_str_t text, sl_buf_t *out, bool quoted,
                           sl_err_t *err)
{
  number_t n;
  bool minus = false;
  if (c->kind == SL_CODEC_FLOAT) return float_decode(c, text, out, quoted, err);
  if (c->width && text.len > (size_t)c->width)
    return sl_err_set(err, SL_GARBAGE, "at most %d characters were expected", c->width);
  if (sl_is_overpunched(c)) {
    sl_code_t code = sl_unpunch(c, &text, &minus, out, err);
    if (code) return code;
  }
  if (!parse_legacy(c, text, &n))
    return sl_err_set(err, SL_GARBAGE, "%s was expected", expected(c));
  n.negative |= minus;
  if (n.negative && c->no_negative_zero && is_zero(&n)) n.negative = false;
  sl_code_t code = check_number(c, &n, SL_GARBAGE, err);
  return code ? code : append(c, &n, out, quoted, err);
}

/* --- JSON → legacy
 * ------------------------------------------------------------------------------------ */

/* RFC 8259 §6: -?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)? Strings are held to it too: another spelling
 * ("007") would not come back as it was. */
static bool parse_json(sl_str_t text, number_t *n)
{
  const char *p = text.p, *end = text.p + text.len;
  *n = (number_t){0};
  if (p < end && *p == '-') n->negative = true, p++;
  n->whole = sl_strn(p, digits_at(p, end));
  if (!n->whole.len || (n->whole.len > 1 && *p == '0')) return false;
  p += n->whole.len;
  if (p < end && *p == '.') {
    n->point = true;
    n->fraction = sl_strn(p + 1, digits_at(p + 1, end));
    if (!n->fraction.len) return false;
    p += 1 + n->fraction.len;
  }
  return parse_exponent(p, end, n);
}

/* Move the point by the exponent: 1.25e1 is 12.5, 1e2 is 100, 1e-2 is 0.01. */
static sl_code_t settle_exponent(const sl_codec_t *c, number_t *n, sl_arena_t *arena, sl_err_t *err)
{
  size_t have = n->whole.len + n->fraction.len;
  long limit = c->digits ? c->digits + 1 : EXPONENT_MAX;
  if (is_zero(n) && (n->exponent > limit || n->exponent < -limit)) n->exponent = 0;
  if (n->exponent > limit || n->exponent < -(limit + (long)have))
    return sl_err_set(err, SL_INVALID, "a number of fewer digits was expected");
  long point = (long)n->whole.len + n->exponent; /* digits before it */
  size_t before = point < 0 ? (size_t)-point : 0;
  size_t behind = point > (long)have ? (size_t)point - have : 0;
  char *p = sl_arena_text(arena, before + have + behind + 1);
  if (!p) return sl_arena_full(err);
  memset(p, '0', before);
  memcpy(p + before, n->whole.p, n->whole.len);
  if (n->fraction.len) memcpy(p + before + n->whole.len, n->fraction.p, n->fraction.len);
  memset(p + before + have, '0', behind);
  size_t whole = point < 0 ? 0 : (size_t)point;
  n->fraction = sl_strn(p + whole, before + have + behind - whole);
  n->whole = drop_zeros(sl_strn(p, whole));
  n->point = n->fraction.len > 0;
  return SL_OK;
}

/* The kind of JSON value that was promised, and nothing else: {"total":12.5} for a string member
 * may have gone through a double already. */
static sl_code_t check_kind(const sl_codec_t *c, sl_jstate_t state, const number_t *n, bool parsed,
                            sl_err_t *err)
{
  bool string = parsed ? as_string(c, drop_zeros(n->whole).len) : c->as == SL_AS_STRING;
  if (!parsed && c->as == SL_AS_DEFAULT) string = as_string(c, 0);
  const char *what = c->kind == SL_CODEC_INTEGER ? "an integer" : "a decimal";
  if (c->kind == SL_CODEC_FLOAT) what = "a number";
  if (!parsed || (state == SL_J_STRING) != string)
    return string ? sl_err_set(err, SL_INVALID, "%s in a string was expected", what)
                  : sl_err_set(err, SL_INVALID, "%s was expected, not in a string", what);
  return SL_OK;
}

static sl_code_t settle_integer(number_t *n, sl_jstate_t state, sl_err_t *err)
{
  if (!all_zeros(n->fraction) || (n->point && state == SL_J_STRING))
    return sl_err_set(err, SL_INVALID, "an integer was expected");
  n->fraction.len = 0;
  n->point = false;
  return SL_OK;
}

/* Zeros behind the last digit that the scale has no room for are no loss of value, but of
 * spelling: only where the mapping gives it away. */
static void drop_scale(const sl_codec_t *c, number_t *n)
{
  if (!(c->modulo & SL_MODULO_SCALE) || c->scale < 0) return;
  while (n->fraction.len > (size_t)c->scale &&
         (c->unguarded || n->fraction.p[n->fraction.len - 1] == '0'))
    n->fraction.len--;
  n->point = n->fraction.len > 0;
}

/* Nor is the sign of a zero. */
static void drop_sign(const sl_codec_t *c, number_t *n)
{
  if (n->negative && c->modulo & SL_MODULO_SIGN &&
      (c->no_negative_zero || c->sign == SL_SIGN_NONE) && is_zero(n))
    n->negative = false;
}

/* 0.05 is 5 cents: a JSON number has no zeros in front. */
static char *bare_digits(char *start, const char *end, bool negative)
{
  char *p = start + negative;
  while (end - p > 1 && *p == '0') p++;
  if (negative) *--p = '-';
  return p;
}

static sl_code_t spell(const sl_codec_t *c, const number_t *n, sl_arena_t *arena, sl_str_t *out,
                       sl_err_t *err)
{
  bool implied = c->kind == SL_CODEC_DECIMAL && c->point == SL_POINT_IMPLIED;
  size_t zeros = implied ? (size_t)c->scale - n->fraction.len : 0;
  sl_str_t whole = drop_zeros(n->whole);
  if (implied && n->fraction.len + zeros > 0 && whole.p[0] == '0') whole.len = 0;
  size_t body = whole.len + n->fraction.len + zeros + (n->point && !implied ? 1 : 0);
  size_t width = (size_t)c->fill_digits;
  bool separate = n->negative && !sl_is_overpunched(c);
  if (c->zero_fill) width = (size_t)c->width - separate;
  size_t fill = body < width ? width - body : 0;
  char *p = sl_arena_text(arena, fill + body + 1), *start = p;
  if (!p) return sl_arena_full(err);
  if (separate && c->sign != SL_SIGN_TRAILING) *p++ = '-';
  memset(p, '0', fill);
  p += fill;
  memcpy(p, whole.p, whole.len);
  p += whole.len;
  if (n->point && !implied) *p++ = c->point == SL_POINT_COMMA ? ',' : '.';
  if (n->fraction.len) memcpy(p, n->fraction.p, n->fraction.len);
  p += n->fraction.len;
  memset(p, '0', zeros);
  p += zeros;
  if (separate && c->sign == SL_SIGN_TRAILING) *p++ = '-';
  if (sl_is_overpunched(c)) sl_punch(c->sign == SL_SIGN_OVERPUNCH ? p - 1 : start, n->negative);
  if (implied && c->medium == SL_MEDIUM_JSON && sl_codec_writes_numbers(c))
    start = bare_digits(start, p, n->negative);
  *out = sl_strn(start, (size_t)(p - start));
  if (c->width && out->len > (size_t)c->width)
    return sl_err_set(err, SL_INVALID, "a number of at most %d characters was expected", c->width);
  if (c->pad == SL_PAD_LEFT || c->pad == SL_PAD_RIGHT) *out = sl_pad(c, *out, out->len, arena);
  return out->p ? SL_OK : sl_arena_full(err);
}

static sl_code_t check_scale_kept(const sl_codec_t *c, const number_t *n, sl_err_t *err)
{
  if (c->kind != SL_CODEC_DECIMAL || c->point != SL_POINT_IMPLIED || c->modulo & SL_MODULO_SCALE)
    return SL_OK;
  if (n->fraction.len == (size_t)c->scale) return SL_OK;
  return sl_err_set(err, SL_INVALID, "a decimal with %d digits behind the point was expected",
                    c->scale);
}

static sl_code_t float_encode(const sl_codec_t *c, sl_jstate_t state, sl_str_t text, sl_str_t *out,
                              sl_err_t *err)
{
  number_t n;
  bool special = state == SL_J_STRING && c->as == SL_AS_STRING &&
                 (sl_str_eqz(text, "NaN") || sl_str_eqz(text, "INF") || sl_str_eqz(text, "-INF"));
  *out = text;
  return special ? SL_OK : check_kind(c, state, &n, parse_json(text, &n), err);
}

sl_code_t sl_number_encode(const sl_codec_t *c, sl_jstate_t state, sl_str_t text, sl_arena_t *arena,
                           sl_str_t *out, sl_err_t *err)
{
  number_t n;
  if (state != SL_J_STRING && state != SL_J_NUMBER) {
    n = (number_t){0};
    return check_kind(c, state, &n, false, err);
  }
  if (c->kind == SL_CODEC_FLOAT) return float_encode(c, state, text, out, err);
  bool parsed = parse_json(text, &n) && !(n.has_exponent && state == SL_J_STRING);
  sl_code_t code = SL_OK;
  if (parsed && n.has_exponent) code = settle_exponent(c, &n, arena, err);
  if (!code && parsed && c->kind == SL_CODEC_INTEGER) code = settle_integer(&n, state, err);
  if (!code) code = check_kind(c, state, &n, parsed, err);
  if (code) return code;
  drop_scale(c, &n);
  drop_sign(c, &n);
  code = check_number(c, &n, SL_INVALID, err);
  if (!code) code = check_scale_kept(c, &n, err);
  if (code) return code;
  if (n.negative && c->no_negative_zero && is_zero(&n))
    return sl_err_set(err, SL_INVALID,
                      "zero without a sign was expected: the column cannot keep it");
  return spell(c, &n, arena, out, err);
}

/* --- compiling
 * ------------------------------------------------------------------------------------------ */

typedef struct sql_range {
  const char *type, *min, *max;
} sql_range_t;

/* ISO 9075 leaves the widths open; these are what every database with an ODBC driver has. */
static const sql_range_t sql_ranges[] = {
    {"TINYINT", "-128", "255"}, /* signed in some, unsigned in others */
    {"SMALLINT", "-32768", "32767"},
    {"INT2", "-32768", "32767"},
    {"INT", "-2147483648", "2147483647"},
    {"INTEGER", "-2147483648", "2147483647"},
    {"INT4", "-2147483648", "2147483647"},
    {"BIGINT", "-9223372036854775808", "9223372036854775807"},
    {"INT8", "-9223372036854775808", "9223372036854775807"},
};

/* What the column's type cannot hold is refused here, where the field is known, and not rounded
 * by a driver. */
static bool compile_column(sl_codec_t *c, const sl_codec_spec_t *spec, char message[256])
{
  const char *type = spec->sql_type;
  if (spec->medium != SL_MEDIUM_SQL || !type || !*type) return true;
  if (strstr(type, "CHAR") || strstr(type, "TEXT") || strstr(type, "CLOB")) return true;
  if (sl_is_overpunched(c) || c->sign == SL_SIGN_TRAILING) {
    snprintf(message, 256, "sign=\"%s\" needs a column of characters: %.60s has its own sign",
             c->sign == SL_SIGN_TRAILING ? "trailing" : "overpunch", type);
    return false;
  }
  c->no_negative_zero = true;
  for (size_t i = 0; i < sizeof sql_ranges / sizeof sql_ranges[0]; i++) {
    if (strcasecmp(type, sql_ranges[i].type)) continue;
    if (c->kind == SL_CODEC_DECIMAL && c->point != SL_POINT_IMPLIED && c->scale != 0) {
      snprintf(message, 256,
               "a decimal in a column of type %s needs point=\"implied\" or scale=\"0\"", type);
      return false;
    }
    if (c->kind == SL_CODEC_INTEGER && !c->min.p) c->min = sl_str(sql_ranges[i].min);
    if (c->kind == SL_CODEC_INTEGER && !c->max.p) c->max = sl_str(sql_ranges[i].max);
    return true;
  }
  bool approximate = !strcasecmp(type, "REAL") || !strcasecmp(type, "FLOAT") ||
                     !strcasecmp(type, "DOUBLE") || !strcasecmp(type, "DOUBLE PRECISION");
  if (approximate && c->kind != SL_CODEC_FLOAT && (!c->digits || c->digits > SAFE_DIGITS)) {
    snprintf(message, 256, "a column of type %s keeps 15 digits: digits=\"15\" or fewer is needed",
             type);
    return false;
  }
  return true;
}

static size_t whole_digits(const number_t *n)
{
  sl_str_t whole = drop_zeros(n->whole);
  return whole.p[0] == '0' ? 0 : whole.len;
}

/* Whole digits from which on a number may be out of bounds: shorter ones need no comparing. */
static void compile_bounds(sl_codec_t *c)
{
  number_t min = {0}, max = {0};
  size_t n = SIZE_MAX;
  if (c->min.p && (!parse_plain(c->min, &min) || !min.negative)) return;
  if (c->max.p && (!parse_plain(c->max, &max) || max.negative)) return;
  if (c->min.p) n = whole_digits(&min);
  if (c->max.p && whole_digits(&max) < n) n = whole_digits(&max);
  c->bounded_from = n;
}

static bool compile_fill(sl_codec_t *c, char message[256])
{
  c->zero_fill = c->pad == SL_PAD_ZERO;
  bool implied = c->kind == SL_CODEC_DECIMAL && c->point == SL_POINT_IMPLIED;
  /* A picture like 9(11)V99: all its digits are always there. Rows and JSON know no pictures. */
  if (implied && !c->width && c->medium == SL_MEDIUM_XML) c->fill_digits = c->digits;
  if (c->zero_fill && c->width < 2 && c->sign != SL_SIGN_NONE && !sl_is_overpunched(c)) {
    snprintf(message, 256, "width=\"%d\" has no room for a sign: sign=\"none\" is needed",
             c->width);
    return false;
  }
  return true;
}

bool sl_number_compile(sl_codec_t *c, const sl_codec_spec_t *spec, char message[256])
{
  number_t n;
  if (spec->point == SL_POINT_IMPLIED && spec->scale < 0 && spec->kind == SL_CODEC_DECIMAL)
    snprintf(message, 256, "point=\"implied\" needs a scale");
  else if (spec->kind != SL_CODEC_DECIMAL && spec->scale > 0)
    snprintf(message, 256, "scale is for kind=\"decimal\"");
  else if (spec->digits && spec->scale > spec->digits)
    snprintf(message, 256, "scale=\"%d\" is more than digits=\"%d\"", spec->scale, spec->digits);
  else if (spec->digits < 0 || spec->digits > 1000 || spec->scale > 1000)
    snprintf(message, 256, "digits and scale are at most 1000");
  else if ((spec->min && !parse_plain(sl_str(spec->min), &n)) ||
           (spec->max && !parse_plain(sl_str(spec->max), &n)))
    snprintf(message, 256, "min and max are plain numbers");
  else {
    c->digits = spec->digits;
    c->scale = spec->scale;
    c->point = (uint8_t)spec->point;
    c->sign = (uint8_t)spec->sign;
    c->as = (uint8_t)spec->as;
    if (spec->min) c->min = sl_arena_str(c->memory, sl_str(spec->min));
    if (spec->max) c->max = sl_arena_str(c->memory, sl_str(spec->max));
    if (!compile_column(c, spec, message) || !compile_fill(c, message)) return false;
    compile_bounds(c);
    return true;
  }
  return false;
}
