/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * field: one line of a mapping applied to a record: its codec, with the line's name in the error.
 *
 * Most lines have a slot of their own. A derived one (field->derive: a part of a fixed-width
 * record, a computed value) is made from other slots of its record, here and nowhere else: readers
 * and writers need not know.
 */
#ifndef SL_ENGINE_FIELD_H
#define SL_ENGINE_FIELD_H

#include "mappings/engine/codec.h"
#include "mappings/engine/plan.h"

/* The record's value in JSON spelling → legacy spelling; over a base, the base's own where it did
 * not change (base.h). SL_INVALID for a value the codec refuses,
 * and for null where the contract has no nil. SL_L_MISSING is not judged here: the writer knows
 * whether its parent is there at all. out->text points into the slot, the arena or the plan. */
sl_code_t sl_field_write(const sl_field_t *field, const sl_record_t *record, sl_arena_t *arena,
                         sl_legacy_t *out, sl_err_t *err);
/* The record's value in legacy spelling → a JSON value appended; SL_GARBAGE for what the codec
 * refuses. */
sl_code_t sl_field_read(const sl_field_t *field, const sl_record_t *record, sl_arena_t *arena,
                        sl_buf_t *json, sl_read_t *result_p, sl_err_t *err);
/* The same as bare text, for a header or a return code; appended. */
sl_code_t sl_field_read_text(const sl_field_t *field, const sl_record_t *record, sl_arena_t *arena,
                             sl_buf_t *text, sl_read_t *result_p, sl_err_t *err);
/* What sl_field_read would hand to the codec. */
sl_code_t sl_field_legacy(const sl_field_t *field, const sl_record_t *record, sl_arena_t *arena,
                          sl_legacy_t *out, sl_err_t *err);
/* One slot through the field's codec, as sl_field_write does for a field that is not derived. */
sl_code_t sl_slot_write(const sl_field_t *field, const sl_slot_t *slot, sl_arena_t *arena,
                        sl_legacy_t *out, sl_err_t *err);
/* Does the consumer's record say anything about it? A default counts where it is written. */
bool sl_field_given(const sl_field_t *field, const sl_record_t *record);
/* Is its default what is written? */
bool sl_field_is_preset(const sl_field_t *field, const sl_record_t *record);
/* err names a value of the index-th item of list: its pointer, "/lines/no", gets the item's place,
 * "/lines/3/no". What names no such value stays; so do pairs, whose items have names. */
void sl_err_in_list(sl_err_t *err, const sl_list_t *list, unsigned index);
/* "is required", named. */
sl_code_t sl_field_missing(const sl_field_t *field, sl_err_t *err);

#endif
