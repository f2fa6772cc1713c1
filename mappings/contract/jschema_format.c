/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Formats that have one meaning everywhere: those of RFC 3339 (JSON Schema validation §7.3.1), and
 * of the OpenAPI format registry. */
#include <string.h>
#include "mappings/contract/jnumber.h"
#include "mappings/contract/jschema_impl.h"

/* n digits at *p as a number; -1: they are not there. */
static int digits(const char **p, const char *end, int n)
{
  int v = 0;
  if (end - *p < n) return -1;
  for (; n; n--, (*p)++) {
    if (**p < '0' || **p > '9') return -1;
    v = v * 10 + (**p - '0');
  }
  return v;
}

static bool take(const char **p, const char *end, const char *any_of)
{
  if (*p >= end || !**p || !strchr(any_of, **p)) return false;
  (*p)++;
  return true;
}

static bool date(const char **p, const char *end)
{
  static const int lengths[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  int y = digits(p, end, 4);
  if (y < 0 || !take(p, end, "-")) return false;
  int m = digits(p, end, 2);
  if (m < 1 || m > 12 || !take(p, end, "-")) return false;
  int d = digits(p, end, 2);
  bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
  return d >= 1 && d <= lengths[m - 1] && (m != 2 || d < 29 || leap);
}

static bool time(const char **p, const char *end)
{
  int h = digits(p, end, 2);
  if (h < 0 || h > 23 || !take(p, end, ":")) return false;
  int m = digits(p, end, 2);
  if (m < 0 || m > 59 || !take(p, end, ":")) return false;
  int s = digits(p, end, 2);
  if (s < 0 || s > 60) return false;
  if (take(p, end, ".")) {
    if (digits(p, end, 1) < 0) return false;
    while (digits(p, end, 1) >= 0) continue;
  }
  if (take(p, end, "Zz")) return true;
  if (!take(p, end, "+-")) return false;
  h = digits(p, end, 2);
  if (h < 0 || h > 23 || !take(p, end, ":")) return false;
  m = digits(p, end, 2);
  return m >= 0 && m <= 59;
}

static bool is_date(sl_str_t text)
{
  const char *p = text.p, *end = p + text.len;
  return date(&p, end) && p == end;
}

static bool is_time(sl_str_t text)
{
  const char *p = text.p, *end = p + text.len;
  return time(&p, end) && p == end;
}

static bool is_date_time(sl_str_t text)
{
  const char *p = text.p, *end = p + text.len;
  return date(&p, end) && take(&p, end, "Tt") && time(&p, end) && p == end;
}

static bool is_uuid(sl_str_t text)
{
  static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  if (text.len != sizeof shape - 1) return false;
  for (size_t i = 0; i < text.len; i++) {
    bool hex = text.p[i] && strchr("0123456789abcdefABCDEF", text.p[i]);
    if (shape[i] == '-' ? text.p[i] != '-' : !hex) return false;
  }
  return true;
}

static bool is_byte(sl_str_t text)
{
  size_t n = text.len;
  if (n % 4) return false;
  for (size_t i = 0; i < 2 && n && text.p[n - 1] == '='; i++) n--;
  for (size_t i = 0; i < n; i++) {
    char c = text.p[i], l = (char)(c | 32);
    if (!((l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/')) return false;
  }
  return true;
}

static bool within(const sl_jvalue_t *v, const char *min, const char *max)
{
  sl_jnumber_t n, lo, hi;
  if (!sl_jnumber_parse(v->text, &n)) return true;
  return sl_jnumber_is_whole(&n) && sl_jnumber_parse(sl_str(min), &lo) &&
         sl_jnumber_parse(sl_str(max), &hi) && sl_jnumber_compare(&n, &lo) >= 0 &&
         sl_jnumber_compare(&n, &hi) <= 0;
}

bool sl_js_format(const char *format, const sl_jvalue_t *value)
{
  static const struct {
    const char *name;
    bool (*is)(sl_str_t text);
  } texts[] = {{"date", is_date},
               {"time", is_time},
               {"date-time", is_date_time},
               {"uuid", is_uuid},
               {"byte", is_byte}};
  if (value->kind == SL_JSON_NUMBER && !strcmp(format, "int32"))
    return within(value, "-2147483648", "2147483647");
  if (value->kind == SL_JSON_NUMBER && !strcmp(format, "int64"))
    return within(value, "-9223372036854775808", "9223372036854775807");
  for (size_t i = 0; value->kind == SL_JSON_STRING && i < sizeof texts / sizeof *texts; i++)
    if (!strcmp(texts[i].name, format)) return texts[i].is(value->text);
  return true;
}
