/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/json.h"
#include "mappings/engine/base.h"
#include "mappings/engine/codec_impl.h"
#include "mappings/engine/derive.h"
#include "mappings/engine/field.h"

#include <string.h>

/* --- units ------------------------------------------------------------------------------------ */

static bool is_ascii(sl_str_t text)
{
  for (size_t i = 0; i < text.len; i++)
    if ((unsigned char)text.p[i] >= 0x80) return false;
  return true;
}

/* The character at text.p: its length in UTF-8. What is not UTF-8, the codec refuses later. */
static size_t char_len(sl_str_t text)
{
  unsigned char c = (unsigned char)text.p[0];
  size_t n = c < 0xC0 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
  return n <= text.len ? n : text.len;
}

static size_t char_width(const sl_codec_t *c, sl_str_t one)
{
  size_t bytes = one.len;
  uint32_t bad;
  if (!c->width_in_bytes || one.len == 1) return 1;
  if (c->charset && sl_utf8_valid(one.p, one.len)) sl_charset_fits(c->charset, one, &bytes, &bad);
  return bytes;
}

size_t sl_part_width(const sl_codec_t *c, sl_str_t text)
{
  size_t width = 0;
  if (is_ascii(text)) return text.len;
  for (size_t i = 0, n; i < text.len; i += n) {
    n = char_len(sl_strn(text.p + i, text.len - i));
    width += char_width(c, sl_strn(text.p + i, n));
  }
  return width;
}

/* --- reading -----------------------------------------------------------------------------------
 */

/* Where position `at` of text is; false: in the middle of a character. Beyond its end: its end. */
static bool offset_of(const sl_codec_t *c, sl_str_t text, size_t at, size_t *offset_p)
{
  size_t i = 0;
  for (size_t pos = 0, n; i < text.len && pos < at; i += n) {
    n = char_len(sl_strn(text.p + i, text.len - i));
    pos += char_width(c, sl_strn(text.p + i, n));
    if (pos > at) return false;
  }
  *offset_p = i;
  return true;
}

static bool cut(const sl_codec_t *c, sl_str_t text, uint32_t from, uint32_t len, sl_str_t *out)
{
  size_t start = from, end = (size_t)from + len;
  if (is_ascii(text)) {
    if (start > text.len) start = text.len;
    if (end > text.len) end = text.len;
  } else if (!offset_of(c, text, start, &start) || !offset_of(c, text, end, &end)) {
    return false;
  }
  *out = sl_strn(text.p + start, end - start);
  return true;
}

static sl_str_t without_end_blanks(sl_str_t text)
{
  while (text.len && text.p[text.len - 1] == ' ') text.len--;
  return text;
}

/* Is there anything behind its last position? Blanks are nothing. */
static bool too_long(const sl_field_t *carrier, sl_str_t text)
{
  sl_str_t rest;
  if (text.len <= carrier->derive->width && is_ascii(text)) return false;
  return !cut(carrier->codec, text, carrier->derive->width, UINT32_MAX / 2, &rest) ||
         without_end_blanks(rest).len;
}

sl_code_t sl_part_read(const sl_field_t *field, const sl_record_t *record, sl_legacy_t *out,
                       sl_err_t *err)
{
  const sl_derive_t *d = field->derive;
  const sl_field_t *carrier = d->record;
  const sl_slot_t *slot = &record->slots[carrier->slot];
  sl_lstate_t state = sl_legacy_state(slot);
  sl_str_t text = {slot->p, slot->len};
  sl_meaning_t meaning = (sl_meaning_t)carrier->codec->read_state[state];
  *out = (sl_legacy_t){SL_L_MISSING, {"", 0}};
  if (state != SL_L_TEXT && meaning != SL_AS_VALUE) {
    if (meaning == SL_AS_NULL) out->state = SL_L_NIL;
    return SL_OK;
  }
  if (state == SL_L_MISSING || state == SL_L_NIL) return out->state = state, SL_OK;
  if (too_long(carrier, text))
    return sl_err_set(err, SL_GARBAGE, "%s of at most %u %s was expected", carrier->legacy,
                      d->record->derive->width,
                      carrier->codec->width_in_bytes ? "bytes" : "characters");
  if (!cut(carrier->codec, text, d->from, d->len, &text))
    return sl_err_set(err, SL_GARBAGE, "a character of %s lies across the border of its places",
                      carrier->legacy);
  bool left = field->codec->pad == SL_PAD_ZERO || field->codec->pad == SL_PAD_LEFT;
  if (left && without_end_blanks(text).len && sl_part_width(carrier->codec, text) < d->len)
    return sl_err_set(err, SL_GARBAGE, "%s is cut off within this part of it", carrier->legacy);
  /* What is shorter was blank there. */
  if (!text.len) text = sl_str(" ");
  sl_str_t short_text = without_end_blanks(text);
  if (sl_codec_kind(field->codec) == SL_CODEC_CODE && !sl_code_find(field->codec, text) &&
      (short_text.len || sl_code_find(field->codec, short_text)))
    text = short_text;
  *out = (sl_legacy_t){SL_L_TEXT, text};
  return SL_OK;
}

/* --- writing -----------------------------------------------------------------------------------
 */

/* What all parts have in common: ABSENT, NULL; STRING: they differ, or are values. */
static sl_jstate_t common_state(const sl_derive_t *d, const sl_record_t *record)
{
  bool absent = true, null = true;
  for (size_t i = 0; i < d->n_parts; i++) {
    if (!d->parts[i].field) continue;
    uint8_t state = record->slots[d->parts[i].field->slot].state;
    absent &= state == SL_J_ABSENT;
    null &= state == SL_J_NULL;
  }
  return absent ? SL_J_ABSENT : null ? SL_J_NULL : SL_J_STRING;
}

/* A code that ends in blanks would be read without them. */
static bool loses_blanks(const sl_codec_t *c, sl_str_t text, size_t width, uint32_t len)
{
  return sl_codec_kind(c) == SL_CODEC_CODE && width < len && text.len &&
         text.p[text.len - 1] == ' ' && !c->unguarded;
}

/* A value that becomes blank is read as what blank means, unless it is a code. */
static bool becomes_blank(const sl_codec_t *c, const sl_slot_t *slot, sl_str_t text)
{
  return slot->state >= SL_J_STRING && !without_end_blanks(text).len &&
         c->read_state[SL_L_BLANK] != SL_AS_VALUE && !(c->modulo & SL_MODULO_EMPTY) &&
         !(sl_codec_kind(c) == SL_CODEC_CODE && sl_code_find(c, text));
}

static sl_code_t write_part(const sl_codec_t *c, const sl_part_t *part, const sl_record_t *record,
                            sl_arena_t *arena, sl_str_t *out, size_t *width_p, sl_err_t *err)
{
  const sl_field_t *f = part->field;
  sl_legacy_t v;
  sl_code_t code = sl_field_write(f, record, arena, &v, err);
  if (code) return code;
  if (v.state == SL_L_MISSING && !(f->codec->modulo & SL_MODULO_NULL))
    return sl_err_field(err, SL_INVALID, f->label,
                        "is required: it is a part of a record, whose other parts are there");
  *out = v.state == SL_L_TEXT ? v.text : sl_strn("", 0);
  *width_p = sl_part_width(c, *out);
  if (*width_p > part->len)
    return sl_err_field(err, SL_INVALID, f->label, "at most %u %s were expected", part->len,
                        c->width_in_bytes ? "bytes" : "characters");
  if (becomes_blank(f->codec, &record->slots[f->slot], *out))
    return sl_err_field(err, SL_INVALID, f->label,
                        "text that is not empty was expected: it would be read as %s",
                        f->codec->read_state[SL_L_BLANK] == SL_AS_NULL ? "null" : "absent");
  if (loses_blanks(f->codec, *out, *width_p, part->len))
    return sl_err_field(err, SL_INVALID, f->label, "text without blanks at its end was expected");
  return SL_OK;
}

struct piece {
  sl_str_t text;
  size_t fill;
};

static sl_code_t put_together(const sl_field_t *field, const sl_record_t *record, sl_arena_t *arena,
                              sl_legacy_t *out, sl_err_t *err)
{
  const sl_derive_t *d = field->derive;
  struct piece *v = sl_arena_alloc(arena, d->n_parts * sizeof *v);
  size_t len = 0;
  if (!v) return sl_arena_full(err);
  for (size_t i = 0; i < d->n_parts; i++) {
    const sl_part_t *part = &d->parts[i];
    size_t width = part->len;
    v[i].text = part->text;
    sl_code_t code = part->field
                         ? write_part(field->codec, part, record, arena, &v[i].text, &width, err)
                         : SL_OK;
    if (code) return code;
    sl_legacy_t base = part->ignored ? sl_base_legacy(field, record) : (sl_legacy_t){0};
    if (base.state == SL_L_TEXT && cut(field->codec, base.text, part->from, part->len, &v[i].text))
      width = sl_part_width(field->codec, v[i].text);
    v[i].fill = part->len - width;
    len += v[i].text.len + v[i].fill;
  }
  char *text = sl_arena_text(arena, len), *p = text;
  if (!text) return sl_arena_full(err);
  for (size_t i = 0; i < d->n_parts; i++) {
    if (v[i].text.len) memcpy(p, v[i].text.p, v[i].text.len);
    p += v[i].text.len;
    memset(p, ' ', v[i].fill);
    p += v[i].fill;
  }
  *out = (sl_legacy_t){SL_L_TEXT, sl_strn(text, len)};
  if (field->codec->read_state[SL_L_BLANK] == SL_AS_ABSENT &&
      !(field->codec->modulo & SL_MODULO_NULL) && !without_end_blanks(out->text).len)
    return sl_err_field(err, SL_INVALID, field->label,
                        "a value was expected: only blanks would be read as absent");
  return SL_OK;
}

sl_code_t sl_parts_write(const sl_field_t *field, const sl_record_t *record, sl_arena_t *arena,
                         sl_legacy_t *out, sl_err_t *err)
{
  sl_jstate_t state = common_state(field->derive, record);
  if (state != SL_J_STRING) {
    sl_code_t code = sl_codec_write(field->codec, state, sl_str(""), arena, out, err);
    if (code || state == SL_J_ABSENT) return code;
    if (out->state != SL_L_NIL || field->nillable) return SL_OK;
  }
  return put_together(field, record, arena, out, err);
}
