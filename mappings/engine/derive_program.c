/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * XPath 1.0 §4.2 says what the string functions do; characters are code points. */
#include "mappings/engine/derive.h"
#include "mappings/engine/field.h"

#include <stdio.h>
#include <string.h>

static sl_code_t full(sl_err_t *err)
{
  return sl_err_set(err, SL_TOO_LARGE, "the message is larger than its memory limit");
}

static size_t char_len(sl_str_t text, size_t i)
{
  size_t n = 1;
  while (i + n < text.len && ((unsigned char)text.p[i + n] & 0xC0) == 0x80) n++;
  return n;
}

static bool is_white(char c)
{
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static sl_str_t substring(sl_str_t text, uint32_t from, uint32_t len)
{
  uint64_t end = len == UINT32_MAX ? UINT64_MAX : (uint64_t)from + len;
  size_t start = text.len, stop = text.len;
  uint64_t position = 1;
  for (size_t i = 0; i < text.len; i += char_len(text, i), position++) {
    if (position >= from && start == text.len) start = i;
    if (position >= end) {
      stop = i;
      break;
    }
  }
  return start < stop ? sl_strn(text.p + start, stop - start) : sl_strn("", 0);
}

static sl_str_t before(sl_str_t text, sl_str_t mark)
{
  const char *at = mark.len ? memmem(text.p, text.len, mark.p, mark.len) : NULL;
  return at ? sl_strn(text.p, (size_t)(at - text.p)) : sl_strn("", 0);
}

static sl_str_t after(sl_str_t text, sl_str_t mark)
{
  if (!mark.len) return text;
  const char *at = memmem(text.p, text.len, mark.p, mark.len);
  return at ? sl_strn(at + mark.len, (size_t)(text.p + text.len - at) - mark.len) : sl_strn("", 0);
}

static bool concat(const sl_str_t *v, uint32_t n, sl_arena_t *arena, sl_str_t *out)
{
  size_t len = 0;
  for (uint32_t i = 0; i < n; i++) len += v[i].len;
  char *text = sl_arena_text(arena, len), *p = text;
  if (!text) return false;
  for (uint32_t i = 0; i < n; i++) {
    if (v[i].len) memcpy(p, v[i].p, v[i].len);
    p += v[i].len;
  }
  *out = sl_strn(text, len);
  return true;
}

static bool normalize(sl_str_t text, sl_arena_t *arena, sl_str_t *out)
{
  char *to = sl_arena_text(arena, text.len), *p = to;
  if (!to) return false;
  for (size_t i = 0; i < text.len; i++) {
    if (!is_white(text.p[i]))
      *p++ = text.p[i];
    else if (p > to && p[-1] != ' ')
      *p++ = ' ';
  }
  if (p > to && p[-1] == ' ') p--;
  *out = sl_strn(to, (size_t)(p - to));
  return true;
}

/* The character of `to` that stands where c stands in `from`; c itself when it does not; none
 * when `to` is shorter. */
static sl_str_t translated(sl_str_t c, sl_str_t from, sl_str_t to)
{
  size_t i = 0, k = 0;
  for (; i < from.len; i += char_len(from, i)) {
    size_t n = char_len(from, i);
    if (n == c.len && !memcmp(from.p + i, c.p, n))
      return k < to.len ? sl_strn(to.p + k, char_len(to, k)) : sl_strn("", 0);
    if (k < to.len) k += char_len(to, k);
  }
  return c;
}

static bool translate(sl_str_t text, sl_str_t from, sl_str_t to, sl_arena_t *arena, sl_str_t *out)
{
  enum { LONGEST = 4 }; /* bytes of a character */
  char *p, *start = p = sl_arena_text(arena, text.len * LONGEST);
  if (!start) return false;
  for (size_t i = 0, n; i < text.len; i += n) {
    n = char_len(text, i);
    sl_str_t c = translated(sl_strn(text.p + i, n), from, to);
    if (c.len > LONGEST) c.len = LONGEST; /* not UTF-8: the codec says so */
    if (c.len) memcpy(p, c.p, c.len);
    p += c.len;
  }
  *out = sl_strn(start, (size_t)(p - start));
  return true;
}

/* The program's text. The compiler has seen to it that the stack suffices. */
static bool run(const sl_derive_t *d, const sl_record_t *record, sl_arena_t *arena, sl_str_t *out)
{
  sl_str_t stack[SL_STEP_STACK], *top = stack; /* behind the last */
  bool good = true;
  for (size_t i = 0; good && i < d->n_steps; i++) {
    const sl_step_t *s = &d->steps[i];
    const sl_slot_t *slot = s->field ? &record->slots[s->field->slot] : NULL;
    switch ((sl_step_op_t)s->op) {
    case SL_STEP_TEXT: *top++ = s->text; break;
    case SL_STEP_FIELD: *top++ = slot->p ? sl_strn(slot->p, slot->len) : sl_strn("", 0); break;
    case SL_STEP_CONCAT:
      top -= s->n;
      good = concat(top, s->n, arena, top);
      top++;
      break;
    case SL_STEP_SUBSTRING: top[-1] = substring(top[-1], s->from, s->len); break;
    case SL_STEP_BEFORE:
      top--;
      top[-1] = before(top[-1], top[0]);
      break;
    case SL_STEP_AFTER:
      top--;
      top[-1] = after(top[-1], top[0]);
      break;
    case SL_STEP_NORMALIZE: good = normalize(top[-1], arena, &top[-1]); break;
    case SL_STEP_TRANSLATE:
      top -= 2;
      good = translate(top[-1], top[0], top[1], arena, &top[-1]);
      break;
    }
  }
  *out = stack[0];
  return good;
}

sl_code_t sl_program_read(const sl_field_t *field, const sl_record_t *record, sl_arena_t *arena,
                          sl_legacy_t *out, sl_err_t *err)
{
  const sl_derive_t *d = field->derive;
  bool any = false;
  for (size_t i = 0; i < d->n_steps; i++)
    any |= d->steps[i].field && record->slots[d->steps[i].field->slot].state == SL_L_TEXT;
  *out = (sl_legacy_t){any ? SL_L_TEXT : SL_L_MISSING, {"", 0}};
  return !any || run(d, record, arena, &out->text) ? SL_OK : full(err);
}

/* A member that only this template reads has no other line that would judge it. */
static sl_code_t judge(const sl_step_t *step, const sl_record_t *record, sl_arena_t *arena,
                       sl_err_t *err)
{
  sl_legacy_t ignored;
  if (!step->own_line) return SL_OK;
  return sl_slot_write(step->field, &record->slots[step->field->slot], arena, &ignored, err);
}

/* A text is made of all its members: without one, or with null for one, only what stands between
 * them would be written. */
static sl_code_t check_members(const sl_field_t *field, const sl_record_t *record, sl_err_t *err)
{
  const sl_derive_t *d = field->derive;
  for (size_t i = 0; i < d->n_steps; i++) {
    const sl_field_t *f = d->steps[i].field;
    sl_jstate_t s = f ? (sl_jstate_t)record->slots[f->slot].state : SL_J_STRING;
    if (s == SL_J_ABSENT)
      return sl_err_field(err, SL_INVALID, f->label,
                          "is required with the others that %s is made of", field->legacy);
    if (s == SL_J_NULL)
      return sl_err_field(err, SL_INVALID, f->label,
                          "is null, and the others that %s is made of are not", field->legacy);
  }
  return SL_OK;
}

sl_code_t sl_program_write(const sl_field_t *field, const sl_record_t *record, sl_arena_t *arena,
                           sl_legacy_t *out, sl_err_t *err)
{
  const sl_derive_t *d = field->derive;
  sl_jstate_t state = SL_J_ABSENT;
  sl_str_t text = {"", 0};
  for (size_t i = 0; i < d->n_steps; i++) {
    if (!d->steps[i].field) continue;
    sl_jstate_t s = (sl_jstate_t)record->slots[d->steps[i].field->slot].state;
    if (s > state) state = s < SL_J_STRING ? s : SL_J_STRING;
    sl_code_t code = judge(&d->steps[i], record, arena, err);
    if (code) return code;
  }
  sl_code_t whole = state == SL_J_STRING ? check_members(field, record, err) : SL_OK;
  if (whole) return whole;
  if (state == SL_J_STRING && !run(d, record, arena, &text)) return full(err);
  sl_code_t code = state == SL_J_STRING
                       ? sl_codec_write_text(field->codec, text, arena, out, err)
                       : sl_codec_write(field->codec, state, text, arena, out, err);
  if (!code && out->state == SL_L_NIL && !field->nillable)
    code = sl_err_set(err, SL_INVALID, "null has no spelling in the legacy system");
  if (code && err) snprintf(err->field, sizeof err->field, "%s", field->label);
  return code;
}
