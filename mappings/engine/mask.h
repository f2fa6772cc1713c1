/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * mask: what consumers see of a value with mask=: its last (or first) characters, or none, and an
 * asterisk for each of the others. A value that is not longer than what would be shown is hidden
 * altogether, so that a mask always holds an asterisk, except that of the empty text, which is
 * itself. null and absence are shown. The JSON is a string, also of a number.
 *
 * Back from the consumer, a mask is no value: it means "as it was" where there is a base to compare
 * it with (base.h), and is refused elsewhere. So a value that looks like a mask cannot be written.
 */
#ifndef SL_ENGINE_MASK_H
#define SL_ENGINE_MASK_H

#include "core/buf.h"
#include "mappings/engine/plan.h"

/* "last:4", "first:2", "all" into field; other texts leave it unmasked: the schema refuses them. */
void sl_mask_parse(const char *text, sl_field_t *field);
/* The JSON value from byte start of json on, masked in its place. */
void sl_mask_json(const sl_field_t *field, sl_buf_t *json, size_t start);
/* The same of bare text. */
void sl_mask_text(const sl_field_t *field, sl_buf_t *text, size_t start);
/* Could text (unescaped) be a mask? */
bool sl_mask_looks(const sl_field_t *field, sl_str_t text);

#endif
