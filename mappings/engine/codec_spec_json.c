/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * From what a JSON Schema says about a legacy value to the codec that a mapping need not spell out.
 */
#include <stdio.h>
#include <string.h>
#include "mappings/engine/check.h"

enum { MAX_WIDTH = 1000000 };

static sl_codec_kind_t of_text(const char *format)
{
  static const struct {
    const char *format;
    sl_codec_kind_t kind;
  } rows[] = {{"date", SL_CODEC_DATE},
              {"time", SL_CODEC_TIME},
              {"date-time", SL_CODEC_DATETIME},
              {"byte", SL_CODEC_BINARY}};
  for (size_t i = 0; format && i < sizeof rows / sizeof *rows; i++)
    if (!strcmp(format, rows[i].format)) return rows[i].kind;
  return SL_CODEC_TEXT;
}

static sl_codec_kind_t kind_of(const sl_jfacets_t *f)
{
  unsigned types = f->types & (SL_JT_STRING | SL_JT_NUMBER | SL_JT_INTEGER | SL_JT_BOOLEAN);
  switch (types) {
  case SL_JT_STRING: return of_text(f->format);
  case SL_JT_INTEGER: return SL_CODEC_INTEGER;
  case SL_JT_NUMBER | SL_JT_INTEGER:
    return f->format && (!strcmp(f->format, "double") || !strcmp(f->format, "float"))
               ? SL_CODEC_FLOAT
               : SL_CODEC_DECIMAL;
  case SL_JT_BOOLEAN: return SL_CODEC_BOOLEAN;
  default: return SL_CODEC_TEXT; /* of several kinds, text takes them all */
  }
}

/* Plain digits, as codecs take bounds; exponents are left to the check of values. */
static const char *plain(sl_str_t bound)
{
  return bound.p && !memchr(bound.p, 'e', bound.len) && !memchr(bound.p, 'E', bound.len) ? bound.p
                                                                                         : NULL;
}

static int digits_of(const char *min, const char *max)
{
  if (!min || !max) return 0;
  size_t a = strspn(min + (*min == '-'), "0123456789"),
         b = strspn(max + (*max == '-'), "0123456789");
  return (int)(a > b ? a : b);
}

/* multipleOf 0.01 → 2; -1: it says nothing about places. */
static int scale_of(sl_str_t unit)
{
  const char *point = unit.p ? memchr(unit.p, '.', unit.len) : NULL;
  if (!point || memchr(unit.p, 'e', unit.len) || memchr(unit.p, 'E', unit.len)) return -1;
  size_t n = (size_t)(unit.p + unit.len - point) - 1;
  for (const char *p = unit.p; p < unit.p + unit.len - 1; p++)
    if (*p != '0' && *p != '.') return -1;
  return unit.p[unit.len - 1] == '1' && n < 100 ? (int)n : -1;
}

static void bounds(sl_codec_spec_t *spec, const sl_jfacets_t *f)
{
  const char *format = f->format ? f->format : "";
  if (!spec->min) spec->min = plain(f->minimum);
  if (!spec->max) spec->max = plain(f->maximum);
  if (!strcmp(format, "int32")) {
    if (!spec->min) spec->min = "-2147483648";
    if (!spec->max) spec->max = "2147483647";
  } else if (!strcmp(format, "int64")) {
    if (!spec->min) spec->min = "-9223372036854775808";
    if (!spec->max) spec->max = "9223372036854775807";
  }
  if (spec->kind == SL_CODEC_INTEGER && !spec->digits)
    spec->digits = digits_of(spec->min, spec->max);
  if (spec->kind == SL_CODEC_DECIMAL && spec->scale < 0) spec->scale = scale_of(f->unit);
}

static void text(sl_codec_spec_t *spec, const sl_jfacets_t *f)
{
  if (!spec->width && f->max_length > 0 && f->max_length <= MAX_WIDTH)
    spec->width = (int)f->max_length, spec->unit = SL_UNIT_CHARACTERS;
  if (!spec->n_enums && f->with_enum)
    spec->enums = f->with_enum->texts, spec->n_enums = f->with_enum->n_texts;
}

void sl_codec_spec_schema(sl_codec_spec_t *spec, const sl_jschema_t *schema)
{
  sl_jfacets_t f = sl_jschema_facets(schema);
  spec->kind = kind_of(&f);
  if (spec->kind == SL_CODEC_INTEGER || spec->kind == SL_CODEC_DECIMAL) bounds(spec, &f);
  if (spec->kind == SL_CODEC_TEXT && f.types & SL_JT_STRING) text(spec, &f);
}

void sl_check_narrow_json(sl_codec_spec_t *spec, const sl_jschema_t *schema)
{
  sl_jfacets_t f = sl_jschema_facets(schema);
  bool number = f.types & (SL_JT_NUMBER | SL_JT_INTEGER);
  /* With an implied point the contract's bounds are of another number than the consumer's. */
  if ((spec->kind == SL_CODEC_INTEGER || spec->kind == SL_CODEC_DECIMAL) && number &&
      spec->point == SL_POINT_EXPLICIT)
    bounds(spec, &f);
  if (spec->kind == SL_CODEC_TEXT && f.types & SL_JT_STRING) text(spec, &f);
}
