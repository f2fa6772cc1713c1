/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Bytes: base64 in JSON always, base64 or hexadecimal digits on the legacy side. Base64 is passed
 * on as it stands; from hex and to it the bytes are looked at. */
#include "mappings/engine/codec_impl.h"

#include <string.h>

static bool is_white(char ch)
{
  return ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r';
}

/* --- base64
 * ------------------------------------------------------------------------------------------ */

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static bool is_base64(char ch)
{
  return (ch >= 'A' && ch <= 'Z') || (ch >= 'a' && ch <= 'z') || sl_is_digit(ch) || ch == '+' ||
         ch == '/';
}

/* One run of base64 text: alphabet, length, padding (RFC 4648 §4). */
static bool base64_ok(sl_str_t text)
{
  size_t n = text.len;
  if (n % 4) return false;
  for (int i = 0; i < 2 && n && text.p[n - 1] == '='; i++) n--;
  for (size_t i = 0; i < n; i++)
    if (!is_base64(text.p[i])) return false;
  return true;
}

/* XSD allows white space inside; JSON consumers do not expect it. Both are the same bytes. */
static sl_code_t base64_decode(sl_str_t text, sl_buf_t *out, bool quoted, sl_err_t *err)
{
  if (!sl_buf_reserve(out, text.len + 2)) return sl_arena_full(err);
  size_t at = out->len, start;
  if (quoted) out->p[at++] = '"';
  start = at;
  for (size_t i = 0; i < text.len; i++)
    if (!is_white(text.p[i])) out->p[at++] = text.p[i];
  if (!base64_ok(sl_strn(out->p + start, at - start)))
    return sl_err_set(err, SL_GARBAGE, "base64 was expected");
  if (quoted) out->p[at++] = '"';
  out->len = at;
  return SL_OK;
}

/* --- hex
 * -------------------------------------------------------------------------------------------- */

static int hex_digit(char ch)
{
  if (sl_is_digit(ch)) return ch - '0';
  if (ch >= 'A' && ch <= 'F') return ch - 'A' + 10;
  return ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 : -1;
}

/* Three bytes become four letters; of one or two, the rest is '='. */
static void put_base64(char *p, const unsigned char *bytes, size_t n)
{
  uint32_t w =
      (uint32_t)bytes[0] << 16 | (n > 1 ? (uint32_t)bytes[1] << 8 : 0) | (n > 2 ? bytes[2] : 0);
  p[0] = alphabet[w >> 18];
  p[1] = alphabet[w >> 12 & 63];
  p[2] = n > 1 ? alphabet[w >> 6 & 63] : '=';
  p[3] = n > 2 ? alphabet[w & 63] : '=';
}

static sl_code_t hex_decode(sl_str_t text, sl_buf_t *out, bool quoted, sl_err_t *err)
{
  unsigned char bytes[3];
  size_t n = 0;
  if (text.len % 2)
    return sl_err_set(err, SL_GARBAGE, "two hexadecimal digits a byte were expected");
  if (!sl_buf_reserve(out, text.len / 6 * 4 + 8)) return sl_arena_full(err);
  char *p = out->p + out->len;
  if (quoted) *p++ = '"';
  for (size_t i = 0; i < text.len; i += 2) {
    int high = hex_digit(text.p[i]), low = hex_digit(text.p[i + 1]);
    if (high < 0 || low < 0)
      return sl_err_set(err, SL_GARBAGE, "two hexadecimal digits a byte were expected");
    bytes[n++] = (unsigned char)(high << 4 | low);
    if (n < 3 && i + 2 < text.len) continue;
    put_base64(p, bytes, n);
    p += 4;
    n = 0;
  }
  if (quoted) *p++ = '"';
  out->len = (size_t)(p - out->p);
  return SL_OK;
}

static uint32_t base64_value(char ch)
{
  return ch == '=' ? 0 : (uint32_t)(strchr(alphabet, ch) - alphabet);
}

/* Upper case, as XSD 1.0 part 2, 3.2.15 writes it. text is base64. */
static sl_code_t hex_encode(const sl_codec_t *c, sl_str_t text, sl_arena_t *arena, sl_str_t *out,
                            sl_err_t *err)
{
  static const char digits[] = "0123456789ABCDEF";
  char *start = sl_arena_text(arena, text.len / 4 * 6 + 1), *p = start;
  if (!start) return sl_arena_full(err);
  uint32_t left = 0; /* bits of the last letter that are no byte's */
  for (size_t i = 0; i < text.len; i += 4) {
    uint32_t w = 0;
    for (size_t k = 0; k < 4; k++) w = w << 6 | base64_value(text.p[i + k]);
    int n = text.p[i + 2] == '=' ? 1 : text.p[i + 3] == '=' ? 2 : 3;
    for (int k = 0; k < n; k++) {
      uint32_t byte = w >> (16 - 8 * k) & 255;
      *p++ = digits[byte >> 4];
      *p++ = digits[byte & 15];
    }
    left = n == 3 ? 0 : w & (n == 2 ? 0xFFu : 0xFFFFu);
  }
  if (left && !c->unguarded)
    return sl_err_set(err, SL_INVALID,
                      "base64 whose last letter has no bits beyond the bytes was expected");
  *out = sl_strn(start, (size_t)(p - start));
  return SL_OK;
}

/* --- both
 * ------------------------------------------------------------------------------------------- */

sl_code_t sl_binary_decode(const sl_codec_t *c, sl_str_t text, sl_buf_t *out, bool quoted,
                           sl_err_t *err)
{
  return c->encoding == SL_ENCODING_HEX ? hex_decode(text, out, quoted, err)
                                        : base64_decode(text, out, quoted, err);
}

sl_code_t sl_binary_encode(const sl_codec_t *c, sl_jstate_t state, sl_str_t text, sl_arena_t *arena,
                           sl_str_t *out, sl_err_t *err)
{
  if (state != SL_J_STRING || !base64_ok(text))
    return sl_err_set(err, SL_INVALID, "a string of base64 was expected");
  if (c->encoding == SL_ENCODING_HEX) return hex_encode(c, text, arena, out, err);
  *out = text;
  return SL_OK;
}
