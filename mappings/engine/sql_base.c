/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The put rule over rows: what the consumer did not change is left out of the statement, and keeps
 * the spelling that it has. */
#include <string.h>
#include "core/jsonw.h"
#include "mappings/engine/codec_impl.h"
#include "mappings/engine/field.h"
#include "mappings/engine/sql_impl.h"

/* What the base's column reads as, into self->theirs; empty: absent. */
static bool read_theirs(sl_sql_t *self, const sl_field_t *old, const sl_record_t *base)
{
  sl_read_t result;
  sl_err_t err;
  sl_buf_clear(&self->theirs);
  return !sl_field_read(old, base, self->arena, &self->theirs, &result, &err) &&
         !self->theirs.failed;
}

/* A number's text, bare or in quotes, without the zeros behind its point. */
static sl_str_t without_scale(sl_str_t text)
{
  if (text.len > 1 && text.p[0] == '"') text.p++, text.len -= 2;
  if (!memchr(text.p, '.', text.len) || text.p[0] < '+' || text.p[0] > '9') return text;
  while (text.p[text.len - 1] == '0') text.len--;
  if (text.p[text.len - 1] == '.') text.len--;
  return text;
}

static bool equal(const sl_sql_t *self, const sl_field_t *field)
{
  sl_str_t ours = sl_buf_str(&self->ours), theirs = sl_buf_str(&self->theirs);
  if (self->ours.failed) return false;
  if (sl_str_eq(ours, theirs)) return true;
  /* Where zeros behind the point are no loss, they are no change either. */
  bool scale = field->codec->modulo & SL_MODULO_SCALE;
  return scale && ours.len && theirs.len && sl_str_eq(without_scale(ours), without_scale(theirs));
}

bool sl_base_says_same(sl_sql_t *self, const sl_field_t *field, const sl_record_t *record,
                       const sl_field_t *old, const sl_record_t *base)
{
  const sl_slot_t *slot = &record->slots[field->slot];
  if (field->derive || (slot->flags & SL_SLOT_TEXT) || sl_field_is_preset(field, record))
    return false;
  if (!read_theirs(self, old, base)) return false;
  sl_buf_clear(&self->ours);
  switch ((sl_jstate_t)slot->state) {
  case SL_J_ABSENT: break;
  case SL_J_NULL: sl_buf_addz(&self->ours, "null"); break;
  case SL_J_STRING: sl_json_quote(&self->ours, sl_strn(slot->p, slot->len)); break;
  default: sl_buf_add(&self->ours, slot->p, slot->len);
  }
  return equal(self, field);
}

static bool is_null(sl_lstate_t state)
{
  return state == SL_L_NIL || state == SL_L_MISSING;
}

bool sl_base_means_same(sl_sql_t *self, const sl_field_t *field, sl_legacy_t value,
                        const sl_field_t *old, const sl_record_t *base)
{
  const sl_slot_t *slot = &base->slots[old->slot];
  sl_read_t result;
  sl_err_t err;
  if (is_null(value.state) || is_null((sl_lstate_t)slot->state))
    return is_null(value.state) && is_null((sl_lstate_t)slot->state);
  if (sl_str_eq(value.text, sl_strn(slot->p, slot->len))) return true;
  if (field->derive || !read_theirs(self, old, base)) return false;
  /* Another spelling, but it reads as the same: 12.5 and 12.50 where that is no loss. */
  sl_buf_clear(&self->ours);
  return !sl_codec_read(field->codec, value, &self->ours, &result, &err) && equal(self, field);
}

bool sl_base_fill(sl_sql_t *self, const sl_record_t *record, const sl_field_t *field,
                  const sl_record_t *base)
{
  sl_slot_t *slot = (sl_slot_t *)&record->slots[field->slot];
  for (size_t i = 0; i < base->frame->n_slots; i++) {
    const sl_field_t *old = base->frame->fields[i];
    sl_read_t result;
    sl_err_t err;
    if (!old->json[0] || !sl_str_eqz(sl_str(old->json), field->json)) continue;
    sl_buf_clear(&self->theirs);
    if (sl_field_read_text(old, base, self->arena, &self->theirs, &result, &err)) return false;
    sl_str_t text = sl_arena_str(self->arena, sl_buf_str(&self->theirs));
    if (!text.p) return false;
    /* Bare text, whose kind its codec knows, as that of an argument is. */
    if (result == SL_READ_VALUE)
      *slot = (sl_slot_t){text.p, (uint32_t)text.len, SL_J_STRING, SL_SLOT_TEXT};
    else
      *slot = (sl_slot_t){"", 0, SL_J_NULL, 0};
    return true;
  }
  return false;
}
