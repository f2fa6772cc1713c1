/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/json.h"
#include "core/jsonw.h"
#include "mappings/engine/codec_impl.h"

#include <string.h>

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

typedef struct scan {
  bool high; /* a byte ≥ 0x80 */
  bool low;  /* perhaps a control character */
} scan_t;

/* Eight bytes at a time; `low` may be a false alarm, so that the loop stays without branches. */
static scan_t scan(sl_str_t text)
{
  uint64_t high = 0, low = 0, w = 0;
  size_t i = 0;
  for (; i + 8 <= text.len; i += 8) {
    memcpy(&w, text.p + i, 8);
    high |= w;
    low |= (w - EACH(0x20)) & ~w;
  }
  if (i < text.len) {
    w = EACH(' ');
    memcpy(&w, text.p + i, text.len - i);
    high |= w;
    low |= (w - EACH(0x20)) & ~w;
  }
  return (scan_t){(high & EACH(0x80)) != 0, (low & EACH(0x80)) != 0};
}

size_t sl_utf8_count(sl_str_t text)
{
  size_t n = 0;
  for (size_t i = 0; i < text.len; i++) n += ((unsigned char)text.p[i] & 0xC0) != 0x80;
  return n;
}

static bool is_white(char ch)
{
  return ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r';
}

sl_str_t sl_trim(sl_str_t text)
{
  while (text.len && is_white(text.p[0])) text.p++, text.len--;
  while (text.len && is_white(text.p[text.len - 1])) text.len--;
  return text;
}

/* --- characters
 * ------------------------------------------------------------------------------------ */

static sl_code_t check_controls(const sl_codec_t *c, sl_str_t text, sl_code_t code, sl_err_t *err)
{
  for (size_t i = 0; i < text.len; i++) {
    unsigned char ch = (unsigned char)text.p[i];
    if (ch >= 0x20) continue;
    if (c->medium == SL_MEDIUM_XML && ch != '\t' && ch != '\n' && ch != '\r')
      return sl_err_set(err, code, "text without U+%04X was expected: XML 1.0 cannot carry it", ch);
    if (c->medium == SL_MEDIUM_SQL && ch == 0)
      return sl_err_set(err, code, "text without U+0000 was expected");
  }
  return SL_OK;
}

/* U+FFFE and U+FFFF are no XML characters: EF BF BE, EF BF BF. */
static sl_code_t check_xml_points(sl_str_t text, sl_code_t code, sl_err_t *err)
{
  const char *p = text.p, *end = text.p + text.len;
  while (end - p >= 3 && (p = memchr(p, 0xEF, (size_t)(end - p) - 2)) != NULL) {
    if ((unsigned char)p[1] == 0xBF && (unsigned char)p[2] >= 0xBE)
      return sl_err_set(err, code, "text without U+FFFE and U+FFFF was expected");
    p++;
  }
  return SL_OK;
}

/* Well-formed, sayable in medium and charset; *bytes_p: its length in the charset. */
static sl_code_t check(const sl_codec_t *c, sl_str_t text, size_t *bytes_p, sl_code_t code,
                       sl_err_t *err)
{
  scan_t found = scan(text);
  *bytes_p = text.len * c->blank_bytes;
  if (found.low && check_controls(c, text, code, err)) return code;
  if (!found.high && c->ascii_plain && !(found.low && c->charset)) return SL_OK;
  if (!sl_utf8_valid(text.p, text.len))
    return sl_err_set(err, code, "text in well-formed UTF-8 was expected");
  if (c->medium == SL_MEDIUM_XML && check_xml_points(text, code, err)) return code;
  uint32_t bad = 0;
  if (!c->charset || sl_charset_fits(c->charset, text, bytes_p, &bad)) return SL_OK;
  return sl_err_set(err, code, "text in %s was expected: it has no U+%04X%s",
                    sl_charset_name(c->charset), (unsigned)bad,
                    bad < 0xA0 && (bad < 0x20 || bad >= 0x7F) ? " that would come back" : "");
}

static sl_code_t check_enum(const sl_codec_t *c, sl_str_t text, sl_code_t code, sl_err_t *err)
{
  if (!c->n_enums) return SL_OK;
  for (size_t i = 0; i < c->n_enums; i++)
    if (sl_str_eq(c->enums[i], text)) return SL_OK;
  char list[160] = "";
  size_t used = 0, i = 0;
  for (; i < c->n_enums && used + c->enums[i].len + 8 < sizeof list; i++) {
    if (i) memcpy(list + used, ", ", 2), used += 2;
    memcpy(list + used, c->enums[i].p, c->enums[i].len);
    used += c->enums[i].len;
    list[used] = 0;
  }
  return sl_err_set(err, code, "one of the contract's values was expected: %s%s", list,
                    i < c->n_enums ? " …" : "");
}

/* How wide text is in the unit of width. */
static size_t width_of(const sl_codec_t *c, sl_str_t text, size_t bytes)
{
  return c->width_in_bytes ? bytes : sl_utf8_count(text);
}

static bool too_wide(const sl_codec_t *c, sl_str_t text, size_t bytes)
{
  if (!c->width || (text.len <= (size_t)c->width && bytes <= (size_t)c->width)) return false;
  return width_of(c, text, bytes) > (size_t)c->width;
}

static sl_code_t refuse_width(const sl_codec_t *c, sl_code_t code, sl_err_t *err)
{
  return sl_err_set(err, code, "at most %d %s were expected%s", c->width,
                    c->width_in_bytes ? "bytes" : "characters",
                    code == SL_INVALID && c->overflow ? ": what is beyond would be cut off" : "");
}

static sl_code_t check_width(const sl_codec_t *c, sl_str_t text, size_t bytes, sl_code_t code,
                             sl_err_t *err)
{
  return too_wide(c, text, bytes) ? refuse_width(c, code, err) : SL_OK;
}

sl_str_t sl_pad(const sl_codec_t *c, sl_str_t text, size_t len, sl_arena_t *arena)
{
  if (c->pad == SL_PAD_NONE || len >= (size_t)c->width) return text;
  size_t fill = (size_t)c->width - len;
  if (c->blank_bytes > 1) fill /= c->blank_bytes;
  char *p = sl_arena_text(arena, text.len + fill);
  if (!p) return sl_strn(NULL, 0);
  bool behind = c->pad == SL_PAD_RIGHT;
  memset(behind ? p + text.len : p, c->pad == SL_PAD_ZERO ? '0' : ' ', fill);
  if (text.len) memcpy(behind ? p : p + fill, text.p, text.len);
  return sl_strn(p, text.len + fill);
}

/* --- text
 * -------------------------------------------------------------------------------------------- */

static sl_str_t strip(const sl_codec_t *c, sl_str_t text)
{
  switch (c->pad) {
  case SL_PAD_RIGHT:
    while (text.len && text.p[text.len - 1] == ' ') text.len--;
    break;
  case SL_PAD_LEFT:
    while (text.len && text.p[0] == ' ') text.p++, text.len--;
    break;
  case SL_PAD_ZERO:
    while (text.len > 1 && text.p[0] == '0') text.p++, text.len--;
    break;
  default: break;
  }
  return text;
}

sl_code_t sl_text_decode(const sl_codec_t *c, sl_str_t text, sl_buf_t *out, bool quoted,
                         sl_err_t *err)
{
  size_t bytes;
  if (c->pad == SL_PAD_ZERO && !text.len)
    return sl_err_set(err, SL_GARBAGE, "at least one character was expected");
  text = strip(c, text);
  sl_code_t code = check(c, text, &bytes, SL_GARBAGE, err);
  if (!code) code = check_width(c, text, bytes, SL_GARBAGE, err);
  if (!code) code = check_enum(c, text, SL_GARBAGE, err);
  if (code) return code;
  if (quoted)
    sl_json_quote(out, text);
  else
    sl_buf_adds(out, text);
  return SL_OK;
}

/* What padding would take from it on the way back. */
static sl_code_t check_pad(const sl_codec_t *c, sl_str_t text, sl_err_t *err)
{
  if (c->unguarded) return SL_OK;
  if (c->pad == SL_PAD_ZERO && !text.len)
    return sl_err_set(err, SL_INVALID,
                      "at least one character was expected: it is padded with zeros");
  if (c->modulo & SL_MODULO_PAD || !text.len) return SL_OK;
  if (strip(c, text).len == text.len) return SL_OK;
  return sl_err_set(err, SL_INVALID, "text without %s was expected: they are padding",
                    c->pad == SL_PAD_RIGHT  ? "blanks at its end"
                    : c->pad == SL_PAD_LEFT ? "blanks at its beginning"
                                            : "leading zeros");
}

static size_t whole_characters(sl_str_t text, size_t n)
{
  while (n && n < text.len && ((unsigned char)text.p[n] & 0xC0) == 0x80) n--;
  return n;
}

/* The longest beginning of text that has room, by halving: more characters are never fewer bytes.
 */
static size_t room_for(const sl_codec_t *c, sl_str_t text)
{
  size_t low = 0, high = text.len;
  while (low < high) {
    size_t mid = whole_characters(text, low + (high - low + 1) / 2), bytes = mid;
    uint32_t bad;
    if (mid <= low) { /* within the first character beyond low */
      for (mid = low + 1; mid < text.len && ((unsigned char)text.p[mid] & 0xC0) == 0x80;) mid++;
      if (mid > high) break;
    }
    sl_str_t part = sl_strn(text.p, mid);
    if (c->charset)
      sl_charset_fits(c->charset, part, &bytes, &bad);
    else
      bytes = mid;
    if (width_of(c, part, bytes) <= (size_t)c->width)
      low = mid;
    else
      high = whole_characters(text, mid - 1);
  }
  return low;
}

/* overflow="truncate": what has room, where the mapping gives the rest away. Blanks at its end are
 * padding then. */
static sl_code_t cut(const sl_codec_t *c, sl_str_t *text, size_t *bytes_p, sl_err_t *err)
{
  if (c->overflow != SL_OVERFLOW_TRUNCATE || !(c->modulo & SL_MODULO_WIDTH))
    return refuse_width(c, SL_INVALID, err);
  text->len = room_for(c, *text);
  if (c->pad == SL_PAD_RIGHT) *text = strip(c, *text);
  return check(c, *text, bytes_p, SL_INVALID, err);
}

/* What a system does that is not asked: "?" for each character that it does not have. */
static bool replace_unknown(const sl_codec_t *c, sl_str_t *text, sl_arena_t *arena)
{
  size_t bytes, len, out = 0;
  uint32_t bad;
  if (!sl_utf8_valid(text->p, text->len) || sl_charset_fits(c->charset, *text, &bytes, &bad))
    return true;
  char *p = sl_arena_text(arena, text->len);
  if (!p) return false;
  for (size_t i = 0; i < text->len; i += len) {
    sl_utf8_decode(text->p + i, &len);
    sl_str_t one = sl_strn(text->p + i, len);
    if (!sl_charset_fits(c->charset, one, &bytes, &bad)) one = sl_str("?");
    memcpy(p + out, one.p, one.len);
    out += one.len;
  }
  *text = sl_strn(p, out);
  return true;
}

sl_code_t sl_text_encode(const sl_codec_t *c, sl_jstate_t state, sl_str_t text, sl_arena_t *arena,
                         sl_str_t *out, sl_err_t *err)
{
  size_t bytes;
  if (state != SL_J_STRING) return sl_err_set(err, SL_INVALID, "a string was expected");
  if (c->unguarded && c->charset && !replace_unknown(c, &text, arena)) return sl_arena_full(err);
  sl_code_t code = check(c, text, &bytes, SL_INVALID, err);
  if (!code && too_wide(c, text, bytes)) code = cut(c, &text, &bytes, err);
  if (!code) code = check_enum(c, text, SL_INVALID, err);
  if (!code && c->pad) code = check_pad(c, text, err);
  if (code) return code;
  *out = c->pad ? sl_pad(c, text, width_of(c, text, bytes), arena) : text;
  return out->p || !out->len ? SL_OK : sl_arena_full(err);
}
