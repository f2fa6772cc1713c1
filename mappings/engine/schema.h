/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * schema: the consumers' side of a mapping as JSON Schema 2020-12, and its operations as
 * OpenAPI 3.1, derived from the plan and tightened to what the legacy system can hold: the width of
 * a text, its charset where that is small, blanks and zeros that its padding would lose, digits and
 * scale, a code table as an enumeration, sentinels that are no values, null only where it has a
 * spelling, lists as long as their places.
 *
 * What a codec takes is not written down a second time here: it is asked (a text with a blank
 * behind, a negative number, a time without a zone: does it write them?). A schema may be wider
 * than the codec, where JSON Schema has no words (bounds of numbers that are strings), never
 * narrower than what it reads or writes.
 *
 * There are two views. An answer holds what can be read: members that are always there are
 * required. A request is what may be sent: members that the contract demands are required; those
 * that only come back may be sent (they are passed over), as readOnly.
 *
 * Appended to a buffer; nothing fails but its memory. Takes some milliseconds: not for messages.
 */
#ifndef SL_ENGINE_SCHEMA_H
#define SL_ENGINE_SCHEMA_H

#include "core/buf.h"
#include "mappings/engine/plan.h"

typedef enum sl_view { SL_VIEW_ANSWER, SL_VIEW_REQUEST } sl_view_t;

/* The body of frame: one schema, without $schema. */
void sl_schema_frame(const sl_frame_t *frame, sl_view_t view, sl_buf_t *out);
/* One value, of this frame. */
void sl_schema_field(const sl_frame_t *frame, const sl_field_t *field, sl_view_t view,
                     sl_buf_t *out);

/* A document of all shapes ($defs/NAME, and $defs/NAMEInput where a request differs), or of the one
 * named, as its root. SL_NOT_FOUND. */
sl_code_t sl_schema_shapes(const sl_mapping_t *mapping, const char *shape, sl_buf_t *out,
                           sl_err_t *err);
/* A document of an operation's bodies: $defs/request, $defs/response, as there are. */
void sl_schema_operation(const sl_op_t *op, sl_buf_t *out);

/* An Operation Object of OpenAPI 3.1: parameters, bodies, statuses, problems. schemas false:
 * without those of bodies, for when they would be too large. */
void sl_openapi_operation(const sl_op_t *op, bool schemas, sl_buf_t *out);
/* An OpenAPI 3.1 document of all operations. */
void sl_openapi_document(const sl_mapping_t *mapping, sl_buf_t *out);

#endif
