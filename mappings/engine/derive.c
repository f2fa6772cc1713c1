/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mappings/engine/derive.h"

sl_code_t sl_derive_read(const sl_field_t *field, const sl_record_t *record, sl_arena_t *arena,
                         sl_legacy_t *out, sl_err_t *err)
{
  switch ((sl_derive_kind_t)field->derive->kind) {
  case SL_DERIVE_PART: return sl_part_read(field, record, out, err);
  case SL_DERIVE_XPATH: return sl_program_read(field, record, arena, out, err);
  default: return SL_OK;
  }
}

sl_code_t sl_derive_write(const sl_field_t *field, const sl_record_t *record, sl_arena_t *arena,
                          sl_legacy_t *out, sl_err_t *err)
{
  return field->derive->kind == SL_DERIVE_RECORD ? sl_parts_write(field, record, arena, out, err)
                                                 : sl_program_write(field, record, arena, out, err);
}

/* The consumer's fields that it is made from, one after the other; NULL: no more. */
static const sl_field_t *next_source(const sl_derive_t *d, size_t *i)
{
  const sl_field_t *f = NULL;
  for (; !f && *i < d->n_parts + d->n_steps; ++*i)
    f = *i < d->n_parts ? d->parts[*i].field : d->steps[*i - d->n_parts].field;
  return f;
}

bool sl_derive_given(const sl_field_t *field, const sl_record_t *record)
{
  const sl_field_t *f;
  for (size_t i = 0; (f = next_source(field->derive, &i));)
    if (record->slots[f->slot].state != SL_J_ABSENT) return true;
  return false;
}

const sl_field_t *sl_derive_left_out(const sl_field_t *field, const sl_record_t *record)
{
  const sl_field_t *f;
  if (!field->derive || field->derive->kind == SL_DERIVE_PART) return NULL;
  if (!sl_derive_given(field, record)) return NULL;
  for (size_t i = 0; (f = next_source(field->derive, &i));)
    if (record->slots[f->slot].state == SL_J_ABSENT) return f;
  return NULL;
}
