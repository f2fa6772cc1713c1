/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mappings/engine/derive.h"

sl_code_t sl_derive_read(const sl_field_t *field, const sl_record_t *record, sl_arena_t *arena,
                         sl_legacy_t *out, sl_err_t *err)
{
  (void)arena;
  return field->derive->kind == SL_DERIVE_PART ? sl_part_read(field, record, out, err) : SL_OK;
}

sl_code_t sl_derive_write(const sl_field_t *field, const sl_record_t *record, sl_arena_t *arena,
                          sl_legacy_t *out, sl_err_t *err)
{
  return sl_parts_write(field, record, arena, out, err);
}

bool sl_derive_given(const sl_field_t *field, const sl_record_t *record)
{
  const sl_derive_t *d = field->derive;
  for (size_t i = 0; i < d->n_parts; i++)
    if (d->parts[i].field && record->slots[d->parts[i].field->slot].state != SL_J_ABSENT)
      return true;
  for (size_t i = 0; i < d->n_steps; i++)
    if (d->steps[i].field && record->slots[d->steps[i].field->slot].state != SL_J_ABSENT)
      return true;
  return false;
}
