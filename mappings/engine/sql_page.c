/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Pages: the size that was asked for, the cursor, and the links that lead on. A cursor is
 * base64url (RFC 4648 §5, without padding) of: version, four bytes that bind it to its operation,
 * and for each key column two bytes of length (0xFFFF: NULL) and the legacy spelling. */
#include <string.h>
#include "mappings/engine/field.h"
#include "mappings/engine/sql_impl.h"

enum { CURSOR_VERSION = 1, CURSOR_HEAD = 5, CURSOR_MAX = 4096, LENGTH_NULL = 0xffff };

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static const sl_arg_t *find_arg(const sl_input_t *in, const char *name)
{
  for (size_t i = 0; i < in->n_args; i++)
    if (sl_str_eqz(in->args[i].name, name)) return &in->args[i];
  return NULL;
}

/* --- base64url
 * ----------------------------------------------------------------------------------------- */

static size_t encode(const unsigned char *from, size_t len, char *to)
{
  size_t n = 0;
  for (size_t i = 0; i < len; i += 3) {
    size_t left = len - i < 3 ? len - i : 3;
    uint32_t v = (uint32_t)from[i] << 16;
    if (left > 1) v |= (uint32_t)from[i + 1] << 8;
    if (left > 2) v |= from[i + 2];
    for (size_t k = 0; k <= left; k++) to[n++] = alphabet[v >> (18 - 6 * k) & 63];
  }
  return n;
}

static bool decode(sl_str_t from, unsigned char *to, size_t *len_p)
{
  uint32_t v = 0;
  unsigned bits = 0;
  size_t n = 0;
  for (size_t i = 0; i < from.len; i++) {
    const char *at = from.p[i] ? strchr(alphabet, from.p[i]) : NULL;
    if (!at) return false;
    v = (v << 6 | (uint32_t)(at - alphabet)) & 0xffffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    to[n++] = (unsigned char)(v >> bits);
  }
  *len_p = n;
  return bits < 6 && !(v & ((1u << bits) - 1)); /* one spelling of each cursor only */
}

/* --- reading
 * ------------------------------------------------------------------------------------------- */

static bool parse_keys(sl_sql_t *self, const unsigned char *p, const unsigned char *end)
{
  for (size_t i = 0; i < self->op->page->n_key; i++) {
    if (end - p < 2) return false;
    size_t len = (size_t)p[0] << 8 | p[1];
    p += 2;
    self->after[i] = (sl_legacy_t){SL_L_NIL, {"", 0}};
    if (len == LENGTH_NULL) continue;
    if ((size_t)(end - p) < len) return false;
    self->after[i] = (sl_legacy_t){SL_L_TEXT, {(const char *)p, len}};
    p += len;
  }
  return p == end;
}

static bool parse_cursor(sl_sql_t *self, sl_str_t text)
{
  size_t len;
  if (!text.len || text.len > CURSOR_MAX) return false;
  unsigned char *p = sl_arena_alloc(self->arena, text.len);
  if (!p || !decode(text, p, &len) || len < CURSOR_HEAD || p[0] != CURSOR_VERSION) return false;
  uint32_t binding = (uint32_t)p[1] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 8 | p[4];
  if (binding != self->plan->binding || !parse_keys(self, p + CURSOR_HEAD, p + len)) return false;
  /* What the key's type does not read came from nobody we gave a cursor to. */
  for (size_t i = 0; i < self->op->page->n_key; i++) {
    const sl_field_t *field = self->plan->page_fields[i];
    sl_buf_t json;
    sl_read_t result;
    sl_buf_init(&json, 0);
    sl_code_t code = sl_codec_read(field->codec, self->after[i], &json, &result, NULL);
    sl_buf_fini(&json);
    if (code) return false;
  }
  return true;
}

static sl_code_t read_limit(sl_sql_t *self, sl_err_t *err)
{
  const sl_arg_t *arg = find_arg(self->in, "query:limit");
  const sl_page_t *page = self->op->page;
  self->limit = page->size;
  if (!arg) return SL_OK;
  unsigned value = 0;
  bool ok = arg->value.len > 0 && arg->value.len <= 9;
  for (size_t i = 0; ok && i < arg->value.len; i++) {
    ok = arg->value.p[i] >= '0' && arg->value.p[i] <= '9';
    value = value * 10 + (unsigned)(arg->value.p[i] - '0');
  }
  if (!ok || value < 1 || value > page->max)
    return sl_err_field(err, SL_INVALID, "query:limit", "a number from 1 to %u was expected",
                        page->max);
  self->limit = value;
  return SL_OK;
}

sl_code_t sl_page_read(sl_sql_t *self, sl_err_t *err)
{
  size_t n = self->op->page->n_key;
  self->after = sl_arena_zalloc(self->arena, (n + 1) * sizeof *self->after);
  self->page_end = sl_arena_zalloc(self->arena, (n + 1) * sizeof *self->page_end);
  if (!self->after || !self->page_end)
    return sl_err_set(err, SL_TOO_LARGE, "the request is larger than its memory limit");
  const sl_arg_t *cursor = find_arg(self->in, "query:cursor");
  self->has_after = cursor != NULL;
  if (cursor && !parse_cursor(self, cursor->value))
    return sl_err_field(err, SL_INVALID, "query:cursor",
                        "a cursor that a page of this list gave was expected");
  return read_limit(self, err);
}

/* --- writing
 * ------------------------------------------------------------------------------------------- */

sl_str_t sl_page_cursor(sl_sql_t *self)
{
  const sl_page_t *page = self->reading->page;
  size_t len = CURSOR_HEAD;
  for (size_t i = 0; i < page->n_key; i++) len += 2 + self->page_end[i].text.len;
  unsigned char *raw = sl_arena_alloc(self->arena, len);
  char *text = sl_arena_text(self->arena, len / 3 * 4 + 4);
  if (!raw || !text) return sl_strn(NULL, 0);
  uint32_t b = self->plan->binding;
  unsigned char *p = raw;
  *p++ = CURSOR_VERSION;
  for (int shift = 24; shift >= 0; shift -= 8) *p++ = (unsigned char)(b >> shift);
  for (size_t i = 0; i < page->n_key; i++) {
    sl_str_t key = self->page_end[i].text;
    size_t shown = self->page_end[i].state == SL_L_NIL ? LENGTH_NULL : key.len;
    *p++ = (unsigned char)(shown >> 8);
    *p++ = (unsigned char)shown;
    if (key.len) memcpy(p, key.p, key.len);
    p += key.len;
  }
  return sl_strn(text, encode(raw, len, text));
}

/* RFC 3986 §2.3: unreserved characters stand for themselves. */
static void put_encoded(sl_buf_t *out, sl_str_t text)
{
  static const char hex[] = "0123456789ABCDEF";
  for (size_t i = 0; i < text.len; i++) {
    unsigned char ch = (unsigned char)text.p[i];
    bool plain = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') ||
                 strchr("-._~", ch);
    if (plain && ch) {
      sl_buf_addc(out, (char)ch);
    } else {
      char e[3] = {'%', hex[ch >> 4], hex[ch & 15]};
      sl_buf_add(out, e, 3);
    }
  }
}

typedef bool (*put_param_fn)(sl_sql_t *self, sl_str_t name, sl_buf_t *out);

/* The operation's path with its {parameters} filled in. */
static bool put_path(sl_sql_t *self, const char *path, put_param_fn param, sl_buf_t *out)
{
  for (const char *p = path; *p; p++) {
    if (*p != '{') {
      sl_buf_addc(out, *p);
      continue;
    }
    const char *end = strchr(p, '}');
    if (!end || !param(self, sl_strn(p + 1, (size_t)(end - p - 1)), out)) return false;
    p = end;
  }
  return true;
}

static bool put_arg(sl_sql_t *self, sl_str_t name, sl_buf_t *out)
{
  for (size_t i = 0; i < self->in->n_args; i++) {
    sl_str_t arg = self->in->args[i].name;
    if (arg.len != name.len + 5 || memcmp(arg.p, "path:", 5)) continue;
    if (memcmp(arg.p + 5, name.p, name.len)) continue;
    put_encoded(out, self->in->args[i].value);
    return true;
  }
  return false;
}

static sl_str_t keep(sl_sql_t *self, sl_buf_t *buf, bool ok)
{
  sl_str_t text = {NULL, 0};
  if (ok && !buf->failed) text = sl_arena_str(self->arena, sl_buf_str(buf));
  sl_buf_fini(buf);
  return text;
}

sl_str_t sl_page_link(sl_sql_t *self)
{
  sl_buf_t out;
  sl_buf_init(&out, 0);
  sl_buf_addc(&out, '<');
  bool ok = put_path(self, self->op->info.path, put_arg, &out);
  char before = '?';
  for (size_t i = 0; i < self->in->n_args; i++) {
    const sl_arg_t *arg = &self->in->args[i];
    if (arg->name.len <= 6 || memcmp(arg->name.p, "query:", 6)) continue;
    if (sl_str_eqz(arg->name, "query:cursor")) continue;
    sl_buf_addc(&out, before);
    put_encoded(&out, sl_strn(arg->name.p + 6, arg->name.len - 6));
    sl_buf_addc(&out, '=');
    put_encoded(&out, arg->value);
    before = '&';
  }
  sl_buf_addc(&out, before);
  sl_buf_addz(&out, "cursor=");
  sl_buf_adds(&out, sl_page_cursor(self));
  sl_buf_addz(&out, ">; rel=\"next\"");
  return keep(self, &out, ok);
}

/* The value of the reading operation's param whose end is path:name, in the consumer's spelling. */
static bool put_key(sl_sql_t *self, sl_str_t name, sl_buf_t *out)
{
  const sl_op_t *op = self->op->reread;
  for (size_t i = 0; i < op->n_params; i++) {
    const char *http = op->params[i].field->http;
    if (strncmp(http, "path:", 5) || !sl_str_eqz(name, http + 5)) continue;
    sl_buf_t text;
    sl_read_t result;
    sl_err_t err;
    sl_buf_init(&text, 0);
    bool ok = !sl_codec_read_text(op->params[i].field->codec, self->key_values[i], &text, &result,
                                  &err) &&
              result == SL_READ_VALUE;
    if (ok) put_encoded(out, sl_buf_str(&text));
    sl_buf_fini(&text);
    return ok;
  }
  return false;
}

sl_str_t sl_page_location(sl_sql_t *self)
{
  sl_buf_t out;
  sl_buf_init(&out, 0);
  bool ok = self->op->reread && self->key_values &&
            put_path(self, self->op->reread->info.path, put_key, &out);
  return keep(self, &out, ok);
}
