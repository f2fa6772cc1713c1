/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>
#include <strings.h>
#include "mappings/laws/judge.h"

/* XML 1.0 §2.2; other readers of messages hand on everything but U+0000. */
static bool can_come(const sl_judge_t *self, sl_str_t text)
{
  for (size_t i = 0; i < text.len; i++) {
    unsigned char ch = (unsigned char)text.p[i];
    if (!ch) return false;
    if (self->codec->medium != SL_MEDIUM_XML) continue;
    if (ch < 0x20 && !strchr("\t\n\r", ch)) return false;
    if (ch == 0xEF && i + 2 < text.len && !memcmp(text.p + i + 1, "\xBF", 1) &&
        (unsigned char)text.p[i + 2] >= 0xBE)
      return false;
  }
  return true;
}

/* --- D -------------------------------------------------------------------------------------------
 */

bool sl_domain_given(const sl_judge_t *self)
{
  return self->domain.schema != NULL;
}

/* Dates as RFC 3339 and XML Schema have them in common: years from 0001, no second 60, T and Z in
 * capitals, offsets up to 14:00. The rest of a format's values no consumer means. */
static bool uncommon(sl_jtext_t value)
{
  sl_str_t t = value.text;
  bool date = t.len >= 10 && t.p[4] == '-' && t.p[7] == '-';
  const char *clock = date ? (t.len > 19 ? t.p + 11 : NULL) : t.len >= 8 ? t.p : NULL;
  if (date && !memcmp(t.p, "0000", 4)) return true;
  if (clock && !memcmp(clock + 5, ":60", 3)) return true;
  for (size_t i = 0; i < t.len; i++)
    if (t.p[i] == 't' || t.p[i] == 'z') return true;
  if (t.len < 6 || (t.p[t.len - 6] != '+' && t.p[t.len - 6] != '-') || !clock) return false;
  const char *offset = t.p + t.len - 5;
  int hours = (offset[0] - '0') * 10 + offset[1] - '0';
  return hours > 14 || (hours == 14 && memcmp(offset + 3, "00", 2));
}

static bool is_format_of_time(const char *format)
{
  return format &&
         (!strcmp(format, "date") || !strcmp(format, "time") || !strcmp(format, "date-time"));
}

static bool is_minus_zero(sl_str_t text)
{
  bool zero = text.len > 1 && text.p[0] == '-';
  for (size_t i = 1; i < text.len && zero; i++) zero = text.p[i] == '0' || text.p[i] == '.';
  return zero;
}

static sl_member_t accepted(const sl_jschema_t *schema, sl_jtext_t value)
{
  static const sl_json_kind_t kinds[] = {[SL_J_NULL] = SL_JSON_NULL,
                                         [SL_J_STRING] = SL_JSON_STRING,
                                         [SL_J_TRUE] = SL_JSON_TRUE,
                                         [SL_J_NUMBER] = SL_JSON_NUMBER,
                                         [SL_J_FALSE] = SL_JSON_FALSE};
  if (value.state == SL_J_NUMBER && (!sl_json_is_number(value.text) || is_minus_zero(value.text)))
    return SL_MEMBER_NO; /* -0 is the number 0, in a spelling that no writer uses */
  if (value.state == SL_J_STRING && !sl_utf8_valid(value.text.p, value.text.len))
    return SL_MEMBER_NO;
  switch (sl_jschema_accepts(schema, kinds[value.state], value.text, NULL)) {
  case SL_JS_NO: return SL_MEMBER_NO;
  case SL_JS_MAYBE: return SL_MEMBER_MAYBE;
  default: return SL_MEMBER_YES;
  }
}

/* The one date that has a sentinel's spelling: a class of its own. */
static bool is_alone(const sl_judge_t *self, sl_jtext_t value)
{
  const sl_codec_t *c = self->codec;
  sl_legacy_t legacy;
  if (c->kind != SL_CODEC_DATE || value.state != SL_J_STRING) return false;
  if (sl_codec_write(&self->loose, value.state, value.text, self->scratch, &legacy, NULL))
    return false;
  for (size_t i = 0; i < c->n_sentinels; i++)
    if (sl_str_eq(c->sentinels[i].legacy, legacy.text)) return true;
  return false;
}

/* Without a schema, D is what is taken: who asks was taken. */
sl_member_t sl_in_domain(sl_judge_t *self, sl_jtext_t value)
{
  if (!self->domain.schema) return SL_MEMBER_YES;
  /* No schema thinks of what XML cannot carry: refused at run time, and not held against it. */
  if (value.state == SL_J_STRING && !can_come(self, value.text)) return SL_MEMBER_NO;
  if (value.state == SL_J_ABSENT) return self->domain.required ? SL_MEMBER_NO : SL_MEMBER_YES;
  sl_member_t member = accepted(self->domain.schema, value);
  if (member != SL_MEMBER_NO && value.state == SL_J_STRING &&
      is_format_of_time(sl_canonical_plain(self->domain.schema)->format) && uncommon(value))
    return SL_MEMBER_NO;
  /* Others of its class may match the pattern that this one does not. */
  if (member == SL_MEMBER_NO && self->relaxed && accepted(self->relaxed, value) != SL_MEMBER_NO &&
      !is_alone(self, value))
    self->open++;
  return member;
}

/* --- E -------------------------------------------------------------------------------------------
 */

static sl_member_t in_column(const sl_column_t *column, const char *text)
{
  static const char *const known[] = {
      "CHAR",   "VARCHAR", "NCHAR", "NVARCHAR", "BPCHAR",  "TEXT",    "CLOB",   "INT",
      "BIGINT", "SMALL",   "TINY",  "SERIAL",   "DECIMAL", "NUMERIC", "NUMBER", "FLOAT",
      "REAL",   "DOUBLE",  "DATE",  "TIME",     "BOOL",    "BIT",     NULL};
  char why[SL_WHY];
  if (!sl_column_accepts(column, text, why)) return SL_MEMBER_NO;
  bool chars =
      strstr(column->type, "CHAR") || strstr(column->type, "TEXT") || strstr(column->type, "CLOB");
  if (!chars && (!*text || is_minus_zero(sl_str(text)))) return SL_MEMBER_NO;
  for (const char *const *k = known; *k; k++)
    if (!strncasecmp(column->type, *k, strlen(*k))) return SL_MEMBER_YES;
  return SL_MEMBER_MAYBE;
}

static sl_member_t in_type(const sl_xtype_t *type, const char *text)
{
  char why[SL_WHY];
  if (!sl_xtype_accepts(type, text, 0, why)) return SL_MEMBER_NO;
  /* What the model does not keep, it does not refuse. */
  return type->is_union || type->list_item ? SL_MEMBER_MAYBE : SL_MEMBER_YES;
}

/* A legacy system's JSON may hold it as a text, a number or a boolean: readers take each. */
static sl_member_t in_some_kind(const sl_jschema_t *schema, sl_str_t text)
{
  bool boolean = sl_str_eqz(text, "true") || sl_str_eqz(text, "false");
  sl_member_t member = accepted(schema, (sl_jtext_t){SL_J_STRING, text});
  if (member == SL_MEMBER_NO) member = accepted(schema, (sl_jtext_t){SL_J_NUMBER, text});
  if (member == SL_MEMBER_NO && boolean)
    member = accepted(schema, (sl_jtext_t){text.p[0] == 't' ? SL_J_TRUE : SL_J_FALSE, text});
  return member;
}

static sl_member_t in_schema(const sl_judge_t *self, const sl_jschema_t *schema, sl_str_t text)
{
  sl_member_t member = in_some_kind(schema, text);
  if (member != SL_MEMBER_NO || !text.len) return member;
  /* Others of its class may match the pattern that this one does not. */
  const sl_jschema_t *relaxed = sl_canonical_relaxed(schema, false, self->scratch);
  bool apart = relaxed && in_some_kind(relaxed, text) == SL_MEMBER_NO;
  return apart ? SL_MEMBER_NO : SL_MEMBER_MAYBE;
}

sl_member_t sl_in_contract(const sl_judge_t *self, sl_legacy_t value)
{
  const sl_field_t *f = self->unit ? self->unit->carrier : self->field;
  if (value.state == SL_L_MISSING) return f->required ? SL_MEMBER_NO : SL_MEMBER_YES;
  if (value.state == SL_L_NIL) return f->nillable ? SL_MEMBER_YES : SL_MEMBER_NO;
  if (!can_come(self, value.text)) return SL_MEMBER_NO;
  if (f->schema) return in_schema(self, f->schema, value.text);
  if (!f->column && !f->xtype) return SL_MEMBER_YES;
  const char *text =
      sl_arena_strndup(self->scratch, value.text.p ? value.text.p : "", value.text.len);
  if (!text) return SL_MEMBER_MAYBE;
  return f->column ? in_column(f->column, text) : in_type(f->xtype, text);
}
