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

/* Some of what it is made from is there, and some is not: writing that would blank the rest. Over a
 * base, the parts of a record that are left out are the base's. */
static sl_code_t check_whole(const sl_field_t *field, const sl_record_t *record, sl_err_t *err)
{
  const sl_derive_t *d = field->derive;
  bool based = record->base && d->kind == SL_DERIVE_RECORD;
  const sl_field_t *f = d->whole && !based ? sl_derive_left_out(field, record) : NULL;
  if (!f) return SL_OK;
  return sl_err_field(err, SL_INVALID, f->label,
                      "is required with the others that %s is made of: it would be blanked",
                      field->legacy);
}

sl_code_t sl_derive_write(const sl_field_t *field, const sl_record_t *record, sl_arena_t *arena,
                          sl_legacy_t *out, sl_err_t *err)
{
  sl_code_t code = check_whole(field, record, err);
  if (code) return code;
  return field->derive->kind == SL_DERIVE_RECORD ? sl_parts_write(field, record, arena, out, err)
                                                 : sl_program_write(field, record, arena, out, err);
}
