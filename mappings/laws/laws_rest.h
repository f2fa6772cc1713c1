/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * laws_rest: the lines that have no law, or only one, and why. A report names every line of the
 * file: one that it left out could be one that loses.
 */
#ifndef SL_LAWS_LAWS_REST_H
#define SL_LAWS_LAWS_REST_H

#include "mappings/laws/lines.h"

typedef struct sl_consts {
  sl_line_t *v; /* room of them; borrowed texts */
  size_t n, room;
} sl_consts_t;

/* Appends the <const> lines of frame and of its lists' items; counts on where there is no room. */
void sl_consts_of(const sl_frame_t *frame, sl_consts_t *self);

/* Why a law does not apply to line; "" when both do. written, read: by operations; used: by any of
 * them. */
const char *sl_law_reason(const sl_line_t *line, bool written, bool read, bool used);

#endif
