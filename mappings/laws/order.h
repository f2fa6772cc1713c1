/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * order: does a list's order survive?
 *
 * JSON arrays are ordered, and so are repeated elements and legacy arrays. Rows of a table are not:
 * without ORDER BY a database gives them as it likes, mostly as they were written, and then one day
 * not. So a list of rows is never proved but modulo {order}; and that nobody has thought of it is a
 * finding.
 */
#ifndef SL_LAWS_ORDER_H
#define SL_LAWS_ORDER_H

#include <stdbool.h>
#include "core/arena.h"
#include "core/buf.h"
#include "mappings/engine/mapping.h"
#include "mappings/engine/plan.h"

typedef enum sl_order {
  SL_ORDER_KEPT, /* no rows of a table of its own */
  SL_ORDER_SAID, /* a key tells the items apart, or each select that reads them has ORDER BY */
  SL_ORDER_OPEN, /* any */
} sl_order_t;

/* scratch: for the lines that are looked through. */
sl_order_t sl_order_of(const sl_mapping_t *mapping, const sl_list_t *list, sl_arena_t *scratch);
/* The rows of csv (its head stays) the other way round. False, and csv as it was: fewer than two,
 * cells in quotes, no memory. */
bool sl_order_turn(sl_buf_t *csv);

#endif
