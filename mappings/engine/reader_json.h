/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * reader_json: JSON text → record. The consumer's: a member the mapping does not name, one that
 * comes twice, or one of the wrong type is SL_INVALID with its pointer in err->field; members that
 * are read-only are taken note of and left out. A legacy system's: unknown members are skipped and
 * counted, or refused when the mapping says so; errors are SL_GARBAGE.
 *
 * Text is borrowed from the input where it had no escapes: it has to stay as long as the record.
 */
#ifndef SL_ENGINE_READER_JSON_H
#define SL_ENGINE_READER_JSON_H

#include "core/arena.h"
#include "core/err.h"
#include "mappings/engine/plan.h"

/* Slots that an HTTP end has filled already (SL_SLOT_TEXT) must agree with the body. partial: a
 * PATCH, where an object without members changes nothing; otherwise it is refused when it would
 * come back as absent. */
sl_code_t sl_json_read(sl_record_t *record, sl_arena_t *arena, sl_str_t json, bool partial,
                       sl_err_t *err);
/* When record carries (sl_record_carry), so do the objects below it: a base. What is carried points
 * into json. */
sl_code_t sl_json_read_legacy(sl_record_t *record, sl_arena_t *arena, sl_str_t json,
                              bool reject_unknown, size_t *unknown_p, sl_err_t *err);

#endif
