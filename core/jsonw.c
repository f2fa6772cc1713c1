/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/jsonw.h"

#include <stdint.h>
#include <stdio.h>

static void before_value(sl_jsonw_t *self)
{
  if (self->comma) sl_buf_addc(self->out, ',');
  self->comma = true;
}

void sl_jsonw_object(sl_jsonw_t *self)
{
  before_value(self);
  sl_buf_addc(self->out, '{');
  self->comma = false;
}

void sl_jsonw_object_end(sl_jsonw_t *self)
{
  sl_buf_addc(self->out, '}');
  self->comma = true;
}

void sl_jsonw_array(sl_jsonw_t *self)
{
  before_value(self);
  sl_buf_addc(self->out, '[');
  self->comma = false;
}

void sl_jsonw_array_end(sl_jsonw_t *self)
{
  sl_buf_addc(self->out, ']');
  self->comma = true;
}

void sl_jsonw_keys(sl_jsonw_t *self, sl_str_t name)
{
  before_value(self);
  sl_json_quote(self->out, name);
  sl_buf_addc(self->out, ':');
  self->comma = false; /* the value itself wants none */
}

void sl_jsonw_key(sl_jsonw_t *self, const char *name)
{
  sl_jsonw_keys(self, sl_str(name));
}

void sl_jsonw_str(sl_jsonw_t *self, sl_str_t text)
{
  before_value(self);
  sl_json_quote(self->out, text);
}

void sl_jsonw_z(sl_jsonw_t *self, const char *text)
{
  sl_jsonw_str(self, sl_str(text));
}

void sl_jsonw_int(sl_jsonw_t *self, int64_t n)
{
  char digits[24];
  int len = snprintf(digits, sizeof digits, "%lld", (long long)n);
  sl_jsonw_raw(self, sl_strn(digits, (size_t)len));
}

void sl_jsonw_bool(sl_jsonw_t *self, bool b)
{
  sl_jsonw_raw(self, b ? sl_str("true") : sl_str("false"));
}

void sl_jsonw_null(sl_jsonw_t *self)
{
  sl_jsonw_raw(self, sl_str("null"));
}

void sl_jsonw_raw(sl_jsonw_t *self, sl_str_t text)
{
  before_value(self);
  sl_buf_adds(self->out, text);
}

/* RFC 8259 §7: quotation mark, reverse solidus and the controls below U+0020 must be escaped. */
static inline bool plain(unsigned char c)
{
  return c >= 0x20 && c != '"' && c != '\\';
}

/* Eight bytes at once: is any of them below 0x20, '"' or '\\'? (The classic "has a zero byte"
 * and "has a byte less than n" words; bytes of 0x80 and above are plain.) */
static inline bool plain8(const char *p)
{
  const uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;
  uint64_t w;
  memcpy(&w, p, 8);
  uint64_t quote = w ^ (ones * '"'), slash = w ^ (ones * '\\');
  uint64_t hit = (w - ones * 0x20) & ~w;
  hit |= (quote - ones) & ~quote;
  hit |= (slash - ones) & ~slash;
  return !(hit & highs);
}

static void escape(sl_buf_t *out, unsigned char c)
{
  static const char shorts[0x20] = {
      ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
  char e[7] = {'\\', (char)c};
  size_t n = 2;
  if (c < 0x20 && shorts[c])
    e[1] = shorts[c];
  else if (c < 0x20)
    n = (size_t)snprintf(e, sizeof e, "\\u%04x", c);
  sl_buf_add(out, e, n);
}

void sl_json_quote(sl_buf_t *out, sl_str_t text)
{
  const char *p = text.p, *end = text.p + text.len;
  if (!sl_buf_reserve(out, text.len + 2)) return;
  sl_buf_addc(out, '"');
  while (p < end) {
    const char *run = p;
    while (end - p >= 8 && plain8(p)) p += 8;
    while (p < end && plain((unsigned char)*p)) p++;
    sl_buf_add(out, run, (size_t)(p - run));
    if (p < end) escape(out, (unsigned char)*p++);
  }
  sl_buf_addc(out, '"');
}
