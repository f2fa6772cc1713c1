/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mappings/engine/mask.h"

#include <stdlib.h>
#include <string.h>

void sl_mask_parse(const char *text, sl_field_t *field)
{
  const char *colon = strchr(text, ':');
  long n = colon ? strtol(colon + 1, NULL, 10) : 0;
  if (!strcmp(text, "all")) field->mask = SL_MASK_ALL;
  if (n < 1 || n > 99) return;
  if (!strncmp(text, "last:", 5)) field->mask = SL_MASK_LAST;
  if (!strncmp(text, "first:", 6)) field->mask = SL_MASK_FIRST;
  if (field->mask) field->mask_shown = (uint8_t)n;
}

/* Bytes of the character at p: one of UTF-8, or (escapes) one of a JSON string. */
static size_t character(const char *p, const char *end, bool escapes)
{
  size_t n = 1, left = (size_t)(end - p);
  if (escapes && *p == '\\' && left >= 2) {
    if (p[1] != 'u') return 2;
    bool high = left >= 12 && (p[2] | 32) == 'd' && strchr("89abAB", p[3]) && p[6] == '\\';
    return high ? 12 : left < 6 ? left : 6;
  }
  while (n < left && ((unsigned char)p[n] & 0xc0) == 0x80) n++;
  return n;
}

static size_t characters(const char *p, const char *end, bool escapes)
{
  size_t n = 0;
  for (; p < end; p += character(p, end, escapes)) n++;
  return n;
}

/* Is character i of n hidden? */
static bool hidden(const sl_field_t *field, size_t i, size_t n)
{
  if (field->mask == SL_MASK_ALL || n <= field->mask_shown) return true;
  return field->mask == SL_MASK_LAST ? i < n - field->mask_shown : i >= field->mask_shown;
}

/* Bytes from to end of buf; a mask is never longer than what it hides. */
static size_t cover(const sl_field_t *field, char *from, const char *end, bool escapes)
{
  size_t n = characters(from, end, escapes), i = 0;
  char *to = from;
  for (const char *p = from; p < end; i++) {
    size_t len = character(p, end, escapes);
    if (hidden(field, i, n)) {
      *to++ = '*';
    } else {
      memmove(to, p, len);
      to += len;
    }
    p += len;
  }
  return (size_t)(to - from);
}

void sl_mask_text(const sl_field_t *field, sl_buf_t *text, size_t start)
{
  if (text->failed || start >= text->len) return;
  text->len = start + cover(field, text->p + start, text->p + text->len, false);
}

void sl_mask_json(const sl_field_t *field, sl_buf_t *json, size_t start)
{
  size_t len = json->len - start;
  if (json->failed || !len || (len == 4 && !memcmp(json->p + start, "null", 4))) return;
  if (json->p[start] != '"') {
    sl_buf_add(json, "\"\"", 2);
    if (json->failed) return;
    memmove(json->p + start + 1, json->p + start, len);
    json->p[start] = '"';
  }
  size_t shown = cover(field, json->p + start + 1, json->p + json->len - 1, true);
  json->p[start + 1 + shown] = '"';
  json->len = start + shown + 2;
}

bool sl_mask_looks(const sl_field_t *field, sl_str_t text)
{
  const char *p = text.p, *end = p + text.len;
  size_t n = characters(p, end, false), i = 0;
  for (; p < end; p += character(p, end, false), i++)
    if (hidden(field, i, n) && *p != '*') return false;
  return n > 0;
}
