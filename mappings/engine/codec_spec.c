/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * From what a contract says about a value to the codec that a mapping need not spell out. */
#include "mappings/engine/codec.h"

#include <string.h>

void sl_codec_spec_init(sl_codec_spec_t *spec, sl_codec_kind_t kind, sl_medium_t medium)
{
  memset(spec, 0, sizeof *spec);
  spec->kind = kind;
  spec->medium = medium;
  spec->scale = -1;
}

typedef struct kind_name {
  const char *name;
  sl_codec_kind_t kind;
} kind_name_t;

static const kind_name_t kind_names[] = {
    {"text", SL_CODEC_TEXT},   {"integer", SL_CODEC_INTEGER},   {"decimal", SL_CODEC_DECIMAL},
    {"float", SL_CODEC_FLOAT}, {"boolean", SL_CODEC_BOOLEAN},   {"date", SL_CODEC_DATE},
    {"time", SL_CODEC_TIME},   {"datetime", SL_CODEC_DATETIME}, {"binary", SL_CODEC_BINARY},
    {"code", SL_CODEC_CODE},   {"null", SL_CODEC_NULL},         {"opaque", SL_CODEC_OPAQUE},
};
enum { N_KIND_NAMES = sizeof kind_names / sizeof kind_names[0] };

bool sl_codec_kind_parse(const char *name, sl_codec_kind_t *out_p)
{
  for (size_t i = 0; i < N_KIND_NAMES; i++) {
    if (strcmp(name, kind_names[i].name)) continue;
    *out_p = kind_names[i].kind;
    return true;
  }
  return false;
}

/* Digits of the longer of two bounds: what a value within them may need. */
static int digits_of(const char *min, const char *max)
{
  if (!min || !max) return 0;
  size_t a = strspn(min + (*min == '-' || *min == '+'), "0123456789");
  size_t b = strspn(max + (*max == '-' || *max == '+'), "0123456789");
  return (int)(a > b ? a : b);
}

static void from_number(sl_codec_spec_t *spec, const sl_facets_t *f)
{
  spec->min = f->min_inclusive;
  spec->max = f->max_inclusive;
  spec->digits = f->total_digits > 0 ? f->total_digits : 0;
  if (spec->kind == SL_CODEC_INTEGER && !spec->digits)
    spec->digits = digits_of(spec->min, spec->max);
  if (spec->kind == SL_CODEC_DECIMAL && f->fraction_digits >= 0) spec->scale = f->fraction_digits;
}

static void from_text(sl_codec_spec_t *spec, const sl_facets_t *f)
{
  int64_t max = f->length >= 0 ? f->length : f->max_length;
  if (max > 0 && max <= 1000000) spec->width = (int)max, spec->unit = SL_UNIT_CHARACTERS;
  spec->enums = f->enums;
  spec->n_enums = f->n_enums;
}

static sl_codec_kind_t kind_of(sl_xbase_t base)
{
  switch (base) {
  case SL_X_BOOLEAN: return SL_CODEC_BOOLEAN;
  case SL_X_DECIMAL: return SL_CODEC_DECIMAL;
  case SL_X_INTEGER: return SL_CODEC_INTEGER;
  case SL_X_FLOAT: return SL_CODEC_FLOAT;
  case SL_X_DATE: return SL_CODEC_DATE;
  case SL_X_TIME: return SL_CODEC_TIME;
  case SL_X_DATETIME: return SL_CODEC_DATETIME;
  case SL_X_BASE64:
  case SL_X_HEX: return SL_CODEC_BINARY;
  default: return SL_CODEC_TEXT;
  }
}

void sl_codec_spec_xtype(sl_codec_spec_t *spec, const sl_xtype_t *type)
{
  spec->kind = SL_CODEC_TEXT;
  if (type->is_union) {
    spec->enums = type->facets.enums;
    spec->n_enums = type->facets.n_enums;
  }
  if (type->list_item || type->is_union) return;
  spec->kind = kind_of(type->simple);
  if (type->simple == SL_X_HEX) spec->encoding = SL_ENCODING_HEX;
  if (spec->kind == SL_CODEC_INTEGER || spec->kind == SL_CODEC_DECIMAL)
    from_number(spec, &type->facets);
  else if (spec->kind == SL_CODEC_TEXT && type->simple == SL_X_STRING)
    from_text(spec, &type->facets);
}

static bool begins(const char *type, const char *with)
{
  return !strncasecmp(type, with, strlen(with));
}

static void from_exact(sl_codec_spec_t *spec, const sl_column_t *column)
{
  spec->kind = column->scale > 0 ? SL_CODEC_DECIMAL : SL_CODEC_INTEGER;
  if (column->size <= 0) { /* NUMERIC without precision holds any number */
    spec->kind = SL_CODEC_DECIMAL;
    return;
  }
  spec->digits = column->size;
  if (column->scale > 0) spec->scale = column->scale;
}

void sl_codec_spec_column(sl_codec_spec_t *spec, const sl_column_t *column)
{
  const char *type = column->type;
  spec->kind = SL_CODEC_TEXT;
  spec->sql_type = type;
  if (begins(type, "DECIMAL") || begins(type, "NUMERIC") || begins(type, "NUMBER"))
    from_exact(spec, column);
  else if (begins(type, "BIGINT") || begins(type, "INT8"))
    spec->kind = SL_CODEC_INTEGER, spec->digits = 19;
  else if (begins(type, "SMALLINT") || begins(type, "INT2") || begins(type, "TINYINT"))
    spec->kind = SL_CODEC_INTEGER, spec->digits = 5;
  else if (begins(type, "INT"))
    spec->kind = SL_CODEC_INTEGER, spec->digits = 10;
  else if (begins(type, "REAL") || begins(type, "FLOAT") || begins(type, "DOUBLE"))
    spec->kind = SL_CODEC_FLOAT;
  else if (begins(type, "BOOL") || !strcasecmp(type, "BIT"))
    spec->kind = SL_CODEC_BOOLEAN;
  else if (begins(type, "TIMESTAMP") || begins(type, "DATETIME"))
    spec->kind = SL_CODEC_DATETIME;
  else if (begins(type, "DATE"))
    spec->kind = SL_CODEC_DATE;
  else if (begins(type, "TIME"))
    spec->kind = SL_CODEC_TIME;
  else if (column->size > 0 && column->size <= 1000000) {
    spec->width = column->size;
    if (!strcasecmp(type, "CHAR") || !strcasecmp(type, "NCHAR") || begins(type, "BPCHAR"))
      spec->pad = SL_PAD_RIGHT;
  }
}
