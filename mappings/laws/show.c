/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>
#include "core/jsonw.h"
#include "mappings/laws/judge.h"

enum { SHOWN = 48, HEAD = 16, COMMAND = 400 };

/* --- values -------------------------------------------------------------------------------------
 */

/* Long texts by their beginning and their length. */
static void quoted(sl_buf_t *out, sl_str_t text, bool whole)
{
  if (whole || text.len <= SHOWN) {
    sl_json_quote(out, text);
    return;
  }
  size_t head = HEAD;
  while (head > 0 && ((unsigned char)text.p[head] & 0xC0) == 0x80) head--;
  sl_json_quote(out, sl_strn(text.p, head));
  out->len--;
  sl_buf_printf(out, "… (%zu characters)\"", sl_utf8_count(text));
}

static void value(sl_buf_t *out, sl_jtext_t v, bool whole)
{
  switch (v.state) {
  case SL_J_STRING: quoted(out, v.text, whole); break;
  case SL_J_NUMBER: sl_buf_adds(out, v.text); break;
  case SL_J_TRUE: sl_buf_addz(out, "true"); break;
  case SL_J_FALSE: sl_buf_addz(out, "false"); break;
  default: sl_buf_addz(out, "null");
  }
}

/* Where the line's member stands, from the item of its list on. */
static const char *member_of(const sl_judge_t *self)
{
  const char *json = self->field->json;
  size_t n = self->line->within ? strlen(self->line->within->json) : 0;
  return strlen(json) >= n && !strncmp(json, self->line->within ? self->line->within->json : "", n)
             ? json + n
             : json;
}

static void add_key(sl_buf_t *out, const char *p, size_t len)
{
  char key[256];
  size_t n = 0;
  for (size_t i = 0; i < len && n < sizeof key; i++)
    key[n++] = p[i] == '~' && i + 1 < len ? (p[++i] == '1' ? '/' : '~') : p[i];
  sl_json_quote(out, sl_strn(key, n));
}

/* {"address":{"city":…}}; an absent one is {}. */
static void members(sl_buf_t *out, const char *p, sl_jtext_t v, bool whole)
{
  int depth = 0;
  if (*p != '/') {
    value(out, v, whole);
    return;
  }
  while (*p == '/' && v.state != SL_J_ABSENT) {
    size_t len = strcspn(p + 1, "/");
    sl_buf_addc(out, '{');
    add_key(out, p + 1, len);
    sl_buf_addc(out, ':');
    p += 1 + len;
    depth++;
  }
  if (v.state == SL_J_ABSENT)
    sl_buf_addz(out, "{}");
  else
    value(out, v, whole);
  while (depth--) sl_buf_addc(out, '}');
}

static void document(const sl_judge_t *self, sl_buf_t *out, sl_jtext_t v, bool whole)
{
  members(out, member_of(self), v, whole);
}

/* In a list of the shape itself: with the list around its only item. */
static bool whole_document(const sl_judge_t *self, sl_buf_t *out, sl_jtext_t v)
{
  const sl_list_t *list = self->line->within;
  const sl_shape_t *shape = sl_mapping_shape(self->mapping, self->shape);
  int depth = 0;
  bool top = !list;
  for (uint16_t i = 0; list && shape && i < shape->frame->n_lists; i++)
    top |= shape->frame->lists[i] == list;
  if (!top) return false;
  for (const char *p = list ? list->json : NULL; p && *p == '/'; depth++) {
    size_t len = strcspn(p + 1, "/");
    sl_buf_addc(out, '{');
    add_key(out, p + 1, len);
    sl_buf_addc(out, ':');
    p += 1 + len;
  }
  if (list) sl_buf_addc(out, '[');
  document(self, out, v, true);
  if (list) sl_buf_addc(out, ']');
  while (depth--) sl_buf_addc(out, '}');
  return true;
}

static const char *kept(const sl_judge_t *self, sl_buf_t *buf)
{
  const char *text =
      buf->failed ? NULL : sl_arena_strndup(self->keep, buf->p ? buf->p : "", buf->len);
  sl_buf_fini(buf);
  return text ? text : "";
}

const char *sl_show_json(const sl_judge_t *self, sl_jtext_t v)
{
  sl_buf_t buf;
  sl_buf_init(&buf, 0);
  if (self->text_end || !self->field->json[0]) {
    sl_buf_printf(&buf, "%s=", self->field->http[0] ? self->field->http : "value");
    if (v.state == SL_J_STRING)
      quoted(&buf, v.text, false);
    else
      value(&buf, v, false);
  } else {
    document(self, &buf, v, false);
  }
  return kept(self, &buf);
}

static bool all(sl_str_t text, char ch)
{
  for (size_t i = 0; i < text.len; i++)
    if (text.p[i] != ch) return false;
  return true;
}

const char *sl_show_legacy(const sl_judge_t *self, sl_legacy_t v)
{
  sl_buf_t buf;
  sl_medium_t medium = (sl_medium_t)self->codec->medium;
  sl_buf_init(&buf, 0);
  if (v.state == SL_L_MISSING)
    sl_buf_printf(&buf, "no %s", self->field->legacy);
  else if (v.state == SL_L_NIL)
    sl_buf_addz(&buf, medium == SL_MEDIUM_XML ? "nil" : medium == SL_MEDIUM_SQL ? "NULL" : "null");
  else if (!v.text.len)
    sl_buf_addz(&buf, "empty text");
  else if (all(v.text, ' '))
    sl_buf_printf(&buf, "%zu blank%s", v.text.len, v.text.len == 1 ? "" : "s");
  else
    quoted(&buf, v.text, false);
  return kept(self, &buf);
}

/* --- what to do ---------------------------------------------------------------------------------
 */

static const char *scale_pattern(const sl_judge_t *self)
{
  if (self->codec->scale > 0)
    return sl_arena_printf(self->keep,
                           "pattern ^-?\\d+\\.\\d{%d}$ in the schema | modulo=\"scale\"",
                           self->codec->scale);
  return "whole numbers in the schema | modulo=\"scale\"";
}

static const char *put_fix(const sl_judge_t *self, unsigned words)
{
  const sl_codec_t *c = self->codec;
  if (words & SL_MODULO_EMPTY)
    return "\"minLength\":1 in the schema | drop empty and blank from read-null and read-absent | "
           "modulo=\"empty\"";
  if (words & SL_MODULO_WIDTH)
    return sl_arena_printf(self->keep,
                           "\"maxLength\":%d in the schema | overflow=\"truncate\" and "
                           "modulo=\"width\"",
                           c->width);
  if (words & SL_MODULO_PAD)
    return c->pad == SL_PAD_RIGHT  ? "pattern \\S$ in the schema | modulo=\"pad\""
           : c->pad == SL_PAD_LEFT ? "pattern ^\\S in the schema | modulo=\"pad\""
                                   : "pattern ^[^0] in the schema | modulo=\"pad\"";
  if (words & SL_MODULO_SCALE) return scale_pattern(self);
  if (words & SL_MODULO_NULL)
    return "require the member, or allow no null, in the schema | spell null and absent "
           "differently | modulo=\"null\"";
  if (words & SL_MODULO_CODES) return "the table's values as enum in the schema | modulo=\"codes\"";
  if (words & SL_MODULO_FRACTION)
    return "as many digits in the schema as the type keeps | S in the type's pattern | "
           "modulo=\"fraction\"";
  if (words & SL_MODULO_ZONE) return "pattern Z$ in the schema and zone=\"UTC\" | modulo=\"zone\"";
  if (words & SL_MODULO_SIGN) return "no minus before zero in the schema | modulo=\"sign\"";
  if (words & SL_MODULO_DEFAULT) return "require the member in the schema | modulo=\"default\"";
  return "let the schema allow only what the legacy system can hold | widen the type";
}

static const char *get_fix(const sl_judge_t *self, unsigned words)
{
  if (words & SL_MODULO_CODES && self->codec->unmapped == SL_UNMAPPED_FIXED)
    return "a row for each code of the contract | unmapped=\"reject\" | base= on the operations "
           "that write | modulo=\"codes\"";
  if (words & SL_MODULO_CODES)
    return "access=\"read-only\" on the row that is not to be written | base= on the operations "
           "that write | modulo=\"codes\"";
  if (words & SL_MODULO_PAD) return "base= on the operations that write | modulo=\"pad\"";
  if (words & SL_MODULO_ZONE) return "base= on the operations that write | modulo=\"zone\"";
  return "a type that can say this value | base= on the operations that write";
}

const char *sl_show_fix(const sl_judge_t *self, bool put, unsigned words)
{
  return put ? put_fix(self, words) : get_fix(self, words);
}

const char *sl_show_command(const sl_judge_t *self, sl_jtext_t v)
{
  sl_buf_t buf;
  if (!self->shape || self->field->json[0] != '/') return NULL;
  sl_buf_init(&buf, 0);
  bool plain = whole_document(self, &buf, v) && buf.len < COMMAND && !memchr(buf.p, '\'', buf.len);
  sl_str_t text = sl_arena_str(self->keep, sl_buf_str(&buf));
  sl_buf_fini(&buf);
  if (!plain || !text.p) return NULL;
  return sl_arena_printf(self->keep, "echo '%.*s' | sluice map write --lossy --shape %s %s",
                         SL_STR_ARG(text), self->shape, self->mapping->file);
}
