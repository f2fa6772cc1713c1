/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>
#include <strings.h>
#include "mappings/laws/judge.h"

/* --- D -------------------------------------------------------------------------------------------
 */

bool sl_domain_given(const sl_judge_t *self)
{
  (void)self;
  return false;
}

/* Without a schema, D is what is taken: who asks was taken. */
sl_member_t sl_in_domain(const sl_judge_t *self, sl_jtext_t value)
{
  (void)self;
  (void)value;
  return SL_MEMBER_YES;
}

/* --- E -------------------------------------------------------------------------------------------
 */

/* XML 1.0 §2.2; other readers of messages hand on everything but U+0000. */
static bool can_come(const sl_judge_t *self, sl_str_t text)
{
  for (size_t i = 0; i < text.len; i++) {
    unsigned char ch = (unsigned char)text.p[i];
    if (!ch) return false;
    if (self->codec->medium == SL_MEDIUM_XML && ch < 0x20 && !strchr("\t\n\r", ch)) return false;
  }
  return true;
}

static bool is_minus_zero(const char *text)
{
  return text[0] == '-' && text[1 + strspn(text + 1, "0.")] == 0;
}

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
  if (!chars && (!*text || is_minus_zero(text))) return SL_MEMBER_NO;
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

sl_member_t sl_in_contract(const sl_judge_t *self, sl_legacy_t value)
{
  const sl_field_t *f = self->field;
  if (value.state == SL_L_MISSING) return f->required ? SL_MEMBER_NO : SL_MEMBER_YES;
  if (value.state == SL_L_NIL) return f->nillable ? SL_MEMBER_YES : SL_MEMBER_NO;
  if (!can_come(self, value.text)) return SL_MEMBER_NO;
  if (!f->column && !f->xtype) return SL_MEMBER_YES;
  const char *text =
      sl_arena_strndup(self->scratch, value.text.p ? value.text.p : "", value.text.len);
  if (!text) return SL_MEMBER_MAYBE;
  return f->column ? in_column(f->column, text) : in_type(f->xtype, text);
}
