/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * boundary: cases that nobody wrote. Of an example's JSON, one member after the other takes the
 * values at the edges of what its line can hold (the representatives that the laws are decided by:
 * judge.h), and the whole record goes to the legacy side and back. Each must be refused with its
 * reason, or come back as it was: what modulo= gives away excepted.
 */
#ifndef SL_LAWS_BOUNDARY_H
#define SL_LAWS_BOUNDARY_H

#include "core/buf.h"
#include "mappings/engine/plan.h"

typedef struct sl_boundary {
  size_t lines, cases, refused, failed;
  sl_buf_t why; /* of the first that failed; to be freed by the caller */
} sl_boundary_t;

/* json is a record that shape can write. Lines that go one way only, and those in lists that are
 * empty in json, are left out. False without memory. */
bool sl_boundary_run(const sl_shape_t *shape, sl_str_t json, sl_boundary_t *out);

#endif
