/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mappings/engine/field.h"

#include <stdio.h>
#include <string.h>
#include "mappings/engine/base.h"
#include "mappings/engine/derive.h"
#include "mappings/engine/mask.h"

static sl_code_t name_it(sl_code_t code, const char *label, sl_err_t *err)
{
  if (code && err) snprintf(err->field, sizeof err->field, "%s", label);
  return code;
}

sl_code_t sl_slot_write(const sl_field_t *field, const sl_slot_t *slot, sl_arena_t *arena,
                        sl_legacy_t *out, sl_err_t *err)
{
  sl_str_t text = {slot->p, slot->len};
  sl_code_t code =
      slot->flags & SL_SLOT_TEXT
          ? sl_codec_write_text(field->codec, text, arena, out, err)
          : sl_codec_write(field->codec, (sl_jstate_t)slot->state, text, arena, out, err);
  if (code) return name_it(code, field->label, err);
  if (out->state == SL_L_NIL && !field->nillable)
    return sl_err_field(err, SL_INVALID, field->label,
                        "null has no spelling in the legacy system: leave the member out, or give "
                        "a value");
  return SL_OK;
}

/* Is what is written made from other slots? */
static bool is_made(const sl_field_t *field)
{
  return field->derive && field->derive->kind != SL_DERIVE_PART;
}

sl_code_t sl_field_write(const sl_field_t *field, const sl_record_t *record, sl_arena_t *arena,
                         sl_legacy_t *out, sl_err_t *err)
{
  if (record->base || field->mask) {
    bool kept;
    sl_code_t code = sl_base_kept(field, record, arena, &kept, out, NULL, err);
    if (code || kept) return code;
  }
  if (is_made(field)) return sl_derive_write(field, record, arena, out, err);
  if (sl_field_is_preset(field, record)) return *out = *field->preset, SL_OK;
  return sl_slot_write(field, &record->slots[field->slot], arena, out, err);
}

sl_code_t sl_field_legacy(const sl_field_t *field, const sl_record_t *record, sl_arena_t *arena,
                          sl_legacy_t *out, sl_err_t *err)
{
  const sl_slot_t *slot = &record->slots[field->slot];
  *out = (sl_legacy_t){(sl_lstate_t)slot->state, {slot->p, slot->len}};
  return field->derive ? sl_derive_read(field, record, arena, out, err) : SL_OK;
}

sl_code_t sl_field_read(const sl_field_t *field, const sl_record_t *record, sl_arena_t *arena,
                        sl_buf_t *json, sl_read_t *result_p, sl_err_t *err)
{
  const sl_slot_t *slot = &record->slots[field->slot];
  sl_legacy_t v = {(sl_lstate_t)slot->state, {slot->p, slot->len}};
  if (!field->derive && !field->mask) { /* most are */
    sl_code_t code = sl_codec_read(field->codec, v, json, result_p, err);
    return code ? name_it(code, field->label, err) : SL_OK;
  }
  size_t start = json->len;
  sl_code_t code = sl_field_legacy(field, record, arena, &v, err);
  if (!code) code = sl_codec_read(field->codec, v, json, result_p, err);
  if (!code && field->mask && *result_p == SL_READ_VALUE) sl_mask_json(field, json, start);
  return name_it(code, field->label, err);
}

sl_code_t sl_field_read_text(const sl_field_t *field, const sl_record_t *record, sl_arena_t *arena,
                             sl_buf_t *text, sl_read_t *result_p, sl_err_t *err)
{
  sl_legacy_t v;
  size_t start = text->len;
  sl_code_t code = sl_field_legacy(field, record, arena, &v, err);
  if (!code) code = sl_codec_read_text(field->codec, v, text, result_p, err);
  if (!code && field->mask && *result_p == SL_READ_VALUE) sl_mask_text(field, text, start);
  return name_it(code, field->label, err);
}

bool sl_field_given(const sl_field_t *field, const sl_record_t *record)
{
  if (is_made(field)) return sl_derive_given(field, record);
  return record->slots[field->slot].state != SL_J_ABSENT || field->preset;
}

bool sl_field_is_preset(const sl_field_t *field, const sl_record_t *record)
{
  return field->preset && !record->null && record->slots[field->slot].state == SL_J_ABSENT;
}

sl_code_t sl_field_missing(const sl_field_t *field, sl_err_t *err)
{
  return sl_err_field(err, SL_INVALID, field->label, "is required");
}

void sl_err_in_list(sl_err_t *err, const sl_list_t *list, unsigned index)
{
  if (!err || list->form == SL_LIST_PAIRS) return;
  char rest[sizeof err->field];
  const char *all = list->whole ? list->whole->json : list->json;
  size_t len = strlen(all);
  if (strncmp(err->field, all, len) || (err->field[len] && err->field[len] != '/')) return;
  snprintf(rest, sizeof rest, "%s", err->field + len);
  if (list->whole && list->whole->form == SL_LIST_SLOTS) /* a place has its number */
    snprintf(err->field, sizeof err->field, "%.90s%.30s", list->json, rest);
  else
    snprintf(err->field, sizeof err->field, "%.80s/%u%.30s", all, index, rest);
}
