/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * derive: values that are made from other slots of their record. field.c calls this; readers,
 * writers and codecs do not know.
 *
 *   record    a legacy text that is several values, by position. Its field (the carrier) has the
 *             legacy place; each part is a field of its own with a JSON place. Read: a part is cut
 *             out of the carrier's slot. Written: the carrier is put together from the parts'.
 *   xpath     read-only: a program over legacy slots, in the spelling they came in.
 *   template  write-only: a program over JSON slots.
 *
 * Programs are flat and run over a small stack, without recursion. Results are in the message's
 * arena. Errors name the line that the consumer knows.
 */
#ifndef SL_ENGINE_DERIVE_H
#define SL_ENGINE_DERIVE_H

#include "mappings/engine/codec.h"
#include "mappings/engine/plan.h"

typedef enum sl_derive_kind {
  SL_DERIVE_RECORD,
  SL_DERIVE_PART,
  SL_DERIVE_XPATH,
  SL_DERIVE_TEMPLATE
} sl_derive_kind_t;

/* Positions and lengths count characters, or bytes of the charset where the carrier's codec does
 * (sl_codec_t.width_in_bytes). */
typedef struct sl_part {
  uint32_t from, len;      /* from: 0 is the first */
  const sl_field_t *field; /* NULL: constant */
  sl_str_t text;           /* constant, of its full length */
  bool ignored;            /* constant: means nothing, so that a base's is kept */
} sl_part_t;

typedef enum sl_step_op {
  SL_STEP_TEXT,      /* pushes text */
  SL_STEP_FIELD,     /* pushes field's slot, "" when it is not there */
  SL_STEP_CONCAT,    /* n from the stack, and so on: they are replaced by the result */
  SL_STEP_SUBSTRING, /* from (1 is the first character), len (UINT32_MAX: all) */
  SL_STEP_BEFORE,
  SL_STEP_AFTER,
  SL_STEP_NORMALIZE,
  SL_STEP_TRANSLATE,
} sl_step_op_t;

typedef struct sl_step {
  uint8_t op;    /* sl_step_op_t */
  bool own_line; /* TEMPLATE, FIELD: no other line judges the value: this one has to */
  uint32_t n, from, len;
  sl_str_t text;
  const sl_field_t *field;
} sl_step_t;

enum { SL_STEP_STACK = 32 }; /* values that a program may have on its stack */

struct sl_derive {
  uint8_t kind; /* sl_derive_kind_t */
  bool whole;   /* RECORD, TEMPLATE: what is left out stays as it is (PATCH): all or nothing */
  uint32_t width;
  const sl_part_t *parts; /* RECORD: all of width, in order */
  size_t n_parts;
  const sl_field_t *record; /* PART: the carrier */
  uint32_t from, len;       /* PART */
  const sl_step_t *steps;   /* XPATH, TEMPLATE */
  size_t n_steps;
};

/* The legacy value of a PART or XPATH; others: *out stays. SL_GARBAGE. */
sl_code_t sl_derive_read(const sl_field_t *field, const sl_record_t *record, sl_arena_t *arena,
                         sl_legacy_t *out, sl_err_t *err);
/* The legacy value of a RECORD or TEMPLATE; SL_INVALID. */
sl_code_t sl_derive_write(const sl_field_t *field, const sl_record_t *record, sl_arena_t *arena,
                          sl_legacy_t *out, sl_err_t *err);
/* Did the consumer give anything that it is made from? */
bool sl_derive_given(const sl_field_t *field, const sl_record_t *record);
/* The first value that the consumer left out of those that it is made from, while another is there:
 * writing some of it would blank the rest; NULL: none. */
const sl_field_t *sl_derive_left_out(const sl_field_t *field, const sl_record_t *record);

/* derive_program.c */
sl_code_t sl_program_read(const sl_field_t *field, const sl_record_t *record, sl_arena_t *arena,
                          sl_legacy_t *out, sl_err_t *err);
sl_code_t sl_program_write(const sl_field_t *field, const sl_record_t *record, sl_arena_t *arena,
                           sl_legacy_t *out, sl_err_t *err);

/* derive_record.c */
sl_code_t sl_part_read(const sl_field_t *field, const sl_record_t *record, sl_legacy_t *out,
                       sl_err_t *err);
sl_code_t sl_parts_write(const sl_field_t *field, const sl_record_t *record, sl_arena_t *arena,
                         sl_legacy_t *out, sl_err_t *err);
/* How long text is in the unit of c's width. */
size_t sl_part_width(const sl_codec_t *c, sl_str_t text);

#endif
