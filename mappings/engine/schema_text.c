/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>
#include "mappings/engine/schema_impl.h"

enum { LAST = 0xffff };

/* --- the charset's characters ------------------------------------------------------------------
 */

static size_t put_char(uint32_t c, char out[4])
{
  if (c < 0x80) return out[0] = (char)c, (size_t)1;
  if (c < 0x800) {
    out[0] = (char)(0xc0 | c >> 6);
    out[1] = (char)(0x80 | (c & 0x3f));
    return 2;
  }
  out[0] = (char)(0xe0 | c >> 12);
  out[1] = (char)(0x80 | (c >> 6 & 0x3f));
  out[2] = (char)(0x80 | (c & 0x3f));
  return 3;
}

/* Control characters: XML has three, SQL all but U+0000. */
static bool medium_has(const sl_codec_t *c, uint32_t code)
{
  if (code >= 0x20) return code < 0xd800 || (code > 0xdfff && code < 0xfffe);
  if (c->medium == SL_MEDIUM_XML) return code == '\t' || code == '\n' || code == '\r';
  return code != 0 || c->medium != SL_MEDIUM_SQL;
}

static void find_ranges(const sl_codec_t *c, sl_ranges_t *out)
{
  bool open = false;
  const char *name = c->charset ? sl_charset_name(c->charset) : "";
  if (out->charset && !strcmp(out->charset, name) && out->medium == c->medium) return;
  *out = (sl_ranges_t){.small = c->charset && !sl_charset_multibyte(c->charset),
                       .charset = name,
                       .medium = c->medium};
  for (uint32_t code = 0; out->small && code <= LAST; code++) {
    char utf8[4];
    size_t bytes;
    uint32_t bad;
    bool in = medium_has(c, code) &&
              sl_charset_fits(c->charset, sl_strn(utf8, put_char(code, utf8)), &bytes, &bad);
    if (in && !open && out->n == SL_SCHEME_RANGES) {
      out->small = false;
      return;
    }
    if (in && !open) out->v[out->n++][0] = code;
    if (in) out->v[out->n - 1][1] = code;
    open = in;
  }
}

/* The inside of a class: without one character, when `but` is less than U+FFFF. */
static void put_class(const sl_ranges_t *r, uint32_t but, sl_buf_t *to)
{
  sl_buf_addc(to, '[');
  for (size_t i = 0; i < r->n; i++) {
    const uint32_t parts[2][2] = {{r->v[i][0], r->v[i][1]}, {but + 1, r->v[i][1]}};
    bool cut = but >= r->v[i][0] && but <= r->v[i][1];
    for (size_t k = 0; k < (cut ? 2u : 1u); k++) {
      uint32_t lo = parts[k][0], hi = cut && k == 0 ? but - 1 : parts[k][1];
      if (cut && k == 0 && but == r->v[i][0]) continue;
      if (lo > hi) continue;
      sl_buf_printf(to, "\\u%04X", (unsigned)lo);
      if (hi > lo) sl_buf_printf(to, "-\\u%04X", (unsigned)hi);
    }
  }
  sl_buf_addc(to, ']');
}

/* --- what may stand at the ends ----------------------------------------------------------------
 */

struct ends {
  bool empty, blank_first, blank_last, zero_first, only_zero, only_blanks;
};

static struct ends ask(sl_scheme_t *self)
{
  bool one = self->c->width == 1;
  return (struct ends){.empty = sl_scheme_takes(self, SL_J_STRING, ""),
                       .blank_first = sl_scheme_takes(self, SL_J_STRING, one ? " " : " a"),
                       .blank_last = sl_scheme_takes(self, SL_J_STRING, one ? " " : "a "),
                       .zero_first = sl_scheme_takes(self, SL_J_STRING, one ? "0" : "0a"),
                       .only_zero = sl_scheme_takes(self, SL_J_STRING, "0"),
                       .only_blanks = sl_scheme_takes(self, SL_J_STRING, " ")};
}

static void put_any(const sl_ranges_t *r, uint32_t but, sl_buf_t *to)
{
  if (r->small)
    put_class(r, but, to);
  else if (but == LAST)
    sl_buf_addz(to, "[\\s\\S]");
  else
    sl_buf_addz(to, but == ' ' ? "[^ ]" : "[^0]");
}

/* ^(ANY*LAST)?$ and its kind; "" when anything goes. */
static void pattern(const struct ends *e, const sl_ranges_t *r, sl_buf_t *to)
{
  bool zero = !e->zero_first, first = !e->blank_first, last = !e->blank_last;
  if (!zero && !first && !last && !r->small && (e->only_blanks || e->empty)) return;
  if (!zero && !first && !last) { /* nothing about the ends */
    if (!r->small) return;
    sl_buf_addc(to, '^');
    put_any(r, LAST, to);
    sl_buf_addz(to, "*$");
    return;
  }
  sl_buf_addz(to, e->empty ? "^(" : "^");
  if (zero && e->only_zero) sl_buf_addz(to, e->empty ? "0|" : "(0|");
  if (first && last) { /* one character is both ends */
    put_any(r, ' ', to);
    sl_buf_addc(to, '(');
    put_any(r, LAST, to);
    sl_buf_addc(to, '*');
    put_any(r, ' ', to);
    sl_buf_addz(to, ")?");
  } else if (last) {
    put_any(r, LAST, to);
    sl_buf_addc(to, '*');
    put_any(r, ' ', to);
  } else {
    put_any(r, zero ? '0' : ' ', to);
    put_any(r, LAST, to);
    sl_buf_addc(to, '*');
  }
  if (zero && e->only_zero && !e->empty) sl_buf_addc(to, ')');
  sl_buf_addz(to, e->empty ? ")?$" : "$");
}

static void enumerated(sl_scheme_t *self)
{
  const sl_codec_t *c = self->c;
  sl_jsonw_key(&self->w, "enum");
  sl_jsonw_array(&self->w);
  for (size_t i = 0; i < c->n_enums; i++) sl_jsonw_str(&self->w, c->enums[i]);
  if (sl_scheme_nulls(self)) sl_jsonw_null(&self->w);
  sl_jsonw_array_end(&self->w);
}

void sl_scheme_text(sl_scheme_t *self)
{
  const sl_codec_t *c = self->c;
  sl_ranges_t *r = &self->ranges;
  if (c->n_enums) {
    enumerated(self);
    return;
  }
  struct ends e = ask(self);
  /* Answers are not judged by what may be written: an empty text may come where none can go. */
  if (self->view == SL_VIEW_ANSWER) e.empty |= c->read_state[SL_L_EMPTY] == SL_AS_VALUE;
  sl_scheme_type(self, "string");
  if (!e.empty) sl_jsonw_key(&self->w, "minLength"), sl_jsonw_int(&self->w, 1);
  if (c->width && c->overflow != SL_OVERFLOW_TRUNCATE)
    sl_jsonw_key(&self->w, "maxLength"), sl_jsonw_int(&self->w, c->width);
  find_ranges(c, r);
  sl_buf_t to;
  sl_buf_init(&to, 0);
  pattern(&e, r, &to);
  if (to.len) sl_jsonw_key(&self->w, "pattern"), sl_jsonw_str(&self->w, sl_buf_str(&to));
  sl_buf_fini(&to);
  bool bytes = c->width && c->width_in_bytes;
  if (!bytes && (!c->charset || r->small)) return;
  char text[120];
  const char *name = c->charset ? sl_charset_name(c->charset) : "UTF-8";
  if (bytes)
    snprintf(text, sizeof text, "at most %d bytes of %.60s", c->width, name);
  else
    snprintf(text, sizeof text, "characters of %.60s", name);
  sl_jsonw_key(&self->w, "$comment");
  sl_jsonw_z(&self->w, text);
}
