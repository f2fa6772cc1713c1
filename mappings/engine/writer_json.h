/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * writer_json: record → JSON text. A list is always an array; an object whose members are all
 * absent is left out, unless the mapping says required or it holds a list. Written straight into
 * out; after an error its contents are of no use. A full buffer shows in out->failed.
 */
#ifndef SL_ENGINE_WRITER_JSON_H
#define SL_ENGINE_WRITER_JSON_H

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/json.h"
#include "mappings/engine/codec.h"
#include "mappings/engine/plan.h"

/* A record in legacy spelling as the consumer's JSON (frame->json). SL_GARBAGE names the field
 * whose value its codec refuses. */
sl_code_t sl_json_write(const sl_record_t *record, sl_arena_t *arena, sl_buf_t *out, sl_err_t *err);
/* A record in JSON spelling as the legacy system's JSON (frame->legacy_json). SL_INVALID. */
sl_code_t sl_json_write_legacy(sl_record_t *record, sl_arena_t *arena, sl_buf_t *out,
                               sl_err_t *err);
/* How it spells a value of field that is not missing: STRING, NUMBER, TRUE, FALSE, NULL. */
sl_json_kind_t sl_legacy_json_kind(const sl_field_t *field, sl_legacy_t v);

#endif
