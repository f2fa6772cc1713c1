/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mappings/contract/contract.h"

#include <libxml/xmlregexp.h>
#include <libxml/xmlschemastypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool refuse(char why[SL_WHY], const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static bool refuse(char why[SL_WHY], const char *fmt, ...)
{
  va_list ap;
  va_start(ap, fmt);
  if (why) vsnprintf(why, SL_WHY, fmt, ap);
  va_end(ap);
  return false;
}

/* --- numbers: digits, as libxml2 gives up beyond 24 of them
 * ------------------------------------------- */

typedef struct number {
  bool negative;
  const char *whole, *fraction; /* without leading, trailing zeros */
  size_t n_whole, n_fraction;
} number_t;

static bool parse_number(const char *p, size_t len, number_t *out)
{
  const char *end = p + len;
  memset(out, 0, sizeof *out);
  if (p < end && (*p == '-' || *p == '+')) out->negative = *p++ == '-';
  const char *digits = p;
  while (p < end && *p >= '0' && *p <= '9') p++;
  size_t n = (size_t)(p - digits), zeros = 0;
  while (zeros < n && digits[zeros] == '0') zeros++;
  out->whole = digits + zeros;
  out->n_whole = n - zeros;
  if (p < end && *p == '.') {
    out->fraction = ++p;
    while (p < end && *p >= '0' && *p <= '9') p++;
    out->n_fraction = (size_t)(p - out->fraction);
    n += out->n_fraction;
    while (out->n_fraction && out->fraction[out->n_fraction - 1] == '0') out->n_fraction--;
  }
  return p == end && n > 0;
}

static bool is_zero(const number_t *n)
{
  return !n->n_whole && !n->n_fraction;
}

static int compare_size(const number_t *a, const number_t *b)
{
  if (a->n_whole != b->n_whole) return a->n_whole < b->n_whole ? -1 : 1;
  int c = memcmp(a->whole, b->whole, a->n_whole);
  size_t common = a->n_fraction < b->n_fraction ? a->n_fraction : b->n_fraction;
  if (!c && common) c = memcmp(a->fraction, b->fraction, common);
  if (c) return c;
  return a->n_fraction == b->n_fraction ? 0 : a->n_fraction < b->n_fraction ? -1 : 1;
}

static int compare_numbers(const number_t *a, const number_t *b)
{
  bool a_neg = a->negative && !is_zero(a), b_neg = b->negative && !is_zero(b);
  if (a_neg != b_neg) return a_neg ? -1 : 1;
  int c = compare_size(a, b);
  return a_neg ? -c : c;
}

/* XML Schema Part 2 §3.2.3, §3.3.13. */
static bool number_fits(const sl_xtype_t *type, const char *p, size_t len, number_t *n,
                        char why[SL_WHY])
{
  const sl_facets_t *f = &type->facets;
  if (!parse_number(p, len, n))
    return refuse(why, "is not a number (%s)", sl_xbase_name(type->simple));
  if (type->simple == SL_X_INTEGER && memchr(p, '.', len))
    return refuse(why, "is not a whole number (%s)", sl_xbase_name(type->simple));
  if (f->fraction_digits >= 0 && n->n_fraction > (size_t)f->fraction_digits)
    return refuse(why, "has more digits behind the point than %lld", (long long)f->fraction_digits);
  if (f->total_digits > 0 && n->n_whole + n->n_fraction > (size_t)f->total_digits)
    return refuse(why, "has more digits than %lld", (long long)f->total_digits);
  return true;
}

static bool number_in_bounds(const sl_facets_t *f, const number_t *n, char why[SL_WHY])
{
  const struct {
    const char *bound;
    int from, to; /* what the comparison may give */
    const char *text;
  } rows[] = {{f->min_inclusive, 0, 1, "is less than"},
              {f->max_inclusive, -1, 0, "is greater than"},
              {f->min_exclusive, 1, 1, "is not greater than"},
              {f->max_exclusive, -1, -1, "is not less than"}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    number_t bound;
    if (!rows[i].bound || !parse_number(rows[i].bound, strlen(rows[i].bound), &bound)) continue;
    int c = compare_numbers(n, &bound);
    c = (c > 0) - (c < 0);
    if (c < rows[i].from || c > rows[i].to)
      return refuse(why, "%s %s", rows[i].text, rows[i].bound);
  }
  return true;
}

/* §3.2.5; libxml2 takes "1e" for a number. */
static bool is_float(const char *p)
{
  if (!strcmp(p, "INF") || !strcmp(p, "-INF") || !strcmp(p, "NaN")) return true;
  number_t n;
  size_t mantissa = strcspn(p, "eE");
  if (!parse_number(p, mantissa, &n)) return false;
  if (!p[mantissa]) return true;
  p += mantissa + 1;
  return !strchr(p, '.') && parse_number(p, strlen(p), &n);
}

/* --- what libxml2 knows
 * ---------------------------------------------------------------------------------- */

static xmlSchemaValType builtin_of(sl_xbase_t base)
{
  switch (base) {
  case SL_X_BOOLEAN: return XML_SCHEMAS_BOOLEAN;
  case SL_X_DATE: return XML_SCHEMAS_DATE;
  case SL_X_TIME: return XML_SCHEMAS_TIME;
  case SL_X_DATETIME: return XML_SCHEMAS_DATETIME;
  case SL_X_DURATION: return XML_SCHEMAS_DURATION;
  case SL_X_BASE64: return XML_SCHEMAS_BASE64BINARY;
  case SL_X_HEX: return XML_SCHEMAS_HEXBINARY;
  default: return XML_SCHEMAS_UNKNOWN;
  }
}

static bool builtin_fits(sl_xbase_t base, const char *text, char why[SL_WHY])
{
  if (base == SL_X_FLOAT && !is_float(text))
    return refuse(why, "is not a value of %s", sl_xbase_name(base));
  xmlSchemaValType id = builtin_of(base);
  xmlSchemaTypePtr type = id == XML_SCHEMAS_UNKNOWN ? NULL : xmlSchemaGetBuiltInType(id);
  if (!type || xmlSchemaValidatePredefinedType(type, (const xmlChar *)text, NULL) == 0) return true;
  return refuse(why, "is not a value of %s", sl_xbase_name(base));
}

/* --- facets of text
 * ------------------------------------------------------------------------------------- */

static int64_t characters(const char *p, size_t len)
{
  int64_t n = 0;
  for (size_t i = 0; i < len; i++) n += (p[i] & 0xc0) != 0x80;
  return n;
}

static bool length_fits(const sl_facets_t *f, const char *p, size_t len, char why[SL_WHY])
{
  int64_t n = characters(p, len);
  if (f->length >= 0 && n != f->length)
    return refuse(why, "has not the length %lld", (long long)f->length);
  if (f->max_length >= 0 && n > f->max_length)
    return refuse(why, "is longer than %lld", (long long)f->max_length);
  if (f->min_length >= 0 && n < f->min_length)
    return refuse(why, "is shorter than %lld", (long long)f->min_length);
  return true;
}

static bool enum_fits(const sl_facets_t *f, const char *text, char why[SL_WHY])
{
  if (!f->n_enums) return true;
  for (size_t i = 0; i < f->n_enums; i++)
    if (!strcmp(f->enums[i], text)) return true;
  return refuse(why, "is not among the %lld values that the contract enumerates",
                (long long)f->n_enums);
}

static bool patterns_fit(const sl_facets_t *f, const char *text, char why[SL_WHY])
{
  for (size_t i = 0; i < f->n_patterns; i++) {
    xmlRegexpPtr pattern = xmlRegexpCompile((const xmlChar *)f->patterns[i]);
    int match = pattern ? xmlRegexpExec(pattern, (const xmlChar *)text) : 1;
    if (pattern) xmlRegFreeRegexp(pattern);
    /* A pattern that libxml2 cannot compile or run is given the benefit of the doubt. */
    if (match == 0) return refuse(why, "does not match the pattern %.60s", f->patterns[i]);
  }
  return true;
}

/* --- lists and unions (Part 2 §2.5.1)
 * ------------------------------------------------------------- */

static bool count_fits(const sl_facets_t *f, int64_t n, char why[SL_WHY])
{
  if (f->items >= 0 && n != f->items) return refuse(why, "has not %lld items", (long long)f->items);
  if (f->max_items >= 0 && n > f->max_items)
    return refuse(why, "has more items than %lld", (long long)f->max_items);
  if (f->min_items >= 0 && n < f->min_items)
    return refuse(why, "has fewer items than %lld", (long long)f->min_items);
  return true;
}

static bool items_fit(const sl_xtype_t *type, char *value, unsigned skip, char why[SL_WHY])
{
  char item_why[SL_WHY] = "";
  int64_t n = 0;
  for (char *p = value + strspn(value, " \t\r\n"); *p;) {
    size_t len = strcspn(p, " \t\r\n");
    char end = p[len];
    p[len] = '\0';
    bool ok = sl_xtype_accepts(type->list_item, p, skip, item_why);
    if (!ok) return refuse(why, "has the item %.30s, which %.80s", p, item_why);
    p[len] = end;
    p += len + strspn(p + len, " \t\r\n");
    n++;
  }
  return count_fits(&type->facets, n, why);
}

static bool member_fits(const sl_xtype_t *type, const char *value, unsigned skip, char why[SL_WHY])
{
  char last[SL_WHY] = "";
  if (!type->members) return true;
  for (size_t i = 0; i < type->n_members; i++)
    if (sl_xtype_accepts(type->members[i], value, skip, last)) return true;
  if (!(skip & SL_SKIP_ENUMS) && !enum_fits(&type->facets, value, why)) return false;
  if (type->n_members == 1) return refuse(why, "%s", last);
  char names[SL_WHY - 32] = "";
  size_t len = 0;
  for (size_t i = 0; i < type->n_members && len < sizeof names; i++) {
    const sl_xtype_t *m = type->members[i];
    len += (size_t)snprintf(names + len, sizeof names - len, "%s%s", i ? " or " : "",
                            m->name[0] ? m->name : sl_xbase_name(m->simple));
  }
  return refuse(why, "is no value of %s", names);
}

static bool simple_fits(const sl_xtype_t *type, char *value, unsigned skip, char why[SL_WHY])
{
  number_t n;
  if (type->list_item) return items_fit(type, value, skip, why);
  if (type->is_union) return member_fits(type, value, skip, why);
  if (type->simple == SL_X_INTEGER || type->simple == SL_X_DECIMAL)
    return number_fits(type, value, strlen(value), &n, why) &&
           (skip & SL_SKIP_BOUNDS || number_in_bounds(&type->facets, &n, why));
  if (!builtin_fits(type->simple, value, why)) return false;
  return (type->simple != SL_X_STRING && type->simple != SL_X_URI) ||
         length_fits(&type->facets, value, strlen(value), why);
}

bool sl_xtype_accepts(const sl_xtype_t *type, const char *text, unsigned skip, char why[SL_WHY])
{
  bool open = type->simple == SL_X_NONE || type->simple == SL_X_ANY;
  if (open && !type->list_item && !type->is_union) return true;
  size_t len = strlen(text);
  const sl_facets_t *f = &type->facets;
  if (f->collapse) {
    while (len && strchr(" \t\r\n", text[len - 1])) len--;
    while (len && strchr(" \t\r\n", *text)) text++, len--;
  }
  char *value = strndup(text, len);
  if (!value) return true;
  bool ok = simple_fits(type, value, skip, why);
  if (ok && !(skip & SL_SKIP_ENUMS)) ok = enum_fits(f, value, why);
  if (ok && !(skip & SL_SKIP_PATTERNS)) ok = patterns_fit(f, value, why);
  free(value);
  return ok;
}

/* --- columns
 * ------------------------------------------------------------------------------------------------
 */

static bool begins(const char *type, const char *const *names)
{
  for (; *names; names++)
    if (!strncasecmp(type, *names, strlen(*names))) return true;
  return false;
}

static bool column_number(const sl_column_t *column, bool whole, const char *text, char why[SL_WHY])
{
  number_t n;
  if (!parse_number(text, strlen(text), &n))
    return refuse(why, "is not a number (%s)", column->type);
  if (whole && n.n_fraction) return refuse(why, "is not a whole number (%s)", column->type);
  if (whole || column->size <= 0) return true;
  if (n.n_fraction > (size_t)column->scale)
    return refuse(why, "has more digits behind the point than %lld", (long long)column->scale);
  if (n.n_whole > (size_t)(column->size - column->scale))
    return refuse(why, "has more digits before the point than %lld",
                  (long long)column->size - column->scale);
  return true;
}

bool sl_column_accepts(const sl_column_t *column, const char *text, char why[SL_WHY])
{
  static const char *const texts[] = {"CHAR", "VARCHAR", "NCHAR", "NVARCHAR", "BPCHAR", NULL};
  static const char *const wholes[] = {"INT",    "BIGINT",    "SMALLINT", "TINYINT",
                                       "SERIAL", "BIGSERIAL", NULL};
  static const char *const exact[] = {"DECIMAL", "NUMERIC", "NUMBER", NULL};
  static const char *const dates[] = {"DATE", "TIMESTAMP", "TIME", NULL};
  if (begins(column->type, texts)) {
    if (column->size > 0 && characters(text, strlen(text)) > column->size)
      return refuse(why, "is longer than %lld", (long long)column->size);
    return true;
  }
  /* INTERVAL is no INT. */
  if (begins(column->type, wholes) && strncasecmp(column->type, "INTERVAL", 8))
    return column_number(column, true, text, why);
  if (begins(column->type, exact))
    return column_number(column, column->size > 0 && column->scale == 0, text, why);
  if (begins(column->type, dates) && (!*text || !strpbrk(text, "-:")))
    return refuse(why, "is not a %s", column->type);
  return true;
}
