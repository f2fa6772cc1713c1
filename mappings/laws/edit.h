/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * edit: one member of a JSON text, put, taken out, or looked up. Pointers name lists without an
 * index, as a mapping's lines do: the first item is meant.
 */
#ifndef SL_LAWS_EDIT_H
#define SL_LAWS_EDIT_H

#include "core/arena.h"
#include "core/buf.h"
#include "mappings/engine/plan.h"

/* json with value (JSON text; .p NULL: nothing) at pointer, appended to out. False when there is no
 * such place: a list on the way is empty or missing, or a value that is no object; or json is not
 * valid. Objects on the way are made. */
bool sl_json_put(sl_str_t json, const char *pointer, sl_str_t value, sl_buf_t *out);
/* The scalar at pointer, its text in arena; SL_J_ABSENT when there is none. */
sl_jstate_t sl_json_pick(sl_str_t json, const char *pointer, sl_arena_t *arena, sl_str_t *text_p);

#endif
